"""The beta posterior of one dose's DLT risk: what interval designs look at."""

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike
from scipy.special import betainc


def prob_at_most(
    limit: float | ArrayLike, n: ArrayLike, y: ArrayLike, *, prior: tuple[float, float] = (1.0, 1.0)
) -> Float[np.ndarray, "..."]:
    """P(p <= limit) with p ~ Beta(a + y, b + n - y).

    Args:
        limit: DLT risk.
        n: Patients.
        y: Patients with a DLT.
        prior: a and b.

    Example:
        >>> float(prob_at_most(0.3, 2, 2).round(3))
        0.027
    """
    n, y = np.asarray(n, float), np.asarray(y, float)
    return betainc(prior[0] + y, prior[1] + n - y, np.asarray(limit, float))


def prob_above(
    limit: float, n: ArrayLike, y: ArrayLike, *, prior: tuple[float, float] = (1.0, 1.0)
) -> Float[np.ndarray, "..."]:
    """P(p > limit); see `prob_at_most`."""
    return 1 - prob_at_most(limit, n, y, prior=prior)


def closed_from_first(excluded: Bool[np.ndarray, "state level"]) -> Bool[np.ndarray, "state level"]:
    """A dose that is excluded closes all higher ones with it.

    Example:
        >>> closed_from_first(np.array([[False, True, False]]))
        array([[False,  True,  True]])
    """
    return np.logical_or.accumulate(excluded, axis=-1)
