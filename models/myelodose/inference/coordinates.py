r"""Coordinates in which a hierarchical posterior is round, learnt during warm-up.

The sampler moves x = (x_c, x_i). The common values u, and the own values z_i of every patient,
follow from it in two layers. With d = R x_c,

    u   = m + d,        w_i = m_i + B_i d + R_i x_i                                  (affine)
    z_i = D_i^-1 Lambda' (a_i + A_i d) + chol(D_i)^-T w_i,  D_i = 1 + Lambda' F_i Lambda

Lambda(u) is the matrix from standardised to real effects, eta_i = Lambda z_i: omega, with
correlations if the model has them. F_i is how much the data of a patient say about eta_i, and
a_i + A_i d what they say. If the data were a linear model of eta_i with normal errors, z_i given
u would be normal with just this mean and precision, and w_i independent of u: centred where the
data are rich, non-centred where they are poor, and all between, in every direction of the effects
and for every value of omega. For one effect it is the well-known rule: centre by 1 - var(z_i | y).

Without effects F = 0, and only the affine layer is left: R is a dense mass matrix of the common
values, R_i one a patient, and B_i moves patients along when common values move.

Any numbers leave the posterior as it is, since the determinant of the map is counted; they decide
how fast it is explored.

Source: partial non-centring, Papaspiliopoulos, Roberts and Sköld 2007
(doi 10.1214/088342307000000014), here for whole vectors of effects.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from myelodose.inference.layout import Position

Loading = Callable[[Float[Array, " common"]], Float[Array, "patient own own"]]


class Coordinates(NamedTuple):
    """The numbers of the map, in the notation above."""

    m: Float[Array, " common"]
    R: Float[Array, "common common"]
    m_own: Float[Array, "patient own"]
    B: Float[Array, "patient own common"]
    R_own: Float[Array, "patient own own"]
    F: Float[Array, "patient own own"]
    a: Float[Array, "patient own"]
    A: Float[Array, "patient own common"]


def plain(position: Position) -> Coordinates:
    """Coordinates that change nothing but the centre."""
    common, (patients, own) = position.common.size, position.own.shape
    return Coordinates(
        position.common,
        jnp.eye(common),
        position.own,
        jnp.zeros((patients, own, common)),
        jnp.broadcast_to(jnp.eye(own), (patients, own, own)),
        jnp.zeros((patients, own, own)),
        jnp.zeros((patients, own)),
        jnp.zeros((patients, own, common)),
    )


def to_position(
    at: Coordinates, x: Position, loading: Loading | None
) -> tuple[Position, Float[Array, ""]]:
    """Unconstrained values of a place, and the log determinant up to a constant."""
    away = at.R @ x.common
    w = at.m_own + at.B @ away + jnp.einsum("ikl,il->ik", at.R_own, x.own)
    z, log_volume = own_values(at, Position(at.m + away, w), loading)
    return Position(at.m + away, z), log_volume


def from_position(at: Coordinates, z: Position, loading: Loading | None) -> Position:
    """The inverse of `to_position`."""
    away = z.common - at.m
    left = whitened(at, z, loading).own - at.m_own - at.B @ away
    own = jnp.linalg.solve(at.R_own, left[..., None])[..., 0]
    return Position(jnp.linalg.solve(at.R, away), own)


def own_values(at: Coordinates, u_w: Position, loading: Loading | None):
    """Own values z of whitened ones w, and the log determinant."""
    if loading is None:
        return u_w.own, jnp.zeros(())
    mean, root = _given(at, u_w.common, loading)
    z = mean + _solve(root, u_w.own, transposed=True)
    return z, -jnp.log(jnp.diagonal(root, axis1=-2, axis2=-1)).sum()


def whitened(at: Coordinates, z: Position, loading: Loading | None) -> Position:
    """Common values, and own values whitened: the inverse of `own_values`."""
    if loading is None:
        return z
    mean, root = _given(at, z.common, loading)
    return Position(z.common, jnp.einsum("ilk,il->ik", root, z.own - mean))


def _given(at: Coordinates, common, loading: Loading):
    """Mean of own values given the common ones, and the Cholesky root of their precision."""
    scale = loading(common)
    precision = jnp.eye(scale.shape[-1]) + jnp.einsum("ikl,ikm,imn->iln", scale, at.F, scale)
    root = jnp.linalg.cholesky(precision)
    told = jnp.einsum("ikl,ik->il", scale, at.a + at.A @ (common - at.m))
    return _solve(root, _solve(root, told), transposed=True), root


def _solve(root, right, *, transposed: bool = False):
    """One triangular system a patient."""
    solve = jax.vmap(lambda lower, b: solve_triangular(lower, b, lower=True, trans=int(transposed)))
    return solve(root, right)
