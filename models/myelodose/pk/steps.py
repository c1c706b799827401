"""What each step of a simulation does, its time included, as functions of the parameters.

Time is in hours.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from myelodose.pk.linear import LinearModel
from myelodose.pk.plan import CLEAR, END, START, TAIL, TAIL_END, Plan, Steady


class Step(NamedTuple):
    """What a step does; shapes [step, ...] until the scan takes them one by one."""

    time: Array | np.ndarray
    record: Array | np.ndarray
    parameters: Array | np.ndarray
    clears: Array
    preset: Array
    bolus: Array
    rate: Array


def at_record(model: LinearModel, record: Array | np.ndarray) -> LinearModel:
    """The model with the parameters of a record."""
    return jax.tree.map(lambda leaf: leaf[record] if jnp.ndim(leaf) else leaf, model)


def make_steps(
    model: LinearModel, plan: Plan, bioavailable: Array, lag: Array, steady: tuple[Steady, ...]
) -> Step:
    """The steps with times and amounts, in the order of the plan.

    Args:
        model: The model, parameters scalar or [record].
        plan: The plan.
        bioavailable: F [record].
        lag: Lag time [record] [h].
        steady: The steady states that are needed.
    """
    amount, duration, rate = _dose(plan, bioavailable)
    kind, of = plan.kind, plan.record
    lasts = lag[of] + duration[of]
    # A tail began so long before its record.
    begun = plan.back * plan.interval[of]
    time = plan.time + jnp.select(
        [kind == START, kind == END, kind == TAIL_END],
        [lag[of], lasts, jnp.maximum(lasts - begun, 0.0)],
        0.0,
    )
    begins = (kind == START) | (kind == TAIL)
    ends = (kind == END) | (kind == TAIL_END)
    infused = ((plan.rate > 0) | (plan.duration > 0))[of]
    bolus = jnp.where((kind == START) & ~infused, amount[of], 0.0)
    change = jnp.where(infused, rate[of], 0.0) * (begins * 1.0 - ends * 1.0)
    into = jax.nn.one_hot(plan.place[of], len(model.names), dtype=amount.dtype)
    presets = _presets(model, plan, lag, steady, (amount, duration, rate))
    clears = kind == CLEAR
    return Step(
        time=time,
        record=of,
        parameters=of,
        clears=clears & plan.cancels[of],
        preset=jnp.where(clears[:, None], presets[of], 0.0),
        bolus=bolus[:, None] * into,
        rate=change[:, None] * into,
    )


def _dose(plan: Plan, bioavailable: Array) -> tuple[Array, Array, Array]:
    """Amount, duration and rate [record]: a given rate stays, a given duration stays."""
    amount = bioavailable * plan.amount
    by_rate, timed = plan.rate > 0, plan.duration > 0
    duration = jnp.where(by_rate, amount / jnp.where(by_rate, plan.rate, 1.0), plan.duration)
    rate = jnp.where(timed, amount / jnp.where(timed, plan.duration, 1.0), plan.rate)
    return amount, duration, rate


def _presets(
    model: LinearModel, plan: Plan, lag: Array, steady: tuple[Steady, ...], dose: tuple
) -> Array:
    """Steady states [record, compartment], as they are `lag` before the dose acts."""
    amount, duration, rate = dose
    presets = jnp.zeros((plan.amount.shape[0], len(model.names)), amount.dtype)
    for record, into, kind in steady:
        here = at_record(model, jnp.asarray(record))
        if kind == "constant":
            state = here.equilibrium(rate[record], into=into)
        else:
            state = here.trough(
                amount[record],
                plan.interval[record],
                duration=duration[record] if kind == "infusion" else 0.0,
                into=into,
                before=lag[record],
            )
        presets = presets.at[record].set(state)
    return presets
