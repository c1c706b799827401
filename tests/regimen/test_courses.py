"""One course: what it holds and what it refuses."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.literature import load_literature
from myelodose.regimen import Course, azacitidine, course, lenalidomide
from myelodose.regimen.courses import DOSE_RANGES, day_ranges
from myelodose.units import BODY_SURFACE_AREA_RANGE_M2


@given(st.permutations(range(1, 8)))
def test_days_are_sorted_whatever_their_order(days):
    assert Course("azacitidine", 75, "mg/m2", tuple(days), "sc").days == tuple(range(1, 8))


@given(st.sets(st.integers(1, 60), min_size=1))
def test_day_ranges_name_every_day_and_no_other(days):
    named = set()
    for part in day_ranges(sorted(days)).split(", "):
        first, _, last = part.partition("-")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == days


def test_the_highest_lenalidomide_dose_is_the_highest_of_the_related_trials():
    doses = load_literature("dlt_trials").len_dose_mg
    numbers = [float(text) for text in doses if text.replace(".", "", 1).isdigit()]
    assert max(numbers) == DOSE_RANGES["lenalidomide", "mg"][1]


def test_every_azacitidine_dose_of_the_related_trials_is_accepted():
    doses = load_literature("dlt_trials").aza_dose_mg_m2
    numbers = {float(text) for text in doses if text.replace(".", "", 1).isdigit()}
    assert {25.0, 50.0, 75.0} <= numbers
    for dose in numbers:
        assert azacitidine(dose, days=[1]).cycle(1).courses[0].dose == dose


def test_the_flat_azacitidine_range_is_that_per_area_on_the_largest_body():
    per_area = DOSE_RANGES["azacitidine", "mg/m2"][1]
    assert DOSE_RANGES["azacitidine", "mg"][1] == per_area * BODY_SURFACE_AREA_RANGE_M2[1]


ANY = {"drug": "azacitidine", "dose": 75, "unit": "mg/m2", "days": range(1, 6), "route": "sc"}
OTHER = ANY | {"drug": "cytarabine", "route": "iv"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (ANY | {"dose": -75}, "course of azacitidine, dose: found -75; give a dose above 0"),
        (ANY | {"dose": 0}, "dose: found 0; give a dose above 0; leave the course out for none"),
        (ANY | {"dose": math.nan}, "dose: found nan"),
        (ANY | {"dose": math.inf}, "dose: found inf"),
        (ANY | {"dose": "75"}, "dose: found '75'"),
        (ANY | {"dose": True}, "dose: found True"),
        (ANY | {"dose": 75_000}, "found 75000 mg/m2; give 1 to 300 mg/m2 a day; check that it is"),
        (ANY | {"dose": 0.075}, "found 0.075 mg/m2; give 1 to 300 mg/m2"),
        (ANY | {"drug": "lenalidomide"}, "unit: found 'mg/m2'; give one of mg"),
        (ANY | {"unit": "g"}, "unit: found 'g'; give one of mg, mg/m2"),
        (ANY | {"unit": ["mg"]}, "unit: found ['mg']"),
        (ANY | {"days": []}, "days: found no day; give at least one"),
        (ANY | {"days": [0, 1]}, "days: found 0; give whole days from 1 on"),
        (ANY | {"days": [1, 2.5]}, "days: found 2.5; give whole days"),
        (ANY | {"days": 5}, "days: found 5; give several days, such as range(1, 6)"),
        (ANY | {"days": [1, 2, 2]}, "days: day 2 stands there twice; give each day once"),
        (ANY | {"days": "1-5"}, "days: found '1'; give whole days"),
        (ANY | {"route": "im"}, "route: found 'im'; give one of po, sc, iv"),
        (ANY | {"hour": 24}, "hour: found 24; give an hour from 0 up to 24"),
        (ANY | {"hour": -1}, "hour: found -1"),
        (ANY | {"infusion_h": 0.5}, "infusion_h: found 0.5 h by route 'sc'; give route='iv'"),
        (OTHER | {"infusion_h": -1}, "infusion_h: found -1; give a length of at least 0 h"),
        (OTHER | {"infusion_h": math.inf}, "infusion_h: found inf"),
        (OTHER | {"drug": "Cytarabine"}, "drug: found 'Cytarabine'; give a name in lower case"),
        (OTHER | {"drug": ""}, "drug: found ''"),
        (OTHER | {"drug": None}, "drug: found None"),
    ],
)
def test_a_course_that_cannot_be_is_refused(arguments, says):
    with pytest.raises(InputError) as caught:
        course(**arguments)
    assert says in str(caught.value)
    assert str(caught.value).startswith("course")


def test_lenalidomide_in_micrograms_is_refused_with_the_unit_named():
    with pytest.raises(InputError, match=r"found 20000 mg; give 1 to 75 mg a day; check .* in mg"):
        lenalidomide(20_000, days=range(6, 20))


def test_a_drug_that_is_not_known_has_no_dose_range():
    assert course("cytarabine", 3000, unit="mg/m2", days=[1], route="iv").drugs == ("cytarabine",)
