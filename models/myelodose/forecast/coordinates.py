"""Standard normal coordinates of a patient: what importance sampling and NUTS move in.

Draws of whole patients are turned into a smooth density: every parameter keeps its own
distribution, by thirteen quantiles on the scale of its link with straight lines between and
beyond, and all together have the rank correlations of the draws (a Gaussian copula). So

    z ~ Normal(0, I),   t = L z,   link(value_j) = Q_j(t_j).

The draws themselves need no such density and are tried first; see `individual`.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from myelodose.errors import InputError
from myelodose.forecast.people import bounded

_KNOTS = np.linspace(-3, 3, 13)
LEAST = 400
"""Fewest draws of which quantiles are taken; at 0.13 % they are rough even so."""


class Coordinates(NamedTuple):
    """From z to parameters; arrays, so that another population compiles nothing anew.

    Attributes:
        quantile: Q at the knots by parameter that varies, (parameter, knot).
        root: L, (parameter, parameter).
        fixed: Values of all parameters; those that vary are overwritten, (all,).
        share: Which of the varying ones have a logit link, (parameter,).
        place: Where they stand among all, (parameter,).
    """

    quantile: Any
    root: Any
    fixed: Any
    share: Any
    place: Any

    @property
    def size(self) -> int:
        """Dimension of z."""
        return self.root.shape[0]

    def values(self, z: Float[Array, "point parameter"]) -> Float[Array, "all point"]:
        """Parameters at points of z, in the order of the draws' names.

        Args:
            z: Points.
        """
        quantile, place = jnp.asarray(self.quantile), jnp.asarray(self.place)
        t = z @ jnp.asarray(self.root).T
        step = _KNOTS[1] - _KNOTS[0]
        below = jnp.clip(jnp.floor((t - _KNOTS[0]) / step), 0, len(_KNOTS) - 2).astype(int)
        low = quantile[jnp.arange(self.size), below]
        high = quantile[jnp.arange(self.size), below + 1]
        part = (t - _KNOTS[0]) / step - below
        x = low + part * (high - low)
        values = jnp.where(self.share, jax.nn.sigmoid(x), jnp.exp(jnp.where(self.share, 0.0, x)))
        whole = jnp.asarray(self.fixed)[:, None] * jnp.ones(len(z))
        return whole.at[place].set(values.T)


def fit_coordinates(draws: dict[str, Float[np.ndarray, " draw"]]) -> Coordinates:
    """Coordinates from draws of whole patients.

    Args:
        draws: From `draw_patients`, `LEAST` or more.

    Raises:
        InputError: If there are too few, or nothing varies.

    Example:
        >>> random = np.random.default_rng(1)
        >>> draws = {"kill_aza": np.exp(random.normal(size=5000)), "cycle_d": np.full(5000, 2.8)}
        >>> found = fit_coordinates(draws)
        >>> [round(float(x), 1) for x in found.values(jnp.zeros((1, 1)))[:, 0]]
        [1.0, 2.8]
    """
    names = list(draws)
    count = len(next(iter(draws.values())))
    if count < LEAST:
        raise InputError("fit_coordinates, draws", f"found {count}", f"give {LEAST} or more")
    varying = [name for name in names if np.ptp(draws[name]) > 1e-12 * np.max(draws[name])]
    if not varying:
        raise InputError("fit_coordinates, draws", "found nothing that varies", "give a spread")
    linked = np.stack([_linked(name, draws[name]) for name in varying])
    quantile = np.quantile(linked, ndtr(_KNOTS), axis=1).T
    scores = ndtri((np.stack([rankdata(x) for x in linked]) - 0.5) / count)
    correlation = np.atleast_2d(np.corrcoef(scores))
    # Two parameters that are functions of each other leave a singular matrix.
    root = np.linalg.cholesky(correlation + 1e-6 * np.eye(len(varying)))
    return Coordinates(
        quantile,
        root,
        np.array([float(np.median(draws[name])) for name in names]),
        np.array([bounded(name) for name in varying]),
        np.array([names.index(name) for name in varying]),
    )


def _linked(name: str, values: np.ndarray) -> np.ndarray:
    if bounded(name):
        inside = np.clip(values, 1e-9, 1 - 1e-9)
        return np.log(inside / (1 - inside))
    return np.log(np.maximum(values, 1e-12))


def linked(
    coordinates: Coordinates, values: Float[np.ndarray, "all point"]
) -> Float[np.ndarray, "parameter point"]:
    """Parameters that vary on the scale of their link.

    Args:
        coordinates: The coordinates.
        values: Parameters, (all, point).
    """
    own = np.asarray(values)[np.asarray(coordinates.place)]
    share = np.asarray(coordinates.share)[:, None]
    inside = np.clip(own, 1e-9, 1 - 1e-9)
    return np.where(share, np.log(inside / (1 - inside)), np.log(np.maximum(own, 1e-12)))


def inverse(
    coordinates: Coordinates, values: Float[np.ndarray, "all point"]
) -> Float[np.ndarray, "point parameter"]:
    """Points of z where parameters have these values.

    Args:
        coordinates: The coordinates.
        values: Parameters, (all, point).
    """
    x = linked(coordinates, values)
    quantile = np.asarray(coordinates.quantile)
    t = np.stack([_crossed(q, one) for q, one in zip(quantile, x, strict=True)])
    return np.linalg.solve(np.asarray(coordinates.root), t).T


def _crossed(quantile: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Where a line through the knots, continued beyond them, reaches x."""
    below = np.clip(np.searchsorted(quantile, x) - 1, 0, len(quantile) - 2)
    rise = np.maximum(quantile[below + 1] - quantile[below], 1e-12)
    return _KNOTS[below] + (x - quantile[below]) / rise * (_KNOTS[1] - _KNOTS[0])
