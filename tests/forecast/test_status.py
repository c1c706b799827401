"""Where TP53 or 17p is not known, every possibility is weighed by prevalence and readings."""

from dataclasses import replace

import numpy as np
import pytest

from myelodose.forecast import (
    Effort,
    Given,
    People,
    Reading,
    Seen,
    individual_posterior,
    prior_of,
    simulate_patient,
)
from myelodose.forecast.coordinates import Coordinates
from myelodose.forecast.course import NAMES
from myelodose.forecast.individual import Attempt, Prior, Weighted
from myelodose.forecast.likelihood import task_of, try_values
from myelodose.forecast.people import SHARE_MUTATED
from myelodose.forecast.rounds import log_mean
from myelodose.forecast.status import mixed, possible
from myelodose.regimen import platzbecker2013
from myelodose.virtual import prior_draws

PEOPLE = People({}, tp53_mutated=0.6, loss_of_17p_if_mutated=0.25)
HIM = Seen((Given(0, "azacitidine", 135.0),), (Reading(0, "ANC", 2.0),))
ROW = NAMES.index(SHARE_MUTATED)


@pytest.mark.parametrize(
    ("mutated", "lost", "expected"),
    [
        (True, True, {(True, True): 1.0}),
        (False, None, {(False, False): 1.0}),
        (None, False, {(False, False): 0.4, (True, False): 0.6}),
        (True, None, {(True, False): 0.75, (True, True): 0.25}),
        (None, None, {(False, False): 0.4, (True, False): 0.45, (True, True): 0.15}),
    ],
)
def test_possibilities_are_those_that_are_left_with_their_prevalence(mutated, lost, expected):
    cases = possible(replace(HIM, tp53_mutated=mutated, loss_of_17p=lost), PEOPLE)
    found = {(one.seen.tp53_mutated, one.seen.loss_of_17p): one.probability for one in cases}
    assert found == pytest.approx(expected)


def test_possibilities_are_mixed_by_bayes_theorem():
    """Prevalences 0.4, 0.45 and 0.15, likelihoods 1, 2 and 6: 0.4, 0.9 and 0.9 of 2.2."""
    values = np.ones((len(NAMES), 500))
    points = [
        Weighted(number * values, np.full(500, 1 / 500), np.log(likelihood))
        for number, likelihood in ((0, 1.0), (1, 2.0), (2, 6.0))
    ]
    him = replace(HIM, tp53_mutated=None, loss_of_17p=None)
    tried = (Attempt("made up", 0.1, 500.0, 0.01),)
    one = Coordinates(None, None, np.ones(len(NAMES)), np.array([False]), np.array([0]))
    found = mixed(him, PEOPLE, points, tried, Prior(values, one), np.random.default_rng(1), 2200)
    assert found.probability == pytest.approx({"tp53_mutated": 18 / 22, "loss_of_17p": 9 / 22})
    assert found.weighted[1].sum() == pytest.approx(1)
    assert np.bincount(found.values[0].astype(int)) == pytest.approx([400, 900, 900], abs=1)
    assert found.lost is not None
    assert np.array_equal(found.lost, found.values[0] == 2)
    share = np.full(2200, 0.5)
    assert found.vaf(share) == pytest.approx(np.where(found.lost, 1 / 3, 0.25))


def test_few_readings_give_the_probability_of_a_mutation_that_all_draws_give():
    """No read of 700 shows it, in a patient with 70 % of the clone: against 20,000 draws."""
    readings = (Reading(0, "FISH", 140, 200), Reading(0, "VAF", 6, 700))
    him = Seen(HIM.doses, readings, tp53_mutated=None)
    own = prior_of(PEOPLE, him, 3)
    found = individual_posterior(him, PEOPLE, 5, prior=own)
    evidence = []
    for case, weight in zip(possible(him, PEOPLE), (0.4, 0.6), strict=True):
        task = task_of(case.seen, PEOPLE.errors)
        log = try_values(own.of(case.seen).draws, task).log_likelihood
        evidence.append(weight * np.exp(log_mean(log)))
    expected = evidence[1] / sum(evidence)
    assert 0.05 < expected < 0.6  # less than the prevalence, and not nothing
    assert found.probability["tp53_mutated"] == pytest.approx(expected, abs=0.03)
    assert (found.values[ROW] > 0).mean() == pytest.approx(expected, abs=0.035)
    assert {one.method.split(":")[0] for one in found.tried} == {"TP53 wild type", "TP53 mutated"}


@pytest.mark.slow
def test_probabilities_of_a_mutation_are_calibrated_over_simulated_patients():
    """60 SIMULATED patients of whom neither TP53 nor 17p is told."""
    people = People(prior_draws(1, 2000))
    effort = Effort(error=0.08, nuts=False)
    unknown = {"tp53_mutated": None, "loss_of_17p": None}
    own, said, true = None, [], []
    for number in range(60):
        him = simulate_patient(people, 500 + number, platzbecker2013(20), **unknown)
        own = own or prior_of(people, him.seen, 3)
        found = individual_posterior(him.seen, people, 7 + number, prior=own, effort=effort)
        said.append([found.probability["tp53_mutated"], found.probability["loss_of_17p"]])
        mutated = him.values[ROW] > 0
        true.append([mutated, mutated and him.lost])
    p, y = np.array(said), np.array(true, float)
    # Means agree within three standard errors, and readings tell who is mutated.
    assert (np.abs(p.mean(0) - y.mean(0)) < 3 * np.sqrt((p * (1 - p)).sum(0)) / len(p)).all()
    assert np.mean((p - y)[:, 0] ** 2) < 0.5 * y[:, 0].mean() * (1 - y[:, 0].mean())


@pytest.mark.slow
def test_importance_sampling_gives_the_evidence_that_all_draws_give():
    """Counts of one morning, FISH and VAF, around the mode instead of by draws."""
    from myelodose.forecast.proposal import around_mode, widened
    from myelodose.forecast.psis import smoothed
    from myelodose.forecast.rounds import Rounds

    people = People(prior_draws(1, 2000))
    him = simulate_patient(people, 11, platzbecker2013(20)).seen
    few = Seen(him.doses[:1], tuple(one for one in him.readings if one.day == 0))
    own, random = prior_of(people, few, 3), np.random.default_rng(1)
    task, rounds = task_of(few, people.errors), Rounds(own.coordinates, task_of(few, people.errors))
    group = widened(around_mode(np.zeros(own.coordinates.size), own.coordinates, task))
    for _ in range(3):
        rounds.add(group, group.draw(random, 3000))
    log = try_values(own.draws, task).log_likelihood
    error = np.sqrt(1 / smoothed(log).ess + 1 / smoothed(rounds.log_weight).ess)
    assert rounds.log_evidence == pytest.approx(log_mean(log), abs=4 * error)
