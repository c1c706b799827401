"""Quasi-random importance sampling: known integrals, its own error, no randomness."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.dose_models.importance import posterior_points, sobol


def gaussian(z, data):
    """Observations y of a z with sd 1/2, correlated through their sum."""
    return -2.0 * ((z - data) ** 2).sum() - 0.5 * z.sum() ** 2


def coin(z, data):
    """Binomial with logit z."""
    return -data[0] * jnp.logaddexp(0, -z[0]) - (data[1] - data[0]) * jnp.logaddexp(0, z[0])


def test_a_normal_posterior_has_its_mean_covariance_and_evidence():
    y = np.array([0.5, -1.0, 2.0])
    precision = np.eye(3) + 4 * np.eye(3) + np.ones((3, 3))
    mean = np.linalg.solve(precision, 4 * y)
    found = posterior_points(gaussian, y, 3, points=2048)
    estimate = found.mean(found.z)
    assert np.abs(estimate.value - mean).max() < 2e-3
    second = found.mean(found.z[..., :, None] * found.z[..., None, :]).value
    assert second - np.outer(mean, mean) == pytest.approx(np.linalg.inv(precision), abs=3e-3)
    exponent = 0.5 * mean @ precision @ mean - 2 * y @ y
    evidence = exponent - 0.5 * np.linalg.slogdet(precision)[1]
    assert found.log_evidence.mean() == pytest.approx(evidence, abs=3e-3)


def test_the_reported_error_is_that_of_the_estimate():
    exact = posterior_points(coin, [2.0, 10.0], 1, points=65536)
    truth = exact.mean(exact.z[..., 0])
    assert truth.error < 2e-4
    for points in (128, 1024, 8192):
        estimate = posterior_points(coin, [2.0, 10.0], 1, points=points)
        found = estimate.mean(estimate.z[..., 0])
        assert abs(found.value - truth.value) < 4 * found.error + truth.error


def test_one_parameter_is_that_of_a_fine_grid():
    z = np.linspace(-8, 8, 20001)
    weight = np.exp(-0.5 * z**2 - 2 * np.logaddexp(0, -z) - 8 * np.logaddexp(0, z))
    found = posterior_points(coin, [2.0, 10.0], 1, points=8192)
    assert found.mean(found.z[..., 0]).value == pytest.approx(z @ weight / weight.sum(), abs=1e-3)


def test_the_same_call_gives_the_same_numbers():
    one, two = (posterior_points(gaussian, np.zeros(2), 2, points=256) for _ in range(2))
    assert (one.z == two.z).all()
    assert (one.weight == two.weight).all()


def test_points_fill_every_margin_evenly():
    u = sobol(5, 1024)
    counts = [np.histogram(column, 16, (0, 1))[0] for column in u[0].T]
    assert np.ptp(counts, axis=1).max() <= 1


def test_precision_of_the_process_is_left_alone():
    posterior_points(gaussian, np.zeros(2), 2, points=256)
    assert jnp.ones(1).dtype == jnp.float32
    assert not jax.config.jax_enable_x64


def spread(z, y):
    """Groups y_i of effect exp(z_0) z_i, seen with sd 1/2."""
    return -2.0 * ((y - jnp.exp(z[0]) * z[1:]) ** 2).sum()


def test_a_skewed_posterior_is_met_where_the_mode_fits_badly():
    # Given z_0 the groups are Normal(0, exp(2 z_0) + 1/4): one dimension is left for a fine grid.
    y = np.linspace(-0.6, 0.7, 14)
    at = np.linspace(-8, 6, 20001)
    variance = np.exp(2 * at)[:, None] + 0.25
    log_mass = -0.5 * at**2 - 0.5 * (y**2 / variance + np.log(variance)).sum(1)
    mass = np.exp(log_mass - log_mass.max())
    found = posterior_points(spread, y, 15, points=8192)
    estimate = found.mean(np.exp(found.z[..., 0]))
    assert abs(estimate.value - mass @ np.exp(at) / mass.sum()) < 4 * estimate.error
    assert estimate.error < 1e-3
    # A quarter of what is drawn counts; around the mode alone it is a fortieth.
    assert found.ess > 0.25 * found.weight.size
