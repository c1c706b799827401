"""An effect is what its formula says, and has a gradient wherever there is a concentration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.effect import Linear, Saturating, saturating, together
from myelodose.precision import float64


def test_half_of_the_maximum_is_at_half_whatever_the_exponent():
    for hill in (None, 0.5, 1.0, 3.0):
        assert float(saturating(jnp.array(0.7), 0.8, 0.7, hill)) == pytest.approx(0.4, rel=1e-6)


def test_no_exponent_is_an_exponent_of_1():
    c = jnp.array([0.0, 0.1, 2.0, 50.0])
    with float64():
        given = Saturating(0.8, 0.7, jnp.array(1.0))(c)
        np.testing.assert_allclose(Saturating(0.8, 0.7)(c), given, rtol=1e-15)


def test_no_exponent_costs_no_power_in_compiled_code():
    emax, hill = Saturating(0.8, 0.7), Saturating(0.8, 0.7, 1.0)
    plain, powered = (jax.make_jaxpr(lambda e: e(jnp.ones(3)))(e) for e in (emax, hill))
    assert "pow" in str(powered)
    assert "pow" not in str(plain)


@pytest.mark.parametrize("hill", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("differentiate", [jax.grad, jax.jacfwd])
def test_a_hill_effect_has_a_gradient_before_the_first_dose(hill, differentiate):
    # C = dose exp(-k t) at a dose of 0, as in every window before the first dose.
    def effect(values):
        maximum, half, hill, k = values
        return saturating(0.0 * jnp.exp(-k), maximum, half, hill)

    slope = differentiate(effect)(jnp.array([0.8, 0.7, hill, 0.3]))
    assert slope.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("effect", [Linear(0.4), Saturating(0.8, 2.0)])
def test_without_an_exponent_the_slope_at_0_is_not_lost(effect):
    # 0.4, and maximum / half = 0.4: what a first small dose does.
    assert float(jax.grad(effect)(0.0)) == pytest.approx(0.4)


def test_a_hill_gradient_is_that_of_finite_differences():
    with float64():
        at = jnp.array([0.8, 0.7, 0.6])

        def effect(values):
            return saturating(jnp.array(0.3), *values)

        slope = jax.grad(effect)(at)
        step = 1e-6 * jnp.eye(3)
        finite = [
            (saturating(jnp.array(0.3), *(at + d)) - saturating(jnp.array(0.3), *(at - d))) / 2e-6
            for d in step
        ]
    np.testing.assert_allclose(slope, finite, rtol=1e-8)


def test_independent_inhibitions_multiply_what_is_left():
    one, other = jnp.array(0.3), jnp.array(0.6)
    assert 1 - float(together(one, other, independent=True)) == pytest.approx(0.7 * 0.4)
    assert float(together(one, other)) == pytest.approx(0.9)
