from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from myelodose.inference.marginal import observed
from myelodose.inference.marginal.residual import log_likelihood, sd_of
from myelodose.precision import float64

F = np.array([2.0, 3.0, 0.5, 4.0])
Y = np.array([2.2, 2.5, 0.7, 5.0])
WHO = np.zeros(4, int)


def _likelihood(data, a, b=0.0, f=F):
    with float64():
        f = jnp.asarray(f)
        return np.asarray(jax.jit(log_likelihood)(f, f, jnp.array([[a, b]]), data))


@pytest.mark.parametrize(
    ("kind", "sd"),
    [
        ("additive", 0.3 + 0.0 * F),
        ("proportional", 0.2 * F),
        ("combined1", 0.3 + 0.2 * F),
        ("combined2", np.sqrt(0.09 + 0.04 * F**2)),
    ],
)
def test_each_residual_error_is_normal_around_the_prediction(kind, sd):
    got = _likelihood(observed(Y, WHO, kind=kind), 0.3, 0.2)
    np.testing.assert_allclose(got, stats.norm.logpdf(Y, F, sd), rtol=1e-12)


def test_a_log_normal_error_is_normal_in_the_logarithm():
    got = _likelihood(observed(Y, WHO, kind="log-normal"), 0.3)
    np.testing.assert_allclose(got, stats.norm.logpdf(np.log(Y), np.log(F), 0.3), rtol=1e-12)


def test_m3_is_the_probability_of_being_beyond_the_limit():
    data = observed(Y, WHO, censored=[0, 1, 1, -1], limit=[np.nan, np.nan, 0.4, np.nan])
    normal: Any = stats.norm(F, 0.3)
    want = [
        normal.logpdf(Y)[0],
        normal.logcdf(Y)[1],
        np.log(normal.cdf(Y)[2] - normal.cdf(0.4)[2]),
        normal.logsf(Y)[3],
    ]
    np.testing.assert_allclose(_likelihood(data, 0.3), want, rtol=1e-10)


def test_m4_is_conditional_on_being_positive():
    """Beal 2001: every likelihood is divided by Phi(f / sd)."""
    data = observed(Y, WHO, censored=[0, 0, 1, 0], censoring="M4")
    normal: Any = stats.norm(F, 0.8)
    want = normal.logpdf(Y) - normal.logsf(0.0)
    want[2] = np.log((normal.cdf(Y) - normal.cdf(0.0))[2]) - normal.logsf(0.0)[2]
    np.testing.assert_allclose(_likelihood(data, 0.8), want, rtol=1e-10)


def test_m2_is_conditional_on_being_above_the_limit():
    data = observed(Y, WHO, censored=[0, 0, 1, 0], limit=0.6, censoring="M2")
    normal: Any = stats.norm(F, 0.8)
    want = normal.logpdf(Y) - normal.logsf(0.6)
    want[2] = 0.0
    np.testing.assert_allclose(_likelihood(data, 0.8), want, rtol=1e-10)


def test_a_limit_far_in_the_tail_keeps_its_digits():
    data = observed([3.0], [0], censored=1, limit=2.9)
    got = _likelihood(data, 0.1, f=[1.0])
    want = stats.norm.logsf(19.0) + np.log1p(
        -np.exp(stats.norm.logsf(20.0) - stats.norm.logsf(19.0))
    )
    np.testing.assert_allclose(got, want, rtol=1e-10)


@pytest.mark.parametrize("kind", ["proportional", "log-normal"])
def test_a_prediction_of_nothing_is_impossible_and_gives_no_nan(kind):
    data = observed([1.0], [0], kind=kind)
    got = _likelihood(data, 0.1, 0.1, f=[0.0])
    assert got.tolist() == [-np.inf]


@pytest.mark.parametrize("censoring", ["M3", "M4"])
def test_derivatives_of_censored_likelihoods_are_those_of_finite_differences(censoring):
    data = observed(Y, WHO, kind="combined1", censored=[0, 1, 1, -1], censoring=censoring)

    @jax.jit
    def total(x):
        return log_likelihood(x[:4], x[:4], x[None, 4:], data).sum()

    x = np.array([*F, 0.3, 0.2])
    with float64():
        got = np.asarray(jax.jit(jax.grad(total))(jnp.asarray(x)))
        steps = 1e-6 * np.eye(6)
        want = [(float(total(x + h)) - float(total(x - h))) / 2e-6 for h in steps]
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_labels_have_residual_errors_of_their_own():
    data = observed(Y, WHO, kind=["additive", "proportional"], label=[0, 1, 0, 1])
    with float64():
        got = sd_of(jnp.asarray(F), jnp.array([[0.3, 0.0], [0.0, 0.2]]), data)
    np.testing.assert_allclose(got, [0.3, 0.6, 0.3, 0.8])
