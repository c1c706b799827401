"""P(DLT) from a known SIMULATED truth is recovered, by dose and by cause.

The truth is one value of every population parameter. A trial is simulated from it and its DLTs are
counted patient by patient (`known_truth`); then draws that all equal that truth must give the same
P(DLT) in other virtual patients, within the Monte Carlo error of both.
"""

import numpy as np
import pytest

from decision.known_truth import HAZARDS, TRUTH, observed_dlts
from myelodose.decision.courses import first_cycles
from myelodose.decision.from_counts import decide_from_counts
from myelodose.decision.question import Question
from myelodose.regimen import platzbecker2013
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual import dlt_risk, drawn_covariates, virtual_patients

DOSES = (10.0, 15.0, 20.0, 25.0)
CAUSES = ["recovery", "infection", "thrombosis", "any"]
PATIENTS = 20_000
DRAWS, EACH = 40, 500

# By default test_dlt_risk holds fifty patients against a plain loop.
pytestmark = pytest.mark.slow

# Sixteen numbers, normal under the hypothesis: one in a thousand comparisons of all lies outside.
MOST_SD = 4.0


def population(seed: int, draws: int, patients: int):
    """Patients of draws that all equal the truth."""
    seeds = np.random.SeedSequence(seed).generate_state(draws + 1).tolist()
    same = {name: np.full(draws, value) for name, value in TRUTH.items()}
    covariates = [drawn_covariates(one, patients) for one in seeds[1:]]
    return virtual_patients(seeds[0], covariates, draws=same, source="a known truth")


def test_in_the_same_patients_every_dlt_by_counts_is_found_and_the_others_as_often_as_expected():
    people = population(1, 1, 500)
    seen = observed_dlts(people.patient, people.body_surface_area_m2, 25.0, HAZARDS, 2)
    risk = dlt_risk(people, {"25 mg": platzbecker2013(25)}, DltRule(), HAZARDS)
    p = risk.p.isel(draw=0, regimen=0, cycle=0)
    # Six nodes a day against twelve or more: one patient may stand on the edge of a limit.
    assert seen[:, 0].sum() >= 5
    assert float(p.sel(cause="recovery")) == pytest.approx(seen[:, 0].mean(), abs=1.01 / 500)
    for place, cause in enumerate(CAUSES[1:], 1):
        expected = float(p.sel(cause=cause))
        # A sum of independent events varies at most as one with their mean probability.
        most = np.sqrt(expected * (1 - expected) / 500)
        assert abs(seen[:, place].mean() - expected) < MOST_SD * most, cause


@pytest.fixture(scope="module")
def trial():
    """Who had which DLT in the large trial, (dose, patient, cause); other patients at each dose."""
    found = []
    for row, dose in enumerate(DOSES):
        people = population(100 + row, 1, PATIENTS)
        area = people.body_surface_area_m2
        found.append(observed_dlts(people.patient, area, dose, HAZARDS, 200 + row))
    return np.array(found)


def _agree(trial: np.ndarray, p: np.ndarray, error: np.ndarray) -> None:
    """Shares of the trial and P(DLT), each (dose, cause), with the standard error of the latter."""
    share = trial.mean(1)
    both = np.sqrt(share * (1 - share) / trial.shape[1] + error**2)
    away = (p - share) / both
    assert (np.abs(away) < MOST_SD).all(), f"sd away:\n{away.round(1)}\ntrial:\n{share.round(4)}"
    # The comparison means something: it would see 1.6 percentage points.
    assert (MOST_SD * both < 0.016).all()


def test_the_large_trial_is_informative(trial):
    share = trial.mean(1)
    assert (trial.sum(1) > 100).all()
    assert (np.diff(share[:, 3]) > 0).all()


def test_dlt_risk_recovers_the_truth(trial):
    regimens = {f"{dose:g} mg": platzbecker2013(dose) for dose in DOSES}
    risk = dlt_risk(population(3, DRAWS, EACH), regimens, DltRule(), HAZARDS).isel(cycle=0)
    assert [str(one) for one in risk.cause.values] == CAUSES
    _agree(trial, risk.p.mean("draw").values, np.sqrt((risk.error**2).sum("draw")).values / DRAWS)


def test_a_decision_from_counts_recovers_the_truth(trial):
    question = Question(seed=4, doses_mg=DOSES, draws=DRAWS, patients=EACH, risk="simulated")
    same = {name: np.full(DRAWS, value) for name, value in TRUTH.items()}
    made = decide_from_counts(question, draws=same, hazards=[HAZARDS] * DRAWS, source="a truth")
    table = made.estimates.table.sel(quantity=CAUSES)
    error = table.error.values.copy()
    # The probability of a thrombosis is given, not estimated.
    error[:, CAUSES.index("thrombosis")] = 0.0
    _agree(trial, table["mean"].values, error)
    # The same risk is what the dose is chosen by, and all draws being one, it is known.
    risk = made.estimates.table.sel(quantity="risk")["mean"].values
    assert risk == pytest.approx(table["mean"].sel(quantity="any").values)
    over = made.estimates.p.mean("draw").values > question.risk_limit
    tolerated = [d for d, high in zip(DOSES, over, strict=True) if not high]
    assert made.choice.mtd_mg == tolerated[-1]


def test_courses_of_pending_patients_recover_the_truth(trial):
    people = population(5, DRAWS, EACH)
    for row, dose in enumerate(DOSES):
        courses = first_cycles(people, platzbecker2013(dose), DltRule(), HAZARDS)
        p = 1 - courses.free_of_dlt(courses.window_d)
        error = p.std(ddof=1) / np.sqrt(p.size)
        _agree(trial[row : row + 1, :, 3:], np.array([[p.mean()]]), np.array([[error]]))
