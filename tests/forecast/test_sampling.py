"""The posterior of one patient: the likelihood is that of the population model, ways agree."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from myelodose.errors import InputError
from myelodose.forecast import (
    Effort,
    ForecastWarning,
    People,
    Reading,
    Seen,
    individual_posterior,
    prior_of,
    simulate_patient,
)
from myelodose.forecast.coordinates import linked
from myelodose.forecast.course import NAMES
from myelodose.forecast.likelihood import log_likelihoods, task_of, try_values
from myelodose.forecast.people import AssayErrors
from myelodose.observation import allele_fraction, positive_fraction
from myelodose.precision import float64
from myelodose.regimen import platzbecker2013
from myelodose.virtual import prior_draws

PEOPLE = People(prior_draws(1, 2000))


@pytest.fixture(scope="module")
def patient():
    return simulate_patient(PEOPLE, 11, platzbecker2013(20))


@pytest.fixture(scope="module")
def prior(patient):
    return prior_of(PEOPLE, patient.seen, 3)


def test_the_likelihood_is_log_normal_censored_and_beta_binomial():
    """By hand, with SciPy's distributions."""
    readings = [
        Reading(0, "ANC", 1.5),
        Reading(7, "PLT", 5.0, 0, 1),
        Reading(14, "Hb", 9.0),
        Reading(14, "FISH", 90, 200),
        Reading(14, "VAF", 50, 700),
    ]
    errors = AssayErrors(false_positive=0.02, read_error=0.01, vaf_overdispersion=0.02)
    lost = Seen.of(platzbecker2013(20), readings, loss_of_17p=True)
    task = task_of(lost, errors)
    mean = [2.0, 6.0, 8.5, float(positive_fraction(0.4, false_positive=0.02))]
    mean += [float(allele_fraction(0.2, zygosity="17p loss", read_error=0.01))]
    order = [readings.index(one) for one in lost.readings]
    predicted = np.full((16, 1), 0.5)
    predicted[:5, 0] = np.array(mean)[order]
    with float64():
        found = float(log_likelihoods(jnp.asarray(predicted), task)[0])
    by_hand = (
        stats.lognorm.logpdf(1.5, 0.25, scale=2.0)
        + stats.lognorm.logcdf(5.0, 0.2, scale=6.0)
        + stats.lognorm.logpdf(9.0, 0.05, scale=8.5)
        + stats.betabinom.logpmf(90, 200, 99 * mean[3], 99 * (1 - mean[3]))
        + stats.betabinom.logpmf(50, 700, 49 * mean[4], 49 * (1 - mean[4]))
    )
    assert found == pytest.approx(by_hand, abs=1e-8)


def test_a_patient_that_cannot_be_has_no_likelihood(patient, prior):
    task = task_of(patient.seen, PEOPLE.errors)
    values = prior.draws[:, :3].copy()
    values[NAMES.index("clone_share"), 1] = np.nan
    found = try_values(values, task).log_likelihood
    assert found[1] == -np.inf
    assert np.isfinite(found[[0, 2]]).all()


def test_the_next_way_is_taken_only_where_pareto_k_forbids_the_first(patient, prior):
    """One reading: draws of the population will do. Nineteen: they will not."""
    little = Seen(patient.seen.doses[:1], (Reading(0, "ANC", 1.9),))
    first = individual_posterior(little, PEOPLE, 5, prior=prior)
    assert [one.method for one in first.tried] == ["draws of the population"]
    much = individual_posterior(patient.seen, PEOPLE, 5, prior=prior)
    assert much.tried[0].pareto_k > 0.7
    assert much.pareto_k <= 0.7
    assert much.error <= 0.025
    # Two hundred draws have the means of all points, not an error of a root of 200.
    (points, weight), rest = much.weighted, prior.coordinates
    x, own = linked(rest, points), linked(rest, much.values)
    sd = np.sqrt((x - (x @ weight)[:, None]) ** 2 @ weight)
    assert np.abs((own.mean(1) - x @ weight) / sd).max() < 0.05
    assert np.abs(own.std(1) / sd - 1).max() < 0.25
    assert much.probability == {"tp53_mutated": 1.0, "loss_of_17p": 0.0}
    assert much.values.shape == (len(NAMES), 200)


