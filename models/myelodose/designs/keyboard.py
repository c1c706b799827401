"""Keyboard: which key of equal width does the DLT risk most likely lie in?"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float

from myelodose.designs.base import Levels, Reason
from myelodose.designs.interval import IntervalDesign, check_interval_design, check_margins
from myelodose.designs.posterior_beta import prob_at_most
from myelodose.errors import check_fields
from myelodose.outcomes.labels import Doses

# A left-over key narrower than this is rounding of the key width.
SLIVER = 1e-9


def keys(low: float, high: float) -> Float[np.ndarray, " end"]:
    """The ends of keys as wide as the target key, out to 0 and 1, where keys may be narrower.

    Example:
        >>> keys(0.25, 0.35).round(2)
        array([0.  , 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95,
               1.  ])
    """
    width = high - low
    down = np.arange(low, SLIVER, -width)[::-1]
    up = np.arange(high, 1 - SLIVER, width)
    return np.concatenate([[0.0], down, up, [1.0]])


@dataclass(frozen=True)
class Keyboard(IntervalDesign):
    """The keyboard design.

    (0, 1) is divided into keys as wide as the target key [target - below, target + above]. The
    strongest key has the highest posterior probability under Beta(1, 1); left of the target key:
    escalate, right of it: de-escalate. Of equally strong keys the highest counts.

    Args:
        doses: Dose labels, or their count.
        target: Target DLT risk.
        below: Target minus the lower end of the target key.
        above: Upper end of the target key minus the target.
        edges: The narrower keys at 0 and 1: "scaled" to full width (the package Keyboard; with it
            the design is mTPI-2), "as they are", or "left out".
        cohort_size: Patients in a cohort.
        start: Level of the first cohort.
        exclude_above: Certainty that excludes a dose.
        exclude_from: Patients from which a dose can be excluded. The package Keyboard excludes
            from the first on, 0 here; its text says 3.
        stop_at: See `IntervalDesign`.

    Raises:
        InputError: If a value cannot be.

    Source:
        Yan, Mandrekar and Yuan, Clin Cancer Res 2017 (doi 10.1158/1078-0432.CCR-17-0220);
        Keyboard 0.1.3.

    Example:
        >>> Keyboard(doses=4, target=0.3).table(sizes=(3,))[3].tolist()
        ['E', 'S', 'D', 'DU']
    """

    doses: Doses
    target: float
    below: float = 0.05
    above: float = 0.05
    edges: Literal["scaled", "as they are", "left out"] = "scaled"
    cohort_size: int = 3
    start: int = 0
    exclude_above: float = 0.95
    exclude_from: int = 0
    stop_at: int | None = None
    later_key_wins: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        check_interval_design(self)
        check_margins(self, self.target - self.below, self.target + self.above)
        kinds = ("scaled", "as they are", "left out")
        check_fields(self, {"edges": (self.edges in kinds, " or ".join(kinds))})

    def strengths(self, n: Levels, y: Levels) -> Float[np.ndarray, "state key"]:
        """Posterior probability of every key, the edges treated as `edges` says."""
        ends = keys(self.target - self.below, self.target + self.above)
        mass = np.diff(prob_at_most(ends, n[:, None], y[:, None]), axis=-1)
        width = np.diff(ends)
        full = self.below + self.above
        partial = width < full - SLIVER
        if self.edges == "scaled":
            return mass * np.where(partial, full / width, 1.0)
        return np.where(partial, -1.0, mass) if self.edges == "left out" else mass

    def step(self, n: Levels, y: Levels) -> Levels:
        """See `IntervalDesign.step`."""
        strength = self.strengths(np.asarray(n), np.asarray(y))
        # Equal up to rounding counts as equal, as it does in exact arithmetic.
        best = strength >= strength.max(-1, keepdims=True) * (1 - 1e-12)
        last = best.shape[1] - 1 - best[:, ::-1].argmax(-1)
        strongest = last if self.later_key_wins else best.argmax(-1)
        return np.where(np.asarray(n) == 0, 0, np.sign(self.target_key - strongest))

    @property
    def target_key(self) -> int:
        """Index of the target key."""
        ends = keys(self.target - self.below, self.target + self.above)
        return int(np.abs(ends - (self.target - self.below)).argmin())

    def interval_words(self, n: int, y: int) -> tuple[str, list[Reason]]:
        """See `IntervalDesign.interval_words`."""
        ends = keys(self.target - self.below, self.target + self.above)
        strength = self.strengths(np.array([n]), np.array([y]))[0]
        move = int(self.step(np.array([n]), np.array([y]))[0])
        side = {1: "below", 0: "", -1: "above"}[move]
        best = int(strength.argmax())
        words = f"the strongest key {ends[best]:.2f} to {ends[best + 1]:.2f} "
        words += f"lies {side} the target key" if side else "is the target key"
        target = float(strength[self.target_key])
        rule = "probability of the strongest key against the target key"
        verdict = {1: "escalate", 0: "stay", -1: "de-escalate"}[move]
        return words, [Reason(rule, float(strength[best]), target, 1e-14, verdict, "")]
