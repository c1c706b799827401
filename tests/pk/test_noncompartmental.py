"""Non-compartmental analysis: PKNCA's own summary, and cases with a known answer."""

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from myelodose.errors import InputError
from myelodose.pk.noncompartmental import nca


def theophylline(until_h: float = np.inf) -> list:
    """Boeckmann, Sheiner and Beal 1994 (NONMEM Users Guide V), 12 subjects."""
    table = pd.read_csv(ROOT / "tests/reference/pk_theophylline.csv")
    return [
        nca(own.Time.array, own.conc.array, own.Dose.iloc[0] * own.Wt.iloc[0], until_h=until_h)
        for _, own in table.groupby("Subject")
    ]


def geometric(values) -> tuple[float, float]:
    """Geometric mean and geometric coefficient of variation [%]."""
    logs = np.log(values)
    return float(np.exp(logs.mean())), float(100 * np.sqrt(np.expm1(logs.var(ddof=1))))


def test_theophylline_gives_the_summary_that_pknca_prints():
    """PKNCA vignette v02: AUClast 0-24 h 74.6 [24.3], Cmax 8.65 [17.0], Tmax 1.14 [0.630, 3.55].

    Half-life 8.18 [2.12], AUCinf,obs 115 [28.4]; geometric mean and CV, median and range, mean
    and sd.
    """
    day, whole = theophylline(until_h=24.0), theophylline()
    mean, cv = geometric([found.auc_last_mg_h_per_l for found in day])
    assert (round(mean, 1), round(cv, 1)) == (74.6, 24.3)
    mean, cv = geometric([found.cmax_mg_per_l for found in whole])
    assert (round(mean, 2), round(cv, 1)) == (8.65, 17.0)
    tmax = [found.tmax_h for found in whole]
    # 1.135 is printed as 1.14.
    assert np.median(tmax) == pytest.approx(1.14, abs=0.0051)
    assert (min(tmax), max(tmax)) == (0.63, 3.55)
    half = np.array([found.half_life_h for found in whole])
    assert (round(half.mean(), 2), round(half.std(ddof=1), 2)) == (8.18, 2.12)
    mean, cv = geometric([found.auc_inf_mg_h_per_l for found in whole])
    assert (round(mean), round(cv, 1)) == (115, 28.4)


def test_an_exponential_decline_is_analysed_exactly():
    t = np.array([0.0, 0.5, 1.0, 2.0, 4.0, 8.0])
    found = nca(t, 5.0 * np.exp(-0.3 * t), 100.0)
    assert found.lambda_z_per_h == pytest.approx(0.3, rel=1e-12)
    assert found.auc_inf_mg_h_per_l == pytest.approx(5.0 / 0.3, rel=1e-12)
    assert found.clearance_l_per_h == pytest.approx(100.0 / (5.0 / 0.3), rel=1e-12)
    assert found.volume_l == pytest.approx(20.0, rel=1e-12)
    assert found.extrapolated == pytest.approx(np.exp(-0.3 * 8), rel=1e-12)
    # The peak itself is no part of the terminal slope.
    assert found.points == 5


def test_the_rules_differ_where_they_should():
    t, c = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), np.array([0.0, 4.0, 8.0, 4.0, 2.0, 1.0])
    area = {
        rule: nca(t, c, 1.0, method=rule).auc_last_mg_h_per_l
        for rule in ("linear", "log-linear", "linear-up/log-down")
    }
    log_rise, log_falls = 4 / np.log(2), (4 + 2 + 1) / np.log(2)
    assert area["linear"] == pytest.approx(2 + 6 + 6 + 3 + 1.5)
    assert area["linear-up/log-down"] == pytest.approx(2 + 6 + log_falls)
    assert area["log-linear"] == pytest.approx(2 + log_rise + log_falls)


def test_values_below_quantification_count_before_the_first_and_end_the_area_after_the_last():
    t, c = [0, 1, 2, 3, 4, 5, 6], [0, 4, 2, 0, 0.5, 0.25, 0]
    found = nca(t, c, 1.0, method="linear")
    assert found.tlast_h == 5
    assert found.auc_last_mg_h_per_l == pytest.approx(2 + 3 + 2.5 + 0.375)


def test_too_few_points_give_no_slope_but_an_area():
    found = nca([0, 1, 2, 3], [1, 4, 3, 2], 1.0)
    assert np.isnan(found.half_life_h)
    assert np.isnan(found.auc_inf_mg_h_per_l)
    assert found.points == 0
    assert found.auc_last_mg_h_per_l > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dose_mg": -1.0}, "nca, dose_mg: found -1.0"),
        ({"times_h": [0, 2, 1]}, "nca, times_h"),
        ({"concentrations_mg_per_l": [0, -1, 1]}, "nca, concentrations_mg_per_l"),
        ({"concentrations_mg_per_l": [0, np.nan, 1]}, "nca, concentrations_mg_per_l"),
        ({"concentrations_mg_per_l": [0, 1]}, "one finite number of at least 0 for each time"),
        ({"concentrations_mg_per_l": [0, 0, 0]}, "found none above 0"),
        ({"method": "spline"}, "nca, method: found 'spline'"),
    ],
)
def test_impossible_measurements_are_refused(change, says):
    given = {"times_h": [0, 1, 2], "concentrations_mg_per_l": [0, 2, 1], "dose_mg": 1.0} | change
    with pytest.raises(InputError) as caught:
        nca(**given)
    assert says in str(caught.value)
