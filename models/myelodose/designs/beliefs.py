"""Beliefs about the DLT risk: what rules read, whatever model made them."""

from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from myelodose.errors import InputError


class Beliefs(Protocol):
    """The posterior DLT risk of every level: for each of many states, or the same in all."""

    def prob(
        self, low: float, high: float
    ) -> tuple[Float[np.ndarray, "*state level"], Float[np.ndarray, "*state level"]]:
        """P(low < p <= high) of every level, and its numerical error."""
        ...

    def mean(self) -> Float[np.ndarray, "*state level"]:
        """E p of every level."""
        ...

    def sd(self) -> Float[np.ndarray, "*state level"]:
        """Standard deviation of p of every level."""
        ...

    def quantile(self, share: float) -> Float[np.ndarray, "*state level"]:
        """Quantile of p of every level."""
        ...


class Weighted(NamedTuple):
    """Beliefs of one state as weighted values of p: draws, or quadrature nodes.

    Attributes:
        p: Value x level; a further cycle axis is turned into the risk over all cycles,
            1 - product of (1 - p).
        weight: Weight of each value; they need not add up to 1. Equal if None.
        error: Numerical error of probabilities. If None, that of independent draws: two standard
            errors, so that a rule near its limit says it is undecided.
    """

    p: Float[np.ndarray, "node level *cycle"]
    weight: Float[np.ndarray, " node"] | None = None
    error: float | None = None

    def prob(
        self, low: float, high: float
    ) -> tuple[Float[np.ndarray, " level"], Float[np.ndarray, " level"]]:
        """See `Beliefs.prob`; half of a value that lies on an end counts."""
        p, weight = self._values()
        inside = 0.5 * ((p > low) & (p < high)) + 0.5 * ((p >= low) & (p <= high))
        value = weight @ np.where((low <= 0) & (p <= 0) | (high >= 1) & (p >= 1), 1.0, inside)
        if self.error is not None:
            return value, np.full(value.shape, self.error)
        spread = np.maximum(value * (1 - value), 0.0)
        return value, 2 * np.sqrt(np.sum(weight**2) * spread)

    def mean(self) -> Float[np.ndarray, " level"]:
        """See `Beliefs.mean`."""
        p, weight = self._values()
        return weight @ p

    def sd(self) -> Float[np.ndarray, " level"]:
        """See `Beliefs.sd`."""
        p, weight = self._values()
        return np.sqrt(np.maximum(weight @ (p - weight @ p) ** 2, 0.0))

    def quantile(self, share: float) -> Float[np.ndarray, " level"]:
        """See `Beliefs.quantile`; the smallest value that reaches the share."""
        p, weight = self._values()
        order = np.argsort(p, 0)
        mass = np.cumsum(weight[order], 0)
        first = np.minimum((mass < share - 1e-12).sum(0), len(p) - 1)
        return np.take_along_axis(np.take_along_axis(p, order, 0), first[None], 0)[0]

    def _values(self) -> tuple[np.ndarray, np.ndarray]:
        p = np.asarray(self.p, float)
        if p.ndim == 3:
            p = 1 - np.prod(1 - p, axis=2)
        if p.ndim != 2 or not np.isfinite(p).all() or p.min() < 0 or p.max() > 1:
            found = f"found p of shape {np.shape(self.p)}"
            raise InputError("Weighted, p", found, "give probabilities, value x level")
        weight = np.ones(len(p)) if self.weight is None else np.asarray(self.weight, float)
        if weight.shape != (len(p),) or weight.min() < 0 or not weight.sum() > 0:
            found = f"found weights of shape {weight.shape}"
            raise InputError("Weighted, weight", found, f"give {len(p)} weights with mass")
        return p, weight / weight.sum()
