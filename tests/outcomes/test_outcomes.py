"""Outcomes: read and written, counted, grown, and refused where they cannot be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.outcomes import Outcomes, dose_labels

MG = (10, 15, 20, 25)
cohorts = st.lists(
    st.tuples(st.integers(0, 3), st.text("NTEB-", min_size=1, max_size=6)), max_size=8
)


@settings(deadline=None)
@given(cohorts)
def test_the_notation_gives_back_what_was_read(parts):
    text = " ".join(f"{MG[level]}:{letters}" for level, letters in parts)
    seen = Outcomes.read(text, doses=MG)
    assert str(seen) == text
    assert Outcomes.read(str(seen), doses=MG) == seen


@settings(deadline=None)
@given(cohorts)
def test_counts_are_those_of_the_letters(parts):
    seen = Outcomes.read(" ".join(f"{MG[k]}:{letters}" for k, letters in parts), doses=MG)
    for level in range(4):
        letters = "".join(found for k, found in parts if k == level)
        assert seen.n[level] == len(letters) - letters.count("-")
        assert seen.y[level] == letters.count("T") + letters.count("B")
        assert seen.treated[level] == len(letters)
    assert seen.cohorts == len(parts)
    assert len(seen) == sum(len(letters) for _, letters in parts)


@settings(deadline=None)
@given(cohorts)
def test_reading_is_adding_cohort_after_cohort(parts):
    grown = Outcomes(MG)
    for level, letters in parts:
        grown = grown.add(level, letters)
    text = " ".join(f"{MG[level]}:{letters}" for level, letters in parts)
    assert grown == Outcomes.read(text, doses=MG)


@pytest.mark.parametrize("text", ["1NNN 2NTT", "1:NNN 2:NTT", " 1NNN  2:NTT "])
def test_level_numbers_need_no_colon(text):
    seen = Outcomes.read(text, doses=3)
    assert seen.n.tolist() == [3, 3, 0]
    assert seen.y.tolist() == [0, 2, 0]
    assert seen.last_level == 1


def test_labels_are_numbers_or_texts():
    assert Outcomes.read("2.5NT", doses=(2.5, 5)).n.tolist() == [2, 0]
    two = Outcomes.read("10+75:NT 20+75:T", doses=("10+75", "20+75"))
    assert two.y.tolist() == [1, 1]
    assert dose_labels(2) == (1, 2)


def test_replaced_patients_were_treated_but_do_not_count():
    seen = Outcomes.read("10:NN-N", doses=MG)
    assert (seen.n[0], seen.treated[0], len(seen)) == (3, 4, 4)
    assert seen.dlt == (0, 0, None, 0)


def test_a_trial_that_has_not_begun_is_empty():
    seen = Outcomes.read("", doses=MG)
    assert seen == Outcomes(MG)
    assert seen.last_level is None
    assert seen.cohorts == 0
    assert seen.n.tolist() == [0, 0, 0, 0]
    assert str(seen) == ""


def test_efficacy_is_recorded_once_there_is_any():
    assert Outcomes.read("10:NT", doses=MG).efficacy is None
    assert Outcomes.read("10:NT 10:EB-", doses=MG).efficacy == (0, 0, 1, 1, None)
    later = Outcomes.read("10:N-", doses=MG).add(0, "E")
    assert later.efficacy == (0, None, 1)


def test_history_goes_from_nothing_to_everything():
    seen = Outcomes.read("10:NNN 15:NTN 10:NN", doses=MG, weight=[1.0] * 7 + [0.5])
    steps = list(seen.history())
    assert [len(step) for step in steps] == [0, 3, 6, 8]
    assert steps[-1] == seen
    assert steps[1] == Outcomes.read("10:NNN", doses=MG, weight=[1.0] * 3)


def test_counts_alone_make_outcomes_with_the_last_level_last():
    seen = Outcomes.from_counts([3, 6, 0], [0, 2, 0], last=0)
    assert seen.n.tolist() == [3, 6, 0]
    assert seen.y.tolist() == [0, 2, 0]
    assert seen.last_level == 0
    assert Outcomes.from_counts([3, 6, 0], [0, 2, 0]).last_level == 1


def test_the_frame_has_a_row_a_patient():
    seen = Outcomes.read("10:N- 20:B", doses=MG, weight=[0.5, 1, 1])
    frame = seen.frame()
    assert frame.columns.tolist() == ["cohort", "dose", "level", "dlt", "weight", "efficacy"]
    assert frame.dose.tolist() == [10, 10, 20]
    assert frame.level.tolist() == [1, 1, 3]
    assert frame.cohort.tolist() == [1, 1, 2]


def test_outcomes_are_values():
    one, two = (Outcomes.read("10:NT", doses=MG) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: Outcomes.read("10:NXN", doses=MG),
            "cohort 1: found 'X' in 'NXN'; give N (neither",
        ),
        (lambda: Outcomes.read("10:NNN 12:N", doses=MG), "cohort 2: found dose 12; give one of 10"),
        (lambda: Outcomes.read("10 NNN", doses=MG), "cohort 1: found '10'; give dose and letters"),
        (lambda: Outcomes.read("5NNN", doses=4), "found dose 5; give one of 1, 2, 3, 4"),
        (lambda: Outcomes.read("10:NN", doses=(15, 10)), "found 15 before 10; give increasing"),
        (lambda: Outcomes(MG, (0,), (2,), (0,)), "patient 1, dlt: found 2; give 0, 1 or None"),
        (lambda: Outcomes(MG, (4,), (0,), (0,)), "level: found 4; give a level from 0 to 3"),
        (lambda: Outcomes(MG, (0,), (0,), (1,)), "patient 1, cohort: found 1; give 0"),
        (lambda: Outcomes(MG, (0, 0), (0, 0), (0, 2)), "cohort: found 2; give 0 or 1"),
        (lambda: Outcomes(MG, (0,), (), (0,)), "dlt: found 0 values for 1 patients"),
        (lambda: Outcomes.read("10:N", doses=MG, weight=[1.5]), "weight: found 1.5; give a share"),
        (lambda: Outcomes.read("10:T", doses=MG, weight=[0.5]), "found 0.5 after a DLT; give 1"),
        (
            lambda: Outcomes(MG, (0,), (None,), (0,), efficacy=(1,)),
            "patient 1, efficacy: found efficacy 1 without toxicity",
        ),
        (lambda: Outcomes(MG).add(7, "N"), "level: found 7"),
        (lambda: Outcomes(MG).add(0, "Q"), "cohort 1: found 'Q'"),
        (lambda: Outcomes.from_counts([3], [4]), "counts, y: found 4; give 0 to n"),
        (lambda: Outcomes.from_counts([-1], [0]), "counts, n: found -1; give whole numbers"),
        (lambda: Outcomes.from_counts([3, 3], [0]), "found 2 n and 1 y"),
        (lambda: Outcomes.from_counts([3], [0], doses=(1, 2)), "outcomes, n: found 1 counts"),
    ],
)
def test_outcomes_that_cannot_be_are_refused(make, says):
    with pytest.raises(InputError) as caught:
        make()
    assert says in str(caught.value)


@pytest.mark.parametrize("doses", [0, 101, True, "10", (), (10, 10), ("a", "a"), 2.0])
def test_doses_that_cannot_be_are_refused(doses):
    with pytest.raises(InputError, match="doses"):
        dose_labels(doses)


def test_counts_are_whole_numbers():
    seen = Outcomes.read("10:NT", doses=MG)
    assert seen.n.dtype == seen.y.dtype == np.dtype(int)
