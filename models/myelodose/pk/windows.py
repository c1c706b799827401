"""One drug through the windows of a plan: its state at the start of each, its course within."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from myelodose.pk.linear import LinearModel
from myelodose.solve.march import over_time
from myelodose.solve.plan import Plan
from myelodose.units import HOURS_PER_DAY


def states_at_starts(
    model: LinearModel, plan: Plan, drug: int = 0
) -> Float[Array, "window compartment ..."]:
    """Amounts at the start of every window, after what is given there [mg].

    Args:
        model: The drug; parameters are scalars or have the trailing axes of the plan.
        plan: Windows [d]; amounts [mg] and rates [mg/day] enter the first compartment.
        drug: Which drug of the plan.
    """
    length_h = plan.length_d * HOURS_PER_DAY
    dtype = jnp.result_type(length_h, *jax.tree.leaves(model))
    size = len(model.names)
    # What a unit in each compartment becomes over each window, all windows at once: the scan is
    # left with sums of products.
    units = jnp.eye(size, dtype=dtype).reshape(size, size, *(1,) * length_h.ndim)
    carried = jnp.moveaxis(model.advance(units, length_h), 2, 0)
    infused = None
    if plan.rate is not None:
        rate = plan.rate[:, drug] / HOURS_PER_DAY
        nothing = jnp.zeros((size, *length_h.shape), dtype)
        infused = jnp.moveaxis(model.advance(nothing, length_h, rate), 1, 0)

    def window(state, now):
        given, carry, more = now
        state = state.at[0].add(given)
        later = (carry * state).sum(1)
        return later if more is None else later + more, state

    empty = jnp.zeros(carried.shape[2:], dtype)
    return jax.lax.scan(window, empty, (plan.amount[:, drug], carried, infused))[1]


def within(
    model: LinearModel,
    starts: Float[Array, "window compartment ..."],
    plan: Plan,
    share: ArrayLike,
    drug: int = 0,
) -> Float[Array, "window node ..."]:
    """Concentration at the given shares of every window, from the states at their starts [mg/L].

    Args:
        model: The drug.
        starts: From `states_at_starts`.
        plan: The windows.
        share: Shares of a window, 0 its start and 1 its end.
        drug: Which drug of the plan.
    """
    length_h = plan.length_d * HOURS_PER_DAY
    part = jnp.asarray(share, length_h.dtype).reshape(-1, *(1,) * (length_h.ndim - 1))
    rate = 0.0 if plan.rate is None else plan.rate[:, drug, None] / HOURS_PER_DAY
    state = jnp.moveaxis(starts, 1, 0)[:, :, None]
    return model.concentration(model.advance(state, length_h[:, None] * part, rate))


def concentrations(
    model: LinearModel, plan: Plan, share: ArrayLike, drug: int = 0
) -> Float[Array, "window node ..."]:
    """Concentration at the given shares of every window [mg/L].

    Its derivative is taken forwards, one pass for each parameter, in both modes: every patient
    has a few parameters and a thousand concentrations, so this costs a third of the way back.

    Args:
        model: The drug; parameters are scalars or have the trailing axes of the plan.
        plan: The windows.
        share: Shares of a window, 0 its start and 1 its end.
        drug: Which drug of the plan.
    """
    return _concentrations(drug, model, plan, jnp.asarray(share, plan.length_d.dtype))


def _plainly(drug: int, model: LinearModel, plan: Plan, share: Array):
    return within(model, states_at_starts(model, plan, drug), plan, share, drug)


_concentrations = jax.custom_jvp(_plainly, nondiff_argnums=(0,))


def _concentrations_jvp(drug: int, primals, tangents):
    model, plan, share = primals
    d_model, *d_given = tangents
    if not all(_still(t) for t in jax.tree.leaves(d_given)):
        moved = jax.tree.map(_instantiated, tangents)
        return jax.jvp(partial(_plainly, drug), primals, moved)
    leaves, structure = jax.tree.flatten(model)
    d_leaves = jax.tree.leaves(d_model)
    moving = [i for i, tangent in enumerate(d_leaves) if not _still(tangent)]

    def by_moving(*values):
        given = list(leaves)
        for i, value in zip(moving, values, strict=True):
            given[i] = value
        return _plainly(drug, structure.unflatten(given), plan, share)

    value, slope = jax.linearize(by_moving, *(leaves[i] for i in moving))
    # No patient's concentration depends on another's parameters: ones give all slopes at once.
    still = [jnp.zeros_like(leaves[i]) for i in moving]
    total = jnp.zeros_like(value)
    for place, i in enumerate(moving):
        one = [*still[:place], jnp.ones_like(leaves[i]), *still[place + 1 :]]
        missing = (1,) * (value.ndim - 2 - jnp.ndim(leaves[i]))
        spread = over_time(value.shape[:2], d_leaves[i].reshape(*missing, *jnp.shape(leaves[i])))
        total = total + slope(*one) * spread
    return value, total


_concentrations.defjvp(_concentrations_jvp, symbolic_zeros=True)


def _still(tangent) -> bool:
    return isinstance(tangent, SymbolicZero)


def _instantiated(tangent):
    return jnp.zeros(tangent.shape, tangent.dtype) if _still(tangent) else tangent


class Entry(NamedTuple):
    """A drug at the start of a window, or of every window: what its course within depends on.

    Args:
        amounts: By compartment, after what is given there, (compartment, ...) [mg].
        rate: Infused, (...) [mg/h]; None where nothing ever is.
    """

    amounts: Float[Array, "... compartment patient"]
    rate: Float[Array, "..."] | None


def entries(model: LinearModel, plan: Plan, drug: int = 0) -> Entry:
    """What `later` needs of every window, window first.

    Args:
        model: The drug.
        plan: The windows.
        drug: Which drug of the plan.
    """
    rate = None if plan.rate is None else plan.rate[:, drug] / HOURS_PER_DAY
    return Entry(states_at_starts(model, plan, drug), rate)


def later(
    model: LinearModel, time_d: Float[Array, "..."], entry: Entry
) -> Float[Array, "compartment ..."]:
    """Amounts so long after the start of a window [mg].

    Args:
        model: The drug.
        time_d: Time since the start of the window [d].
        entry: One window of `entries`.

    Example:
        >>> from myelodose.pk.compartments import OneCompartment
        >>> model = OneCompartment(CL=24.0, V=24.0)
        >>> [round(float(x), 4) for x in later(model, 1 / 24, Entry(jnp.ones(1), None))]
        [0.3679]
    """
    rate = 0.0 if entry.rate is None else entry.rate
    return model.advance(entry.amounts, time_d * HOURS_PER_DAY, rate)
