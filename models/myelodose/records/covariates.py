"""The covariates of an event table: numbers or categories, one for each record."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from myelodose.records.sheet import Sheet, to_numbers


def read_covariates(
    sheet: Sheet, names: Sequence[str], patient: np.ndarray, *, carry: str, fill: bool
) -> dict[str, np.ndarray]:
    """Every covariate as numbers, or as text where it names categories [record].

    A column is one of numbers if at least half of its cells are: the others are then faults.

    Args:
        sheet: The table; takes the faults.
        names: Columns of the covariates.
        patient: Whose record it is [record].
        carry: "backward" or "forward"; where gaps are filled from first.
        fill: Fill gaps within a patient.
    """
    return {name: _one(sheet, name, patient, carry=carry, fill=fill) for name in names}


def _one(sheet: Sheet, name: str, patient: np.ndarray, *, carry: str, fill: bool) -> np.ndarray:
    text = sheet.source.columns[name]
    if fill:
        text = _filled(text, patient, carry)
    values, bad = to_numbers(text)
    empty = text == ""
    _check_missing(sheet, name, patient, empty)
    if bad.sum() > (~empty).sum() / 2:
        return text
    for i in np.flatnonzero(bad):
        remedy = "give a number with a decimal point"
        sheet.report.add("not a number", sheet.source.rows[i], name, text[i], remedy)
    return values


def _filled(text: np.ndarray, patient: np.ndarray, carry: str) -> np.ndarray:
    """Gaps filled from the next record of the patient, then from the last; or the other way."""
    groups = pd.Series(text).mask(text == "").groupby(patient)
    later, earlier = groups.bfill(), groups.ffill()
    one, other = (later, earlier) if carry == "backward" else (earlier, later)
    return one.fillna(other).fillna("").to_numpy(dtype=object)


def _check_missing(sheet: Sheet, name: str, patient: np.ndarray, empty: np.ndarray) -> None:
    """One fault a patient, at the first row without a value."""
    for who in dict.fromkeys(patient[empty]):
        mine = patient == who
        first = np.flatnonzero(mine & empty)[0]
        some = not empty[mine].all()
        remedy = "give it in every row" + (", or fill=True" if some else " of the patient")
        remedy += ", or leave the covariate out with covariates=[...]"
        note = f"nothing in {(mine & empty).sum()} of {mine.sum()} rows of patient {who}"
        sheet.report.add("covariate missing", sheet.source.rows[first], name, note, remedy)
