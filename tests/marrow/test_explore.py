"""A regimen and a patient make a labelled course, the same by every way."""

import re

import jax
import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.marrow.course import UM_PER_MG_PER_L
from myelodose.marrow.explore import explore, plan_for
from myelodose.marrow.labelled import morning, worst_grades
from myelodose.marrow.sequences import Exploration, compare
from myelodose.marrow.typical import typical_patient, virtual_population
from myelodose.precision import float64
from myelodose.regimen import azacitidine, course, lenalidomide, platzbecker2013
from myelodose.solve.settings import Reference


@pytest.fixture(scope="module")
def one():
    return explore(platzbecker2013("III"), typical_patient(), 28)


def test_dimensions_and_units_are_labelled(one):
    assert one["count"].dims == ("time_d", "lineage", "patient")
    assert one.clone_share.dims == ("time_d", "clone", "patient")
    assert one.concentration.dims == ("exposure_time_d", "drug", "patient")
    assert one["count"].unit.values.tolist() == ["1e9/L", "1e9/L", "g/dL"]
    assert one.concentration.units == "uM"
    assert one.time_d.units == "day"
    assert one.attrs["status"].startswith("SIMULATED")


def test_the_doses_that_are_marked_are_those_of_the_regimen(one):
    assert one.dose_time_d.values.tolist() == [*range(5), *range(5, 19)]
    assert one.dose_drug.values.tolist() == ["azacitidine"] * 5 + ["lenalidomide"] * 14


def test_the_area_under_lenalidomide_is_its_dose_over_clearance(one):
    um = one.concentration.sel(drug="lenalidomide").isel(patient=0)
    area = np.trapezoid(um, 24 * um.exposure_time_d)
    # Hourly trapezia miss a little of each peak.
    assert area == pytest.approx(14 * 20 / 12.5 * UM_PER_MG_PER_L, rel=0.02)


def test_the_daily_mean_at_10_mg_is_the_published_0_137_um():
    # data/literature/pk_parameters.csv: 0.137 uM at 10 mg, with CL/F 11.73 L/h.
    patient = typical_patient(values={"len_clearance_l_per_h": 11.73})
    days = explore(lenalidomide(10, days=range(1, 15)), patient, 28).concentration
    last = days.sel(drug="lenalidomide", exposure_time_d=slice(12, 13)).isel(patient=0)
    mean = np.trapezoid(last, last.exposure_time_d)
    assert mean == pytest.approx(0.137, rel=0.02)


def test_the_fast_and_the_slow_way_agree(one):
    slow = explore(platzbecker2013("III"), typical_patient(), 28, solver=Reference())
    assert one["count"].values == pytest.approx(slow["count"].values, rel=1e-7)
    assert one.clone_share.values == pytest.approx(slow.clone_share.values, abs=1e-7)


def test_finer_times_change_no_count(one):
    finer = explore(platzbecker2013("III"), typical_patient(), 28, every_d=0.1)
    assert morning(finer["count"]).values == pytest.approx(morning(one["count"]).values, rel=1e-7)


def test_patients_do_not_disturb_each_other():
    together = virtual_population(5, 3)
    regimens = [platzbecker2013("I"), None, azacitidine(75, days=range(1, 6))]
    area = [1.6, 1.8, 2.0]
    all_at_once = explore(regimens, together, 28, body_surface_area_m2=area)
    for number in range(3):
        # A population of one: the same patient, told apart by nothing but its place.
        alone = _take(together, number)
        single = explore(regimens[number], alone, 28, body_surface_area_m2=area[number])
        found = all_at_once["count"].isel(patient=number)
        assert found.values == pytest.approx(single["count"].isel(patient=0).values, rel=1e-9)


def _take(patient, number):
    # ka is the same for all and has no patient axis.
    return jax.tree.map(lambda x: x[..., number] if np.ndim(x) else x, patient)


def test_azacitidine_is_dosed_by_body_surface_area():
    with float64():
        plan = plan_for(
            azacitidine(75, days=[1]), [0, 1], body_surface_area_m2=[1.6, 2.0], patients=2
        )
    assert plan.amount[0, 1].tolist() == [120, 150]


