"""The MTD of interval designs: the tried dose whose isotonic DLT rate is nearest the target."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from scipy.special import betaincinv

from myelodose.designs.base import NONE
from myelodose.designs.isotonic import increasing
from myelodose.designs.posterior_beta import prob_above

# Ties: a later level counts as a little higher, so that below the target the highest of equal
# estimates is nearest, and above it the lowest.
TIE = 1e-10


class Rates(NamedTuple):
    """Beta-binomial summaries per level before and after pooling."""

    mean: Float[np.ndarray, "state level"]
    weight: Float[np.ndarray, "state level"]


def beta_rates(
    n: Int[np.ndarray, "state level"],
    y: Int[np.ndarray, "state level"],
    prior: tuple[float, float],
) -> Rates:
    """Posterior means, and as weights the inverse posterior variances."""
    a, b = prior[0] + y, prior[1] + n - y
    total = a + b
    return Rates(a / total, total**2 * (total + 1) / (a * b))


def isotonic_rates(
    n: Int[np.ndarray, "state level"],
    y: Int[np.ndarray, "state level"],
    prior: tuple[float, float],
) -> Float[np.ndarray, "state level"]:
    """Increasing posterior means over the tried levels, NaN at the others."""
    return increasing(*beta_rates(n, y, prior), n > 0)


def nearest_to_target(
    n: Int[np.ndarray, "state level"],
    y: Int[np.ndarray, "state level"],
    closed: Bool[np.ndarray, "state level"],
    *,
    target: float,
    prior: tuple[float, float] = (0.05, 0.05),
    below: float | None = None,
) -> Int[np.ndarray, " state"]:
    """The tried and open level whose isotonic rate is nearest the target.

    Args:
        n: Evaluable patients.
        y: Patients with a DLT.
        closed: Levels excluded for toxicity.
        target: Target DLT risk.
        prior: Beta prior of every level; Beta(0.05, 0.05) is BOIN's.
        below: If given, the estimate must lie below it.

    Returns:
        The level, or `NONE` if no open level was tried.

    Source:
        BOIN 2.7, select.mtd; Yan et al., J Stat Softw 2020 (doi 10.18637/jss.v094.i13).

    Example:
        >>> n, y = np.array([[3, 3, 15, 9, 0]]), np.array([[0, 0, 4, 4, 0]])
        >>> nearest_to_target(n, y, np.zeros((1, 5), bool), target=0.3)
        array([2])
    """
    used = (n > 0) & ~closed
    rate = increasing(*beta_rates(n, y, prior), used) + TIE * np.arange(n.shape[1])
    if below is not None:
        used = used & (np.nan_to_num(rate, nan=2.0) < below)
    distance = np.where(used, np.abs(rate - target), np.inf)
    return np.where(used.any(-1), distance.argmin(-1), NONE)


def isotonic_table(
    n: Int[np.ndarray, " level"],
    y: Int[np.ndarray, " level"],
    *,
    target: float,
    prior: tuple[float, float] = (0.05, 0.05),
) -> pd.DataFrame:
    """Isotonic estimates of the tried levels, as BOIN prints them after a trial.

    Args:
        n: Evaluable patients per level.
        y: Patients with a DLT per level.
        target: Target DLT risk.
        prior: Beta prior of every level.

    Returns:
        Per level `rate`, the 95 % interval `lower` to `upper` and `prob_over` = P(p > target),
        each made increasing over the tried levels: rate and limits with the inverse variances as
        weights, prob_over with equal weights. NaN at levels that were not tried.

    Example:
        >>> isotonic_table(np.array([3, 6]), np.array([0, 1]), target=0.3).rate.round(2).tolist()
        [0.02, 0.17]
    """
    n, y = np.asarray(n)[None], np.asarray(y)[None]
    used = n > 0
    rates = beta_rates(n, y, prior)
    a, b = prior[0] + y, prior[1] + n - y
    columns = {
        "rate": increasing(rates.mean, rates.weight, used),
        "lower": increasing(betaincinv(a, b, 0.025), rates.weight, used),
        "upper": increasing(betaincinv(a, b, 0.975), rates.weight, used),
        "prob_over": increasing(
            prob_above(target, n, y, prior=prior), np.ones_like(rates.weight), used
        ),
    }
    return pd.DataFrame({name: column[0] for name, column in columns.items()})
