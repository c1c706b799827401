"""An event table on its way from text to numbers: columns by name, and where faults are noted."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from myelodose.records.faults import Report, rows_where
from myelodose.records.source import Source

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")


@dataclass(frozen=True)
class Sheet:
    """The table, what its columns mean, and the report."""

    source: Source
    names: Mapping[str, str]
    report: Report

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.source.rows)

    def has(self, name: str) -> bool:
        """Whether the table has a column of this meaning."""
        return name in self.names

    def text(self, name: str) -> np.ndarray:
        """A column as text, "" where there is nothing or no column."""
        if not self.has(name):
            return np.full(self.count, "", dtype=object)
        return self.source.columns[self.names[name]]

    def given(self, name: str) -> np.ndarray:
        """Where a column says something [record]."""
        return self.text(name) != ""

    def fault(self, kind: str, where: np.ndarray, name: str, remedy: str) -> None:
        """Note a fault at every record where the mask is true."""
        column, text = self.names.get(name, name), self.text(name)
        for i in rows_where(where):
            self.report.add(kind, self.source.rows[i], column, text[i], remedy)

    def numbers(self, name: str, default: float = math.nan) -> np.ndarray:
        """A column as numbers, `default` where there is nothing or no number."""
        values, bad = to_numbers(self.text(name), default)
        if name == "TIME":
            clock = np.array([bool(_CLOCK.fullmatch(text)) for text in self.text(name)]) & bad
            remedy = "give TIME in hours since the first record of the patient"
            self.fault("clock time", clock, name, remedy)
            bad &= ~clock
        remedy = "give a number with a decimal point"
        if name == "DV":
            remedy += "; below the limit of quantification give CENS 1 and the limit"
        self.fault("not a number", bad, name, remedy)
        return values

    def choices(self, name: str, choices: Sequence[int], default: int) -> np.ndarray:
        """A column of codes, `default` where there is nothing or none of them."""
        values = self.numbers(name)
        known = np.isin(values, choices)
        listed = ", ".join(str(choice) for choice in choices)
        bad = ~known & ~np.isnan(values)
        self.fault(f"unknown {name}", bad, name, f"give one of {listed}")
        return np.where(known, values, default).astype(int)

    def whole(self, name: str, default: int, *, least: int) -> np.ndarray:
        """A column of whole numbers, `default` where there is nothing or no such number."""
        values = self.numbers(name, default)
        bad = (values != np.floor(values)) | (values < least)
        self.fault("not a whole number", bad, name, f"give a whole number of at least {least}")
        return np.where(bad, default, values).astype(int)


def to_numbers(texts: np.ndarray, default: float = math.nan) -> tuple[np.ndarray, np.ndarray]:
    """Texts as numbers, and which of them are something else.

    Args:
        texts: What the cells say, "" for nothing.
        default: What nothing means.
    """
    values = np.full(len(texts), float(default))
    bad = np.zeros(len(texts), dtype=bool)
    for i, text in enumerate(texts):
        if text == "":
            continue
        value = float(text) if NUMBER.fullmatch(text) else math.nan
        bad[i] = not math.isfinite(value)
        values[i] = default if bad[i] else value
    return values, bad
