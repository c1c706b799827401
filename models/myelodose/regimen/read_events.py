"""Dose records in the convention of NM-TRAN, read back as doses."""

import math
from collections.abc import Mapping

import pandas as pd

from myelodose.errors import InputError
from myelodose.regimen.cycle import Dose
from myelodose.regimen.doses import Doses, doses_from
from myelodose.regimen.events import COMPARTMENTS, checked_compartments

REQUIRED = ("ID", "TIME", "AMT", "CMT", "EVID")
OPTIONAL = ("RATE", "ADDL", "II", "SS")
SECONDS_PER_HOUR = 3600


def doses_from_events(
    table: pd.DataFrame,
    *,
    patient: int | None = None,
    compartments: Mapping[str, int] = COMPARTMENTS,
    pad_to: int | None = None,
) -> Doses:
    """The doses of one patient in an event table.

    Records with EVID 1 are doses; those with EVID 0 are observations and are passed over. ADDL
    and II are expanded. A full stop or an empty cell counts as 0, as in NM-TRAN, except in ID,
    TIME, CMT and EVID. The length of an infusion is AMT / RATE; where that is a whole number of
    seconds to the last bits, the whole number is taken, so that it comes back exactly.

    Args:
        table: Event table with the columns ID, TIME [h], AMT [mg], CMT and EVID, and as wanted
            RATE [mg/h], ADDL and II [h]. Others are not read.
        patient: ID of the patient; may be left out if there is only one.
        compartments: Number of the compartment of each drug.
        pad_to: Length of the arrays; the number of doses if None.

    Raises:
        InputError: Naming row and column, the first row below the header being row 1.

    Example:
        >>> from myelodose.regimen import lenalidomide, to_events
        >>> doses_from_events(to_events(lenalidomide(20, days=range(6, 9)))).time_d.tolist()
        [5.0, 6.0, 7.0]
    """
    checked_compartments(compartments, "doses_from_events")
    _check_columns(table)
    drugs = {number: drug for drug, number in compartments.items()}
    # Positions, not names: the row is what a person counts.
    records = [_Record(row, cells) for row, cells in enumerate(table.to_dict("records"), start=1)]
    who = _patient([record.number("ID") for record in records], patient)
    doses = [
        dose for record in records if record.number("ID") == who for dose in record.doses(drugs)
    ]
    return doses_from(doses, drugs=tuple(compartments), pad_to=pad_to)


class _Record:
    """One row of an event table that knows where it stands."""

    def __init__(self, row: int, cells: Mapping) -> None:
        self.row, self.cells = row, cells

    def error(self, column: str, remedy: str) -> InputError:
        """An error at one cell, for the caller to raise."""
        place = f"event table, row {self.row}, column '{column}'"
        return InputError(place, f"found {self.cells[column]!r}", f"give {remedy}")

    def number(self, column: str) -> float:
        """The cell as a finite number; 0 where it may be left empty."""
        cell = self.cells.get(column, 0)
        empty = cell is None or cell is pd.NA or cell in (".", "") or cell != cell
        if empty and column in ("AMT", *OPTIONAL):
            return 0.0
        try:
            value = math.nan if empty else float(cell)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise self.error(column, "a finite number")
        return value

    def doses(self, drugs: Mapping[int, str]) -> list[Dose]:
        """The doses of this record: none for an observation, several with ADDL."""
        amount, event = self.number("AMT"), self.number("EVID")
        if event == 0 and amount == 0:
            return []
        self._check(amount, event)
        compartment = self.number("CMT")
        if compartment not in drugs:
            raise self.error("CMT", f"one of {', '.join(map(str, sorted(drugs)))}")
        more, interval = self._additional()
        dose = Dose(self.number("TIME"), amount, self._duration_h(amount), drugs[int(compartment)])
        return [dose._replace(time_h=dose.time_h + number * interval) for number in range(more + 1)]

    def _check(self, amount: float, event: float) -> None:
        if event != 1:
            raise self.error("EVID", "1 for a dose, or 0 and AMT 0 for an observation")
        if amount <= 0:
            raise self.error("AMT", "an amount above 0 mg for a dose")
        if self.number("TIME") < 0:
            raise self.error("TIME", "hours from the start of day 1, 0 or more")
        if self.number("SS") != 0:
            raise self.error("SS", "0: write the doses that lead to the steady state")
        if "MDV" in self.cells and self.number("MDV") != 1:
            raise self.error("MDV", "1 for a dose")

    def _additional(self) -> tuple[int, float]:
        """Number of further doses, and the interval between them [h]."""
        more, interval = self.number("ADDL"), self.number("II")
        if more < 0 or more != int(more):
            raise self.error("ADDL", "a whole number of further doses, 0 or more")
        if more and interval <= 0:
            if "II" not in self.cells:
                raise self.error("ADDL", "0, or add a column 'II' with the interval in hours")
            raise self.error("II", "the interval of the further doses, above 0 h")
        return int(more), interval

    def _duration_h(self, amount: float) -> float:
        rate = self.number("RATE")
        if rate < 0:
            raise self.error("RATE", "0 for a bolus, or the rate of an infusion in mg/h")
        return _whole_seconds(amount / rate) if rate else 0.0


def _whole_seconds(hours: float) -> float:
    """Hours as a whole number of seconds where that differs in the last bits only."""
    near = round(hours * SECONDS_PER_HOUR) / SECONDS_PER_HOUR
    return near if abs(near - hours) <= 4 * math.ulp(hours) else hours


def _check_columns(table: pd.DataFrame) -> None:
    """Refuse a table without the columns that a dose needs, or without rows."""
    names = list(map(str, table.columns))
    for name in REQUIRED:
        if name not in names:
            similar = [other for other in names if other.strip().upper() == name]
            remedy = f"rename '{similar[0]}'" if similar else f"add a column '{name}'"
            found = f"found no column '{name}' among {', '.join(names)}"
            raise InputError("event table", found, remedy)
        if names.count(name) > 1:
            raise InputError("event table", f"column '{name}' stands there twice", "keep one")
    if table.empty:
        raise InputError("event table", "found no row", "give at least one record")


def _patient(found: list[float], wanted: int | None) -> float:
    """The patient asked for, or the only one there is."""
    there = sorted(set(found))
    if wanted is None and len(there) == 1:
        return there[0]
    if wanted is None or wanted not in there:
        known = ", ".join(f"{number:g}" for number in there[:8])
        asked = f"{len(there)} patients" if wanted is None else f"patient {wanted!r}"
        raise InputError("doses_from_events, patient", f"found {asked}", f"give one of {known}")
    return wanted
