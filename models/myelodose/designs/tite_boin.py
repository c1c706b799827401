"""TITE-BOIN: BOIN while some patients are still in their observation window."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import ArrayLike

from myelodose.designs.base import STOP, Call, Counts, Levels, Reason
from myelodose.designs.interval import ON_THE_END
from myelodose.designs.over_boin import OverBoin
from myelodose.errors import InputError, check_fields
from myelodose.outcomes import Outcomes


class FollowUp(NamedTuple):
    """What is known of each dose while patients are followed up.

    Attributes:
        n: Patients per level, pending ones included.
        y: Patients with a DLT so far.
        pending: Patients without a DLT whose window is not over.
        share: Sum over the pending patients of the share of the window completed: the
            standardised total follow-up time.
    """

    n: Float[np.ndarray, " level"]
    y: Float[np.ndarray, " level"]
    pending: Float[np.ndarray, " level"]
    share: Float[np.ndarray, " level"]


@dataclass(frozen=True)
class TiteBoin(OverBoin):
    """BOIN with an effective number of patients at each dose.

        effective n = n - pending + sum over pending patients of follow-up / window
        rate = y / effective n

    The rate takes the place of BOIN's DLT rate. Exclusion counts all patients, pending ones as
    free of DLTs so far. If more than `most_pending` of the current dose's patients are pending
    and it is not excluded, enrolment waits.

    Args:
        boin: The design once everyone was followed up.
        most_pending: Largest share of pending patients at the current dose.

    Raises:
        InputError: If a value cannot be.

    Source:
        Yuan et al., Clin Cancer Res 2018 (doi 10.1158/1078-0432.CCR-18-0246); Lin and Yuan,
        Biostatistics 2020 (doi 10.1093/biostatistics/kxz007; the effective number); TITEgBOIN
        0.4.0. The 2018 paper imputes p/(1-p) DLTs per unit of missing follow-up instead.

    Example:
        >>> from myelodose.designs.boin import Boin
        >>> design = TiteBoin(Boin(doses=3, target=0.3))
        >>> call = design.with_pending([3, 6, 0], [0, 1, 0], pending=[0, 3, 0],
        ...                            followup=[0, 40, 0], window=28, level=1)
        >>> call.level
        2
    """

    most_pending: float = 0.5

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        fine = 0 <= self.most_pending <= 1
        check_fields(self, {"most_pending": (fine, "a share from 0 to 1")})

    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.decide`; BOIN's, with nobody pending."""
        return self.boin.decide(n, y, level)

    def pick(self, n: Counts, y: Counts) -> Levels:
        """See `Design.pick`; BOIN's."""
        return self.boin.pick(n, y)

    def table(self, most: int = 12) -> pd.DataFrame:
        """BOIN's decision table for one dose by its own data; see `decision_table`.

        Args:
            most: Patients up to this many.
        """
        return self.boin.table(most)

    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`; BOIN's."""
        return self.boin.explain(n, y, level, chosen)

    def explain_choice(self, n: Levels, y: Levels, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain_choice`; BOIN's."""
        return self.boin.explain_choice(n, y, chosen)

    def next(self, outcomes: Outcomes) -> Call:
        """The dose of the next cohort, with reasons; `wait` if enrolment has to.

        Args:
            outcomes: What was seen so far; a patient whose `weight` is below 1 is pending.
        """
        if outcomes.weight is None or outcomes.last_level is None:
            return super().next(outcomes)
        n, y = self.counts(outcomes)
        pending, share = np.zeros(self.levels), np.zeros(self.levels)
        for level, dlt, weight in zip(outcomes.level, outcomes.dlt, outcomes.weight, strict=True):
            if dlt == 0 and weight < 1:
                pending[level] += 1
                share[level] += weight
        return self._call(FollowUp(n, y, pending, share), outcomes.last_level)

    def with_pending(
        self,
        n: ArrayLike,
        y: ArrayLike,
        *,
        pending: ArrayLike,
        followup: ArrayLike,
        window: float,
        level: int,
    ) -> Call:
        """The dose of the next cohort from counts per level.

        Args:
            n: Patients, pending ones included.
            y: Patients with a DLT so far.
            pending: Pending patients.
            followup: Their total follow-up, in the unit of `window`.
            window: Length of the observation window.
            level: The level given last.

        Raises:
            InputError: If the counts do not fit together.
        """
        known = FollowUp(*(np.asarray(part, float) for part in (n, y, pending, followup)))
        if not window > 0:
            raise InputError("TiteBoin, window", f"found {window}", "give a time above 0")
        known = known._replace(share=known.share / window)
        _check(known, self.levels, level)
        return self._call(known, level)

    def effective(self, known: FollowUp) -> Float[np.ndarray, " level"]:
        """Effective number of patients per level."""
        return known.n - known.pending + known.share

    def _call(self, known: FollowUp, level: int) -> Call:
        n, y = known.n.astype(int), known.y.astype(int)
        if not n[level]:
            return Call(level, False, f"no evaluable patient at {self.name(level)} yet")
        chosen = int(self.boin.decide(n[None], y[None], np.array([level]))[0])
        closed = self.boin.closed(n[None], y[None])[0]
        if closed[level] or not known.pending.any():
            because, reasons = self.explain(n, y, level, chosen)
            picked = int(self.pick(n[None], y[None])[0]) if chosen == STOP else chosen
            return Call(None if picked < 0 else picked, chosen == STOP, because, tuple(reasons))
        share = known.pending[level] / n[level]
        limit = Reason("share of patients pending", float(share), self.most_pending, 0, "go on", "")
        if share > self.most_pending:
            text = f"wait: {known.pending[level]:.0f} of {n[level]} patients at "
            text += f"{self.name(level)} are pending, more than {self.most_pending:.0%}"
            return Call(level, False, text, (limit._replace(verdict="wait"),), wait=True)
        return self._compare(known, level, closed, limit)

    def _compare(self, known: FollowUp, level: int, closed: np.ndarray, limit: Reason) -> Call:
        effective = float(self.effective(known)[level])
        rate = float(known.y[level] / effective) if effective > 0 else 0.0
        escalate, deescalate = self.boin.limits
        seen = f"{known.y[level]:.0f} DLTs in effectively {effective:.2f} patients at "
        seen += f"{self.name(level)}, rate {rate:.3f}"
        reasons = (
            limit,
            Reason("effective DLT rate to escalate", rate, escalate, 0, "", "stay"),
            Reason("effective DLT rate to de-escalate", rate, deescalate, 0, "", "stay"),
        )
        chosen = level
        if rate <= escalate + ON_THE_END and level + 1 < self.levels and not closed[level + 1]:
            chosen = level + 1
        if rate >= deescalate - ON_THE_END:
            chosen = max(level - 1, 0)
        # At the lowest dose, a rate that asks for less waits for those who are pending.
        wait = rate >= deescalate - ON_THE_END and level == 0
        stop_at = self.boin.stop_at
        if stop_at is not None and known.n[level] >= stop_at and chosen == level:
            n, y = known.n.astype(int), known.y.astype(int)
            picked = int(self.pick(n[None], y[None])[0])
            return Call(None if picked < 0 else picked, True, f"stop: {seen}", reasons)
        word = "stay at" if chosen == level else "escalate to" if chosen > level else "go down to"
        return Call(chosen, False, f"{word} {self.name(chosen)}: {seen}", reasons, wait=wait)


def _check(known: FollowUp, levels: int, level: int) -> None:
    for name, part in known._asdict().items():
        if part.shape != (levels,):
            found = f"found {part.size} values"
            raise InputError(f"TiteBoin, {name}", found, f"give {levels}, one a dose")
    if not 0 <= level < levels:
        remedy = f"give a level from 0 to {levels - 1}"
        raise InputError("TiteBoin, level", f"found {level}", remedy)
    fits = (known.y >= 0) & (known.pending >= 0) & (known.y + known.pending <= known.n)
    if not fits.all():
        k = int((~fits).argmax())
        found = (
            f"found {known.y[k]:g} with a DLT and {known.pending[k]:g} pending of {known.n[k]:g}"
        )
        raise InputError("TiteBoin, counts", found, "give counts that fit into n")
    within = (known.share >= 0) & (known.share <= known.pending)
    if not within.all():
        k = int((~within).argmax())
        found = f"found {known.share[k]:g} windows of follow-up for {known.pending[k]:g} pending"
        raise InputError("TiteBoin, followup", found, "give at most one window a pending patient")