@pytest.mark.slow
def test_both_ways_agree_where_both_can_be_used(patient, prior, monkeypatch):
    """Readings of one morning: weighted draws, and points around the mode."""
    from myelodose.forecast import sampling

    few = Seen(patient.seen.doses[:1], tuple(one for one in patient.seen.readings if one.day == 0))
    many = Effort(error=0.1, points=8000)
    one = individual_posterior(few, PEOPLE, 6, prior=prior, draws=50, effort=many)
    monkeypatch.setattr(sampling, "try_values", lambda values, task: _nothing(values))
    two = individual_posterior(few, PEOPLE, 7, prior=prior)
    assert one.method.startswith("draws")
    assert two.method.startswith(("around", "by a polynomial"))
    for name in ("set_point_plt", "clone_share", "effectiveness_clone", "set_point_anc"):
        row = NAMES.index(name)
        (x, w), (y, v) = one.weighted, two.weighted
        a, b = np.log(x[row]), np.log(y[row])
        sd = np.sqrt(v @ (b - v @ b) ** 2)
        # Monte Carlo errors of both, three of them.
        error = 3 * np.sqrt(1 / one.tried[-1].ess + 1 / two.tried[-1].ess)
        assert abs(w @ a - v @ b) < error * sd, name


def _nothing(values):
    from myelodose.forecast.likelihood import Tried

    spread = np.linspace(0, -1e4, values.shape[-1])
    return Tried(spread, np.zeros((1, values.shape[-1])))


@pytest.mark.slow
def test_where_nothing_works_and_nuts_is_not_allowed_it_says_so(patient, prior, monkeypatch):
    from myelodose.forecast import psis

    monkeypatch.setattr(psis, "LEAST_ESS", 1e9)
    few = Effort(points=300, rounds=1, nuts=False)
    with pytest.raises(InputError, match="Pareto k"):
        individual_posterior(patient.seen, PEOPLE, 5, prior=prior, effort=few)


@pytest.mark.slow
def test_rounds_that_end_before_the_error_is_reached_say_so(patient, prior):
    few = Effort(error=0.005, rounds=3, nuts=False)
    with pytest.warns(ForecastWarning, match=r"error: 0\.0\d+ posterior sd, 0\.005 was asked for"):
        found = individual_posterior(patient.seen, PEOPLE, 5, prior=prior, effort=few)
    assert found.error > 0.005


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws(patient, prior):
    one, two = (individual_posterior(patient.seen, PEOPLE, 5, prior=prior) for _ in range(2))
    assert np.array_equal(one.values, two.values)


@pytest.mark.slow
def test_intervals_cover_the_truth_of_a_hundred_simulated_patients():
    """Parameters that the data know, and counts two and four weeks after the next cycle began."""
    from myelodose.forecast import NextCycle, forecast

    own = prior_of(PEOPLE, simulate_patient(PEOPLE, 1, platzbecker2013(20)).seen, 3)
    rows = [NAMES.index(n) for n in ("set_point_plt", "kill_aza", "clone_share", "block_half_um")]
    ranks = []
    for number in range(100):
        him = simulate_patient(PEOPLE, 2000 + number, platzbecker2013(20))
        quick = Effort(nuts=False)
        found = individual_posterior(him.seen, PEOPLE, 60 + number, prior=own, effort=quick)
        ranks.append([(found.values[r] < him.values[r]).mean() for r in rows])
        both = [
            forecast(one, planned_d=28, choices=[NextCycle(20)], days=28)["count"]
            for one in (found, him.truth(28))
        ]
        for day in (42, 56):
            ours, true = (x.isel(option=0).sel(day=day).values for x in both)
            ranks[-1] += (ours[:2] < true[:2]).mean(1).tolist()
    away = np.abs(np.array(ranks) - 0.5)
    for level in (0.5, 0.8, 0.95):
        covered = (away < level / 2).mean(0)
        # Three binomial standard errors for each of eight quantities.
        assert (np.abs(covered - level) < 3.2 * np.sqrt(level * (1 - level) / 100)).all(), level
