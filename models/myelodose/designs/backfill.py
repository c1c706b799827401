"""BF-BOIN: BOIN that gives patients who would wait doses that were shown to be safe and active."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from myelodose.designs.base import STOP, Counts, Levels, Reason, check_states
from myelodose.designs.interval import ON_THE_END
from myelodose.designs.over_boin import OverBoin
from myelodose.errors import check_fields

ESCALATE, STAY, DEESCALATE, EXCLUDE = 1, 0, -1, -2


@dataclass(frozen=True)
class BackfillBoin(OverBoin):
    """BOIN whose decisions reconcile the current dose with the backfilled ones below.

    Let every dose up to the current one c have BOIN's decision by its own data. If a lower dose
    b contradicts (not "escalate" where c says so; "de-escalate" or "exclude" otherwise), the
    highest such b counts and the data of b to c are pooled. The pooled rate decides: up, stay, or
    down to the highest dose k with a pooled rate of b to k under lambda_d, or to b - 1 if none
    has one. Without contradiction c decides as in BOIN.

    A dose below c is open for backfill once a response was seen there, while at most `cap`
    patients were assigned to it, and while its rate, or the rate pooled with the next dose, is
    under lambda_d, and the same holds for all doses below it.

    Args:
        boin: The design without backfill. Its `stop_at` counts backfilled patients too.
        cap: A dose with more patients is closed for backfill. So counts bfboin 0.1.1; where a
            dose closes when it reaches n_cap, as the paper's text has it, give n_cap - 1.

    Raises:
        InputError: If a value cannot be.

    Source:
        Zhao, Yuan, Korn and Freidlin, Clin Cancer Res 2024 (doi 10.1158/1078-0432.CCR-23-2585);
        bfboin 0.1.1.

    Example:
        >>> from myelodose.designs.boin import Boin
        >>> design = BackfillBoin(Boin(doses=3, target=0.25))
        >>> design.decide([[9, 3, 0]], [[4, 0, 0]], [1])
        array([0])
    """

    cap: int = 12

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        check_fields(self, {"cap": (self.cap >= 1, "1 patient or more")})

    def verdicts(self, n: Counts, y: Counts) -> Int[np.ndarray, "state level"]:
        """BOIN's decision at each dose by its own data."""
        move = self.boin.step(n, y)
        # A dose below the start that nobody got contradicts nothing.
        move = np.where(n == 0, ESCALATE, move)
        return np.where(self.boin.exclude(n, y), EXCLUDE, move)

    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.decide`."""
        n, y = check_states(n, y, self.levels)
        level, rows = np.asarray(level), np.arange(len(n))
        verdict = self.verdicts(n, y)
        here, top = verdict[rows, level], self.levels - 1
        lowest_of = self._contradicting(verdict, level, here)
        conflict = lowest_of >= 0
        pooled_n, pooled_y = self._pool(n, y, np.maximum(lowest_of, 0))
        joint = self.boin.step(pooled_n[rows, level], pooled_y[rows, level])
        safe = self._safe(pooled_n, pooled_y)
        levels = np.arange(self.levels)
        within = (levels >= lowest_of[:, None]) & (levels <= level[:, None])
        safe &= within
        highest = np.where(safe.any(-1), top - safe[:, ::-1].argmax(-1), lowest_of - 1)

        out = verdict == EXCLUDE
        blocked = (level == top) | out[rows, np.minimum(level + 1, top)]
        up = np.where(blocked, level, level + 1)
        down = np.maximum(level - 1, 0)
        alone = np.select([here == ESCALATE, here == STAY], [up, level], down)
        pooled = np.select([joint == ESCALATE, joint == STAY], [up, level], highest)
        chosen = np.where(conflict, pooled, alone)
        # An excluded lowest dose ends the trial if nothing else is left.
        chosen = np.where((level == 0) & out[:, 0], STOP, chosen)
        chosen = np.where(chosen < 0, np.where(out[:, 0], STOP, 0), chosen)
        if self.boin.stop_at is not None:
            enough = (n[rows, level] >= self.boin.stop_at) & (chosen == level)
            chosen = np.where(enough, STOP, chosen)
        return np.where(n.sum(-1) == 0, self.start, chosen)

    def open_for_backfill(
        self,
        n: Counts,
        y: Counts,
        level: Levels,
        *,
        responded: Bool[np.ndarray, "state level"],
        assigned: Counts,
    ) -> Bool[np.ndarray, "state level"]:
        """Doses that a waiting patient may get.

        Args:
            n: Patients evaluated so far.
            y: DLTs among them.
            level: The current dose.
            responded: Whether a response was seen at the dose.
            assigned: Patients assigned to the dose, evaluated or not.
        """
        with_next = [np.concatenate([part[:, 1:], part[:, -1:] * 0], 1) + part for part in (n, y)]
        safe = self._safe(n, y) | self._safe(*with_next)
        safe = np.logical_and.accumulate(safe, -1)
        below = np.arange(self.levels) < np.asarray(level)[:, None]
        return below & safe & responded & (assigned <= self.cap)

    def pick(self, n: Counts, y: Counts) -> Levels:
        """See `Design.pick`; BOIN's, backfilled patients included."""
        return self.boin.pick(n, y)

    def table(self, most: int = 12) -> pd.DataFrame:
        """BOIN's decision table for one dose by its own data; see `decision_table`.

        Args:
            most: Patients up to this many.
        """
        return self.boin.table(most)

    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        at = np.array([level])
        verdict = self.verdicts(n[None], y[None])
        b = int(self._contradicting(verdict, at, verdict[:, level])[0])
        if b < 0 or not n[level]:
            return self.boin.explain(n, y, level, chosen)
        pooled_n, pooled_y = int(n[b : level + 1].sum()), int(y[b : level + 1].sum())
        words, reasons = self.boin.interval_words(pooled_n, pooled_y)
        what = "stop" if chosen == STOP else f"give {self.name(chosen)}"
        text = f"{what}: {self.name(b)} contradicts {self.name(level)}; pooled from {self.name(b)} "
        return text + f"to {self.name(level)}, {words}", reasons

    def explain_choice(self, n: Levels, y: Levels, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain_choice`; BOIN's."""
        return self.boin.explain_choice(n, y, chosen)

    def _contradicting(self, verdict: np.ndarray, level: Levels, here: Levels) -> Levels:
        """The highest lower dose that contradicts the current one, -1 if none does."""
        levels = np.arange(self.levels)
        limit = np.where(here == ESCALATE, STAY, DEESCALATE)
        against = (levels < level[:, None]) & (verdict <= limit[:, None])
        return np.where(against.any(-1), self.levels - 1 - against[:, ::-1].argmax(-1), -1)

    def _pool(self, n: Counts, y: Counts, lowest: Levels) -> tuple[Counts, Counts]:
        """Counts of the doses from `lowest` on, added up to each dose."""
        use = np.arange(self.levels) >= lowest[:, None]
        return np.cumsum(n * use, -1), np.cumsum(y * use, -1)

    def _safe(self, n: Counts, y: Counts) -> Bool[np.ndarray, "state level"]:
        """Whether a rate is under lambda_d, and would not exclude a dose."""
        rate = y / np.maximum(n, 1)
        under = rate < self.boin.limits.deescalate - ON_THE_END
        return under & ~self.boin.exclude(n, y)
