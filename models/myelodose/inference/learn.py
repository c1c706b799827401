"""Learn coordinates from draws of the warm-up: curvatures averaged over them.

The mean of second derivatives over the posterior is its Fisher metric; a covariance of so few
draws would be noise in hundreds of dimensions. What a chain contributes is a mean over its own
draws, so chains work side by side; the means are then averaged. How it is used: `coordinates.py`.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.inference.coordinates import Coordinates, Loading, own_values, whitened
from myelodose.inference.curvature import Arrow, arrow, positive
from myelodose.inference.layout import Position

Potential = Callable[[Position], Array]

LEAST = 1e-2
"""Smallest precision that is believed, of values that are standardised or logarithms."""


class Likelihood(NamedTuple):
    """Means over draws, in the space of the real effects: effects, gradient, curvature."""

    eta: Float[Array, "patient own"]
    slope: Float[Array, "patient own"]
    curved: Arrow


class Whitened(NamedTuple):
    """Means over draws, in the whitened space: own values, and curvature of the posterior."""

    own: Float[Array, "patient own"]
    curved: Arrow


def curvature_of_likelihood(
    potential: Potential, loading: Loading, places: np.ndarray, draws: Position
) -> Likelihood:
    """What the data say about effects.

    Args:
        potential: Minus the log posterior density.
        loading: Matrix from standardised to real effects.
        places: Columns of own values that are standardised effects.
        draws: Draws of one chain, the leading axis.
    """

    def likelihood(u_eta: Position) -> Array:
        scale = loading(u_eta.common)
        z = jnp.linalg.solve(scale, u_eta.own[..., None])[..., 0]
        return potential(Position(u_eta.common, z)) - 0.5 * (z[:, places] ** 2).sum()

    def one(z: Position):
        at = Position(z.common, jnp.einsum("ikl,il->ik", loading(z.common), z.own))
        gradient, curved = arrow(likelihood, at)
        return Likelihood(at.own, gradient.own, curved)

    return _means(jax.lax.map(one, draws))


def with_likelihood(start: Coordinates, found: Likelihood, places: np.ndarray) -> Coordinates:
    """The layer that centres as much as the data are worth. `start.m` is the mean of all draws."""
    chosen = jnp.zeros(found.eta.shape[1]).at[places].set(1.0)
    F = positive(found.curved.block * chosen[:, None] * chosen, 0.0)
    a = (jnp.einsum("ikl,il->ik", F, found.eta) - found.slope) * chosen
    return start._replace(F=F, a=a, A=-found.curved.strip * chosen[:, None])


def curvature_whitened(
    potential: Potential, loading: Loading | None, start: Coordinates, draws: Position
) -> Whitened:
    """What is left for the affine layer.

    Args:
        potential: Minus the log posterior density.
        loading: Matrix from standardised to real effects, None if there are none.
        start: Coordinates with their inner layer.
        draws: Draws of one chain, the leading axis.
    """

    def seen(u_w: Position) -> Array:
        z, log_volume = own_values(start, u_w, loading)
        return potential(Position(u_w.common, z)) - log_volume

    def one(z: Position):
        at = whitened(start, z, loading)
        return Whitened(at.own, arrow(seen, at)[1])

    return _means(jax.lax.map(one, draws))


def with_affine(start: Coordinates, found: Whitened) -> Coordinates:
    """Both layers: dense for common values, dense a patient, and the slope between."""
    block = positive(found.curved.block, LEAST)
    B = -jnp.linalg.solve(block, found.curved.strip)
    given = found.curved.corner + jnp.einsum("ikc,ikd->cd", found.curved.strip, B)
    return start._replace(
        m_own=found.own, B=B, R=_inverse_root(positive(given, LEAST)), R_own=_inverse_root(block)
    )


def from_covariance(
    start: Coordinates, draws: Position, blocks: tuple[tuple[int, ...], ...]
) -> Coordinates:
    """An affine layer of variances, with covariances inside blocks of the common values.

    Args:
        start: Coordinates whose centre is kept.
        draws: All draws at hand, the leading axis.
        blocks: Numbers of the common values that share a dense block.
    """
    count = draws.common.shape[0]
    # Stan's and NumPyro's shrinkage of a variance from few draws.
    weight, floor = count / (count + 5.0), 1e-3 * 5.0 / (count + 5.0)
    covariance = weight * jnp.atleast_2d(jnp.cov(draws.common, rowvar=False))
    mask = np.eye(draws.common.shape[1])
    for block in blocks:
        mask[np.ix_(block, block)] = 1.0
    covariance = covariance * mask + floor * jnp.eye(len(mask))
    sd = jnp.sqrt(weight * draws.own.var(0) + floor)
    return start._replace(
        R=jnp.linalg.cholesky(covariance), R_own=sd[..., None] * jnp.eye(sd.shape[-1])
    )


def _means(tree):
    """Means over the draws whose curvatures are numbers: a step may leave the support."""
    leaves = jax.tree.leaves(tree)
    fine = jnp.stack([jnp.isfinite(x).all(tuple(range(1, x.ndim))) for x in leaves]).all(0)
    count = jnp.maximum(fine.sum(), 1)

    def mean(x):
        return jnp.where(fine.reshape(-1, *(1,) * (x.ndim - 1)), x, 0.0).sum(0) / count

    return jax.tree.map(mean, tree)


def _inverse_root(precision: Float[Array, "... n n"]) -> Float[Array, "... n n"]:
    """A matrix R with R R' the inverse of a precision."""
    lower = jnp.linalg.cholesky(precision)
    eye = jnp.broadcast_to(jnp.eye(precision.shape[-1]), precision.shape)
    inverse = jax.scipy.linalg.solve_triangular(lower, eye, lower=True)
    return jnp.swapaxes(inverse, -1, -2)
