"""The two drugs: constants as cited, and exposures as published."""

from typing import Any

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.literature import load_literature
from myelodose.pk import concentrations, doses
from myelodose.pk.drugs import (
    AZACITIDINE,
    LENALIDOMIDE,
    Constant,
    azacitidine_sc,
    lenalidomide,
    micromolar,
    terminal_half_life,
)
from myelodose.pk.exposure import auc_per_dose, exposure


@pytest.mark.parametrize(
    ("constant", "parameter", "drug", "source"),
    [
        (LENALIDOMIDE["MW"], "molar mass", "lenalidomide", "DrugBank"),
        (LENALIDOMIDE["ktr, 3 transits"], "absorption transit rate", "lenalidomide", "Guglieri"),
        (LENALIDOMIDE["ktr, 7 transits"], "absorption transit rate", "lenalidomide", "Hughes"),
        (AZACITIDINE["MW"], "molar mass", "azacitidine", ""),
        (AZACITIDINE["t1/2, iv"], "half-life iv", "azacitidine", "Marcucci"),
        (AZACITIDINE["F, sc"], "sc bioavailability", "azacitidine", "Marcucci"),
    ],
)
def test_a_constant_is_the_one_in_the_literature_table(constant, parameter, drug, source):
    table = load_literature("pk_parameters")
    rows = table[(table.parameter == parameter) & (table.drug == drug)]
    (row,) = [row for row in rows.itertuples() if source in row.source]
    assert float(row.typical_value.split()[0]) == constant.value
    assert row.unit.startswith(constant.unit)
    assert constant.doi in row.doi_or_id
    assert constant.support in row.support


def test_the_combined_values_are_the_medians_of_the_priors():
    priors = load_literature("priors").set_index("symbol")
    for constant, symbol, prior in [
        (LENALIDOMIDE["CL/F"], "CL_L", "LogNormal(log 12.5, 0.12)"),
        (LENALIDOMIDE["V/F"], "V_L", "LogNormal(log 64, 0.10)"),
        (LENALIDOMIDE["CrCL exponent"], "th_crcl", "Normal(0.45,0.2)"),
        (AZACITIDINE["CL/F, sc"], "CL_A/F", "LogNormal(log 160, 0.15)"),
    ]:
        assert priors.prior[symbol] == prior
        assert f"{constant.value:g}" in prior
    units = load_literature("pk_parameters").set_index("symbol").unit
    assert "41 +/- 8 min" in units["t1/2,sc"]
    assert AZACITIDINE["t1/2, sc"].value == 41 / 60


def test_clearance_follows_creatinine_clearance_with_its_exponent():
    assert float(lenalidomide(45.0).CL) == pytest.approx(12.5 * 0.5**0.45, rel=1e-6)
    assert float(lenalidomide().CL) == 12.5


@pytest.mark.parametrize(
    ("dose", "published"), [(10, 0.137), (15, 0.205), (20, 0.274), (25, 0.342)]
)
def test_the_daily_mean_is_the_published_one_within_the_difference_of_clearances(dose, published):
    """pk_parameters.csv, Cavg: 0.137 to 0.342 uM from a CL/F of 11.73 L/h (ASH 2006, MDS).

    The prior's 12.5 L/h makes it 6 % lower.
    """
    mean = float(micromolar(auc_per_dose(lenalidomide(), float(dose)) / 24, LENALIDOMIDE))
    assert mean == pytest.approx(published * 11.73 / 12.5, rel=0.003)


@pytest.mark.parametrize("transits", [3, 7])
def test_the_peak_lies_where_population_models_put_it(transits):
    """pk_parameters.csv: popPK peaks 0.50-0.55 uM (10 mg) and 1.26-1.39 uM (25 mg).

    The ASH 2006 abstract has a tmax of 1.00 h (0.5-2.0) and half-lives of 3.72 +/- 0.75 h.
    """
    for dose, low, high in [(10.0, 0.50, 0.55), (25.0, 1.26, 1.39)]:
        seen = exposure(lenalidomide(transits=transits), doses(dose), 0, 24)
        assert low <= float(micromolar(seen.cmax_mg_per_l, LENALIDOMIDE)) <= high
        assert 0.5 < seen.tmax_h < 2.0
    assert 3.0 < float(terminal_half_life(lenalidomide(transits=transits))) < 4.0


def test_lenalidomide_does_not_accumulate():
    daily = doses(20.0, additional=13, interval_h=24.0)
    day_1, day_14 = (exposure(lenalidomide(), daily, 24 * n, 24 * (n + 1)) for n in (0, 13))
    assert day_14.cmax_mg_per_l / day_1.cmax_mg_per_l == pytest.approx(1.0, abs=0.01)


def test_azacitidine_has_the_cited_area_and_half_life():
    """75 mg/m2 at 1.8 m2; CL/F 160 L/h (priors.csv), 41 min (Marcucci 2005)."""
    model, dose = azacitidine_sc(), 75 * 1.8
    seen = exposure(model, doses(dose), 0, 48)
    assert seen.auc_mg_h_per_l == pytest.approx(dose / 160, rel=1e-10)
    late = concentrations(model, doses(dose), [20.0, 21.0])
    assert 60 * np.log(2) / np.log(late[0] / late[1]) == pytest.approx(41.0, rel=1e-5)
    # The label's Cmax is 0.75 mg/L; a single compartment that falls so slowly stays below.
    assert 0.3 < seen.cmax_mg_per_l < 0.75


def test_the_volume_of_azacitidine_agrees_with_the_label():
    """EU SmPC: V 76 +/- 26 L after infusion; over F 0.89 that is 85 L."""
    assert pytest.approx(76 / AZACITIDINE["F, sc"].value, rel=0.05) == azacitidine_sc().V


@pytest.mark.parametrize("clearance", [0.0, 1.5, -90.0, np.nan, 5000.0])
def test_a_creatinine_clearance_in_another_unit_is_refused(clearance):
    with pytest.raises(InputError, match="creatinine_clearance_ml_per_min: found"):
        lenalidomide(clearance)


def test_an_unknown_constant_transit_number_or_unit_is_refused():
    with pytest.raises(KeyError, match="lenalidomide has MW"):
        LENALIDOMIDE["Vmax"]
    with pytest.raises(InputError, match="transits: found 4; give 3 or 7"):
        lenalidomide(transits=4)
    good: dict[str, Any] = {"value": 1.0, "unit": "L", "source": "", "doi": "", "support": "read"}
    bad: list[dict[str, Any]] = [{"value": -1.0}, {"unit": "gallon"}, {"support": "guessed"}]
    for change in bad:
        with pytest.raises(InputError, match=f"Constant, {next(iter(change))}: found"):
            Constant(**good | change)
