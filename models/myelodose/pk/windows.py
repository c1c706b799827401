"""One drug through the windows of a plan: its state at the start of each, its course within."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from myelodose.pk.linear import LinearModel
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
    rate = None if plan.rate is None else plan.rate[:, drug] / HOURS_PER_DAY
    dtype = jnp.result_type(length_h, *jax.tree.leaves(model))

    def window(state, now):
        given, h, input_rate = now
        state = state.at[0].add(given)
        return model.advance(state, h, 0.0 if input_rate is None else input_rate), state

    shape = jnp.broadcast_shapes(length_h.shape[1:], *map(jnp.shape, jax.tree.leaves(model)))
    empty = jnp.zeros((len(model.names), *shape), dtype)
    return jax.lax.scan(window, empty, (plan.amount[:, drug], length_h, rate))[1]


def within(
    model: LinearModel,
    starts: Float[Array, "window compartment ..."],
    plan: Plan,
    share: ArrayLike,
    drug: int = 0,
) -> Float[Array, "window node ..."]:
    """Concentration at the given shares of every window [mg/L].

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
