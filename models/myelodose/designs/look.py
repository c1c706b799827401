"""What a rule looks at: counts, and beliefs about the DLT risk whatever model made them."""

from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from myelodose.errors import InputError


class Beliefs(Protocol):
    """The posterior DLT risk of every level."""

    def prob(
        self, low: float, high: float
    ) -> tuple[Float[np.ndarray, " level"], Float[np.ndarray, " level"]]:
        """P(low < p <= high) of every level, and its numerical error."""
        ...

    def mean(self) -> Float[np.ndarray, " level"]:
        """E p of every level."""
        ...

    def sd(self) -> Float[np.ndarray, " level"]:
        """Standard deviation of p of every level."""
        ...

    def quantile(self, share: float) -> Float[np.ndarray, " level"]:
        """Quantile of p of every level."""
        ...


class Weighted(NamedTuple):
    """Beliefs as weighted values of p: draws with equal weights, or quadrature nodes.

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


class Look(NamedTuple):
    """A trial at one moment.

    Attributes:
        n: Evaluable patients per level.
        y: Patients with a DLT per level.
        level: Level given last, None before the first patient.
        proposed: Level that would be given next, None if there is none.
        cohorts: Cohorts treated.
        beliefs: About the DLT risk; None if no model is used.
        target: The target interval of the DLT risk, or None.
    """

    n: Int[np.ndarray, " level"]
    y: Int[np.ndarray, " level"]
    level: int | None
    proposed: int | None
    cohorts: int
    beliefs: Beliefs | None = None
    target: tuple[float, float] | None = None

    def needs_beliefs(self, rule: str) -> Beliefs:
        """The beliefs.

        Raises:
            InputError: If there are none.
        """
        if self.beliefs is None:
            raise InputError(f"rule '{rule}'", "found no beliefs", "give Look(..., beliefs=...)")
        return self.beliefs

    def needs_target(self, rule: str) -> tuple[float, float]:
        """The target interval.

        Raises:
            InputError: If there is none.
        """
        if self.target is None:
            raise InputError(f"rule '{rule}'", "found no target", "give Look(..., target=...)")
        return self.target


def look(
    n: ArrayLike,
    y: ArrayLike,
    *,
    level: int | None,
    cohorts: int,
    proposed: int | None = None,
    beliefs: Beliefs | None = None,
    target: tuple[float, float] | None = None,
) -> Look:
    """A `Look` from any counts; `proposed` is `level` if not given.

    Example:
        >>> look([3, 0], [1, 0], level=0, cohorts=1).proposed
        0
    """
    counts, dlts = np.asarray(n, int), np.asarray(y, int)
    given = level if proposed is None else proposed
    return Look(counts, dlts, level, given, cohorts, beliefs, target)
