"""A DLT rule on simulated counts of the mornings, many patients at once."""

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from myelodose.errors import InputError
from myelodose.marrow.protocol.limits import Limits
from myelodose.toxicity.dlt_rule import PARTS, DltRule

# Above these a count is per uL.
_HIGHEST = np.array([500.0, 5000.0])


def dlt_by_counts(
    counts: ArrayLike,
    rule: DltRule,
    *,
    baseline: ArrayLike | None = None,
    next_start_d: ArrayLike | None = None,
    blasts: ArrayLike | None = None,
) -> dict[str, Bool[np.ndarray, "..."]]:
    """Who has a DLT by counts, and by which part of the rule.

    Args:
        counts: Neutrophils and platelets of every morning of one cycle, before the dose, from its
            first day on [1e9/L], (day, lineage, ...); further lineages are not read.
        rule: The rule.
        baseline: Counts before treatment [1e9/L], (lineage, ...); those of the first morning if
            not given.
        next_start_d: Day of the window on which the next cycle began [d], (...), NaN where none
            did: mornings from then on belong to it and count as recovered.
        blasts: Share of marrow blasts at the time of the missing recovery, (...).

    Returns:
        For each part that is on, and for "any", who fulfils it, (...).

    Raises:
        InputError: If fewer mornings come in than the rule reads, a count cannot be, or the rule
            asks for blasts and there are none.

    Example:
        >>> low = np.full((57, 2, 1), 0.4)
        >>> found = dlt_by_counts(low, DltRule(), baseline=[[1.5], [80.0]])
        >>> {part: bool(who[0]) for part, who in found.items()}
        {'not recovered': True, 'next cycle delayed': True, 'any': True}
    """
    seen = _checked(counts, rule)
    start = seen[0] if baseline is None else np.asarray(baseline)[:2]
    day = np.arange(rule.window_d).reshape(-1, *(1,) * (seen.ndim - 2))
    later = False if next_start_d is None else day >= np.asarray(next_start_d)
    found: dict[str, np.ndarray] = {}
    if rule.unrecovered_by_d is not None:
        well = at_least(seen, start, rule.recovered) | later
        until = rule.unrecovered_by_d
        found[PARTS[0]] = ~well[min(rule.cycle_d, until - 1) : until].any(0)
        if rule.blasts_below is not None:
            found[PARTS[0]] &= _blasts(blasts, rule.blasts_below)
    if rule.grade4_over_d is not None:
        low = ~at_least(seen, start, rule.low) & ~np.asarray(later)
        found[PARTS[1]] = longest_run(low) > rule.grade4_over_d
    if rule.delay_over_d is not None:
        ready = cycle_end_d(seen, rule, baseline=start, next_start_d=next_start_d)
        found[PARTS[2]] = ~(ready <= rule.cycle_d + rule.delay_over_d)
    found["any"] = np.logical_or.reduce(list(found.values()))
    return found


def cycle_end_d(
    counts: ArrayLike,
    rule: DltRule,
    *,
    baseline: ArrayLike,
    next_start_d: ArrayLike | None = None,
) -> Float[np.ndarray, "..."]:
    """Day on which the next cycle starts or, by counts at visits, could start; NaN for none seen.

    Args:
        counts: As in `dlt_by_counts`.
        rule: Its `start`, `cycle_d` and `revisit_d` are read.
        baseline: Counts before treatment.
        next_start_d: As in `dlt_by_counts`.
    """
    seen = np.asarray(counts)[: rule.window_d, :2]
    visit = np.arange(rule.cycle_d, rule.window_d, rule.revisit_d)
    ready = at_least(seen[visit], np.asarray(baseline)[:2], rule.start)
    if next_start_d is not None:
        ready |= visit.reshape(-1, *(1,) * (ready.ndim - 1)) >= np.asarray(next_start_d)
    if not len(visit):
        return np.full(seen.shape[2:], np.nan)
    return np.where(ready.any(0), visit[ready.argmax(0)], np.nan)


def longest_run(event: Bool[np.ndarray, "day ..."]) -> np.ndarray:
    """The longest run of days on which an event is true, (...).

    Example:
        >>> int(longest_run(np.array([True, False, True, True])))
        2
    """
    run = longest = np.zeros(event.shape[1:], np.int32)
    for today in event:
        run = np.where(today, run + 1, 0)
        longest = np.maximum(longest, run)
    return longest


def at_least(counts: np.ndarray, baseline: np.ndarray, limits: Limits) -> np.ndarray:
    """On which mornings both counts are at their limits, or at the share of the baseline.

    Args:
        counts: Of the mornings [1e9/L], (day, 2, ...).
        baseline: Before treatment [1e9/L], (2, ...).
        limits: Limits.
    """
    anc, plt, share = limits.numbers
    with np.errstate(invalid="ignore"):
        lowest = np.minimum(
            np.reshape([anc, plt], (2, *(1,) * (baseline.ndim - 1))), share * baseline
        )
        return (counts >= lowest).all(1)


def _blasts(blasts: ArrayLike | None, below: float) -> np.ndarray:
    if blasts is None:
        remedy = "give the share of marrow blasts, or a rule with blasts_below=None"
        raise InputError("dlt_by_counts, blasts", "found none, but the rule asks for them", remedy)
    return np.asarray(blasts, float) < below


def _checked(counts: ArrayLike, rule: DltRule) -> np.ndarray:
    """Neutrophils and platelets within the window, as they came in."""
    array = np.asarray(counts)
    place = "dlt_by_counts, counts"
    if array.ndim < 2 or array.shape[1] < 2:
        raise InputError(place, f"found shape {array.shape}", "give (day, lineage, ...)")
    if len(array) < rule.window_d:
        found = f"found {len(array)} mornings, the rule reads {rule.window_d}"
        raise InputError(place, found, "simulate longer, or give a rule with a shorter window")
    seen = array[: rule.window_d, :2]
    highest = _HIGHEST.reshape(2, *(1,) * (seen.ndim - 2))
    if not ((seen >= 0) & (seen <= highest)).all():
        remedy = "give finite counts from 0 in 1e9/L, not cells per uL"
        raise InputError(place, "found a count that cannot be", remedy)
    return seen
