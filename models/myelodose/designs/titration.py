"""Accelerated titration: single patients until the first DLT, then another design."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from myelodose.designs.base import Counts, Design, Levels, Reason, check_states
from myelodose.designs.beliefs import Beliefs
from myelodose.errors import check_fields
from myelodose.outcomes.labels import Doses


@dataclass(frozen=True)
class AcceleratedTitration(Design):
    """One patient a dose while there is no DLT, then the design `then`.

    With the first DLT, at the highest dose, or above `up_to`, `then` takes over with all that was
    seen; a dose that has had fewer than `then.cohort_size` patients is then filled up to it.
    Where moderate toxicity ends the titration too, as in Simon's designs at the second one, go on
    with `AcceleratedTitration(then, on=False)`.

    Args:
        then: The design that takes over; it names doses, cohort size and start.
        up_to: Highest level that is titrated; None for all.
        on: Whether the titration is still on.

    Raises:
        InputError: If a value cannot be.

    Source:
        Simon et al., J Natl Cancer Inst 1997 (doi 10.1093/jnci/89.15.1138); with BOIN as `then`
        it is the titration of Yuan et al., Clin Cancer Res 2016
        (doi 10.1158/1078-0432.CCR-16-0592).

    Example:
        >>> from myelodose.designs.three_plus_three import ThreePlusThree
        >>> from myelodose.outcomes import Outcomes
        >>> design = AcceleratedTitration(ThreePlusThree(doses=4))
        >>> print(design.next(Outcomes.read("1N 2N 3T", doses=4)).because)
        treat 2 more at level 3: 1/1 DLTs at level 3
    """

    then: Design
    up_to: int | None = None
    on: bool = True

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        top = self.then.levels - 1
        fine = self.up_to is None or self.then.start <= self.up_to <= top
        check_fields(self, {"up_to": (fine, f"a level from {self.then.start} to {top}, or None")})

    @property
    def doses(self) -> Doses:
        """Doses of the design that takes over."""
        return self.then.doses

    @property
    def cohort_size(self) -> int:
        """Cohort size of the design that takes over."""
        return self.then.cohort_size

    @property
    def start(self) -> int:
        """Start of the design that takes over."""
        return self.then.start

    @property
    def ends(self) -> bool:
        """Whether the design that takes over ends by itself."""
        return self.then.ends

    @property
    def target(self) -> float | None:
        """Target of the design that takes over, if it has one."""
        return getattr(self.then, "target", None)

    @property
    def gives(self) -> frozenset[str]:
        """What the design that takes over gives."""
        return self.then.gives

    @property
    def target_interval(self) -> tuple[float, float] | None:
        """Target interval of the design that takes over."""
        return self.then.target_interval

    def posterior(self, n: Counts, y: Counts) -> Beliefs:
        """See `Design.posterior`; that of the design that takes over."""
        return self.then.posterior(n, y)

    def titrating(self, n: Counts, y: Counts) -> Bool[np.ndarray, " state"]:
        """Whether no dose has had a DLT or a second patient, and doses are left to titrate."""
        last = self.levels - 1 if self.up_to is None else self.up_to
        seen = (y.sum(-1) == 0) & (n <= 1).all(-1) & (n[:, last:] == 0).all(-1)
        return seen & self.on

    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.decide`."""
        n, y = check_states(n, y, self.levels)
        level = np.asarray(level)
        tried = n[np.arange(len(n)), level] > 0
        up = np.minimum(level + tried, self.levels - 1)
        later = self.then.decide(n, y, level)
        chosen = np.where(self.titrating(n, y), up, later)
        return np.where(n.sum(-1) == 0, self.start, chosen)

    def size(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """One patient while titrating; then what fills up the dose, or what `then` says."""
        here = n[np.arange(len(n)), level]
        missing = np.where((here > 0) & (here < self.cohort_size), self.cohort_size - here, 0)
        later = np.where(missing > 0, missing, self.then.size(n, y, level))
        return np.where(self.titrating(n, y), 1, later)

    def pick(self, n: Counts, y: Counts) -> Levels:
        """See `Design.pick`; what `then` says."""
        return self.then.pick(n, y)

    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        if self.titrating(n[None], y[None])[0]:
            reason = Reason("DLTs so far, to titrate", 0, 0, 0, "titrate", "")
            return f"titrate to {self.name(chosen)}: no DLT so far", [reason]
        because, reasons = self.then.explain(n, y, level, chosen)
        reason = Reason("DLTs so far, to titrate", int(y.sum()), 0, 0, "titration is over", "")
        return because, [reason, *reasons]

    def explain_choice(self, n: Levels, y: Levels, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain_choice`."""
        return self.then.explain_choice(n, y, chosen)
