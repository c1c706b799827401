"""Weights of pending patients: limits, the definition, and calibration against known truth."""

import numpy as np
import pytest

from myelodose.decision.courses import Courses, first_cycles, known_after_d
from myelodose.decision.pending import (
    PendingWarning,
    pending_weight,
    weight_of_later_risk,
)
from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.tite import fit_tite
from myelodose.errors import InputError
from myelodose.marrow.protocol.limits import Limits
from myelodose.outcomes import Outcomes
from myelodose.regimen import platzbecker2013
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual import (
    dlt_risk,
    drawn_covariates,
    hazard_draws,
    prior_draws,
    virtual_patients,
)

WINDOW = 57
ONE = {"day": [5], "anc_1e9_per_l": [1.0], "plt_1e9_per_l": [100.0]}


def made_up(seed: int, patients: int) -> Courses:
    """Counts that fall to a nadir and come back, deeper and later in some; made of no model."""
    random = np.random.default_rng(seed)
    depth = random.gamma(4, 0.5, patients)
    back = random.gamma(8, 3.0, patients) + 10
    day = np.arange(WINDOW)[:, None]
    fall = depth * np.exp(-(((day - 15) / np.where(day > 15, back, 8)) ** 2))
    counts = np.stack([3 * np.exp(-fall), 150 * np.exp(-0.8 * fall)], 1)
    baseline = np.array([[3.0], [150.0]]) + np.zeros(patients)
    rule = DltRule()
    return Courses(
        counts=counts,
        known_d=known_after_d(counts, rule, baseline),
        end_d=np.full(patients, 40.0),
        background=np.full(patients, 0.0005),
        few=np.full(patients, 0.01),
        thrombosis=np.full(patients, 0.03),
        anc_below=0.5,
        cycle_d=28,
    )


@pytest.fixture(scope="module")
def courses():
    return made_up(1, 8_000)


def measured(courses: Courses, patient: int, day: np.ndarray, seed: int) -> dict:
    """What would be read of a virtual patient; simulated."""
    noise = np.random.default_rng([seed, patient]).normal(0, 1, (2, len(day)))
    values = courses.counts[day - 1, :, patient].T * np.exp(np.array([[0.25], [0.2]]) * noise)
    return {"day": day, "anc_1e9_per_l": values[0], "plt_1e9_per_l": values[1]}


def test_nothing_counts_on_day_0_and_everything_at_the_end(courses):
    assert pending_weight(courses, 0).weight == pytest.approx(0, abs=1e-9)
    assert pending_weight(courses, WINDOW).weight == pytest.approx(1)


@pytest.mark.parametrize("day", [7, 21, 42, 50])
def test_without_counts_it_is_the_share_of_dlts_that_come_by_then(courses, day):
    found = pending_weight(courses, day)
    by_then, whole = (1 - courses.free_of_dlt(d).mean() for d in (day, WINDOW))
    assert found.weight == pytest.approx(by_then / whole)
    assert found.weight == pytest.approx(found.by_time)
    assert not found.from_counts


def test_the_contribution_to_the_likelihood_is_the_chance_to_stay_free():
    """1 - q = (1 - p) / (1 - w p), the definition."""
    p, q = 0.3, np.array([0.0, 0.1, 0.25])
    w = weight_of_later_risk(q, p)
    np.testing.assert_allclose((1 - p) / (1 - w * p), 1 - q)


def test_deep_counts_weigh_less_than_good_ones_after_the_same_time(courses):
    day = np.array([8, 15, 22])
    good = pending_weight(courses, 28, day=day, anc_1e9_per_l=[2.5] * 3, plt_1e9_per_l=[120] * 3)
    deep = pending_weight(
        courses, 28, day=day, anc_1e9_per_l=[1, 0.2, 0.2], plt_1e9_per_l=[50, 15, 15]
    )
    assert deep.weight < good.by_time < good.weight
    assert good.from_counts


def test_the_later_risk_is_calibrated_on_simulated_truth(courses):
    """Patients of the same kind as those that predict, but others: 400 of them."""
    truth, day, today = made_up(2, 400), np.array([8, 15, 22]), 24
    free, whole = truth.free_of_dlt(today), truth.free_of_dlt(WINDOW)
    actual = 1 - whole / np.maximum(free, 1e-12)
    found = [
        pending_weight(courses, today, least_alike=0, **measured(truth, i, day, 5))
        for i in range(400)
    ]
    q = np.array([one.later for one in found])
    order = np.argsort(q)
    for group in np.array_split(order, 4):
        share = free[group] / free[group].sum()
        apart = share @ (actual[group] - q[group])
        error = np.sqrt(share**2 @ (actual[group] - q[group]) ** 2)
        assert abs(apart) < 4 * error + 0.005
    # And they know more than the calendar does.
    linear = np.array([one.risk * (1 - one.linear) / (1 - one.linear * one.risk) for one in found])
    squared = [(free * (actual - guess) ** 2).mean() for guess in (q, linear)]
    assert squared[0] < 0.7 * squared[1]


def test_the_error_is_that_of_other_virtual_patients():
    seen = {"day": [8, 15], "anc_1e9_per_l": [0.9, 0.35], "plt_1e9_per_l": [60, 30]}
    found = [pending_weight(made_up(seed, 4_000), 20, **seen) for seed in range(10, 40)]
    assert 0.1 < np.mean([one.later for one in found]) < 0.9
    spread = np.std([one.weight for one in found], ddof=1)
    # 30 replicates give a standard deviation to a quarter (99 %); the risk p is estimated too.
    assert 0.6 < 2 * spread / np.mean([one.error for one in found]) < 1.6


