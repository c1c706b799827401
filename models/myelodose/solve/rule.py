"""The constants of windowed collocation: nodes and integration in one window.

A window of length h starts at a dose. Its local time is t = h mu(s), s from 0 to 1, with

    mu(s) = (exp(a s) - 1) / (exp(a) - 1),

which crowds the nodes after the dose, where a drug comes and goes. The nodes s_i are those of
Gauss-Legendre. A function g of time is represented by its values at the nodes, that is by a
polynomial in s, and integrals of it are exact for that polynomial:

    integral from 0 to t_i of g dt = h sum_j J_ij g_j,   J_ij = int_0^{s_i} l_j(s) mu'(s) ds.

`iterated[p]` integrates p + 1 times: h^(p+1) sum_j J_ij g_j with the kernel
(mu(s_i) - mu(s))^p / p!. The last row of each matrix belongs to the end of the window.
"""

from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from numpy.polynomial import legendre

CROWDING = 4.0
"""a above: at the start of a window time runs about thirteen times slower than evenly."""


@dataclass(frozen=True)
class Rule:
    """Collocation with `nodes` nodes; frozen and hashable, so that it can be a static argument.

    Args:
        nodes: Number of nodes m in a window.
        crowding: How strongly they crowd after its start; above 0.
    """

    nodes: int = 12
    crowding: float = CROWDING

    @cached_property
    def s(self) -> np.ndarray:
        """Gauss-Legendre nodes on [0, 1], shape (m,)."""
        return (legendre.leggauss(self.nodes)[0] + 1) / 2

    @cached_property
    def time(self) -> np.ndarray:
        """Times mu at the nodes and at the end of the window, shape (m + 1,)."""
        return self.to_time(np.append(self.s, 1.0))

    def column(self, axes: int, dtype: DTypeLike) -> Array:
        """`time` with so many axes behind it, in the precision of a computation."""
        return jnp.asarray(self.time.reshape(-1, *(1,) * axes), dtype)

    def to_time(self, s: np.ndarray) -> np.ndarray:
        """mu(s): share of the window that has passed."""
        return np.expm1(self.crowding * s) / np.expm1(self.crowding)

    def _speed(self, s: np.ndarray) -> np.ndarray:
        return self.crowding * np.exp(self.crowding * s) / np.expm1(self.crowding)

    @cached_property
    def iterated(self) -> tuple[np.ndarray, ...]:
        """Matrices of one- to fourfold integration, each of shape (m + 1, m)."""
        node, weight = legendre.leggauss(self.nodes + 24)
        ends = np.append(self.s, 1.0)
        # Gauss-Legendre from 0 to each end, with enough points to be exact to rounding.
        inner = ends[:, None] * (node + 1) / 2
        base = self._lagrange(inner.ravel()).reshape(*inner.shape, self.nodes)
        measure = ends[:, None] * weight / 2 * self._speed(inner)
        away = self.to_time(ends)[:, None] - self.to_time(inner)
        factorial = (1.0, 1.0, 2.0, 6.0)
        return tuple(
            np.einsum("ik,ik,ikj->ij", measure, away**p / factorial[p], base) for p in range(4)
        )

    @property
    def integrate(self) -> np.ndarray:
        """J with the end of the window as last row, shape (m + 1, m)."""
        return self.iterated[0]

    @cached_property
    def padded(self) -> np.ndarray:
        """`integrate` for functions that have a row for the end too, shape (m + 1, m + 1)."""
        return np.pad(self.integrate, ((0, 0), (0, 1)))

    def _lagrange(self, s: np.ndarray) -> np.ndarray:
        """The polynomials that are 1 at one node and 0 at the others, shape (len(s), m)."""
        differences = self.s[:, None] - self.s
        np.fill_diagonal(differences, 1.0)
        away = s[:, None] - self.s
        # The formula divides by `away`; a point that meets a node is moved by less than rounding.
        ratio = 1 / (differences.prod(1) * np.where(away == 0, 1e-18, away))
        return ratio / ratio.sum(1, keepdims=True)
