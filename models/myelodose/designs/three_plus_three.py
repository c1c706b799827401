"""3+3 in its variants, as one A+B design."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool

from myelodose.designs.base import (
    NONE,
    STOP,
    Counts,
    Design,
    Levels,
    Reason,
    check_design,
    check_states,
)
from myelodose.designs.decision_table import decision_table
from myelodose.errors import check_fields
from myelodose.outcomes.labels import Doses


@dataclass(frozen=True)
class ThreePlusThree(Design):
    """The A+B designs; without further arguments 3+3 with de-escalation.

    At the current dose, `first` patients are treated. At most `escalate` DLTs: one dose up. More
    than `expand` DLTs: too toxic. Otherwise `second` more: at most `accept` DLTs among all: one
    dose up, else too toxic. Above a dose that was too toxic the trial never goes. The highest
    dose is accepted when one would otherwise go up.

    The three usual variants:

    - `de_escalate=True` (Storer's and bcrm's): below a dose that was too toxic, a dose that had
      only `first` patients gets `second` more before it is the MTD.
    - `de_escalate=False`: the dose below is the MTD at once, though it may have had only `first`.
    - `fill_the_top=True` (Korn's "more common" one): besides, the highest dose is the MTD only
      after `first + second` patients.

    Replaced patients do not count: a cohort is filled up with evaluable patients. A first cohort
    that came out larger is judged by the same numbers of DLTs.

    Args:
        doses: Dose labels, or their count.
        de_escalate: See above.
        fill_the_top: See above.
        first: A, patients of the first cohort at a dose.
        second: B, patients of the second one.
        escalate: Most DLTs among the first with which the dose goes up.
        expand: Most DLTs among the first with which the second cohort is treated.
        accept: Most DLTs among all with which the dose goes up.
        complete: Whether a cohort is filled up although its DLTs are too many already.
        start: Level of the first cohort.

    Raises:
        InputError: If a value cannot be.

    Source:
        Storer, Biometrics 1989 (doi 10.2307/2531693); Korn et al., Stat Med 1994
        (doi 10.1002/sim.4780131802); Lin and Shih, Biostatistics 2001
        (doi 10.1093/biostatistics/2.2.203; A+B).

    Example:
        >>> from myelodose.outcomes import Outcomes
        >>> design = ThreePlusThree(doses=(10, 15, 20, 25))
        >>> seen = Outcomes.read("10:NNN 15:NNN 20:NNN 25:NNT 25:NTT", doses=design.labels)
        >>> print(design.next(seen).because)
        de-escalate to dose 20 for 3 more: 3/6 DLTs at dose 25 are too many
    """

    doses: Doses
    de_escalate: bool = True
    fill_the_top: bool = False
    first: int = 3
    second: int = 3
    escalate: int = 0
    expand: int = 1
    accept: int = 1
    complete: bool = False
    start: int = 0

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "first": (1 <= self.first <= 20, "1 to 20 patients"),
            "second": (0 <= self.second <= 20, "0 to 20 patients"),
            "escalate": (0 <= self.escalate < self.first, f"0 to {self.first - 1}"),
            "expand": (
                self.escalate <= self.expand <= self.first,
                f"{self.escalate} (escalate) to {self.first} (first)",
            ),
            "accept": (
                self.expand <= self.accept < self.first + self.second,
                f"{self.expand} (expand) or more, under {self.first + self.second} (all)",
            ),
        }
        check_fields(self, checks)
        check_design(self)

    @property
    def cohort_size(self) -> int:
        """Patients of a first cohort."""
        return self.first

    @property
    def ends(self) -> bool:
        """Whether every trial ends without a planned number of patients."""
        return True

    @property
    def both(self) -> int:
        """A + B."""
        return self.first + self.second

    def too_toxic(self, n: Counts, y: Counts) -> Bool[np.ndarray, "state level"]:
        """Whether the DLTs at a dose are too many, whatever further patients show."""
        if self.complete:
            early = (n == self.first) & (y > self.expand)
            return early | ((n >= self.both) & (y > self.accept))
        return (y > self.accept) | ((n <= self.first) & (y > self.expand))

    def cleared(self, n: Counts, y: Counts) -> Bool[np.ndarray, "state level"]:
        """Whether the dose has shown few enough DLTs to go up."""
        one = (n >= self.first) & (y <= self.escalate)
        return one | ((n >= self.both) & (y <= self.accept))

    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.decide`."""
        n, y = check_states(n, y, self.levels)
        level, rows = np.asarray(level), np.arange(len(n))
        toxic = self.too_toxic(n, y)
        ceiling = _first_true(toxic)
        up_ok = self.cleared(n, y)[rows, level]
        below_toxic = toxic.any(-1) & (level == ceiling - 1)
        at_most = np.minimum(level, ceiling - 1)
        down = np.maximum(at_most, 0)
        full_below = n[rows, down] >= self.both
        descend = np.where(full_below | (not self.de_escalate), STOP, down)
        descend = np.where(at_most < 0, STOP, descend)

        full = n[rows, level] >= self.both
        top = level == self.levels - 1
        settled = full | (not self.de_escalate)
        capped = np.where(settled, STOP, level)
        at_top = np.where(full | (not self.fill_the_top), STOP, level)
        go_up = np.select([below_toxic, top], [capped, at_top], level + 1)
        chosen = np.select([level >= ceiling, up_ok], [descend, go_up], level)
        return np.where(n.sum(-1) == 0, self.start, chosen)

    def size(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """Patients missing from the first cohort at the dose, or else from the second."""
        here = n[np.arange(len(n)), level]
        left = np.where(here < self.first, self.first - here, self.both - here)
        return np.maximum(left, 1)

    def pick(self, n: Counts, y: Counts) -> Levels:
        """The highest cleared level below the lowest one that was too toxic, or `NONE`."""
        n, y = check_states(n, y, self.levels)
        ceiling = _first_true(self.too_toxic(n, y))
        fine = self.cleared(n, y) & (np.arange(self.levels) < ceiling[:, None])
        return np.where(fine.any(-1), self.levels - 1 - fine[:, ::-1].argmax(-1), NONE)

    def table(self) -> pd.DataFrame:
        """The decisions at a middle dose below which none was too toxic; see `decision_table`.

        S is the second cohort at the dose; DU, as too many DLTs close the dose.

        Example:
            >>> ThreePlusThree(doses=4).table()[3].tolist()[:4]
            ['E', 'S', 'DU', 'DU']
        """
        return decision_table(self.letters, range(1, self.both + 1))

    def letters(self, n: int) -> list[str]:
        """The decision for 0, 1, ... n DLTs in n patients at a dose."""
        y = np.arange(n + 1)[:, None]
        count = np.full_like(y, n)
        toxic, fine = self.too_toxic(count, y)[:, 0], self.cleared(count, y)[:, 0]
        return np.select([toxic, fine], ["DU", "E"], "S").tolist()

    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        seen = f"{y[level]}/{n[level]} DLTs at {self.name(level)}"
        whole = n[level] >= self.both
        toxic = bool(self.too_toxic(n[None], y[None])[0, level])
        limit = self.accept if whole else (self.expand if toxic else self.escalate)
        verdict = "too toxic" if toxic else "few enough" if y[level] <= limit else "expand"
        reasons = [Reason(f"DLTs at {self.name(level)}", int(y[level]), limit, 0, verdict, "")]
        if chosen == STOP:
            return f"stop: {seen}; {self._end(n, y)}", reasons
        more = int(self.size(n[None], y[None], np.array([chosen]))[0])
        if toxic:
            return (
                f"de-escalate to {self.name(chosen)} for {more} more: {seen} are too many",
                reasons,
            )
        if chosen > level:
            return f"escalate to {self.name(chosen)}: {seen}", reasons
        return f"treat {more} more at {self.name(level)}: {seen}", reasons

    def explain_choice(self, n: Levels, y: Levels, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain_choice`."""
        return self._end(n, y), []

    def _end(self, n: Levels, y: Levels) -> str:
        mtd = int(self.pick(n[None], y[None])[0])
        if mtd == NONE:
            return "no dose is tolerable"
        above = "the highest dose" if mtd + 1 == self.levels else "the highest tolerable dose"
        return f"the MTD is {self.name(mtd)}, {above}, with {y[mtd]}/{n[mtd]} DLTs"


def _first_true(where: Bool[np.ndarray, "state level"]) -> Levels:
    """Index of the first level where it holds, the number of levels if nowhere."""
    return np.where(where.any(-1), where.argmax(-1), where.shape[1])
