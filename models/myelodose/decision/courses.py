"""Simulated first cycles kept day by day: counts, and the chance of no DLT up to each day."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from myelodose.errors import InputError
from myelodose.marrow.protocol.limits import Limits
from myelodose.marrow.protocol.written import GRADE_4
from myelodose.regimen import Regimen
from myelodose.solve.settings import Fast
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.evaluate import PARTS, cycle_end_d, dlt_by_counts
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.draws import hazards_by_draw
from myelodose.virtual.follow import (
    QUICK,
    check_solved,
    keep_mornings,
    through_protocol,
    trial_protocol,
)
from myelodose.virtual.population import Population


class Courses(NamedTuple):
    """First cycles of virtual patients. SIMULATED.

    Attributes:
        counts: Neutrophils and platelets of every morning [1e9/L].
        known_d: Days of follow-up after which a DLT by counts is known; infinite without one [d].
        end_d: Days until the next cycle can start, at most the window [d].
        background: Hazard of infection on any day [1/day].
        few: Hazard besides, on a day with few neutrophils [1/day].
        thrombosis: Probability in one cycle, spread evenly over its days.
        anc_below: Few neutrophils: below this [1e9/L].
        cycle_d: Length of the cycle [d].
    """

    counts: Float[np.ndarray, "day lineage patient"]
    known_d: Float[np.ndarray, " patient"]
    end_d: Float[np.ndarray, " patient"]
    background: Float[np.ndarray, " patient"]
    few: Float[np.ndarray, " patient"]
    thrombosis: Float[np.ndarray, " patient"]
    anc_below: float
    cycle_d: int

    @property
    def window_d(self) -> int:
        """Days in which a DLT counts [d]."""
        return len(self.counts)

    def free_of_dlt(self, day: int) -> Float[np.ndarray, " patient"]:
        """Chance of no DLT of any cause in the first so many days.

        Args:
            day: Days of follow-up, 0 to `window_d` [d].
        """
        at_risk = np.minimum(day, self.end_d)
        number = np.arange(day)[:, None]
        low = ((self.counts[:day, 0] < self.anc_below) & (number < self.end_d)).sum(0)
        infection = self.background * at_risk + self.few * low
        clots = np.log1p(-self.thrombosis) * min(day, self.cycle_d) / self.cycle_d
        return np.where(self.known_d <= day, 0.0, np.exp(clots - infection))


def first_cycles(
    population: Population,
    cycle: Regimen,
    rule: DltRule,
    hazards: Hazards | Sequence[Hazards] = Hazards(),  # noqa: B008
    *,
    hold: Limits = GRADE_4,
    solver: Fast = QUICK,
) -> Courses:
    """Simulate one cycle of every virtual patient and keep its days.

    Over the whole window the chance of a DLT is that of `virtual.dlt_risk`.

    Args:
        population: Virtual patients.
        cycle: One cycle as planned.
        rule: The DLT rule of counts.
        hazards: The other causes, one for all or one for each draw.
        hold: Limits below which lenalidomide is held within the cycle.
        solver: The fast solver.

    Raises:
        ArithmeticError: If the solver does not converge.
        InputError: If hazards are not as many as draws, or the cycle is not that of the rule.
    """
    each = hazards_by_draw(hazards, population.draws, "first_cycles")
    length = cycle.cycle(1).length_d
    if length != rule.cycle_d:
        found = f"found a cycle of {length} d with a rule for {rule.cycle_d} d"
        raise InputError("first_cycles, cycle", found, "give a rule with that cycle_d")
    protocol = trial_protocol(cycle, cycles=1, hold=hold)
    kept = through_protocol(
        population, protocol, days=rule.window_d, keep=keep_mornings, solver=solver
    )
    check_solved(kept.counts)
    baseline = population.baseline
    end = cycle_end_d(kept.counts, rule, baseline=baseline)

    def of_each(name: str) -> np.ndarray:
        return np.repeat([getattr(one, name) for one in each], population.patients)

    return Courses(
        counts=kept.counts,
        known_d=known_after_d(kept.counts, rule, baseline),
        end_d=np.where(np.isnan(end), rule.window_d, end),
        background=of_each("infection_background_per_d"),
        few=of_each("infection_per_d"),
        thrombosis=of_each("thrombosis"),
        anc_below=each[0].anc_below_1e9_per_l,
        cycle_d=rule.cycle_d,
    )


def known_after_d(
    counts: Float[np.ndarray, "day lineage patient"],
    rule: DltRule,
    baseline: Float[np.ndarray, "lineage patient"],
) -> Float[np.ndarray, " patient"]:
    """Days of follow-up after which a DLT by counts is known; infinite where there is none [d].

    A missing recovery is known on its last day, a delay once it is too long, and grade 4 for too
    long on the first morning that is one too many.

    Args:
        counts: Of every morning [1e9/L].
        rule: The rule.
        baseline: Counts before treatment [1e9/L].
    """
    found = dlt_by_counts(counts, rule, baseline=baseline)
    known = np.full(counts.shape[-1], np.inf)
    late, long, delayed = (found.get(part) for part in PARTS)
    if late is not None:
        known[late] = rule.unrecovered_by_d
    if delayed is not None:
        last = rule.cycle_d + (rule.delay_over_d or 0) + 1
        known[delayed] = np.minimum(known[delayed], last)
    if long is not None:
        known = np.minimum(known, np.where(long, _first_too_long(counts, rule, baseline), np.inf))
    return known


def _first_too_long(counts: np.ndarray, rule: DltRule, baseline: np.ndarray) -> np.ndarray:
    """Mornings seen when the run of grade 4 first has one too many."""
    anc, plt, share = rule.low.numbers
    lowest = np.minimum(np.array([[anc], [plt]]), share * baseline[:2])
    low = (counts[: rule.window_d, :2] < lowest).any(1)
    run = np.zeros(low.shape, int)
    for day, today in enumerate(low):
        run[day] = np.where(today, 1 + (run[day - 1] if day else 0), 0)
    return 1 + (run > (rule.grade4_over_d or 0)).argmax(0)
