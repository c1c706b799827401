"""Counts become a DLT as the rule says, on the day that it says."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.evaluate import cycle_end_d, dlt_by_counts, longest_run

BASELINE = np.array([2.0, 150.0])
RECOVERY = DltRule(delay_over_d=None)
DELAY = DltRule(unrecovered_by_d=None)
GRADE_4 = DltRule(unrecovered_by_d=None, delay_over_d=None, grade4_over_d=7)


def course(low_from: int, low_until: int, anc: float = 0.4, plt: float = 150.0) -> np.ndarray:
    """Counts of one patient, (day, lineage): as at baseline but for some mornings."""
    counts = np.tile(BASELINE, (57, 1))
    counts[low_from:low_until] = anc, plt
    return counts


def fires(counts, rule, **kwargs) -> bool:
    return bool(dlt_by_counts(counts, rule, baseline=BASELINE, **kwargs)["any"])


@pytest.mark.parametrize(("recovers_on_day", "dlt"), [(42, False), (43, True), (44, True)])
def test_recovery_by_day_42_is_read_on_the_morning_of_day_42(recovers_on_day, dlt):
    assert fires(course(15, recovers_on_day - 1), RECOVERY) is dlt


def test_whoever_recovered_once_since_the_next_cycle_was_due_has_recovered():
    counts = course(15, 57)
    counts[30] = BASELINE
    assert not fires(counts, RECOVERY)


@pytest.mark.parametrize(
    ("start", "length", "dlt"), [(10, 7, False), (10, 8, True), (50, 7, False)]
)
def test_grade_4_must_last_longer_than_allowed(start, length, dlt):
    assert fires(course(start, start + length), GRADE_4) is dlt


def test_two_short_runs_are_not_one_long_run():
    counts = course(10, 16)
    counts[18:24] = 0.4, 150.0
    assert not fires(counts, GRADE_4)


@pytest.mark.parametrize(("low_until", "dlt"), [(57, True), (56, False), (50, False)])
def test_a_delay_of_exactly_four_weeks_is_none_of_more_than_four_weeks(low_until, dlt):
    assert fires(course(20, low_until, anc=0.9), DELAY) is dlt


def test_platelets_alone_suffice():
    assert fires(course(20, 57, anc=2.0, plt=20.0), RECOVERY)
    assert not fires(course(20, 57, anc=2.0, plt=30.0), RECOVERY)


def test_nobody_has_to_become_better_than_before_treatment():
    counts = np.full((57, 2), [0.3, 20.0])
    found = dlt_by_counts(counts, DltRule(grade4_over_d=7))
    assert not any(bool(who) for who in found.values())


def test_mornings_of_the_next_cycle_do_not_count():
    counts = course(29, 57)
    assert fires(counts, GRADE_4)
    assert not fires(counts, GRADE_4, next_start_d=28.0)


def test_a_missing_recovery_needs_a_marrow_without_blasts_if_the_rule_says_so():
    rule = DltRule(delay_over_d=None, blasts_below=0.05)
    assert fires(course(15, 57), rule, blasts=0.02)
    assert not fires(course(15, 57), rule, blasts=0.30)
    with pytest.raises(InputError, match="blasts"):
        fires(course(15, 57), rule)


def test_many_patients_are_each_judged_alone():
    one, other = course(15, 57), course(15, 20)
    both = np.stack([one, other], -1)
    found = dlt_by_counts(both, DltRule(), baseline=np.tile(BASELINE[:, None], 2))["any"]
    assert found.tolist() == [fires(one, DltRule()), fires(other, DltRule())] == [True, False]


def test_the_next_cycle_starts_at_a_visit():
    assert cycle_end_d(course(20, 30, anc=0.9), DELAY, baseline=BASELINE) == 35
    assert np.isnan(cycle_end_d(course(20, 57, anc=0.9), DELAY, baseline=BASELINE))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (np.full((56, 2), 1.0), "56 mornings"),
        (np.full((57, 2), 150_000.0), "per uL"),
        (np.full((57, 2), -1.0), "cannot be"),
        (np.full((57, 2), np.nan), "cannot be"),
        (np.full((57, 1), 1.0), "shape"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts, words):
    with pytest.raises(InputError, match=words):
        dlt_by_counts(counts, DltRule())


def test_longest_run_agrees_with_counting():
    random = np.random.default_rng(1)
    events = random.random((60, 200)) < 0.7

    def counted(event):
        return max((len(run) for run in "".join("01"[int(e)] for e in event).split("0")), default=0)

    assert longest_run(events).tolist() == [counted(one) for one in events.T]
