"""Shrinkage by both definitions."""

import numpy as np
import pytest

from myelodose.diagnostics.shrinkage import epsilon_shrinkage, eta_shrinkage
from myelodose.errors import InputError


def test_shrinkage_of_variance_follows_from_that_of_the_sd():
    eta = np.random.default_rng(1).normal(size=(40, 3)) * [0.1, 0.2, 0.3]
    table = eta_shrinkage(eta, np.array([0.3, 0.3, 0.3]), names=["CL", "V", "ka"])
    left = (1 - table.shrinkage_sd.to_numpy()) ** 2
    assert left == pytest.approx(1 - table.shrinkage_variance.to_numpy())
    assert (table.shrinkage_sd == 1 - eta.std(axis=0, ddof=1) / 0.3).all()
    assert table.high.tolist() == [True, True, False]


def test_posterior_means_of_a_normal_model_shrink_as_theory_says():
    # eta ~ N(0, w^2), n measurements with sd s: var(posterior mean) = w^4 / (w^2 + s^2 / n).
    generator = np.random.default_rng(2)
    omega, noise = 0.5, 0.6
    eta = omega * generator.normal(size=20_000)
    seen = eta + noise * generator.normal(size=20_000)
    factor = omega**2 / (omega**2 + noise**2)
    table = eta_shrinkage((factor * seen)[:, None], np.array([omega]), names=["CL"])
    # The sd of 20,000 values errs by 0.5 %.
    assert table.shrinkage_variance["CL"] == pytest.approx(1 - factor, abs=0.02)


def test_residuals_of_the_right_size_are_not_shrunk():
    iwres = np.random.default_rng(3).normal(size=10_000)
    assert epsilon_shrinkage(iwres) == pytest.approx(0, abs=0.03)
    assert epsilon_shrinkage(0.4 * iwres) == pytest.approx(0.6, abs=0.02)


def test_an_omega_too_few_is_refused():
    with pytest.raises(InputError, match="one omega an effect"):
        eta_shrinkage(np.zeros((3, 2)), np.array([0.3]), names=["CL", "V"])
