"""3+3: the published rule step by step, this trial, and what the variants differ in."""

import itertools

import numpy as np
import pytest

from designs.cases import case, family
from myelodose.designs import STOP, ThreePlusThree
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

VARIANTS = {"deescalation_allowed": True, "escalation_only": False}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    "known", [p for p in family("three_plus_three_rule") if p.id != "seed_trial_replay"]
)
def test_every_step_is_that_of_the_package_escalation(known, variant):
    # escalation 0.2.3, three_plus_three(strict_mode = FALSE).
    doses = known["inputs"]["num_doses"]
    design = ThreePlusThree(doses, de_escalate=VARIANTS[variant])
    call = design.next(Outcomes.read(known["inputs"]["outcomes"], doses=doses))
    expected = known["outputs"][variant]
    assert (None if call.level is None else call.level + 1) == expected["dose"]
    assert call.stop == (not expected["continue"])


# 3 evaluable of 4, the fourth replaced; or all 4 evaluable, as Table 1 of the paper has them.
@pytest.mark.parametrize("low", ["NNN-", "N-NN", "NNNN"])
def test_this_trial_is_replayed_decision_by_decision(low):
    known = case("three_plus_three_rule.seed_trial_replay")
    design = ThreePlusThree(tuple(known["inputs"]["doses"]))
    text = f"10:{low} 15:{low} 20:NNN 25:NNT 25:NTT 20:NNT"
    calls = design.replay(Outcomes.read(text, doses=design.labels))
    assert [call.level for call in calls] == [0, 1, 2, 3, 3, 2, 2]
    assert [call.stop for call in calls] == [False] * 6 + [True]
    words = [call.because.split(":")[0] for call in calls[1:]]
    assert words == [
        "escalate to dose 15",
        "escalate to dose 20",
        "escalate to dose 25",
        "treat 3 more at dose 25",
        "de-escalate to dose 20 for 3 more",
        "stop",
    ]
    assert "the MTD is dose 20" in calls[-1].because
    assert design.labels[2] == known["outputs"]["declared_mtd"]


def test_a_replaced_patient_is_filled_up_by_one():
    design = ThreePlusThree((10, 15))
    seen = Outcomes.read("10:NN-", doses=(10, 15))
    n, y = design.counts(seen)
    assert design.next(seen).because == "treat 1 more at dose 10: 0/2 DLTs at dose 10"
    assert design.size(n[None], y[None], np.array([0])).tolist() == [1]


@pytest.mark.parametrize(
    ("outcomes", "without", "with_more", "filled"),
    [
        # What follows: with de-escalation, escalation only, and Korn's variant.
        ("1NNN 2NTT", (0, False), (0, True), (0, False)),
        ("1NNN 2NNN", (1, True), (1, True), (1, False)),
        ("1NNN 2NNN 2NNT", (1, True), (1, True), (1, True)),
        ("1NNT 1NNN 2TTT", (0, True), (0, True), (0, True)),
    ],
)
def test_the_variants_differ_where_they_say(outcomes, without, with_more, filled):
    designs = (
        ThreePlusThree(2),
        ThreePlusThree(2, de_escalate=False),
        ThreePlusThree(2, fill_the_top=True),
    )
    for design, expected in zip(designs, (without, with_more, filled), strict=True):
        call = design.next(Outcomes.read(outcomes, doses=2))
        assert (call.level, call.stop) == expected


def test_a_decided_cohort_is_filled_up_only_if_asked():
    seen = Outcomes.read("1NNN 2TT", doses=3)
    assert ThreePlusThree(3).next(seen).level == 0
    assert ThreePlusThree(3, complete=True).next(seen).level == 1


def test_an_a_plus_b_design_counts_by_its_own_numbers():
    # 2+4: up with 0 of 2, more with 1 of 2, up with at most 2 of 6.
    design = ThreePlusThree(3, first=2, second=4, escalate=0, expand=1, accept=2)
    n = np.array([[2, 0, 0], [2, 0, 0], [2, 0, 0], [6, 0, 0], [6, 0, 0]])
    y = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 0, 0], [3, 0, 0]])
    assert design.decide(n, y, np.zeros(5, int)).tolist() == [1, 0, STOP, 1, STOP]
    assert design.size(n[1:2], y[1:2], np.array([0])).tolist() == [4]


def test_no_more_than_both_cohorts_are_treated_at_a_dose():
    design = ThreePlusThree(4)
    for n0, n1 in itertools.product(range(7), repeat=2):
        n = np.array([[n0, n1, 0, 0]])
        for y1 in range(n1 + 1):
            y = np.array([[0, y1, 0, 0]])
            chosen = design.decide(n, y, np.array([1]))
            if chosen[0] in (0, 1):
                more = design.size(n, y, chosen)[0]
                assert n[0, chosen[0]] + more <= 6


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"first": 0}, "first: found 0; give 1 to 20 patients"),
        ({"escalate": 3}, "escalate: found 3; give 0 to 2"),
        ({"expand": 4}, "expand: found 4; give 0 (escalate) to 3 (first)"),
        ({"accept": 6}, "accept: found 6"),
        ({"start": 4}, "start: found 4; give a level from 0 to 3"),
        ({"doses": 0}, "doses: found 0 levels; give 1 to 100"),
        ({"doses": (10, 10)}, "doses: found 10 before 10; give increasing doses"),
    ],
)
def test_an_impossible_design_is_refused(change, says):
    with pytest.raises(InputError) as caught:
        ThreePlusThree(**({"doses": 4} | change))
    assert says in str(caught.value)