def test_counts_that_nobody_has_are_said_and_not_used(courses):
    with pytest.warns(PendingWarning, match="none of the virtual patients resemble"):
        odd = pending_weight(
            courses, 20, day=[8, 15], anc_1e9_per_l=[0.01, 60], plt_1e9_per_l=[5, 1500]
        )
    assert odd.weight == pytest.approx(odd.by_time)
    assert not odd.from_counts


def test_too_few_alike_are_said_and_not_used(courses):
    seen = measured(made_up(3, 4), 2, np.arange(1, 44, 7), 7)
    with pytest.warns(PendingWarning, match="only [0-9]+ virtual patients"):
        odd = pending_weight(courses, 43, least_alike=7_999, **seen)
    assert odd.weight == pytest.approx(odd.by_time)


def test_errors_are_stretched_no_further_than_enough_are_alike(courses):
    day = np.arange(1, 44, 7)
    seen = measured(made_up(3, 4), 2, day, 7)
    strict = pending_weight(courses, 43, least_alike=0, **seen)
    loose = pending_weight(courses, 43, least_alike=2 * strict.alike, **seen)
    assert strict.stretch == 1
    assert 1 < loose.stretch <= 2
    assert loose.alike == pytest.approx(2 * strict.alike, rel=1e-3)
    assert loose.from_counts


def test_time_to_event_designs_take_the_weight(courses):
    found = pending_weight(courses, 28, day=[15], anc_1e9_per_l=[2.0], plt_1e9_per_l=[100])
    seen = Outcomes.read("20:NNN 25:NN", doses=(20, 25), weight=(1, 1, 1, 1, found.weight))
    assert seen.weight is not None
    model = CrmModel((0.15, 0.3))
    risks = [
        fit_tite(model, [0, 0, 0, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, w]).plug_in[0, 1]
        for w in (0.0, found.weight, 1.0)
    ]
    assert risks[0] > risks[1] > risks[2]


def test_a_run_of_grade_4_is_known_on_its_first_morning_too_many():
    counts = np.full((WINDOW, 2, 1), 100.0)
    counts[10:30, 0] = 0.2
    rule = DltRule(unrecovered_by_d=None, delay_over_d=None, grade4_over_d=7)
    known = known_after_d(counts, rule, np.array([[2.0], [150.0]]))
    assert known.tolist() == [18.0]
    low = DltRule(low=Limits(0.1, 1.0), unrecovered_by_d=None, delay_over_d=None, grade4_over_d=7)
    assert known_after_d(counts, low, np.array([[2.0], [150.0]])).tolist() == [np.inf]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"followed_d": 90}, "whole days from 0 to 57"),
        ({"followed_d": 10} | ONE | {"day": [12]}, "from 1 to 10, his follow-up"),
        ({"followed_d": 10, "day": [5]}, "0 and 0 counts"),
    ],
)
def test_follow_up_that_cannot_be_is_refused(courses, words, says):
    with pytest.raises(InputError, match=says):
        pending_weight(courses, **words)


def test_platelets_per_microlitre_are_refused(courses):
    with pytest.raises(InputError, match="not cells per uL"):
        pending_weight(courses, 10, day=[5], anc_1e9_per_l=[1.0], plt_1e9_per_l=[45_000])


@pytest.mark.slow
def test_simulated_cycles_have_the_risk_of_dlt_risk_and_calibrated_weights():
    """Virtual patients predict other virtual patients; truth known."""
    cycle, rule = platzbecker2013(20), DltRule(grade4_over_d=7)

    def people(seed: int):
        draws = prior_draws(seed, 40)
        sets = [drawn_covariates(1000 * seed + k, 100) for k in range(40)]
        return virtual_patients(seed, sets, draws=draws), hazard_draws(seed, 40)

    population, hazards = people(1)
    courses = first_cycles(population, cycle, rule, hazards)
    p = dlt_risk(population, {"20 mg": cycle}, rule, hazards).p.sel(cause="any")
    assert 1 - courses.free_of_dlt(WINDOW).mean() == pytest.approx(float(p.mean()), abs=1e-9)
    truth = first_cycles(people(2)[0], cycle, rule, people(2)[1])
    day, today = np.array([1, 8, 15]), 20
    free, whole = truth.free_of_dlt(today), truth.free_of_dlt(WINDOW)
    actual = 1 - whole / np.maximum(free, 1e-12)
    chosen = np.arange(0, 4000, 4)
    found = [
        pending_weight(courses, today, least_alike=0, **measured(truth, i, day, 5))
        for i in chosen.tolist()
    ]
    q = np.array([one.later for one in found])
    for group in np.array_split(np.argsort(q), 4):
        rows = chosen[group]
        share = free[rows] / free[rows].sum()
        apart = share @ (actual[rows] - q[group])
        error = np.sqrt(share**2 @ (actual[rows] - q[group]) ** 2)
        # Draws are shared by 100 patients each: 40 clusters, so four standard errors and a half
        # per cent of Monte Carlo error of the predicting patients.
        assert abs(apart) < 4 * error + 0.02
