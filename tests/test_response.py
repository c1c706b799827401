"""The ordinal building blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate
from scipy.special import expit

from myelodose.precision import float64
from myelodose.response import (
    bounds,
    cutpoints,
    log_interval_probability,
    marginal_scale,
    normal_nodes,
)


def probabilities(eta, cut):
    edges = bounds(jnp.asarray(cut))
    return np.asarray(jnp.exp(log_interval_probability(jnp.asarray(eta), edges[:-1], edges[1:])))


@pytest.mark.parametrize("eta", [-30.0, -2.0, 0.0, 1.5, 30.0])
def test_categories_are_exhaustive_and_match_the_definition(eta):
    cut = np.array([-1.0, 0.5, 2.0])
    with float64():
        found = probabilities(eta, cut)
    at_most = np.concatenate([[0.0], expit(cut - eta), [1.0]])
    assert found.sum() == pytest.approx(1, abs=1e-14)
    assert found == pytest.approx(np.diff(at_most), abs=1e-14)


def test_tails_keep_their_digits():
    # s(2 - 40) - s(1 - 40) is e^-38 (1 - e^-1) to first order; a plain difference of numbers
    # near 1 on the other side would be 0.
    with float64():
        low = float(log_interval_probability(jnp.float64(40.0), 1.0, 2.0))
        high = float(log_interval_probability(jnp.float64(-40.0), 1.0, 2.0))
    assert low == pytest.approx(-38 + np.log1p(-np.exp(-1)), abs=1e-12)
    assert high == pytest.approx(-41 + np.log1p(-np.exp(-1)), abs=1e-12)


def test_the_gradient_is_finite_at_the_outer_categories_and_matches_differences():
    def total(x):
        edges = bounds(cutpoints(jax.nn.softmax(jnp.array([x, 0.3, -0.2, 0.1]))))
        return (x * log_interval_probability(jnp.sin(x), 1.3 * edges[:-1], 1.3 * edges[1:])).sum()

    with float64():
        x, step = jnp.float64(0.7), 1e-6
        slope = float(jax.grad(total)(x))
        difference = float(total(x + step) - total(x - step)) / (2 * step)
    assert np.isfinite(slope)
    assert slope == pytest.approx(difference, rel=1e-7)


def test_cutpoints_give_back_the_shares():
    share = np.array([0.1, 0.55, 0.05, 0.2, 0.1])
    with float64():
        assert probabilities(0.0, cutpoints(jnp.asarray(share))) == pytest.approx(share, abs=1e-14)


@pytest.mark.parametrize("sd", [0.5, 2.8, 4.0, 20.0])
@pytest.mark.parametrize("x", [-2.0, 0.3, 1.0])
def test_marginal_scale_keeps_the_share_over_all_patients(sd, x):
    with float64():
        scale = float(marginal_scale(jnp.float64(sd)))
    share, _ = integrate.quad(
        lambda z: expit(scale * x + sd * z) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), -9, 9
    )
    # The largest error over all x and sd, found on a fine grid: 0.0109 at sd 2.8.
    assert share == pytest.approx(expit(x), abs=0.011)


@pytest.mark.parametrize(("sd", "limit"), [(1.0, 2e-8), (4.0, 2e-8), (6.0, 1e-6)])
def test_normal_nodes_average_steep_steps(sd, limit):
    node, weight = normal_nodes()
    for cut in (-1.0, 0.2, 3.0):
        exact, _ = integrate.quad(
            lambda z, cut=cut: expit(cut - sd * z) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi),
            -9,
            9,
            epsabs=1e-13,
            limit=200,
        )
        assert (weight * expit(cut - sd * node)).sum() == pytest.approx(exact, abs=limit)
