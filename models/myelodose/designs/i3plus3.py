"""i3+3: simple rules around an equivalence interval."""

from dataclasses import dataclass

import numpy as np

from myelodose.designs.base import Levels, Reason
from myelodose.designs.interval import (
    DOWN,
    ON_THE_END,
    STAY,
    UP,
    WORD,
    IntervalDesign,
    check_interval_design,
    check_margins,
)
from myelodose.outcomes.labels import Doses


@dataclass(frozen=True)
class I3Plus3(IntervalDesign):
    """The i3+3 design.

    With the closed interval [target - below, target + above]: y / n under it: escalate; inside:
    stay; above it: stay if (y - 1) / n lies under it, because one DLT fewer would have been an
    escalation, else de-escalate.

    Args:
        doses: Dose labels, or their count.
        target: Target DLT risk.
        below: Target minus the lower end of the interval.
        above: Upper end of the interval minus the target.
        cohort_size: Patients in a cohort.
        start: Level of the first cohort.
        exclude_above: Certainty that excludes a dose.
        exclude_from: Patients from which a dose can be excluded.
        stop_at: See `IntervalDesign`.

    Raises:
        InputError: If a value cannot be.

    Source:
        Liu, Wang and Ji, J Biopharm Stat 2020 (doi 10.1080/10543406.2019.1636811).

    Example:
        >>> I3Plus3(doses=4, target=0.25).table(sizes=(3,))[3].tolist()
        ['E', 'S', 'D', 'DU']
    """

    doses: Doses
    target: float
    below: float = 0.05
    above: float = 0.05
    cohort_size: int = 3
    start: int = 0
    exclude_above: float = 0.95
    exclude_from: int = 3
    stop_at: int | None = None

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        check_interval_design(self)
        check_margins(self, *self.interval)

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the equivalence interval."""
        return self.target - self.below, self.target + self.above

    def step(self, n: Levels, y: Levels) -> Levels:
        """See `IntervalDesign.step`."""
        many = np.maximum(n, 1)
        where = _compared(y / many, *self.interval)
        one_fewer = _compared((y - 1) / many, *self.interval)
        move = np.select([where < 0, where == 0, one_fewer < 0], [UP, STAY, STAY], DOWN)
        return np.where(n == 0, STAY, move)

    def interval_words(self, n: int, y: int) -> tuple[str, list[Reason]]:
        """See `IntervalDesign.interval_words`."""
        low, high = self.interval
        where = int(_compared(np.array([y / n]), low, high)[0])
        move = int(self.step(np.array([n]), np.array([y]))[0])
        side = {-1: "lies below", 0: "lies within", 1: "lies above"}[where]
        words = f"the DLT rate {y / n:.3f} {side} {low:g} to {high:g}"
        reasons = [Reason("DLT rate", y / n, high if where > 0 else low, 0, WORD[move], "")]
        if where > 0:
            under = move == STAY
            words += (
                f", and with one DLT fewer it {'would lie' if under else 'would not lie'} below"
            )
            rate = (y - 1) / n
            without = "de-escalate" if under else ""
            reasons.append(Reason("rate with one DLT fewer", rate, low, 0, WORD[move], without))
        return words, reasons


def _compared(rate: Levels, low: float, high: float) -> Levels:
    """-1, 0 or 1 for a rate below, inside or above a closed interval."""
    return np.where(rate < low - ON_THE_END, -1, np.where(rate > high + ON_THE_END, 1, 0))