def test_an_infusion_of_azacitidine_acts_like_an_injection_of_the_same_dose():
    days = range(1, 6)
    injected, infused = (
        explore(regimen, typical_patient(), 28)["count"].values
        for regimen in (
            azacitidine(75, days=days),
            azacitidine(75, days=days, route="iv", infusion_h=1.0),
        )
    )
    # The windows differ: one more ends with the infusion.
    assert infused == pytest.approx(injected, rel=1e-7)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"days": 0}, "days: found 0"),
        ({"days": float("nan")}, "days: found nan"),
        ({"every_d": 50.0}, "every_d: found 50"),
        ({"body_surface_area_m2": 18_000}, "0.5 to 3.5 m2"),
        ({"body_surface_area_m2": [1.8, 1.9]}, "found shape (2,)"),
        ({"regimen": [None, None]}, "found 2 regimens for 1 patients"),
        (
            {"regimen": course("cytarabine", 20, unit="mg", days=[1], route="sc")},
            "the regimen gives cytarabine",
        ),
    ],
)
def test_what_cannot_be_explored_is_refused_by_name(given, says):
    call = {"regimen": platzbecker2013("III"), "patient": typical_patient(), "days": 28} | given
    with pytest.raises(InputError, match=re.escape(says)):
        explore(**call)


def test_worst_grades_are_shares_of_patients():
    table = worst_grades(explore(platzbecker2013("III"), virtual_population(5, 3), 28), until_d=28)
    grades = [table[f"grade {g}"].tolist() for g in range(5)]
    assert np.sum(grades, axis=0) == pytest.approx([1] * 3)
    assert (table["grade 3-4"] >= table["at start, grade 3-4"]).all()
    assert table["grade 3-4"].tolist() == (table["grade 3"] + table["grade 4"]).tolist()


def test_mornings_need_times_at_whole_days(one):
    with pytest.raises(InputError, match="an every_d that divides a day"):
        morning(one["count"].isel(time_d=slice(1, None, 3)))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"order": "both"}, "sequential, concurrent, reverse"),
        ({"order": "concurrent", "gap_days": 2}, "0 with order='concurrent'"),
        ({"gap_days": 14}, "lenalidomide is given until day 33"),
        ({"len_dose_mg": 2500}, "1 to 75 mg a day"),
        ({"aza_dose_mg_m2": 0.075}, "1 to 300 mg/m2"),
        ({"body_surface_area_m2": 180}, "0.5 to 3.5 m2"),
        ({"creatinine_clearance_ml_per_min": 0.9}, "5 to 300 mL/min"),
        ({"patients": 0}, "patients: found 0"),
        ({"seed": -3}, "seed: found -3"),
        ({"disease": "AML"}, "disease: found 'AML'"),
        ({"compare_gaps_d": "0, two"}, "whole days such as '0, 2, 7'"),
        ({"compare_gaps_d": ""}, "whole days such as '0, 2, 7'"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_runs(given, says):
    with pytest.raises(InputError, match=re.escape(says)):
        Exploration(**({"len_dose_mg": 20, "aza_dose_mg_m2": 75} | given))


def test_arrangements_give_the_same_doses_in_cycles_of_one_length():
    regimens = Exploration(len_dose_mg=20, aza_dose_mg_m2=75).arrangements()
    assert len(regimens) == 8
    for regimen in regimens.values():
        assert regimen.total_dose_mg("lenalidomide") == 3 * 14 * 20
        assert regimen.total_dose_mg("azacitidine", body_surface_area_m2=2.0) == 3 * 5 * 150
        assert [cycle.length_d for cycle in regimen.plan] == [35] * 3


def test_a_comparison_reads_off_what_exploring_shows():
    settings = Exploration(len_dose_mg=20, aza_dose_mg_m2=75, cycles=1, compare_gaps_d="0")
    found = compare(settings.arrangements(), settings.typical).sel(
        arrangement="sequential, gap 0 d"
    )
    shown = explore(settings.regimen, settings.typical, 28)
    counts = morning(shown["count"]).sel(lineage="PLT", time_d=slice(0, 27)).isel(patient=0)
    assert float(found.nadir.sel(lineage="PLT").item()) == float(counts.min())
    day = int(counts.values.argmin()) + 1
    assert found.nadir_day.sel(lineage="PLT").item() == day
    share = shown.clone_share.sel(clone="del(5q)", time_d=28).item()
    # One cycle ends on the day of reading: it is read once.
    assert found.read.values.tolist() == [28]
    assert found.clone_share.item() == pytest.approx(share)


def test_regimens_with_other_cycles_are_not_compared():
    with pytest.raises(InputError, match="found cycles that differ"):
        compare(
            {"a": platzbecker2013("III"), "b": platzbecker2013("III", cycles=2)},
            typical_patient(),
        )
    with pytest.raises(InputError, match="found none"):
        compare({}, typical_patient())
