"""BOIN: compare the DLT rate at the current dose with two limits."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from myelodose.designs.base import Counts, Levels, Reason, check_states
from myelodose.designs.interval import (
    DOWN,
    ON_THE_END,
    STAY,
    UP,
    IntervalDesign,
    check_interval_design,
    check_margins,
)
from myelodose.designs.posterior_beta import prob_above
from myelodose.designs.select_mtd import nearest_to_target
from myelodose.errors import check_fields
from myelodose.outcomes.labels import Doses


class Limits(NamedTuple):
    """Escalate at a DLT rate of at most `escalate`, de-escalate from `deescalate` on."""

    escalate: float
    deescalate: float


def boin_limits(target: float, low: float, high: float) -> Limits:
    """The limits that make wrong decisions least likely.

        lambda_e = log((1 - phi1) / (1 - phi)) / log(phi (1 - phi1) / (phi1 (1 - phi)))
        lambda_d = log((1 - phi) / (1 - phi2)) / log(phi2 (1 - phi) / (phi (1 - phi2)))

    Args:
        target: phi, the target DLT risk.
        low: phi1, the highest risk that is too low.
        high: phi2, the lowest risk that is too high.

    Source:
        Liu and Yuan, J R Stat Soc C 2015 (doi 10.1111/rssc.12089).

    Example:
        >>> [round(limit, 4) for limit in boin_limits(0.3, 0.18, 0.42)]
        [0.2365, 0.3585]
    """

    def between(a: float, b: float) -> float:
        return math.log((1 - a) / (1 - b)) / math.log(b * (1 - a) / (a * (1 - b)))

    return Limits(between(low, target), between(target, high))


@dataclass(frozen=True)
class Boin(IntervalDesign):
    """The Bayesian optimal interval design.

    Escalate if y / n <= lambda_e, de-escalate if y / n >= lambda_d (both ends closed), else stay.
    A dose is excluded, with all higher ones, if n >= exclude_from and P(p > target) >
    exclude_above under Beta(1, 1). The MTD is the tried, open dose whose isotonic DLT rate is
    nearest the target.

    Args:
        doses: Dose labels, or their count.
        target: Target DLT risk.
        low: phi1; 0.6 target if not given.
        high: phi2; 1.4 target if not given.
        cohort_size: Patients in a cohort.
        start: Level of the first cohort.
        exclude_above: Certainty that excludes a dose.
        exclude_from: Patients from which a dose can be excluded.
        extra_safe: If not None, the lowest dose already stops the trial at a certainty of
            exclude_above - extra_safe; BOIN's offset, 0.05 there.
        stop_at: Patients at the current dose that end the trial once it would be given again;
            None for never.
        bound: Whether the MTD's isotonic rate must lie below lambda_d.

    Raises:
        InputError: If a value cannot be.

    Source:
        Liu and Yuan 2015 (doi 10.1111/rssc.12089); Yan et al. 2020 (doi 10.18637/jss.v094.i13),
        whose package BOIN defines exclusion, selection and ties.

    Example:
        >>> from myelodose.outcomes import Outcomes
        >>> design = Boin(doses=(10, 15, 20, 25), target=0.3)
        >>> print(design.next(Outcomes.read("10:NNN 15:NTT", doses=design.labels)).because)
        de-escalate to dose 10: 2/3 DLTs at dose 15; the DLT rate 0.667 is at least 0.359
    """

    doses: Doses
    target: float
    low: float | None = None
    high: float | None = None
    cohort_size: int = 3
    start: int = 0
    exclude_above: float = 0.95
    exclude_from: int = 3
    extra_safe: float | None = None
    stop_at: int | None = None
    bound: bool = False

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        check_interval_design(self)
        check_margins(self, *self.margins)
        offset = self.extra_safe
        fine = offset is None or 0 < offset < min(0.5, self.exclude_above)
        check_fields(self, {"extra_safe": (fine, "an offset between 0 and 0.5, or None")})

    @property
    def margins(self) -> tuple[float, float]:
        """phi1 and phi2."""
        low = 0.6 * self.target if self.low is None else self.low
        return low, 1.4 * self.target if self.high is None else self.high

    @property
    def limits(self) -> Limits:
        """lambda_e and lambda_d."""
        return boin_limits(self.target, *self.margins)

    def step(self, n: Levels, y: Levels) -> Levels:
        """See `IntervalDesign.step`."""
        escalate, deescalate = self.limits
        rate = y / np.maximum(n, 1)
        move = np.where(rate <= escalate + ON_THE_END, UP, STAY)
        return np.where(n == 0, STAY, np.where(rate >= deescalate - ON_THE_END, DOWN, move))

    def exclude(self, n: Counts, y: Counts) -> Bool[np.ndarray, "state level"]:
        """See `IntervalDesign.exclude`; with `extra_safe` the lowest dose sooner."""
        out = super().exclude(n, y)
        if self.extra_safe is not None and n.shape[1] == self.levels:
            lowest = prob_above(self.target, n[:, 0], y[:, 0])
            stricter = lowest > self.exclude_above - self.extra_safe
            out[:, 0] |= (n[:, 0] >= max(self.exclude_from, 1)) & stricter
        return out

    def pick(self, n: Counts, y: Counts) -> Levels:
        """See `Design.pick`."""
        n, y = check_states(n, y, self.levels)
        below = self.limits.deescalate if self.bound else None
        closed = self.closed(n, y)
        return nearest_to_target(n, y, closed, target=self.target, below=below)

    def interval_words(self, n: int, y: int) -> tuple[str, list[Reason]]:
        """See `IntervalDesign.interval_words`."""
        escalate, deescalate = self.limits
        rate = y / n
        up = Reason("DLT rate to escalate", rate, escalate, 0, "no", "")
        down = Reason("DLT rate to de-escalate", rate, deescalate, 0, "no", "")
        if rate <= escalate + ON_THE_END:
            words = f"the DLT rate {rate:.3f} is at most {escalate:.3f}"
            return words, [up._replace(verdict="escalate", without="stay"), down]
        if rate >= deescalate - ON_THE_END:
            words = f"the DLT rate {rate:.3f} is at least {deescalate:.3f}"
            return words, [up, down._replace(verdict="de-escalate", without="stay")]
        words = f"the DLT rate {rate:.3f} lies between {escalate:.3f} and {deescalate:.3f}"
        return words, [up, down]
