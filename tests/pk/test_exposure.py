"""Exposure: closed forms of one dose, and the laws of an interval."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.pk import OneCompartment, TwoCompartment, concentrations, doses
from myelodose.pk.exposure import auc_per_dose, exposure

IV = OneCompartment(CL=10.0, V=80.0)
ORAL = OneCompartment(CL=10.0, V=80.0, ka=1.2)
TWO = TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=1.2)


def test_peak_of_an_oral_dose_is_where_absorption_and_elimination_meet():
    """Tmax = ln(ka/ke) / (ka - ke); there C = D/V e^(-ke tmax)."""
    seen = exposure(ORAL, doses(100.0), 0, 24)
    tmax = np.log(1.2 / 0.125) / (1.2 - 0.125)
    assert seen.tmax_h == pytest.approx(tmax, rel=1e-10)
    assert seen.cmax_mg_per_l == pytest.approx(100 / 80 * np.exp(-0.125 * tmax), rel=1e-13)


def test_time_above_a_threshold_after_a_bolus_is_a_logarithm():
    seen = exposure(IV, doses(100.0), 0, 48, threshold_mg_per_l=0.4)
    assert seen.time_above_h == pytest.approx(np.log(100 / 80 / 0.4) / 0.125, rel=1e-12)


def test_time_above_is_nothing_above_the_peak_and_everything_above_zero():
    peak = exposure(ORAL, doses(100.0), 0, 24).cmax_mg_per_l
    above = [
        exposure(ORAL, doses(100.0), 0, 24, threshold_mg_per_l=c).time_above_h
        for c in (peak * (1 + 1e-9), 0.0)
    ]
    assert above[0] == 0.0
    assert above[1] == pytest.approx(24.0, rel=1e-12)


def test_area_to_infinity_is_dose_over_clearance_and_so_is_one_interval_of_steady_state():
    assert exposure(TWO, doses(100.0), 0, 2000).auc_mg_h_per_l == pytest.approx(20.0, rel=1e-12)
    assert auc_per_dose(TWO, 100.0, bioavailability=0.5) == 10.0
    late = exposure(TWO, doses(100.0, additional=200, interval_h=12.0), 1800, 1812)
    assert late.auc_mg_h_per_l == pytest.approx(20.0, rel=1e-10)
    assert late.cavg_mg_per_l == pytest.approx(20.0 / 12, rel=1e-10)


def test_areas_of_neighbouring_intervals_add_up():
    events = doses(100.0, duration_h=3.0, additional=3, interval_h=8.0)
    parts = [exposure(TWO, events, a, b).auc_mg_h_per_l for a, b in [(1, 9.5), (9.5, 20), (1, 20)]]
    assert parts[0] + parts[1] == pytest.approx(parts[2], rel=1e-12)


def test_the_trough_is_before_the_dose_at_the_end_and_the_peak_not_that_of_that_dose():
    daily = doses(100.0, additional=1, interval_h=24.0)
    seen = exposure(IV, daily, 0, 24)
    assert seen.trough_mg_per_l == pytest.approx(100 / 80 * np.exp(-0.125 * 24), rel=1e-13)
    assert (seen.tmax_h, seen.cmax_mg_per_l) == (0.0, pytest.approx(100 / 80))


@pytest.mark.slow
def test_peak_and_time_above_agree_with_a_fine_grid():
    events = doses(100.0, duration_h=2.0, additional=4, interval_h=7.0)
    seen = exposure(TWO, events, 3, 40, threshold_mg_per_l=2.0, lag_h={"gut": 0.5})
    grid = np.linspace(3, 40, 37001)
    curve = concentrations(TWO, events, grid, lag_h={"gut": 0.5})
    assert 0 <= seen.cmax_mg_per_l - curve.max() < 1e-6
    assert seen.tmax_h == pytest.approx(grid[curve.argmax()], abs=1e-3)
    assert seen.time_above_h == pytest.approx(1e-3 * (curve > 2.0).sum(), abs=5e-3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((ORAL, 5, 5, None), "give 0 <= start_h < end_h"),
        ((ORAL, 0, np.nan, None), "found 0 and nan"),
        ((ORAL, 0, 5, -1.0), "threshold_mg_per_l: found -1.0"),
        ((OneCompartment(CL=np.ones(2), V=1.0), 0, 5, None), "found parameters by record"),
    ],
)
def test_an_impossible_interval_is_refused(arguments, says):
    model, start, end, threshold = arguments
    with pytest.raises(InputError) as caught:
        exposure(model, doses(1.0), start, end, threshold_mg_per_l=threshold)
    assert says in str(caught.value)
