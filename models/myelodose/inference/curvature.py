"""Second derivatives of a hierarchical potential, for the price of a few gradients.

Patients are independent given what they share, so the Hessian is an arrow: a corner of the common
values, one block a patient, one strip between the two. Own values of different patients can move
at once without disturbing each other; differences of gradients along `common + own` directions
give every entry, whatever the number of patients. Differences, because the fast solvers have
hand-written gradients that cannot be differentiated once more.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.inference.layout import Position

STEP = 1e-4
"""Of the differences [unit of a standardised value]; their error is about as large."""


class Arrow(NamedTuple):
    """A symmetric matrix: `corner` of the common values, `strip` between, `block` a patient."""

    corner: Float[Array, "common common"]
    strip: Float[Array, "patient own common"]
    block: Float[Array, "patient own own"]


def arrow(potential: Callable[[Position], Array], at: Position) -> tuple[Position, Arrow]:
    """Gradient and Hessian of a potential whose patients are independent given the common values.

    Args:
        potential: The function.
        at: Where. NaN where it, or a step away from it, has no finite potential.

    Example:
        >>> from myelodose.precision import float64
        >>> with float64():
        ...     at = Position(jnp.ones(1), jnp.zeros((2, 1)))
        ...     _, hessian = arrow(lambda z: (z.common**2).sum() + (z.own**2).sum(), at)
        ...     print(hessian.corner.round(3), hessian.block[:, 0, 0].round(3))
        [[2.]] [2. 2.]
    """
    gradient = jax.value_and_grad(potential)
    common, own = at.common.size, at.own.shape[1]

    def along(direction):
        """Gradient a step away along one direction, all patients at once."""
        step = STEP * jax.nn.one_hot(direction, common + own, dtype=at.common.dtype)
        value, slope = gradient(Position(at.common + step[:common], at.own + step[common:]))
        # Outside the support a gradient may be a number all the same: 0 where -inf is constant.
        return jax.tree.map(lambda x: jnp.where(jnp.isfinite(value), x, jnp.nan), slope)

    # The number behind the last direction stands for no step: one compiled gradient does it all.
    there = jax.lax.map(along, jnp.arange(common + own + 1))
    here = jax.tree.map(lambda x: x[-1], there)
    moved = jax.tree.map(lambda x: (x[:-1] - x[-1]) / STEP, there)
    corner = moved.common[:common]
    strip = jnp.moveaxis(moved.own[:common], 0, -1)
    block = jnp.moveaxis(moved.own[common:], 0, -1)
    block = (block + jnp.swapaxes(block, -1, -2)) / 2
    return here, Arrow((corner + corner.T) / 2, strip, block)


def positive(matrix: Float[Array, "... n n"], least: float) -> Float[Array, "... n n"]:
    """The matrix with the sizes of its eigenvalues, at least `least`."""
    value, vector = jnp.linalg.eigh(matrix)
    size = jnp.maximum(jnp.abs(value), least)
    return jnp.einsum("...ij,...j,...kj->...ik", vector, size, vector)
