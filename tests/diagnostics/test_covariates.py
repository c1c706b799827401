"""Random effects against covariates, and ratios for a forest plot."""

from typing import Any

import numpy as np
import pytest

from myelodose.diagnostics.covariates import eta_against_covariates
from myelodose.diagnostics.forest import CovariateEffect, covariate_forest
from myelodose.errors import InputError


@pytest.fixture(scope="module")
def weights():
    return np.random.default_rng(1).normal(70, 12, 60)


def test_slope_and_correlation_are_those_of_least_squares(weights):
    eta = np.random.default_rng(2).normal(size=(5, 60, 2)) + 0.01 * weights[:, None]
    table: Any = eta_against_covariates(eta, {"WT": weights}, names=["CL", "V"])
    for k, name in enumerate(("CL", "V")):
        slopes = [np.polyfit(weights, draw[:, k], 1)[0] for draw in eta]
        row = table.loc[(name, "WT", "per unit")]
        assert row.slope == pytest.approx(np.median(slopes))
        assert row.slope_low == pytest.approx(np.quantile(slopes, 0.025))
        assert row.correlation == pytest.approx(
            np.median([np.corrcoef(weights, draw[:, k])[0, 1] for draw in eta])
        )


def test_a_level_is_compared_with_the_first_one_alone():
    sex = np.array(["F", "F", "M", "M", "X"])
    eta = np.array([[[0.0], [0.2], [1.0], [1.4], [9.0]]])
    table = eta_against_covariates(eta, {"SEX": sex}, names=["CL"])
    assert table.loc[("CL", "SEX", "M against F"), "slope"] == pytest.approx(1.1)
    assert table.loc[("CL", "SEX", "X against F"), "slope"] == pytest.approx(8.9)
    assert table.correlation.isna().all()


def test_estimates_alone_have_no_interval(weights):
    eta = np.random.default_rng(3).normal(size=(1, 60, 1))
    table = eta_against_covariates(eta, {"WT": weights}, names=["CL"])
    assert table[["slope_low", "slope_high", "probability_positive"]].isna().to_numpy().all()
    assert table.slope.notna().all()


def test_draws_of_the_prior_have_slopes_that_are_positive_half_of_the_time(weights):
    eta = np.random.default_rng(4).normal(size=(2000, 60, 1))
    found = eta_against_covariates(eta, {"WT": weights}, names=["CL"]).iloc[0]
    assert found.probability_positive == pytest.approx(0.5, abs=0.04)
    assert found.slope_low < 0 < found.slope_high


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, 2.0, np.nan]])
def test_a_covariate_that_is_missing_for_some_is_refused(values):
    with pytest.raises(InputError, match="covariate 'WT'"):
        eta_against_covariates(np.zeros((1, 3, 1)), {"WT": values}, names=["CL"])


def test_the_forest_has_ratios_at_percentiles_and_levels(weights):
    exponent = np.random.default_rng(5).normal(0.75, 0.1, 400)
    sex = np.where(np.arange(60) < 30, "F", "M")
    effects = [
        CovariateEffect("CL", "WT", lambda x: 5 * (x / 70) ** exponent, 70.0, "kg"),
        CovariateEffect("CL", "SEX", lambda s: np.full(400, 1.2 if s == "M" else 1.0), "F"),
    ]
    table = covariate_forest(effects, {"WT": weights, "SEX": sex}, percentiles=[10, 90])
    low = np.percentile(weights, 10)
    expected = np.quantile((low / 70) ** exponent, [0.05, 0.5, 0.95])
    assert table[["low", "ratio", "high"]].to_numpy()[0] == pytest.approx(expected)
    assert table.covariate.tolist() == ["WT", "WT", "SEX"]
    assert table.ratio[2] == pytest.approx(1.2)
    assert table.label[0] == f"WT {low:.3g} kg (10 %)"
    assert table.attrs["interval"].startswith("90 %")
