"""Smoothed weights are those of ArviZ, and k tells heavy tails from light ones."""

import arviz as az
import numpy as np
import pytest
import xarray as xr

from myelodose.forecast.psis import pareto_fit, smoothed


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_weights_and_k_are_those_of_arviz(scale):
    assert az.__version__  # registers `azstats`
    log = scale * np.random.default_rng(1).normal(size=2000)
    # ArviZ wants log likelihoods, whose weights are one over them.
    weights, k = xr.DataArray(-log, dims="draw").azstats.psislw(dim="draw")
    found = smoothed(log)
    assert found.k == pytest.approx(float(k), abs=1e-6)
    theirs = np.exp(weights.values - weights.values.max())
    assert found.weight == pytest.approx(theirs / theirs.sum(), rel=1e-6)


@pytest.mark.parametrize("true", [0.2, 0.5, 1.0])
def test_the_shape_of_a_pareto_tail_is_recovered(true):
    rank = (np.arange(5000) + 0.5) / 5000
    k, sigma = pareto_fit(2.0 * ((1 - rank) ** -true - 1) / true)
    # The prior pulls by 10 in 5,010; the rest is the error of the estimate.
    assert k == pytest.approx(true, abs=0.02)
    assert sigma == pytest.approx(2.0, rel=0.05)


def test_one_draw_with_all_the_weight_is_not_reliable():
    log = np.zeros(1000)
    log[3] = 50.0
    found = smoothed(log)
    assert not found.reliable
    assert found.ess < 2


def test_impossible_draws_have_no_weight():
    log = np.random.default_rng(2).normal(size=500)
    log[:100] = -np.inf
    log[100] = np.nan
    found = smoothed(log)
    assert found.weight[:101] == pytest.approx(0.0)
    assert found.weight.sum() == pytest.approx(1.0)


def test_where_nothing_is_possible_k_is_infinite():
    assert smoothed(np.full(50, -np.inf)).k == np.inf
