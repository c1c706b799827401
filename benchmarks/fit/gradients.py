"""Processor time of one leapfrog: ours, through the learnt coordinates, beside Stan's gradient."""

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from fit.model import data_of, friberg_population
from likelihood import peers_stan
from likelihood.problem import Problem
from myelodose.inference.coordinates import plain, to_position
from myelodose.inference.effects import find_effects
from myelodose.inference.layout import Position, look_at
from myelodose.inference.program import potential_of
from myelodose.precision import float64


def leapfrog(problem: Problem) -> Callable[[], float]:
    """A function that times one gradient of what NUTS sees [s]."""
    with float64():
        args = jax.tree.map(jnp.asarray, (data_of(problem),))
        layout = look_at(friberg_population, args)
        effects = find_effects(friberg_population, layout, args)
        theta, etas = problem.split(problem.truth)
        at = plain(Position(theta, etas.T))
        # As wide a map as a learnt one: every number is used.
        at = at._replace(F=jnp.broadcast_to(jnp.eye(etas.shape[0]), at.F.shape))

        def energy(x: Position, args):
            def loading(common):
                return effects.loading(friberg_population, layout, args, common)

            z, log_volume = to_position(at, x, loading)
            return potential_of(friberg_population, layout, args)(z) - log_volume

        compiled = jax.jit(jax.value_and_grad(energy))
        x = jax.tree.map(jnp.zeros_like, Position(theta, etas.T))
        jax.block_until_ready(compiled(x, args))

    def seconds() -> float:
        with float64():
            start = time.process_time()
            jax.block_until_ready(compiled(x, args))
            return time.process_time() - start

    return seconds


def stan(problem: Problem, rtol: float) -> Callable[[], float]:
    """A function that times one gradient of Stan, restarted per dose [s]."""
    program = peers_stan.Stan(problem, rtol=rtol)
    return lambda: program.seconds(np.asarray(problem.truth), repeats=1)[0]
