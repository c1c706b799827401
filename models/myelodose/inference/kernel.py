"""NUTS of NumPyro, one chain, a chunk of draws at a time.

NumPyro's transition is used as it is; its warm-up is not. The mass matrix is the identity, since
the coordinates carry it, and the step size follows NumPyro's dual averaging while `adapting` is
set. So warm-up and sampling are one program, compiled once, and everything that changes between
them is an argument.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int
from numpyro.infer.hmc import hmc
from numpyro.infer.hmc_util import dual_averaging

from myelodose.inference.coordinates import Coordinates, Loading, from_position, to_position
from myelodose.inference.layout import Position

EARLY_TREE_DEPTH = 6


class Phase(NamedTuple):
    """What changes between warm-up and sampling: search for a step size, and keep trees short."""

    adapting: Bool[Array, ""]
    early: Bool[Array, ""]


class Chain(NamedTuple):
    """All that the next draw depends on: where the chain is, its key as numbers, its step size."""

    z: Position
    key: Array
    log_step: Float[Array, ""]
    averaging: tuple


class Draws(NamedTuple):
    """What is kept of each draw; the leading axis is the draw."""

    z: Position
    diverging: Bool[Array, " draw"]
    energy: Float[Array, " draw"]
    n_steps: Int[Array, " draw"]
    acceptance_rate: Float[Array, " draw"]
    step_size: Float[Array, " draw"]
    lp: Float[Array, " draw"]


def fresh(chain: Chain, step_size: Array) -> Chain:
    """The chain with its search for a step size started anew."""
    log_step = jnp.log(step_size)
    begin, _ = dual_averaging()
    # NumPyro's and Stan's habit: the search leans towards larger steps.
    return chain._replace(log_step=log_step, averaging=begin(jnp.log(10.0) + log_step))


def settled(chain: Chain) -> Chain:
    """The chain with the averaged step size of its search."""
    return chain._replace(log_step=chain.averaging[1])


def chunk(
    potential: Callable[[Position], Array],
    loading: Loading | None,
    coordinates: Coordinates,
    chain: Chain,
    phase: Phase,
    *,
    draws: int,
    target_accept: float,
    max_tree_depth: int,
) -> tuple[Chain, Draws]:
    """Some draws of one chain.

    Args:
        potential: Minus the log density of unconstrained values.
        loading: See `coordinates.py`.
        coordinates: In which the chain moves.
        chain: Where it is.
        phase: What is adapted now.
        draws: How many.
        target_accept: What the search aims at.
        max_tree_depth: Most doublings of a trajectory.
    """

    def energy_of(x: Position) -> Array:
        z, log_volume = to_position(coordinates, x, loading)
        return potential(z) - log_volume

    begin, move = hmc(energy_of, algo="NUTS")
    key, key_kernel = jax.random.split(jax.random.wrap_key_data(chain.key))
    state = begin(
        from_position(coordinates, chain.z, loading),
        num_warmup=1,
        step_size=jnp.exp(chain.log_step),
        adapt_step_size=False,
        adapt_mass_matrix=False,
        target_accept_prob=target_accept,
        max_tree_depth=(min(EARLY_TREE_DEPTH, max_tree_depth), max_tree_depth),
        rng_key=key_kernel,
    )
    _, update = dual_averaging()

    def one(carry, _):
        state, log_step, averaging = carry
        held = state.adapt_state._replace(step_size=jnp.exp(log_step))
        # NumPyro's counter only tells it which of the two tree depths to use.
        counter = jnp.where(phase.early, 0, 1).astype(state.i.dtype)
        state = move(state._replace(i=counter, adapt_state=held))
        searched = update(target_accept - state.accept_prob, averaging)
        averaging = jax.tree.map(lambda a, b: jnp.where(phase.adapting, a, b), searched, averaging)
        z, log_volume = to_position(coordinates, state.z, loading)
        drawn = Draws(
            z,
            state.diverging,
            state.energy,
            state.num_steps,
            state.accept_prob,
            jnp.exp(log_step),
            -state.potential_energy - log_volume,
        )
        return (state, jnp.where(phase.adapting, averaging[0], log_step), averaging), drawn

    start = (state, chain.log_step, chain.averaging)
    (state, log_step, averaging), drawn = jax.lax.scan(one, start, length=draws)
    return Chain(
        jax.tree.map(lambda x: x[-1], drawn.z), jax.random.key_data(key), log_step, averaging
    ), drawn
