"""TITE-BOIN: BOIN while some patients are still in their observation window."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from myelodose.designs.base import STOP, Call, Counts, Levels, Reason
from myelodose.designs.follow_up import ESTIMATES, Estimate, FollowUp, check_follow_up
from myelodose.designs.interval import ON_THE_END
from myelodose.designs.over_boin import OverBoin
from myelodose.designs.pending_table import pending_table
from myelodose.errors import InputError, check_fields
from myelodose.outcomes import Outcomes


@dataclass(frozen=True)
class TiteBoin(OverBoin):
    """BOIN with a DLT rate that takes pending patients into account; see `follow_up`.

    The rate takes the place of BOIN's. Exclusion counts all patients, pending ones as free of
    DLTs so far. If more than `most_pending` of the current dose's patients are pending and it is
    not excluded, enrolment waits.

    The imputed rate comes with two rules of its paper: escalation only while y / n is below the
    target and de-escalation only from there on; and de-escalation without waiting once y / n has
    reached BOIN's limit, since no outcome of the pending patients can change it. At the lowest
    dose the effective rate waits for the pending patients instead of going down; the imputed one
    stays.

    Args:
        boin: The design once everyone was followed up.
        most_pending: Largest share of pending patients at the current dose.
        estimate: "effective", y over the effective number of patients, as in TITEgBOIN 0.4.0; or
            "imputed", expected DLTs for the missing follow-up, as in the first paper.

    Raises:
        InputError: If a value cannot be.

    Source:
        Lin and Yuan 2020 (effective), Yuan et al. 2018 (imputed); see `follow_up`.

    Example:
        >>> from myelodose.designs.boin import Boin
        >>> design = TiteBoin(Boin(doses=3, target=0.3))
        >>> call = design.with_pending([3, 6, 0], [0, 1, 0], pending=[0, 3, 0],
        ...                            followup=[0, 40, 0], window=28, level=1)
        >>> call.level
        2
    """

    most_pending: float = 0.5
    estimate: Estimate = "effective"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "most_pending": (0 <= self.most_pending <= 1, "a share from 0 to 1"),
            "estimate": (self.estimate in ESTIMATES, "'effective' or 'imputed'"),
        }
        check_fields(self, checks)

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

    def pending_table(self, most: int = 12) -> pd.DataFrame:
        """Decisions for every number of DLTs and pending patients; see `pending_table`.

        Args:
            most: Patients up to this many.
        """
        rule = {"estimate": self.estimate, "most_pending": self.most_pending}
        return pending_table(self.boin, most=most, **rule)

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
        check_follow_up(known, self.levels, level)
        return self._call(known, level)

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
        if share > self.most_pending and not self._settled(n[level], y[level]):
            text = f"wait: {known.pending[level]:.0f} of {n[level]} patients at "
            text += f"{self.name(level)} are pending, more than {self.most_pending:.0%}"
            return Call(level, False, text, (limit._replace(verdict="wait"),), wait=True)
        return self._compare(known, level, closed, limit)

    def _settled(self, n: int, y: int) -> bool:
        """Whether DLTs seen de-escalate whatever becomes of the pending patients."""
        return self.estimate == "imputed" and y / n >= self.boin.limits.deescalate - ON_THE_END

    def _may(self, n: float, y: float) -> tuple[bool, bool]:
        """Whether the observed rate lets the design escalate, and de-escalate."""
        if self.estimate == "effective":
            return True, True
        below = y / n < self.target - ON_THE_END
        return below, not below

    def _compare(self, known: FollowUp, level: int, closed: np.ndarray, limit: Reason) -> Call:
        rate = float(known.rate(self.estimate, self.target)[level])
        escalate, deescalate = self.boin.limits
        may_rise, may_fall = self._may(known.n[level], known.y[level])
        rises = may_rise and rate <= escalate + ON_THE_END
        falls = may_fall and rate >= deescalate - ON_THE_END
        seen = self._seen(known, level, rate)
        reasons = (
            limit,
            Reason(f"{self.estimate} DLT rate to escalate", rate, escalate, 0, "", "stay"),
            Reason(f"{self.estimate} DLT rate to de-escalate", rate, deescalate, 0, "", "stay"),
        )
        chosen = level
        if rises and level + 1 < self.levels and not closed[level + 1]:
            chosen = level + 1
        if falls:
            chosen = max(level - 1, 0)
        # At the lowest dose, an effective rate that asks for less waits for those who are pending.
        wait = falls and level == 0 and self.estimate == "effective"
        stop_at = self.boin.stop_at
        if stop_at is not None and known.n[level] >= stop_at and chosen == level:
            n, y = known.n.astype(int), known.y.astype(int)
            picked = int(self.pick(n[None], y[None])[0])
            return Call(None if picked < 0 else picked, True, f"stop: {seen}", reasons)
        word = "stay at" if chosen == level else "escalate to" if chosen > level else "go down to"
        return Call(chosen, False, f"{word} {self.name(chosen)}: {seen}", reasons, wait=wait)

    def _seen(self, known: FollowUp, level: int, rate: float) -> str:
        dlts, where = f"{known.y[level]:.0f} DLTs", self.name(level)
        if self.estimate == "effective":
            patients = f"effectively {known.effective[level]:.2f} patients"
            return f"{dlts} in {patients} at {where}, rate {rate:.3f}"
        expected = rate * known.n[level] - known.y[level]
        more = f"{expected:.2f} expected of {known.pending[level]:.0f} pending"
        return f"{dlts} and {more}, in {known.n[level]:.0f} patients at {where}, rate {rate:.3f}"
