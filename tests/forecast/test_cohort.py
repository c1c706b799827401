"""New patients and the population: their likelihood at every draw, and what it makes of draws."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import kstest

from forecast.made_up import made_up
from myelodose.errors import InputError
from myelodose.forecast import (
    Correlated,
    Given,
    People,
    Reading,
    Seen,
    people_of,
    simulate_patient,
    update_joint,
    update_people,
)
from myelodose.forecast.cohort import cohort_likelihood
from myelodose.forecast.course import NAMES
from myelodose.forecast.likelihood import task_of, try_values
from myelodose.forecast.people import patients_at
from myelodose.forecast.psis import smoothed
from myelodose.marrow.values import TYPICAL
from myelodose.posterior import PosteriorError, provenance
from myelodose.regimen import platzbecker2013
from myelodose.virtual import ExtrapolationWarning, prior_draws

ROOT = np.linalg.cholesky([[1.0, 0.8], [0.8, 1.0]])
TIED = Correlated(("set_point_anc", "kill_aza"), np.broadcast_to(ROOT, (3, 2, 2)))
HIM = Seen((Given(0, "azacitidine", 135.0),), (Reading(0, "ANC", 2.0),))


def early(people, seed=12):
    """SIMULATED: read twice, so that patients from anywhere in the population explain him."""
    return simulate_patient(
        people, seed, platzbecker2013(20), count_days=(0, 14), clone_days=()
    ).seen


@pytest.mark.parametrize("correlated", [None, TIED], ids=["independent", "correlated"])
def test_the_integral_is_the_mean_likelihood_of_patients_of_a_draw(correlated):
    people = replace(People(prior_draws(1, 3)), correlated=correlated)
    him, number = early(People(prior_draws(1, 500))), 10_000
    found = cohort_likelihood(people, [him], seed=1, points=400)
    task, random = task_of(him, people.errors), np.random.default_rng(2)
    for draw in range(people.number):
        effects = {name: random.standard_normal(number) for name in TYPICAL}
        drawn = patients_at(people, him, np.full(number, draw), effects)
        log = try_values(np.stack([drawn[name] for name in NAMES]), task).log_likelihood
        plain = logsumexp(log) - np.log(number)
        error = np.exp(log - plain).std() / np.sqrt(number)
        error = np.hypot(error, found.error[0, draw])
        assert error < 0.15
        assert abs(found.log_likelihood[0, draw] - plain) < 4 * error


def test_unknown_tp53_is_the_mean_over_what_it_may_be():
    people = People(prior_draws(1, 20), tp53_mutated=0.3)
    him = simulate_patient(people, 2, platzbecker2013(20), count_days=(0, 14), clone_days=(0,)).seen
    both, mutated, wild = (
        cohort_likelihood(people, [replace(him, tp53_mutated=one)], seed=3, points=64)
        for one in (None, True, False)
    )
    logs = [mutated.log_likelihood + np.log(0.3), wild.log_likelihood + np.log(0.7)]
    assert both.log_likelihood == pytest.approx(logsumexp(logs, axis=0), abs=1e-6)


def test_patients_add_up_and_are_told_one_by_one():
    people, lines = People(prior_draws(1, 10)), []
    him = early(people)
    found = cohort_likelihood(people, [him, him], seed=1, points=64, tell=lines.append)
    assert found.log_likelihood.shape == found.error.shape == (2, 10)
    assert np.abs(found.log_likelihood[0] - found.log_likelihood[1]).max() < 1
    assert [line.split(":")[0] for line in lines] == ["patient 1 of 2", "patient 2 of 2"]


def test_an_update_takes_draws_by_their_weight_and_keeps_each_whole():
    draws = prior_draws(1, 600)
    # Told apart by the correlation: every draw must keep its own.
    rho = 0.9 * np.argsort(np.argsort(draws["kill_aza"])) / 600
    root = np.linalg.cholesky(np.where(np.eye(2, dtype=bool), 1.0, rho[:, None, None]))
    people = People(draws, correlated=Correlated(("kill_aza", "set_point_plt"), root))
    found = update_people(people, [early(people)], seed=1, points=64)
    assert found.people.number == 600
    assert found.people.source == "literature priors, updated by 1 new patient"
    for name in ("mtt_anc_h", "kill_aza"):
        wanted = found.weights.weight @ draws[name]
        error = draws[name].std() / np.sqrt(600)
        assert found.people.draws[name].mean() == pytest.approx(wanted, abs=error)
    assert found.people.correlated is not None
    matched = dict(zip(draws["kill_aza"], rho, strict=True))
    kept = [matched[one] for one in found.people.draws["kill_aza"]]
    assert found.people.correlated.root[:, 1, 0] == pytest.approx(kept)


def test_draws_that_do_not_cover_the_cohort_are_refused():
    apart = People(
        {"set_point_anc": np.geomspace(0.6, 45, 40), "omega_set_point_anc": np.full(40, 0.01)}
    )
    with pytest.raises(
        InputError, match=r"\d effective draws.* 40 draws do not cover what 1 new patients"
    ):
        update_people(apart, [early(People({}))], seed=1, points=64)


def test_no_patient_and_too_few_points_are_refused():
    people = People(prior_draws(1, 10))
    with pytest.raises(InputError, match="cohort: found no patient"):
        update_people(people, [], seed=1)
    with pytest.raises(InputError, match="points: found 3"):
        update_people(people, [HIM], seed=1, points=3)


def test_a_stored_joint_posterior_is_updated_draw_by_draw():
    stored = made_up()
    with pytest.warns(ExtrapolationWarning, match="not known"):
        found = update_joint(stored, [HIM], seed=4, points=64, extrapolate=True)
    record = provenance(found.tree)
    assert record.data_name == "made up + 1 new patient"
    assert record.sampler["algorithm"] == "reweighted"
    # Again with other random numbers and in another order; draws are told by their set point.
    people = people_of(stored, seed=9, draws=100)
    log = cohort_likelihood(people, [HIM], seed=5, points=256).log_likelihood.sum(0)
    again = dict(zip(people.draws["set_point_anc"], log, strict=True))
    before, after = (
        tree["posterior"].to_dataset().set_point_anc.values.ravel() for tree in (stored, found.tree)
    )
    own = np.log(found.weights.weight)
    assert np.corrcoef(own, [again[one] for one in before])[0, 1] > 0.9
    wanted = found.weights.weight @ before
    assert after.mean() == pytest.approx(wanted, abs=0.1 * before.std())


def test_a_new_patient_outside_the_fitted_range_or_a_failed_check_is_refused():
    with pytest.raises(InputError, match="not known"):
        update_joint(made_up(), [HIM], seed=1)
    with pytest.raises(PosteriorError, match="has not converged"):
        update_joint(made_up(r_hat=1.3), [HIM], seed=1, extrapolate=True)


@pytest.mark.slow
def test_updated_draws_rank_the_truth_uniformly():
    """Simulation-based calibration: truth from the prior, one patient of his, then the update."""
    people, names = People(prior_draws(1, 800)), ("kill_aza", "mtt_anc_h", "tp53_sensitivity")
    ranks, kept = [], []
    for truth in range(60):
        one = People({name: draws[[truth]] for name, draws in people.draws.items()})
        him = simulate_patient(one, truth, platzbecker2013(20), clone_days=(0, 28)).seen
        log = cohort_likelihood(people, [him], seed=truth, points=64).log_likelihood.sum(0)
        others = np.arange(people.number) != truth
        found = smoothed(log[others])
        below = [found.weight @ (people.draws[n][others] < people.draws[n][truth]) for n in names]
        ranks.append(below)
        kept.append(found.ess / others.sum())
    for one in np.array(ranks).T:
        assert kstest(one, "uniform").pvalue > 0.01 / len(names)
    # The readings say something; without any, ranks would be uniform too.
    assert np.median(kept) < 0.8
