"""Causes of toxicity in cases that can be computed by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.population.structures.toxicity import causes
from myelodose.precision import float64

DAYS = np.arange(29.0)


def judged(anc: float, plt: float, **changed):
    own = {"count_sd": 0.3, "infection_per_d": 0.05, "thrombosis": 0.02} | changed
    with float64():
        flat = jnp.ones((29, 1))
        numbers = {name: jnp.full(1, value) for name, value in own.items()}
        one = causes(anc * flat, plt * flat, day_d=DAYS, **numbers)
    return jax.tree.map(np.asarray, one)


def test_healthy_counts_leave_only_thrombosis():
    one = judged(4.0, 230.0)
    np.testing.assert_allclose(one.any, 0.02, atol=1e-9)


def test_low_neutrophils_infect_by_the_days_that_they_last():
    one = judged(0.01, 230.0)
    np.testing.assert_allclose(one.infection[:, 0], -np.expm1(-0.05 * DAYS), rtol=1e-6)
    np.testing.assert_allclose(one.recovery, 1.0, atol=1e-6)


def test_platelets_alone_can_fail_to_recover():
    one = judged(4.0, 5.0)
    np.testing.assert_allclose(one.recovery, 1.0, atol=1e-6)
    np.testing.assert_allclose(one.infection, 0.0, atol=1e-6)


@pytest.mark.parametrize("anc", [0.3, 0.5, 2.0])
def test_competing_causes_are_independent(anc):
    one = judged(anc, 30.0)
    none = (1 - one.recovery) * (1 - one.infection) * (1 - one.thrombosis)
    np.testing.assert_allclose(one.any, 1 - none, rtol=1e-12)
    assert (one.any >= np.maximum(one.recovery, one.infection)).all()
