"""Beliefs read from a posterior of many states, for rules."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from myelodose.designs.look import NEEDS, NORMAL, QUANTILES
from myelodose.designs.model_based.risks import Risks
from myelodose.errors import InputError

type PerLevel = Float[np.ndarray, "state level"]
type Quantiles = Callable[[float], PerLevel]
type Exceed = Callable[[float], tuple[PerLevel, PerLevel]]


class ModelBeliefs(NamedTuple):
    """The posterior risks of a model.

    Attributes:
        risks: Posterior with P(risk > t) of given thresholds t.
        quantiles: The quantile of every risk at a probability; None if the model has none.
        normal: P(risk > t) and its error with the parameter taken as normal, or None.
    """

    risks: Callable[[tuple[float, ...]], Risks]
    quantiles: Quantiles | None = None
    normal: Exceed | None = None

    def prob(self, low: float, high: float) -> tuple[PerLevel, PerLevel]:
        """P(low < p <= high) of every level, and its numerical error."""
        ends = tuple(t for t in (low, high) if 0 < t < 1)
        found = self.risks(ends)
        one, nothing = np.ones_like(found.mean), np.zeros_like(found.mean)
        above_low = found.exceed[..., 0] if low in ends else (one if low <= 0 else nothing)
        above_high = found.exceed[..., -1] if high in ends else (nothing if high >= 1 else one)
        return above_low - above_high, found.exceed_error.sum(-1)

    def mean(self) -> PerLevel:
        """E p of every level."""
        return self.risks(()).mean

    def sd(self) -> PerLevel:
        """Standard deviation of p of every level."""
        return self.risks(()).sd

    def quantile(self, share: float) -> PerLevel:
        """Quantile of p of every level.

        Raises:
            InputError: If the model has none.
        """
        if self.quantiles is None:
            raise InputError("rule 'precise'", f"found no {QUANTILES}", NEEDS[QUANTILES])
        return self.quantiles(share)

    def exceed_by_normal(self, threshold: float) -> tuple[PerLevel, PerLevel]:
        """P(p > threshold) with the parameter taken as normal, and its error.

        Raises:
            InputError: If the model is not that of a CRM.
        """
        if self.normal is None:
            raise InputError("rule 'too_toxic'", f"found no {NORMAL[2:]}", NEEDS[NORMAL])
        return self.normal(threshold)


def known(risks: Risks, thresholds: tuple[float, ...]) -> Callable[[tuple[float, ...]], Risks]:
    """The part of a posterior that is there already, by threshold.

    Args:
        risks: Posterior.
        thresholds: Its thresholds, in order.
    """

    def part(ends: tuple[float, ...]) -> Risks:
        at = [thresholds.index(t) for t in ends]
        return risks._replace(
            exceed=risks.exceed[..., at], exceed_error=risks.exceed_error[..., at]
        )

    return part


def each_state(
    quantile: Callable[..., np.ndarray],
    model: Any,
    n: Int[np.ndarray, "state level"],
    y: Int[np.ndarray, "state level"],
) -> Quantiles:
    """Quantiles of many states by a function of one, `quantile(model, n, y, share)`."""

    def all_states(share: float) -> PerLevel:
        one = partial(quantile, model)
        return np.array([one(n[i], y[i], share) for i in range(len(n))]).reshape(np.shape(n))

    return all_states
