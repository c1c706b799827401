"""The mode of each patient's random effects: a damped Newton method over all patients at once."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from myelodose.inference.marginal.joint import (
    Effects,
    Matrices,
    PerPatient,
    Predict,
    at_typical,
    exact_curvature,
    joint,
    slope_of,
    unit,
)
from myelodose.inference.marginal.observed import Observed, Parameters

MAX_STEPS = 100
_SETTLED = 1e-18
_START_DAMPING = 1e-3


class Modes(NamedTuple):
    """Modes of u [patient, eta], h and its Hessian there, and which patients converged."""

    u: Effects
    value: PerPatient
    hessian: Matrices
    converged: Bool[Array, " patient"]
    steps: Array


class _State(NamedTuple):
    u: Effects
    value: PerPatient
    hessian: Matrices
    damping: PerPatient
    decrement: PerPatient
    steps: Array


def solve(matrix: Matrices, slope: Effects) -> Effects:
    """Newton step of each patient."""
    return jnp.linalg.solve(matrix, slope[..., None])[..., 0]


def _made_positive(hessian: Matrices) -> Matrices:
    """Negative eigenvalues turned round, so that a Newton step leads away from a saddle."""
    finite = jnp.isfinite(hessian).all((-2, -1), keepdims=True)
    value, vector = jnp.linalg.eigh(jnp.where(finite, hessian, jnp.eye(hessian.shape[-1])))
    value = jnp.maximum(jnp.abs(value), 1e-8)
    return jnp.einsum("pij,pj,pkj->pik", vector, value, vector)


@partial(jax.jit, static_argnames=("predict", "interaction"))
def find_modes(
    predict: Predict,
    start: Effects,
    parameters: Parameters,
    observed: Observed,
    *,
    interaction: bool = True,
) -> Modes:
    """Mode of u of every patient.

    Steps are those of Newton, with the eigenvalues of the Hessian made positive, damped as by
    Levenberg and Marquardt until the density rises. A patient has converged where the
    squared step, in units of the posterior sd, is below 1e-18 or rounding forbids a better one.

    Args:
        predict: Predictions from theta and eta.
        start: Where to start [patient, eta]; u = 0 is tried as well, and the better one taken.
        parameters: Parameters.
        observed: Observations.
        interaction: Whether the residual sd follows eta; else it stays at eta = 0.
    """
    f_of_sd = None if interaction else at_typical(predict, parameters, observed)
    args = (parameters, observed, f_of_sd)

    def value_at(u: Effects) -> PerPatient:
        h = joint(predict, u, *args)
        return jnp.where(jnp.isnan(h), jnp.inf, h)

    zero = unit(parameters, observed)
    at_zero, at_start = value_at(zero), value_at(start)
    u = jnp.where((at_start < at_zero)[:, None], start, zero)

    def step(state: _State) -> _State:
        slope, exact = exact_curvature(predict, state.u, *args)
        hessian = _made_positive(exact)
        size = jnp.einsum("pe,pe->p", slope, solve(hessian, slope))
        diagonal = jnp.eye(state.u.shape[-1]) * jnp.diagonal(hessian, axis1=-2, axis2=-1)[:, None]
        move = solve(hessian + state.damping[:, None, None] * diagonal, slope)
        trial = state.u - move
        after = value_at(trial)
        rounding = 1e-14 * (1.0 + jnp.abs(state.value))
        better = after <= state.value + rounding
        u = jnp.where(better[:, None], trial, state.u)
        value = jnp.where(better, after, state.value)
        calmer = jnp.where(state.damping < 1e-6, 0.0, state.damping / 10.0)
        wilder = jnp.maximum(state.damping * 10.0, _START_DAMPING)
        damping = jnp.where(better, calmer, wilder)
        # A point from which no step improves has converged as far as rounding lets it.
        stuck = ~better & (size < 1e-10)
        return _State(u, value, exact, damping, jnp.where(stuck, 0.0, size), state.steps + 1)

    def moving(state: _State) -> Array:
        return (state.steps < MAX_STEPS) & (state.decrement > _SETTLED).any()

    many = jnp.full(observed.patients, jnp.inf)
    first = _State(
        u,
        jnp.minimum(at_start, at_zero),
        jnp.zeros((*u.shape, u.shape[-1])),
        jnp.full(observed.patients, _START_DAMPING),
        many,
        jnp.zeros((), int),
    )
    last = jax.lax.while_loop(moving, step, first)
    # NaN decrements compare as settled; they are not.
    converged = (last.decrement <= _SETTLED) & jnp.isfinite(last.value)
    # Of the point before the last step, which is too short to matter.
    return Modes(last.u, last.value, last.hessian, converged, last.steps)


def follow(
    predict: Predict,
    u: Effects,
    hessian: Matrices,
    parameters: Parameters,
    observed: Observed,
    *,
    interaction: bool = True,
) -> Effects:
    """The mode as a function of the parameters, with its derivative.

    By the implicit function theorem du/dp = -H^-1 d(slope)/dp. One Newton step from the mode, with
    mode and Hessian held constant, has that derivative and does not move.
    """
    f_of_sd = None if interaction else at_typical(predict, parameters, observed)
    u, hessian = jax.lax.stop_gradient((u, hessian))
    return u - solve(hessian, slope_of(predict, u, parameters, observed, f_of_sd))
