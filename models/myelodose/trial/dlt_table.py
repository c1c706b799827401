"""Dose-limiting toxicities by dose: a user's own table, read and validated."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.tables import Cell, Table, missing_column, read_table

_KEPT = ("name", "denominators", "file")


def dlt_table(
    dose: Sequence[float] | np.ndarray,
    n: Sequence[int] | np.ndarray,
    dlt: Sequence[int] | np.ndarray,
) -> xr.Dataset:
    """DLT counts as a labelled table.

    Args:
        dose: Dose levels, each once, shape (dose,) [mg].
        n: Patients evaluable for DLT, shape (dose,); 0 for a level that was not tried yet.
        dlt: Patients with a DLT, shape (dose,).

    Returns:
        `n(dose)` and `dlt(dose)`, doses ascending.

    Raises:
        InputError: If lengths differ, a dose is repeated or not positive, or dlt exceeds n.

    Example:
        >>> dlt_table([10, 20], [3, 6], [0, 1]).dlt.values
        array([0, 1])
    """
    return _from_columns({"dose": dose, "n": n, "dlt": dlt}, "dlt_table")


def checked_counts(data: xr.Dataset, place: str) -> xr.Dataset:
    """The DLT table in a dataset, validated: `n(dose)`, `dlt(dose)` and nothing else.

    Args:
        data: Holds `n` and `dlt` over `dose`, whatever else it holds.
        place: Who asks, for the error.

    Raises:
        InputError: If one of them is missing or impossible.
    """
    for name in ("dose", "n", "dlt"):
        if name not in data.variables or data[name].dims != ("dose",):
            raise InputError(
                place,
                f"found no '{name}' over the dimension 'dose'",
                "give counts from read_dlt_table, dlt_table or dlt_counts",
            )
    counts = _from_columns({name: data[name].values for name in ("dose", "n", "dlt")}, place)
    counts.attrs = {key: data.attrs[key] for key in _KEPT if key in data.attrs}
    counts.dose.attrs |= data.dose.attrs
    return counts


def dose_places(counts: xr.Dataset, place: str) -> list[str]:
    """Where each dose stands: file, row and column if it was read from a file, else `place`."""
    if "file" not in counts.attrs:
        return [place] * counts.sizes["dose"]
    return [
        f"{counts.attrs['file']}, row {row}, column 'dose'" for row in counts.dose.attrs["rows"]
    ]


def _from_columns(columns: dict, place: str) -> xr.Dataset:
    dose, n, dlt = columns.values()
    if not 0 < len(dose) == len(n) == len(dlt):
        raise InputError(
            place,
            f"found {len(dose)} doses, {len(n)} n and {len(dlt)} dlt",
            "give one of each for every dose level, at least one",
        )
    rows = tuple(
        {name: Cell(place, i + 1, name, f"{values[i]:.12g}") for name, values in columns.items()}
        for i in range(len(dose))
    )
    return _from_cohorts(Table(place, tuple(columns), rows))


def read_dlt_table(path: Path | str) -> xr.Dataset:
    """Read a DLT table from CSV.

    Two forms are read. One row per cohort has the columns `dose,n,dlt` and each dose once; a
    level that was not tried yet has n = 0. One row per patient has no column `n`: `dose,dlt`
    with dlt 0 or 1, and `patient` if wanted. Other columns are left alone. Doses are in mg.

    Args:
        path: The CSV file.

    Returns:
        `n(dose)` and `dlt(dose)`, doses ascending.

    Raises:
        InputError: Naming file, row, column and value, if anything is wrong.
    """
    table = read_table(path, required=["dose", "dlt"])
    counts = _from_cohorts(table) if "n" in table.columns else _from_patients(table)
    # A later error about a dose, such as one outside the range of a prior, can name its row.
    first_row = {row["dose"].number(): row["dose"].row for row in reversed(table.rows)}
    counts.dose.attrs["rows"] = [first_row[dose] for dose in counts.dose.values]
    return counts.assign_attrs(name=Path(path).stem, file=table.file)


def _from_cohorts(table: Table) -> xr.Dataset:
    dose = table.column("dose", _positive_dose)
    for i, value in enumerate(dose):
        if value in dose[:i]:
            first = table.rows[dose.index(value)]["dose"].row
            raise table.rows[i]["dose"].error(
                f"the dose stands in row {first} already: add the two rows up, "
                "or leave out the column n and give one row per patient"
            )
    n = table.column("n", Cell.whole_number)
    dlt = [_at_most(row["dlt"], of) for row, of in zip(table.rows, n, strict=True)]
    order = np.argsort(dose)
    return _dataset(np.asarray(dose)[order], np.asarray(n)[order], np.asarray(dlt)[order])


def _from_patients(table: Table) -> xr.Dataset:
    dose = table.column("dose", _positive_dose)
    for row in table.rows:
        if row["dlt"].whole_number() > 1:
            raise row["dlt"].error(
                "without a column n each row is one patient: give 0 or 1, or add a column n"
            ) from missing_column(table.file, table.columns, "n")
    if "patient" in table.columns:
        _check_patients(table.column("patient", lambda cell: cell))
    levels, level = np.unique(dose, return_inverse=True)
    dlt = np.asarray(table.column("dlt", Cell.whole_number))
    return _dataset(
        levels,
        np.bincount(level, minlength=len(levels)),
        np.bincount(level, weights=dlt, minlength=len(levels)).astype(int),
    )


def _check_patients(cells: list[Cell]) -> None:
    count = Counter(cell.text for cell in cells)
    for cell in cells:
        if cell.text == "":
            raise cell.error("name each patient, or leave the column out", "found nothing")
        if count[cell.text] > 1:
            raise cell.error(f"this patient has {count[cell.text]} rows: give one row each")


def _positive_dose(cell: Cell) -> float:
    value = cell.number()
    if value <= 0:
        raise cell.error("give a dose above 0 mg")
    return value


def _at_most(cell: Cell, n: int) -> int:
    value = cell.whole_number()
    if value > n:
        raise cell.error(
            f"give a whole number from 0 to {n}", f"found {value} DLTs in {n} patients"
        )
    return value


def _dataset(dose: np.ndarray, n: np.ndarray, dlt: np.ndarray) -> xr.Dataset:
    return xr.Dataset(
        {
            "n": ("dose", n, {"long_name": "patients evaluable for DLT", "units": "patients"}),
            "dlt": ("dose", dlt, {"long_name": "patients with a DLT", "units": "patients"}),
        },
        coords={"dose": ("dose", dose.astype(float), {"long_name": "dose", "units": "mg"})},
    )
