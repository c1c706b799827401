"""P(cytogenetic response) from clone shares, with the metaphases summed over instead of drawn."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.stats import binom

from myelodose.virtual.cytogenetics import METAPHASES


def metaphase_response(
    before: ArrayLike, after: ArrayLike, *, metaphases: int = METAPHASES
) -> tuple[Float[np.ndarray, " *patient"], Float[np.ndarray, " *patient"]]:
    """P(at least a partial response) and P(a complete one) of each patient, IWG 2006.

    With a_0 abnormal metaphases before and a_1 after, both binomial, a response is 2 a_1 <= a_0
    with a_0 > 0, and it is complete where a_1 = 0. The same rule as `virtual.read_cytogenetics`,
    which draws the metaphases; here their noise is summed over, so that it adds no Monte Carlo
    error.

    Args:
        before: Share of the clone among cycling progenitors before treatment.
        after: The same at the reading.
        metaphases: How many are read each time.

    Example:
        >>> any_response, complete = metaphase_response(0.9, 0.0)
        >>> float(any_response), float(complete)
        (1.0, 1.0)
    """
    first = np.clip(np.asarray(before, float), 0, 1)
    later = np.clip(np.asarray(after, float), 0, 1)
    response = np.zeros(np.broadcast(first, later).shape)
    for abnormal in range(1, metaphases + 1):
        at_most_half = binom.cdf(abnormal // 2, metaphases, later)
        response += binom.pmf(abnormal, metaphases, first) * at_most_half
    complete = (1 - (1 - first) ** metaphases) * (1 - later) ** metaphases
    # The sum of 22 terms may exceed 1 in the last digit.
    return np.minimum(response, 1.0), complete
