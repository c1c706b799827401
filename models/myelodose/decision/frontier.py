"""The dose-utility frontier: which doses are dominated, and what a step up costs."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Paired(NamedTuple):
    """The difference of two doses in the same patients and draws.

    Attributes:
        mean: Mean difference.
        error: Two Monte Carlo standard errors.
        low: 2.5 % quantile over draws.
        high: 97.5 % quantile over draws.
    """

    mean: float
    error: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1, or 0 where the error reaches across zero."""
        return 0 if abs(self.mean) <= self.error else int(np.sign(self.mean))


class Step(NamedTuple):
    """What the step from one dose to the next higher one brings.

    Attributes:
        lower: Dose [mg].
        higher: Dose [mg].
        benefit: Change of the benefit.
        risk: Change of the DLT risk.
        utility: Change of the utility.
    """

    lower: float
    higher: float
    benefit: Paired
    risk: Paired
    utility: Paired


def paired(one: Float[np.ndarray, "draw pair"], other: Float[np.ndarray, "draw pair"]) -> Paired:
    """One minus the other.

    Args:
        one: Values by draw and, within it, by empirical draw; the latter of size 1 if it has none.
        other: The same of another dose.

    Example:
        >>> paired(np.array([[0.3], [0.5]]), np.array([[0.1], [0.3]])).sign
        1
    """
    difference = one - other
    by_draw = difference.mean(1)
    low, high = np.quantile(difference, [0.025, 0.975])
    error = 2 * float(by_draw.std(ddof=1)) / np.sqrt(len(by_draw))
    return Paired(float(by_draw.mean()), error, float(low), float(high))


def steps(
    doses: list[float],
    benefit: Float[np.ndarray, "dose draw pair"],
    risk: Float[np.ndarray, "dose draw pair"],
    utility: Float[np.ndarray, "dose draw pair"],
) -> list[Step]:
    """From each dose to the next.

    Args:
        doses: Rising [mg].
        benefit: Of each dose.
        risk: Of each dose.
        utility: Of each dose.
    """
    return [
        Step(
            doses[k],
            doses[k + 1],
            *(paired(values[k + 1], values[k]) for values in (benefit, risk, utility)),
        )
        for k in range(len(doses) - 1)
    ]


def dominated(
    doses: list[float],
    benefit: Float[np.ndarray, "dose draw pair"],
    risk: Float[np.ndarray, "dose draw pair"],
) -> dict[float, float]:
    """Doses that another one beats: no less benefit for no more risk, and one of them better.

    What the error does not tell apart is neither better nor worse: a dose is dominated only where
    one of the two differences is beyond its error and the other one does not contradict it.

    Args:
        doses: Rising [mg].
        benefit: Of each dose.
        risk: Of each dose.

    Returns:
        The dose that dominates, by the dose that is dominated [mg].

    Example:
        >>> same = np.full((2, 5, 1), 0.3)
        >>> dominated([10.0, 20.0], same, same + np.array([0.0, 0.2])[:, None, None])
        {20.0: 10.0}
    """
    found: dict[float, float] = {}
    for k, dose in enumerate(doses):
        for m, other in enumerate(doses):
            if k == m or dose in found:
                continue
            gain = paired(benefit[m], benefit[k]).sign
            less = -paired(risk[m], risk[k]).sign
            if min(gain, less) >= 0 and max(gain, less) > 0:
                found[dose] = other
    return found
