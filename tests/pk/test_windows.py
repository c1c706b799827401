"""Concentrations in all windows: their own derivative is that of the plain computation."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.pk import OneCompartment, TwoCompartment
from myelodose.pk.windows import concentrations, states_at_starts, within
from myelodose.precision import float64
from myelodose.solve.plan import plan, stack

SHARE = np.array([0.1, 0.5, 1.0])


def plainly(model, given, share):
    return within(model, states_at_starts(model, given), given, share)


def windows(infused):
    duration = [0.0, 0.1 if infused else 0.0]
    one = [
        plan([0.0, 1 + late], [10.0, 20.0], [0, 0], drugs=1, times_d=[4], duration_d=duration)
        for late in (0.0, 0.3)
    ]
    return stack(one)


def models():
    two = np.array([1.0, 1.3])
    yield OneCompartment(CL=jnp.asarray(13 * two), V=65.0, ka=jnp.asarray(2 * two), transits=1)
    yield TwoCompartment(CL=jnp.asarray(5 * two), Q=8.0, V1=35.0, V2=jnp.asarray(105 * two))
    # The absorption rate equals the elimination rate of one patient.
    yield OneCompartment(CL=jnp.array([10.0, 20.0]), V=20.0, ka=jnp.array([0.5, 2.0]))


@pytest.mark.parametrize("infused", [False, True])
@pytest.mark.parametrize("which", range(3))
def test_the_derivative_by_parameters_is_that_of_the_plain_computation(which, infused):
    with float64():
        model, given = list(models())[which], windows(infused)
        values = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), model)

        def loss(course):
            return lambda model: jnp.sin(course(model, given, SHARE)).sum()

        own, plain = (jax.grad(loss(course))(values) for course in (concentrations, plainly))
        for found, wanted in zip(jax.tree.leaves(own), jax.tree.leaves(plain), strict=True):
            assert found.shape == wanted.shape
            assert np.allclose(found, wanted, rtol=1e-10, atol=1e-13)


def test_second_derivatives_and_those_by_the_dose_are_right_too():
    with float64():
        model, given = list(models())[2], windows(infused=True)

        def loss(course):
            def value(by):
                scaled = jax.tree.map(lambda x: x * by[0], model)
                dosed = replace(given, amount=given.amount * by[1], rate=given.rate * by[1])
                return jnp.sin(course(scaled, dosed, SHARE)).sum()

            return value

        ones = jnp.ones(2)
        own, plain = (jax.hessian(loss(course))(ones) for course in (concentrations, plainly))
        assert np.allclose(own, plain, rtol=1e-9)
