"""Units: published formulas, and what a value in the wrong unit gets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelodose import units
from myelodose.errors import InputError
from myelodose.literature import load_literature


def test_the_molar_mass_of_lenalidomide_is_the_one_in_the_data():
    rows = load_literature("pk_parameters")
    row = rows[(rows.symbol == "MW") & (rows.drug == "lenalidomide")]
    assert float(row.typical_value.item()) == units.LENALIDOMIDE_NG_PER_ML_PER_UM


def test_the_cmax_of_10_mg_in_ng_per_ml_is_the_one_printed_in_um():
    # pk_parameters.csv, Cmax single 10 mg: 188 ng/mL "= 0.725 uM" (Blood 2006;108(11):4854).
    assert round(float(units.lenalidomide_um(188)), 3) == 0.725


def test_the_creatinine_factor_is_its_molar_mass():
    # Standard atomic weights (IUPAC 2021, abridged) of C4 H7 N3 O; 1 mg/dL is 10 mg/L.
    molar_mass = 4 * 12.011 + 7 * 1.008 + 3 * 14.007 + 15.999
    factor = units.CREATININE_UMOL_PER_L_PER_MG_PER_DL
    assert factor == pytest.approx(1e4 / molar_mass, abs=0.05)


@given(st.floats(0, 1e6))
def test_um_and_ng_per_ml_are_inverse(concentration):
    there = units.lenalidomide_ng_per_ml(units.lenalidomide_um(concentration))
    assert float(there) == pytest.approx(concentration, rel=1e-15)


def test_a_neutrophil_count_of_500_per_ul_is_half_a_unit():
    # CTCAE v5 prints the grade 4 limit both ways: < 500/mm3; < 0.5 x 10e9/L.
    assert float(units.count_1e9_per_l(500)) == 0.5


@settings(deadline=None)
@given(st.floats(100, 200), st.floats(40, 90))
def test_mosteller_scales_as_area(height, weight):
    # Area of a body k times as tall and k^3 times as heavy is k^2 times as large.
    area = units.body_surface_area_m2(height_cm=height, weight_kg=weight)
    taller = units.body_surface_area_m2(height_cm=1.2 * height, weight_kg=1.2**3 * weight)
    assert float(taller / area) == pytest.approx(1.2**2, rel=1e-12)


def test_the_two_formulas_agree_within_a_few_per_cent_for_adults():
    height, weight = np.meshgrid(np.linspace(150, 195, 10), np.linspace(50, 100, 11))
    mosteller = units.body_surface_area_m2(height_cm=height, weight_kg=weight)
    dubois = units.body_surface_area_m2(height_cm=height, weight_kg=weight, formula="dubois")
    assert mosteller.shape == (11, 10)
    assert np.abs(mosteller / dubois - 1).max() < 0.08


def test_170_cm_and_70_kg_have_an_area_of_1_81_by_dubois():
    # By hand from 0.007184 W^0.425 H^0.725, Arch Intern Med 1916;17:863.
    area = units.body_surface_area_m2(height_cm=170, weight_kg=70, formula="dubois")
    assert round(float(area), 2) == 1.81


def test_both_units_of_creatinine_give_the_same_clearance():
    who = {"age_years": 70, "weight_kg": 80, "female": True}
    one = units.creatinine_clearance_ml_per_min(**who, creatinine_mg_per_dl=1.1)
    other = units.creatinine_clearance_ml_per_min(**who, creatinine_umol_per_l=1.1 * 88.4)
    assert float(one) == pytest.approx(float(other), rel=1e-14)


def test_a_woman_clears_85_per_cent_of_a_man():
    # Cockcroft and Gault 1976, doi 10.1159/000180580.
    both = units.creatinine_clearance_ml_per_min(
        age_years=60, weight_kg=70, female=np.array([True, False]), creatinine_mg_per_dl=1.0
    )
    assert both[0] / both[1] == pytest.approx(0.85)


AREA = {"height_cm": 170, "weight_kg": 70}
KIDNEY = {"age_years": 60, "weight_kg": 70, "female": False}


@pytest.mark.parametrize(
    ("function", "arguments", "says"),
    [
        ("body_surface_area_m2", AREA | {"height_cm": 1.7}, "height_cm: found 1.7; give 50 to"),
        ("body_surface_area_m2", AREA | {"height_cm": 1700}, "height_cm: found 1700"),
        ("body_surface_area_m2", AREA | {"weight_kg": 70_000}, "weight_kg: found 70000"),
        ("body_surface_area_m2", AREA | {"weight_kg": np.nan}, "weight_kg: found nan"),
        ("body_surface_area_m2", AREA | {"weight_kg": "heavy"}, "weight_kg: found 'heavy'"),
        ("body_surface_area_m2", AREA | {"formula": "boyd"}, "found 'boyd'; give 'mosteller'"),
        (
            "body_surface_area_m2",
            {"height_cm": 250, "weight_kg": 300},
            "height_cm with weight_kg: found 4.56435; give a height and a weight that make 0.5",
        ),
        (
            "creatinine_clearance_ml_per_min",
            KIDNEY | {"creatinine_umol_per_l": 1.0},
            "creatinine_umol_per_l: found 1; give 20 to 2,500 umol/L, or name it mg_per_dl",
        ),
        (
            "creatinine_clearance_ml_per_min",
            KIDNEY | {"creatinine_mg_per_dl": 88.0},
            "creatinine_mg_per_dl: found 88; give 0.2 to 28 mg/dL, or name it umol_per_l",
        ),
        ("creatinine_clearance_ml_per_min", KIDNEY, "found neither unit"),
        (
            "creatinine_clearance_ml_per_min",
            KIDNEY | {"creatinine_mg_per_dl": 1, "creatinine_umol_per_l": 88},
            "found both units",
        ),
        (
            "creatinine_clearance_ml_per_min",
            KIDNEY | {"age_years": 700, "creatinine_mg_per_dl": 1},
            "age_years: found 700; give 18 to 110 years",
        ),
        ("count_1e9_per_l", {"count_per_ul": [1500, 1.5]}, "found 1.5; give 0, or 10 to"),
        ("count_1e9_per_l", {"count_per_ul": 1.5e9}, "found 1.5e+09"),
        ("count_1e9_per_l", {"count_per_ul": -100}, "found -100"),
        ("lenalidomide_um", {"concentration_ng_per_ml": -1}, "found -1"),
        ("lenalidomide_ng_per_ml", {"concentration_um": np.inf}, "found inf"),
    ],
)
def test_a_value_in_another_unit_is_refused(function, arguments, says):
    with pytest.raises(InputError) as caught:
        getattr(units, function)(**arguments)
    assert says in str(caught.value)
    assert str(caught.value).startswith(function)


def test_arrays_keep_their_shape():
    assert units.lenalidomide_um(np.zeros((2, 3))).shape == (2, 3)
    assert units.checked_body_surface_area_m2([1.6, 2.0], "here").tolist() == [1.6, 2.0]
