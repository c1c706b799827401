"""From event records to the steps of a simulation, while everything is still concrete.

A record becomes up to three kinds of step: what it clears and presets, the doses with their ends,
and the record itself, where the state is read. How many there are depends on the table alone, so
doses may lag, and infusions may last, by amounts that are being estimated: such steps are sorted
by their time later (`myelodose.pk.simulate`).

Time is in hours.
"""

from typing import NamedTuple

import numpy as np

from myelodose.errors import InputError
from myelodose.pk.events import RESET, RESET_AND_DOSE, Events

CLEAR, START, END, TAIL, TAIL_END, RECORD = range(6)
"""Kinds of step; a tail is an infusion of the steady state that began before the record."""

_SNAP = 1e-9


class Plan(NamedTuple):
    """Steps in the order that counts at equal times, then the records they belong to.

    `time`, `record`, `kind` and `back` have shape [step]; `back` counts how many intervals before
    its record a tail began. The others have shape [record]; `place` is the compartment from 0.
    """

    time: np.ndarray
    record: np.ndarray
    kind: np.ndarray
    back: np.ndarray
    amount: np.ndarray
    rate: np.ndarray
    duration: np.ndarray
    interval: np.ndarray
    place: np.ndarray
    cancels: np.ndarray


class Steady(NamedTuple):
    """A steady state to be computed: its record, its compartment, and the kind of dose."""

    record: int
    into: str
    kind: str


def plan_steps(
    events: Events, names: tuple[str, ...], *, lagged: bool, most_bioavailable: float
) -> tuple[Plan, tuple[Steady, ...]]:
    """The steps of a simulation.

    Args:
        events: The records.
        names: Compartments of the model that can be dosed or observed.
        lagged: Whether doses may lag.
        most_bioavailable: The largest bioavailability; it bounds the length of infusions whose
            rate is given.

    Returns:
        The plan, and the steady states it needs.

    Raises:
        InputError: If a dose goes into a compartment that the model does not have.
    """
    _check_compartments(events, names)
    steps = [
        step
        for i in range(events.count)
        for step in _of_record(events, i, lagged=lagged, most=most_bioavailable)
    ]
    time, record, kind, back = (np.array(column) for column in zip(*steps, strict=True))
    plan = Plan(
        time=_snapped(time, events.time_h),
        record=record,
        kind=kind,
        back=back,
        amount=events.amount_mg,
        rate=events.rate_mg_per_h,
        duration=events.duration_h,
        interval=events.interval_h,
        place=events.compartment - 1,
        cancels=np.isin(events.evid, (RESET, RESET_AND_DOSE)) | (events.steady_state == 1),
    )
    steady = tuple(
        Steady(int(i), names[events.compartment[i] - 1], _dose_kind(events, int(i)))
        for i in np.flatnonzero(events.steady_state)
    )
    return plan, steady


def _check_compartments(events: Events, names: tuple[str, ...]) -> None:
    bad = events.compartment > len(names)
    if bad.any():
        row = int(np.argmax(bad))
        place = f"Events, row {row + 1}, compartment"
        listed = ", ".join(f"{i + 1} {name}" for i, name in enumerate(names))
        raise InputError(place, f"found {events.compartment[row]}", f"give one of {listed}")


def _dose_kind(events: Events, i: int) -> str:
    if events.constant[i]:
        return "constant"
    return "infusion" if events.rate_mg_per_h[i] or events.duration_h[i] else "bolus"


def _of_record(events: Events, i: int, *, lagged: bool, most: float) -> list[tuple]:
    """Steps (time, record, kind, back) of one record, in the order that counts at equal times."""
    time, every = float(events.time_h[i]), float(events.interval_h[i])
    kind = _dose_kind(events, i)
    steady = bool(events.steady_state[i])
    steps = []
    if steady or events.evid[i] in (RESET, RESET_AND_DOSE):
        steps.append((time, i, CLEAR, 0))
    if steady and kind == "infusion":
        for back in range(1, _tails(events, i, most) + lagged + 1):
            steps += [(time, i, TAIL, back), (time, i, TAIL_END, back)]
    if events.doses[i] and kind != "constant":
        for n in range(events.additional[i] + 1):
            at = time + n * every
            steps.append((at, i, START, 0))
            if kind == "infusion":
                steps.append((at, i, END, 0))
    return [*steps, (time, i, RECORD, 0)]


def _tails(events: Events, i: int, most: float) -> int:
    """How many earlier infusions of a steady state can still run at its record."""
    duration = events.duration_h[i]
    if events.rate_mg_per_h[i]:
        duration = most * events.amount_mg[i] / events.rate_mg_per_h[i]
    return int(np.floor(duration / events.interval_h[i] + _SNAP))


def _snapped(time: np.ndarray, records: np.ndarray) -> np.ndarray:
    """Times moved to that of a record within rounding: 3 * 0.1 h is the record at 0.3 h."""
    after = np.minimum(np.searchsorted(records, time), len(records) - 1)
    for nearest in (np.maximum(after - 1, 0), after):
        close = np.abs(records[nearest] - time) <= _SNAP * np.maximum(1.0, time)
        time = np.where(close, records[nearest], time)
    return time
