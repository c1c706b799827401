"""TPI, mTPI and mTPI-2: which toxicity interval is most probable, in total or per width?"""

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from myelodose.designs.base import Counts, Levels, Reason
from myelodose.designs.interval import (
    DOWN,
    STAY,
    UP,
    WORD,
    IntervalDesign,
    check_interval_design,
    check_margins,
)
from myelodose.designs.keyboard import keys
from myelodose.designs.posterior_beta import prob_above, prob_at_most
from myelodose.errors import check_fields
from myelodose.outcomes.labels import Doses


class ToxicityIntervals(IntervalDesign):
    """What TPI, mTPI and mTPI-2 share: under-, equivalent and overdosing, the largest wins.

    Of equal ones, escalation comes before stay before de-escalation. If the next dose is
    excluded, escalation becomes a stay. (The papers drop underdosing from the comparison instead;
    under TPI's prior that would de-escalate after 0 DLTs in 3.)
    """

    if TYPE_CHECKING:  # A field of the subclasses, as in `Design`.

        @property
        def prior(self) -> tuple[float, float]:
            """The beta prior."""
            ...

    @abc.abstractmethod
    def masses(self, n: Levels, y: Levels) -> Float[np.ndarray, "state 3"]:
        """What is compared: underdosing, equivalence, overdosing."""

    def exclude(self, n: Counts, y: Counts) -> Bool[np.ndarray, "state level"]:
        """See `IntervalDesign.exclude`; with the design's own prior."""
        above = prob_above(self.target, n, y, prior=self.prior)
        return (n >= max(self.exclude_from, 1)) & (above > self.exclude_above)

    def step(self, n: Levels, y: Levels) -> Levels:
        """See `IntervalDesign.step`."""
        mass = self.masses(np.asarray(n), np.asarray(y))
        best = mass >= mass.max(-1, keepdims=True) * (1 - 1e-12)
        move = np.array([UP, STAY, DOWN])[best.argmax(-1)]
        return np.where(np.asarray(n) == 0, STAY, move)

    def interval_words(self, n: int, y: int) -> tuple[str, list[Reason]]:
        """See `IntervalDesign.interval_words`."""
        one, seen = np.array([n]), np.array([y])
        mass = self.masses(one, seen)[0]
        move = int(self.step(one, seen)[0])
        names = {UP: "underdosing", STAY: "the target interval", DOWN: "overdosing"}
        values = dict(zip((UP, STAY, DOWN), mass, strict=True))
        reasons = [
            Reason(
                f"{self.measure} of {names[m]}",
                float(values[m]),
                float(mass.max()),
                1e-14,
                WORD[m] if m == move else "no",
                "",
            )
            for m in (UP, STAY, DOWN)
        ]
        return f"{self.measure} is highest for {names[move]} ({mass.max():.3f})", reasons

    measure: ClassVar[str] = "the probability"


def _check(design: ToxicityIntervals) -> None:
    check_interval_design(design)
    fine = len(design.prior) == 2 and min(design.prior) > 0
    check_fields(design, {"prior": (fine, "two numbers above 0, the beta prior")})


@dataclass(frozen=True)
class Tpi(ToxicityIntervals):
    """The toxicity probability interval design.

    Compares P(p < target - k2 s), P(within) and P(p > target + k1 s), s the posterior standard
    deviation at the current dose, under Beta(a, b).

    Args:
        doses: Dose labels, or their count.
        target: Target DLT risk.
        k1: Standard deviations from the target to the upper end.
        k2: Standard deviations from the target to the lower end.
        prior: a and b of the beta prior.
        cohort_size: Patients in a cohort.
        start: Level of the first cohort.
        exclude_above: Certainty that excludes a dose.
        exclude_from: Patients from which a dose can be excluded.
        stop_at: See `IntervalDesign`.

    Raises:
        InputError: If a value cannot be.

    Source:
        Ji, Li and Bekele, Clin Trials 2007 (doi 10.1177/1740774507079442).

    Example:
        >>> Tpi(doses=4, target=0.3).table(sizes=(3,))[3].tolist()
        ['E', 'S', 'D', 'DU']
    """

    doses: Doses
    target: float
    k1: float = 1.0
    k2: float = 1.5
    prior: tuple[float, float] = (0.005, 0.005)
    cohort_size: int = 3
    start: int = 0
    exclude_above: float = 0.95
    exclude_from: int = 2
    stop_at: int | None = None
    selection_prior: ClassVar[tuple[float, float]] = (0.005, 0.005)

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        _check(self)
        checks = {name: (getattr(self, name) > 0, "a number above 0") for name in ("k1", "k2")}
        check_fields(self, checks)

    def masses(self, n: Levels, y: Levels) -> Float[np.ndarray, "state 3"]:
        """See `ToxicityIntervals.masses`."""
        a, b = self.prior[0] + y, self.prior[1] + n - y
        sd = np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
        low = prob_at_most(np.maximum(self.target - self.k2 * sd, 0), n, y, prior=self.prior)
        high = prob_at_most(np.minimum(self.target + self.k1 * sd, 1), n, y, prior=self.prior)
        return np.stack([low, high - low, 1 - high], -1)


