"""Where a chain begins: a draw from the prior, walked some way towards a mode.

Newton's method with the curvature of `curvature.py`, its eigenvalues made positive. Every chain
has its own start, so that chains that end at different modes betray themselves by R-hat. The walk
is short: the mode of a hierarchical density is no place to be, only on the way.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpyro
from jaxtyping import Array
from numpyro.infer.util import unconstrain_fn

from myelodose.inference.curvature import Arrow, arrow, positive
from myelodose.inference.layout import Layout, Position

TRIES = 8
NEWTON_STEPS = 10
MOST_STEPS = 80
FAR = 10.0
"""A step that gains more in log density is still far from where the posterior is."""
_FRACTIONS = 6


def from_prior(model: Callable, layout: Layout, args: Any, key: Array) -> Position:
    """A draw from the prior on the unconstrained scale; own values nearer to their mean."""
    traced = numpyro.handlers.trace(numpyro.handlers.seed(model, key)).get_trace(*args)
    values = {site.name: traced[site.name]["value"] for site in layout.sites}
    drawn = layout.position(unconstrain_fn(model, args, {}, values))
    centre = drawn.own.mean(0, keepdims=True) if drawn.own.size else drawn.own
    return Position(drawn.common, centre + 0.3 * (drawn.own - centre))


def first_finite(potential: Callable, candidates: Position) -> Position:
    """The first of some positions with a finite potential; the first of all if none has."""
    fine = jnp.isfinite(jax.lax.map(potential, candidates))
    return jax.tree.map(lambda x: x[jnp.argmax(fine)], candidates)


def walk(potential: Callable[[Position], Array], z: Position, *, steps: int) -> Position:
    """Some damped Newton steps downhill, and more while each gains more than `FAR`.

    Args:
        potential: Minus the log density.
        z: Where to begin.
        steps: How many at least; a step that does not lead down is not made.
    """

    def far(state) -> Array:
        count, _, _, gain = state
        return (count < steps) | ((gain > FAR) & (count < MOST_STEPS))

    def step(state):
        count, z, before, _ = state
        gradient, curved = arrow(potential, z)
        ahead = newton(curved, gradient)
        # At an edge of the support there is no curvature; the gradient still leads away from it.
        known = jnp.stack([jnp.isfinite(x).all() for x in jax.tree.leaves(ahead)]).all()
        ahead = jax.tree.map(lambda a, g: jnp.where(known, a, -jnp.nan_to_num(g)), ahead, gradient)
        fractions = jnp.append(0.5 ** jnp.arange(_FRACTIONS), 0.0)
        there = jax.vmap(lambda f: jax.tree.map(lambda a, b: a + f * b, z, ahead))(fractions)
        values = jax.lax.map(potential, there)
        values = jnp.where(jnp.isfinite(values), values, jnp.inf)
        best = jnp.argmin(values)
        gain = jnp.nan_to_num(before - values[best])
        return count + 1, jax.tree.map(lambda a: a[best], there), values[best], gain

    start = (0, z, potential(z), jnp.zeros(()))
    return jax.lax.while_loop(far, step, start)[1]


def newton(curved: Arrow, gradient: Position) -> Position:
    """Minus the inverse of a positive version of the curvature times the gradient."""
    block = positive(curved.block, 1.0)
    strip = jnp.linalg.solve(block, curved.strip)
    own = jnp.linalg.solve(block, gradient.own[..., None])[..., 0]
    given = positive(curved.corner - jnp.einsum("ikc,ikd->cd", curved.strip, strip), 1.0)
    common = -jnp.linalg.solve(given, gradient.common - jnp.einsum("ikc,ik->c", curved.strip, own))
    return Position(common, -own - strip @ common)
