"""Every fault of an event table in one report."""

import difflib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

import numpy as np
import pandas as pd

from myelodose.errors import InputError

ALLOWED = (
    "dose after the last observation",
    "patient without observations",
    "duplicated row",
    "below the limit without CENS",
    "mixed units",
    "counts per uL",
    "haemoglobin in g/L",
    "value missing",
    "value on a dose",
    "dose of nothing",
    "covariate missing",
)
"""Faults that can be meant so; `allow` of `read_records` lets them pass."""

SHOWN_OF_A_KIND = 20
"""Rows of one fault that the message spells out; the table of faults has all of them."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, what was found, and what would do.

    `row` counts lines of a file, the header being line 1; in a DataFrame or a Parquet file the
    first row is row 1. It is 0 where the header is meant.
    """

    kind: str
    file: str
    row: int
    column: str
    value: str
    remedy: str

    def __str__(self) -> str:
        """The fault as one line."""
        where = f"row {self.row}, column '{self.column}'" if self.row else f"'{self.column}'"
        found = f"found '{self.value}'" if self.value else "found nothing"
        return f"{where}: {self.kind}, {found}; {self.remedy}"


class RecordsError(InputError):
    """All faults of an event table.

    Attributes:
        faults: A table with one row a fault: kind, file, row, column, value, remedy.

    Example:
        >>> fault = Fault("negative time", "a.csv", 2, "TIME", "-1", "give hours from 0 on")
        >>> print(RecordsError([fault]))
        a.csv: 1 fault
          row 2, column 'TIME': negative time, found '-1'; give hours from 0 on
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = tuple(faults)
        first = self._faults[0]
        super().__init__(first.file, first.value, first.remedy)
        self.args = (_message(self._faults),)

    @property
    def faults(self) -> pd.DataFrame:
        """One row a fault."""
        names = [field.name for field in fields(Fault)]
        return pd.DataFrame([astuple(fault) for fault in self._faults], columns=names)

    def __reduce__(self) -> tuple:
        return type(self), (self._faults,)


class Report:
    """Collects faults, to raise them together."""

    def __init__(self, file: str, allow: Iterable[str] = ()) -> None:
        self.file = file
        self.allow = checked_allow(allow)
        self.faults: list[Fault] = []

    def add(self, kind: str, row: int, column: str, value: object, remedy: str) -> None:
        """Note one fault, unless its kind is allowed."""
        if kind not in self.allow:
            if kind in ALLOWED:
                remedy = f"{remedy}; or allow='{kind}'"
            text = "" if value is None else str(value)
            self.faults.append(Fault(kind, self.file, int(row), column, text, remedy))

    def close(self) -> None:
        """Raise what was noted, in the order of the rows.

        Raises:
            RecordsError: If anything was.
        """
        if self.faults:
            raise RecordsError(sorted(self.faults, key=lambda fault: fault.row))


def checked_allow(allow: Iterable[str]) -> tuple[str, ...]:
    """The kinds that may pass.

    Raises:
        InputError: If there is no such kind, or it cannot pass.
    """
    allow = (allow,) if isinstance(allow, str) else tuple(allow)
    for kind in allow:
        if kind not in ALLOWED:
            near = difflib.get_close_matches(str(kind), ALLOWED, 1, 0.4) or ALLOWED
            raise InputError(
                "read_records, allow", f"found {kind!r}", f"name one of {', '.join(near)}"
            )
    return allow


def _message(faults: tuple[Fault, ...]) -> str:
    plural = "fault" if len(faults) == 1 else "faults"
    lines = [f"{faults[0].file}: {len(faults)} {plural}"]
    seen: dict[str, int] = {}
    for fault in faults:
        seen[fault.kind] = seen.get(fault.kind, 0) + 1
        if seen[fault.kind] <= SHOWN_OF_A_KIND:
            lines.append(f"  {fault}")
    for kind, count in seen.items():
        if count > SHOWN_OF_A_KIND:
            lines.append(f"  {kind}: {count - SHOWN_OF_A_KIND} more rows, all in .faults")
    return "\n".join(lines)


def rows_where(mask: np.ndarray) -> list[int]:
    """The places at which a mask is true."""
    return np.flatnonzero(mask).tolist()
