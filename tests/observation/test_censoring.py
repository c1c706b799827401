"""Every residual error and every way of censoring against SciPy."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from myelodose.observation import KINDS, log_likelihood, spread
from myelodose.precision import float64

F = np.array([0.4, 2.0, 9.0])
Y = np.array([0.6, 1.5, 11.0])
A, B = 0.3, 0.2
SD = {
    "additive": lambda f: A + 0 * f,
    "proportional": lambda f: A * f,
    "combined1": lambda f: A + B * f,
    "combined2": lambda f: np.sqrt(A**2 + (B * f) ** 2),
}


def ours(kind, y=Y, censored=0, limit=1.0, **settings):
    with float64():
        two = kind in ("combined1", "combined2")
        around = spread(kind, jnp.asarray(F), *((A, B) if two else (A,)))
        mark = np.broadcast_to(censored, F.shape)
        ends = {"censored": jnp.asarray(mark), "limit": jnp.full(F.shape, limit)}
        return np.asarray(log_likelihood(jnp.asarray(y), around, **ends, **settings))


def theirs(kind) -> Any:
    if kind == "log-normal":
        return stats.lognorm(s=A, scale=F)
    return stats.norm(F, SD[kind](F))


@pytest.mark.parametrize("kind", KINDS)
def test_density_is_scipys(kind):
    np.testing.assert_allclose(ours(kind), theirs(kind).logpdf(Y), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_m3_below_is_the_distribution_function_and_above_its_complement(kind):
    np.testing.assert_allclose(ours(kind, censored=1), theirs(kind).logcdf(1.0), 1e-9, 1e-12)
    np.testing.assert_allclose(ours(kind, censored=-1), theirs(kind).logsf(1.0), 1e-9, 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_m1_leaves_out_what_is_censored(kind):
    assert (ours(kind, censored=1, method="M1") == 0).all()
    np.testing.assert_allclose(ours(kind, method="M1"), ours(kind))


@pytest.mark.parametrize("kind", ["additive", "combined1"])
def test_m4_is_m3_given_that_measurements_are_positive(kind):
    law = theirs(kind)
    positive = law.sf(0.0)
    np.testing.assert_allclose(ours(kind, method="M4"), law.logpdf(Y) - np.log(positive))
    below = (law.cdf(1.0) - law.cdf(0.0)) / positive
    np.testing.assert_allclose(ours(kind, censored=1, method="M4"), np.log(below), rtol=1e-9)


def test_m4_is_m3_for_log_normal_measurements():
    for mark in (0, 1):
        m4 = ours("log-normal", censored=mark, method="M4")
        np.testing.assert_array_equal(m4, ours("log-normal", censored=mark))


@pytest.mark.parametrize("kind", ["additive", "combined2"])
def test_m4_probabilities_of_below_and_above_the_limit_add_up_to_one(kind):
    nodes, weights = np.polynomial.legendre.leggauss(60)
    # 20 standard deviations from the limit on, for the prediction of 2.
    y = 1.0 + 10 * (nodes + 1) / 2
    density = [np.exp(ours(kind, y=np.full(3, one), method="M4"))[1] for one in y]
    above = 5 * (weights * density).sum()
    np.testing.assert_allclose(above + np.exp(ours(kind, censored=1, method="M4")[1]), 1, rtol=1e-6)


def test_an_interval_is_the_difference_of_two_distribution_functions():
    law = theirs("additive")
    got = ours("additive", censored=1, lower=np.full(3, 0.2))
    np.testing.assert_allclose(got, np.log(law.cdf(1.0) - law.cdf(0.2)), rtol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_finite_where_a_measurement_is_censored_or_absent(kind):
    def total(sd):
        around = spread(kind, jnp.asarray([2.0, 3.0]), *((sd, sd) if "combined" in kind else (sd,)))
        marks = {"censored": jnp.array([1, 0]), "limit": jnp.array([0.5, jnp.nan])}
        return log_likelihood(jnp.array([jnp.nan, 2.0]), around, **marks).sum()

    with float64():
        assert np.isfinite(jax.grad(total)(0.3))


def test_a_prediction_without_logarithm_leaves_the_gradient_of_others_finite():
    with float64():
        slope = jax.grad(lambda f: jnp.nansum(spread("log-normal", f, 0.1).centre))
        assert np.isfinite(slope(jnp.array([-1.0, 2.0]))).all()
