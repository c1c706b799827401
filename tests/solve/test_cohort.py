"""Blocks and devices change how a cohort is computed, never what comes out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from blood.test_friberg import random_patients
from myelodose.blood.friberg import simulate_friberg
from myelodose.errors import InputError
from myelodose.precision import float64
from myelodose.solve.cohort import in_blocks, on_devices, sum_in_blocks
from solve.schedules import random_plans


@pytest.fixture(autouse=True)
def _float64():
    with float64():
        yield


@pytest.fixture(scope="module")
def cohort():
    with float64():
        return random_patients(21, 12), random_plans(22, 12)


@jax.jit
def counts(who, drugs, schedule):
    return simulate_friberg(who, drugs, schedule).counts


@pytest.mark.parametrize("block", [1, 5, 12, 40])
def test_blocks_give_what_all_at_once_gives(cohort, block):
    (who, drugs), schedule = cohort
    got = in_blocks(counts, who, drugs, schedule, block=block)
    np.testing.assert_allclose(got, counts(who, drugs, schedule), rtol=1e-12)


def log_likelihood(parameters, schedule):
    who, drugs = parameters
    return -(jnp.log(counts(who, drugs, schedule) / who.baseline) ** 2).sum((0, 1))


@pytest.mark.parametrize("block", [5, pytest.param(12, marks=pytest.mark.slow)])
def test_the_sum_in_blocks_and_its_gradient_are_the_plain_ones(cohort, block):
    parameters, schedule = cohort

    def plain(p):
        return log_likelihood(p, schedule).sum()

    def blocked(p):
        return sum_in_blocks(log_likelihood, p, schedule, block=block)

    value, gradient = jax.jit(jax.value_and_grad(plain))(parameters)
    got_value, got_gradient = jax.jit(jax.value_and_grad(blocked))(parameters)
    assert float(got_value) == pytest.approx(float(value), rel=1e-12)
    for a, b in zip(jax.tree.leaves(got_gradient), jax.tree.leaves(gradient), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    direction = jax.tree.map(jnp.ones_like, parameters)
    forward = jax.jit(lambda p, d: jax.jvp(blocked, (p,), (d,))[1])(parameters, direction)
    assert float(forward) == pytest.approx(
        float(sum(g.sum() for g in jax.tree.leaves(gradient))), rel=1e-9
    )


def test_devices_share_the_patients(cohort):
    (who, drugs), schedule = cohort
    devices = jax.local_devices()[:2]
    assert len(devices) == 2
    got = jax.jit(lambda *x: on_devices(counts, *x, devices=devices))(who, drugs, schedule)
    assert len(got.sharding.device_set) == 2
    np.testing.assert_allclose(got, counts(who, drugs, schedule), rtol=1e-12)


def test_uneven_cohorts_are_refused():
    with pytest.raises(InputError, match=r"found last axes of \[3, 4\]"):
        in_blocks(lambda x, y: x, jnp.ones(3), jnp.ones((2, 4)))
    with pytest.raises(InputError, match="and plain numbers"):
        in_blocks(lambda x, y: x, jnp.ones(3), 1.0)
    with pytest.raises(InputError, match="found 3 patients for 2 devices"):
        on_devices(lambda x: x, jnp.ones(3), devices=jax.local_devices()[:2])
