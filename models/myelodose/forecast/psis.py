r"""Pareto-smoothed importance sampling: whether weighted draws can be trusted, and better weights.

The largest weights are fitted by a generalised Pareto distribution. Its shape k says how heavy
their tail is: below 0.7 weighted means are reliable at practical sizes, above they are not. The
largest weights are then replaced by expected order statistics of the fit.

Source:
    Vehtari, Simpson, Gelman, Yao and Gabry, Pareto smoothed importance sampling (JMLR 2024;25:72);
    Zhang and Stephens, Technometrics 2009;51:316 (doi 10.1198/tech.2009.08017), for the fit.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

LIMIT = 0.7
"""Pareto k above which weights are not used."""

LEAST_ESS = 50.0
"""Effective draws below which weights are not used: a mean is then known to 0.14 sd."""

_LEAST_TAIL = 5
_PRIOR_WEIGHT, _PRIOR_K = 10, 0.5


class Weights(NamedTuple):
    """Smoothed weights and what they are worth.

    Attributes:
        weight: Sum to 1, (draw,).
        k: Shape of the tail; infinite where it cannot be fitted.
        ess: Effective number of draws, 1 / sum of squares.
    """

    weight: Float[np.ndarray, " draw"]
    k: float
    ess: float

    @property
    def reliable(self) -> bool:
        """Whether k is at most `LIMIT`."""
        return self.k <= LIMIT

    @property
    def cover(self) -> bool:
        """Whether they are reliable, and of as many effective draws as `LEAST_ESS`."""
        return self.reliable and self.ess >= LEAST_ESS

    @property
    def told(self) -> str:
        """What `cover` looks at, in words."""
        limits = f"at most {LIMIT} and at least {LEAST_ESS:.0f} would do"
        return f"Pareto k {self.k:.2f} and {self.ess:.0f} effective draws, {limits}"


def smoothed(log_weight: Float[np.ndarray, " draw"]) -> Weights:
    """Pareto-smoothed weights from their logarithms.

    Args:
        log_weight: Up to a constant; minus infinity for a weight of 0, (draw,).

    Example:
        >>> equal = smoothed(np.zeros(100))
        >>> equal.k, round(equal.ess)
        (-inf, 100)
    """
    log = np.nan_to_num(np.asarray(log_weight, float), nan=-np.inf, posinf=-np.inf, neginf=-np.inf)
    count, top = len(log), log.max()
    if not np.isfinite(top):
        return Weights(np.full(count, 1 / count), np.inf, 0.0)
    weight = np.exp(log - top)
    tail = int(min(count / 5, 3 * np.sqrt(count)))
    order = np.argsort(weight)
    largest = order[-tail:]
    cutoff = weight[order[-tail - 1]] if tail < count else 0.0
    above = weight[largest] - cutoff
    if np.ptp(weight) < 1e-12:
        k = -np.inf
    elif tail < _LEAST_TAIL or (above > 0).sum() < _LEAST_TAIL:
        k = np.inf
    else:
        k, sigma = pareto_fit(above[above > 0])
        if np.isfinite(k):
            rank = (np.arange(tail) + 0.5) / tail
            weight[largest] = np.minimum(cutoff + _quantile(rank, k, sigma), 1.0)
    weight = weight / weight.sum()
    return Weights(weight, float(k), float(1 / (weight**2).sum()))


def pareto_fit(excess: Float[np.ndarray, " tail"]) -> tuple[float, float]:
    """Shape k and scale of a generalised Pareto distribution above 0.

    The estimate of Zhang and Stephens, pulled to 0.5 with the weight of ten values as in PSIS.

    Args:
        excess: Values above 0, at least five.

    Example:
        >>> rank = (np.arange(1000) + 0.5) / 1000
        >>> k, sigma = pareto_fit(((1 - rank) ** -0.5 - 1) / 0.5)
        >>> round(k, 2), round(sigma, 1)
        (0.5, 1.0)
    """
    x = np.sort(np.asarray(excess, float))
    n = len(x)
    grid = 30 + int(np.sqrt(n))
    quartile = x[int(n / 4 + 0.5) - 1]
    b = 1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    b = b / (3 * quartile) + 1 / x[-1]
    k = np.log1p(-b[:, None] * x).mean(1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        profile = n * (np.log(-b / k) - k - 1)
        share = 1 / np.exp(profile - profile[:, None]).sum(1)
    share = np.where(np.isfinite(share) & (share > 1e-16), share, 0.0)
    best = float((b * share).sum() / share.sum())
    shape = float(np.log1p(-best * x).mean())
    sigma = -shape / best
    return (n * shape + _PRIOR_WEIGHT * _PRIOR_K) / (n + _PRIOR_WEIGHT), sigma


def _quantile(p: np.ndarray, k: float, sigma: float) -> np.ndarray:
    if abs(k) < 1e-12:
        return -sigma * np.log1p(-p)
    with np.errstate(over="ignore"):  # cut at the largest weight by the caller
        return sigma * np.expm1(-k * np.log1p(-p)) / k
