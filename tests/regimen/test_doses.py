"""Doses as arrays: sorted, padded, stacked, and nothing lost."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.regimen import Dose, Doses, course, doses_from, lenalidomide, platzbecker2013, stack
from regimen.strategies import AREA, regimens, rows, total

laws = settings(deadline=None, max_examples=40)


@laws
@given(regimens(), st.integers(0, 9))
def test_padding_adds_doses_of_nothing_and_keeps_the_order(regimen, extra):
    plain = regimen.doses(body_surface_area_m2=AREA)
    padded = regimen.doses(body_surface_area_m2=AREA, pad_to=len(plain) + extra)
    assert len(padded) == len(plain) + extra
    assert rows(padded) == rows(plain)
    assert (np.diff(padded.time_d) >= 0).all()
    assert (padded.time_d[plain.count :] == plain.time_d[-1]).all()
    assert not padded.amount_mg[plain.count :].any()
    assert not padded.duration_d[plain.count :].any()


@laws
@given(regimens())
def test_the_drugs_of_a_regimen_add_up_to_it(regimen):
    doses = regimen.doses(body_surface_area_m2=AREA)
    parts = sum(doses.of(drug).amount_mg for drug in doses.drugs)
    assert (parts == doses.amount_mg).all()


@laws
@given(st.lists(regimens(), min_size=1, max_size=4))
def test_stacking_puts_patients_last_and_loses_nothing(patients):
    alone = [regimen.doses(body_surface_area_m2=AREA) for regimen in patients]
    together = stack(alone)
    assert together.time_d.shape == (max(map(len, alone)), len(patients))
    assert together.count.tolist() == [doses.count for doses in alone]
    for number, one in enumerate(alone):
        column = Doses(
            together.time_d[:, number],
            together.amount_mg[:, number],
            together.duration_d[:, number],
            together.drug[:, number],
            together.count[number],
            together.drugs,
        )
        assert rows(column) == rows(one)


def test_stacked_drugs_are_renumbered_to_a_common_order():
    one = doses_from([Dose(0, 1, 0, "a"), Dose(1, 2, 0, "b")])
    two = doses_from([Dose(0, 2, 0, "b"), Dose(1, 1, 0, "a")])
    both = stack([one, two])
    assert both.drugs == ("a", "b")
    assert both.drug.T.tolist() == [[0, 1], [1, 0]]


def test_a_patient_without_a_dose_can_be_stacked():
    none = doses_from([], drugs=("lenalidomide",))
    some = lenalidomide(20, days=[1, 2]).doses()
    both = stack([none, some])
    assert both.count.tolist() == [0, 2]
    assert both.amount_mg.T.tolist() == [[0, 0], [20, 20]]


def test_doses_at_one_time_stand_in_the_order_of_the_drugs():
    same = [Dose(0, 1, 0, "b"), Dose(0, 2, 0, "a")]
    assert rows(doses_from(same, drugs=("a", "b"))) == [(0, 2, 0, "a"), (0, 1, 0, "b")]
    assert rows(doses_from(same, drugs=("b", "a"))) == [(0, 1, 0, "b"), (0, 2, 0, "a")]


def test_durations_are_in_days():
    infusion = course("cytarabine", 100, unit="mg", days=[1], route="iv", infusion_h=3)
    assert infusion.doses().duration_d.tolist() == [0.125]


def test_doses_per_area_scale_with_it_and_others_do_not():
    small, large = (platzbecker2013("II").doses(body_surface_area_m2=area) for area in (1.5, 2.25))
    assert total(large, "azacitidine") * 2 == total(small, "azacitidine") * 3
    assert total(large, "lenalidomide") == total(small, "lenalidomide") == 15 * 14


def test_the_arrays_are_locked_and_leave_the_callers_alone():
    time = np.array([0.0])
    doses = Doses(time, np.array([1.0]), np.zeros(1), np.zeros(1, int), np.array(1), ("a",))
    with pytest.raises(ValueError, match="read-only"):
        doses.time_d[0] = 1
    time[0] = 5
    assert doses.time_d[0] == 0


TWO = {
    "time_d": np.array([0.0, 1.0]),
    "amount_mg": np.array([1.0, 1.0]),
    "duration_d": np.zeros(2),
    "drug": np.zeros(2, int),
    "count": np.array(2),
    "drugs": ("a",),
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"time_d": np.array([1.0, 0.0])}, "time_d"),
        ({"time_d": np.array([0.0, np.nan])}, "time_d"),
        ({"amount_mg": np.array([1.0])}, "amount_mg"),
        ({"amount_mg": np.array([1.0, -1.0])}, "amount_mg"),
        ({"count": np.array(1)}, "amount_mg"),
        ({"duration_d": np.array([0.0, -1.0])}, "duration_d"),
        ({"drug": np.array([0, 1])}, "drug"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, says):
    with pytest.raises(InputError, match=f"Doses, {says}: found"):
        Doses(**TWO | change)


REFUSED = {
    "too few places": (
        lambda: lenalidomide(20, days=range(6, 20)).doses(pad_to=10),
        "doses, pad_to: found 10 places for 14 doses; give at least 14",
    ),
    "half a place": (
        lambda: lenalidomide(20, days=[1]).doses(pad_to=1.5),  # pyrefly: ignore
        "doses, pad_to: found 1.5",
    ),
    "a drug without a name": (
        lambda: lenalidomide(20, days=[1]).doses(drugs=("azacitidine",)),
        "doses, drugs: found azacitidine, but the regimen gives lenalidomide; add 'lenalidomide'",
    ),
    "nobody": (lambda: stack([]), "stack, patients: found none"),
    "a stack of stacks": (
        lambda: stack([stack([lenalidomide(20, days=[1]).doses()])]),
        "patient 1 has shape (1, 1)",
    ),
    "the doses of an unknown drug": (
        lambda: lenalidomide(20, days=[1]).doses().of("decitabine"),
        "Doses.of, drug: found 'decitabine'; give one of lenalidomide",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_a_remedy(case):
    attempt, says = REFUSED[case]
    with pytest.raises(InputError, match=re.escape(says)):
        attempt()