@dataclass(frozen=True)
class Mtpi(ToxicityIntervals):
    """The modified toxicity probability interval design.

    Compares the unit probability mass, P(interval) / width, of (0, target - below), the closed
    target interval and (target + above, 1), under Beta(a, b).

    Args:
        doses: Dose labels, or their count.
        target: Target DLT risk.
        below: Target minus the lower end of the target interval (epsilon 1).
        above: Upper end minus the target (epsilon 2).
        prior: a and b of the beta prior.
        cohort_size: Patients in a cohort.
        start: Level of the first cohort.
        exclude_above: Certainty that excludes a dose.
        exclude_from: Patients from which a dose can be excluded.
        stop_at: See `IntervalDesign`.

    Raises:
        InputError: If a value cannot be.

    Source:
        Ji, Liu, Li and Bekele, Clin Trials 2010 (doi 10.1177/1740774510382799).

    Example:
        >>> Mtpi(doses=4, target=0.3).table(sizes=(6,))[6].tolist()
        ['E', 'E', 'S', 'S', 'DU', 'DU', 'DU']
    """

    doses: Doses
    target: float
    below: float = 0.05
    above: float = 0.05
    prior: tuple[float, float] = (1.0, 1.0)
    cohort_size: int = 3
    start: int = 0
    exclude_above: float = 0.95
    exclude_from: int = 2
    stop_at: int | None = None
    measure: ClassVar[str] = "the unit probability mass"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        _check(self)
        check_margins(self, *self.interval)

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the target interval."""
        return self.target - self.below, self.target + self.above

    def masses(self, n: Levels, y: Levels) -> Float[np.ndarray, "state 3"]:
        """See `ToxicityIntervals.masses`."""
        ends = np.array([0.0, *self.interval, 1.0])
        mass = np.diff(prob_at_most(ends, n[:, None], y[:, None], prior=self.prior), axis=-1)
        return mass / np.diff(ends)


@dataclass(frozen=True)
class Mtpi2(Mtpi):
    """The mTPI-2 design: mTPI with intervals of equal width, after Ockham's razor.

    Under- and overdosing are divided into intervals as wide as the target interval, narrower ones
    at 0 and 1; the largest unit probability mass of each side counts.

    Args and errors as `Mtpi`.

    Source:
        Guo, Wang, Yang, Lynn and Ji, Contemp Clin Trials 2017 (doi 10.1016/j.cct.2017.04.006).

    Example:
        >>> Mtpi2(doses=4, target=0.3).table(sizes=(6,))[6].tolist()
        ['E', 'E', 'S', 'D', 'DU', 'DU', 'DU']
    """

    def masses(self, n: Levels, y: Levels) -> Float[np.ndarray, "state 3"]:
        """See `ToxicityIntervals.masses`."""
        ends = keys(*self.interval)
        mass = np.diff(prob_at_most(ends, n[:, None], y[:, None], prior=self.prior), axis=-1)
        per_width = mass / np.diff(ends)
        middle = int(np.abs(ends - self.interval[0]).argmin())
        parts = [per_width[:, :middle], per_width[:, [middle]], per_width[:, middle + 1 :]]
        return np.stack([part.max(-1) for part in parts], -1)
