"""Beliefs about the risks in one state, for the rules of `designs.StopWhen`."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.crm_fit import fit_crm, risk_quantile
from myelodose.dose_models.logistic import LogisticFit, LogisticModel, fit_logistic
from myelodose.dose_models.logistic import risk_quantile as logistic_quantile

type PerLevel = Float[np.ndarray, " level"]


class CrmBeliefs(NamedTuple):
    """The posterior risks of a one-parameter model.

    Attributes:
        model: Skeleton, curve and prior.
        n: Evaluable patients per level.
        y: Patients with a DLT per level.

    Example:
        >>> CrmBeliefs(CrmModel((0.1, 0.3)), (3, 0), (1, 0)).mean().round(2)
        array([0.31, 0.51])
    """

    model: CrmModel
    n: tuple[int, ...]
    y: tuple[int, ...]

    def prob(self, low: float, high: float) -> tuple[PerLevel, PerLevel]:
        """P(low < p <= high) of every level, and its numerical error."""
        ends = tuple(t for t in (low, high) if 0 < t < 1)
        fit = fit_crm(self.model, [self.n], [self.y], thresholds=ends)
        return _between(low, high, ends, fit.exceed[0], fit.exceed_error[0])

    def mean(self) -> PerLevel:
        """E p of every level."""
        return fit_crm(self.model, [self.n], [self.y]).mean[0]

    def sd(self) -> PerLevel:
        """Standard deviation of p of every level."""
        return fit_crm(self.model, [self.n], [self.y]).sd[0]

    def quantile(self, share: float) -> PerLevel:
        """Quantile of p of every level."""
        return risk_quantile(self.model, self.n, self.y, share)


class LogisticBeliefs(NamedTuple):
    """The posterior risks of the two-parameter logistic model; see `CrmBeliefs`."""

    model: LogisticModel
    n: tuple[int, ...]
    y: tuple[int, ...]

    def prob(self, low: float, high: float) -> tuple[PerLevel, PerLevel]:
        """P(low < p <= high) of every level, and its numerical error."""
        ends = tuple(t for t in (low, high) if 0 < t < 1)
        fit = self._fit(ends)
        return _between(low, high, ends, fit.exceed[0], fit.exceed_error[0])

    def mean(self) -> PerLevel:
        """E p of every level."""
        return self._fit(()).mean[0]

    def sd(self) -> PerLevel:
        """Standard deviation of p of every level."""
        return self._fit(()).sd[0]

    def quantile(self, share: float) -> PerLevel:
        """Quantile of p of every level."""
        return logistic_quantile(self.model, self.n, self.y, share)

    def _fit(self, thresholds: tuple[float, ...]) -> LogisticFit:
        return fit_logistic(self.model, [self.n], [self.y], thresholds=thresholds)


def _between(
    low: float, high: float, ends: tuple[float, ...], exceed: np.ndarray, error: np.ndarray
) -> tuple[PerLevel, PerLevel]:
    """P(low < p <= high) from P(p > t) at those ends that lie inside (0, 1)."""
    one, nothing = np.ones(len(exceed)), np.zeros(len(exceed))
    above_low = exceed[:, 0] if low in ends else (one if low <= 0 else nothing)
    above_high = exceed[:, -1] if high in ends else (nothing if high >= 1 else one)
    return above_low - above_high, error.sum(1)
