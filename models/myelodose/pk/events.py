"""What happened to one patient, in the words of an event table in the NONMEM convention.

Time is in hours, amounts in mg.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from myelodose.errors import InputError

OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE = range(5)
"""EVID 0 to 4."""

_WHOLE = ("evid", "compartment", "additional", "steady_state")


@dataclass(frozen=True, init=False, eq=False)
class Events:
    """Event records of one patient in the order in which they count.

    Each field is a number for all records, or one for each. Records stand in the order of time;
    at one time their order decides: an observation above a dose is taken before it.

    Args:
        time_h: TIME [h], at least 0, never falling.
        evid: EVID: 0 observation, 1 dose, 2 other (a parameter changes, say), 3 reset, 4 reset
            and dose. A reset empties all compartments and cancels infusions and later doses.
        amount_mg: AMT [mg].
        compartment: CMT, counted from 1 in the order of the names of the model; with an oral model
            1 is the gut.
        rate_mg_per_h: RATE [mg/h] of an infusion, which then takes F AMT / RATE; 0 is a bolus or
            an oral dose.
        duration_h: Duration of an infusion [h] where that is given instead of a rate; its rate is
            F AMT / duration.
        additional: ADDL, the number of further doses, `interval_h` apart. A further dose at the
            time of another record comes before it.
        interval_h: II [h], with ADDL and SS.
        steady_state: SS: 1 replaces what is there by the steady state of this dose, and cancels
            as a reset does; 2 adds it to what is there. SS with AMT 0, II 0 and a RATE is the
            steady state of a constant infusion that ends at this record.

    Raises:
        InputError: Naming row, column, value and remedy. Rows count from 1.

    Source:
        NONMEM Users Guide VI (PREDPP), chapter V.

    Example:
        >>> Events(time_h=[0, 1, 2], evid=[1, 0, 0], amount_mg=[20, 0, 0]).evid.tolist()
        [1, 0, 0]
    """

    time_h: np.ndarray
    evid: np.ndarray
    amount_mg: np.ndarray
    compartment: np.ndarray
    rate_mg_per_h: np.ndarray
    duration_h: np.ndarray
    additional: np.ndarray
    interval_h: np.ndarray
    steady_state: np.ndarray

    def __init__(
        self,
        *,
        time_h: ArrayLike,
        evid: ArrayLike,
        amount_mg: ArrayLike = 0.0,
        compartment: ArrayLike = 1,
        rate_mg_per_h: ArrayLike = 0.0,
        duration_h: ArrayLike = 0.0,
        additional: ArrayLike = 0,
        interval_h: ArrayLike = 0.0,
        steady_state: ArrayLike = 0,
    ) -> None:
        """Spread the columns to one length and check them row by row."""
        given = {
            "time_h": time_h,
            "evid": evid,
            "amount_mg": amount_mg,
            "compartment": compartment,
            "rate_mg_per_h": rate_mg_per_h,
            "duration_h": duration_h,
            "additional": additional,
            "interval_h": interval_h,
            "steady_state": steady_state,
        }
        count = max(np.size(column) for column in given.values())
        for name, column in given.items():
            object.__setattr__(self, name, _column(name, column, count))
        for column, bad, remedy in _checks(self):
            if bad.any():
                row = int(np.argmax(bad))
                place = f"Events, row {row + 1}, {column}"
                raise InputError(place, f"found {getattr(self, column)[row]}", remedy)

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.time_h)

    @property
    def doses(self) -> np.ndarray:
        """Which records are doses [record]."""
        return np.isin(self.evid, (DOSE, RESET_AND_DOSE))

    @property
    def constant(self) -> np.ndarray:
        """Which records are the steady state of a constant infusion [record]."""
        return (self.steady_state > 0) & (self.amount_mg == 0) & (self.rate_mg_per_h > 0)

    def observed_at(self, times_h: ArrayLike) -> tuple["Events", np.ndarray]:
        """These records with observations added, each after the records at its time.

        Args:
            times_h: Times [h] in any order.

        Returns:
            The records, and at which place each of the times stands.

        Raises:
            InputError: If a time cannot be.
        """
        times = _times(times_h)
        blank = {field.name: np.zeros(len(times)) for field in fields(self)}
        blank |= {"time_h": times, "compartment": np.ones(len(times))}
        columns = {n: np.concatenate([getattr(self, n), new]) for n, new in blank.items()}
        order = np.argsort(columns["time_h"], kind="stable")
        place = np.argsort(order, kind="stable")[self.count :]
        return Events(**{name: column[order] for name, column in columns.items()}), place


def doses(
    amount_mg: ArrayLike,
    times_h: ArrayLike = 0.0,
    *,
    duration_h: ArrayLike = 0.0,
    compartment: ArrayLike = 1,
    additional: ArrayLike = 0,
    interval_h: ArrayLike = 0.0,
) -> Events:
    """Events that are doses and nothing else.

    Args:
        amount_mg: Dose [mg].
        times_h: When [h], never falling.
        duration_h: Duration of infusion [h]; 0 is a bolus or an oral dose.
        compartment: Counted from 1 in the order of the names of the model.
        additional: Further doses of each.
        interval_h: Time between them [h].

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> doses(20, additional=13, interval_h=24).count
        1
    """
    return Events(
        time_h=times_h,
        evid=DOSE,
        amount_mg=amount_mg,
        compartment=compartment,
        duration_h=duration_h,
        additional=additional,
        interval_h=interval_h,
    )


def _times(times_h: ArrayLike) -> np.ndarray:
    times = np.atleast_1d(np.asarray(times_h, dtype=float))
    bad = ~(np.isfinite(times) & (times >= 0))
    if times.ndim != 1 or bad.any():
        found = times[bad].tolist() if times.ndim == 1 else f"shape {times.shape}"
        raise InputError("times_h", f"found {found}", "give a list of times of at least 0 h")
    return times


def _column(name: str, given: ArrayLike, count: int) -> np.ndarray:
    """A column as an array of one number for each record."""
    place = f"Events, {name}"
    try:
        column = np.atleast_1d(np.asarray(given, dtype=float))
    except (TypeError, ValueError):
        raise InputError(place, f"found {given!r}", "give numbers") from None
    if column.ndim != 1 or column.size not in (1, count) or count == 0:
        raise InputError(
            place, f"found shape {column.shape}", f"give one number, or one for each of {count}"
        )
    if name in _WHOLE:
        if not (np.isfinite(column) & (column == np.floor(column))).all():
            raise InputError(place, f"found {column.tolist()}", "give whole numbers")
        column = column.astype(int)
    return np.broadcast_to(column, count).copy()


def _checks(e: Events) -> list[tuple[str, np.ndarray, str]]:
    """Column, rows that cannot be, and what would do."""
    finite = [
        (name, ~(np.isfinite(getattr(e, name)) & (getattr(e, name) >= 0)), "give at least 0")
        for name in ("time_h", "amount_mg", "rate_mg_per_h", "duration_h", "interval_h")
    ]
    dose, ss, empty = e.doses, e.steady_state > 0, e.amount_mg == 0
    infusion = (e.rate_mg_per_h > 0) | (e.duration_h > 0)
    dosing = ("amount_mg", "rate_mg_per_h", "duration_h", "additional", "steady_state")
    return [
        *finite,
        ("time_h", np.diff(e.time_h, prepend=0) < 0, "sort the records by time"),
        ("evid", ~np.isin(e.evid, range(5)), "give 0, 1, 2, 3 or 4"),
        ("compartment", e.compartment < 1, "give a compartment, counted from 1"),
        ("additional", e.additional < 0, "give 0 or more"),
        ("steady_state", ~np.isin(e.steady_state, (0, 1, 2)), "give 0, 1 or 2"),
        *((name, ~dose & (getattr(e, name) != 0), "give 0, or EVID 1 or 4") for name in dosing),
        (
            "duration_h",
            (e.rate_mg_per_h > 0) & (e.duration_h > 0),
            "give a rate or a duration, not both",
        ),
        (
            "amount_mg",
            empty & infusion & ~e.constant,
            "give the dose; an infusion of nothing has no length",
        ),
        (
            "interval_h",
            ss & ~e.constant & (e.interval_h == 0),
            "give II, the time between the doses of the steady state",
        ),
        (
            "interval_h",
            (e.additional > 0) & (e.interval_h == 0),
            "give II, the time between the additional doses",
        ),
        (
            "interval_h",
            e.constant & (e.interval_h > 0),
            "give AMT, or II 0 for the steady state of a constant infusion",
        ),
        (
            "additional",
            e.constant & (e.additional > 0),
            "give 0: a constant infusion has no further doses",
        ),
    ]
