"""Events by cycle, read off the daily log."""

from typing import NamedTuple

import numpy as np

from myelodose.marrow.protocol.rules import Rules
from myelodose.marrow.protocol.status import Status


class CycleTable(NamedTuple):
    """By cycle and patient, (cycle, patient); cycles that did not begin have no start.

    `start_d` and `delay_d` [d] are NaN there, `holds` and `reductions` 0. A reduction for a late
    start belongs to the cycle that was late.
    """

    start_d: np.ndarray
    delay_d: np.ndarray
    holds: np.ndarray
    reductions: np.ndarray


def cycle_table(status: Status, rules: Rules) -> CycleTable:
    """Starts, delays, holds and reductions of every cycle.

    Args:
        status: The daily log, (day, patient) each.
        rules: The protocol.
    """
    number = np.asarray(status.cycle)
    cycles = 1 + np.arange(number.max())
    begun = number.max(0) >= cycles[:, None]
    first = (number < cycles[:, None, None]).sum(1)
    start = np.where(begun, first, np.nan)
    new_hold = _rises(np.asarray(status.held))
    reduced = np.diff(np.asarray(status.reductions), axis=0, prepend=0)

    def by_cycle(events: np.ndarray) -> np.ndarray:
        return np.stack([(events * (number == cycle)).sum(0) for cycle in cycles])

    return CycleTable(start, _delays(start, status, rules), by_cycle(new_hold), by_cycle(reduced))


def _rises(held: np.ndarray) -> np.ndarray:
    before = np.concatenate([np.zeros_like(held[:1]), held[:-1]])
    return held & ~before


def _delays(start: np.ndarray, status: Status, rules: Rules) -> np.ndarray:
    """Days from the planned to the actual start; the first cycle is never late."""
    days = len(status.cycle)
    opened = np.clip(np.nan_to_num(start), 0, days - 1).astype(int)
    phase = np.take_along_axis(np.asarray(status.maintenance).astype(int), opened, 0)
    planned = start[:-1] + np.asarray(rules.length_d)[phase[:-1]]
    return np.concatenate([0 * start[:1], start[1:] - planned])
