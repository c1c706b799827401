"""Records seen patient by patient, and what a person wants to know of them first."""

import json
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.errors import InputError
from myelodose.records.doses import is_dose


def patients(records: xr.Dataset) -> list[str]:
    """The labels of the patients, in the order of the table."""
    return list(dict.fromkeys(records.patient.values.tolist()))


def of_patient(records: xr.Dataset, patient: str) -> xr.Dataset:
    """The records of one patient.

    Raises:
        InputError: If there is no such patient.
    """
    mine = records.patient.values == str(patient)
    if not mine.any():
        there = ", ".join(patients(records)[:8])
        raise InputError("records, patient", f"found {patient!r}", f"give one of {there}")
    return records.isel(record=np.flatnonzero(mine))


def observations(records: xr.Dataset, observed: str | None = None) -> xr.Dataset:
    """The records that hold a value, of everything or of one kind.

    Raises:
        InputError: If nothing of this kind was observed.
    """
    kinds = records.observed.values
    if observed is None:
        return records.isel(record=np.flatnonzero(kinds != ""))
    if observed not in kinds or not observed:
        there = ", ".join(sorted(set(kinds.tolist()) - {""}))
        raise InputError("records, observed", f"found {observed!r}", f"give one of {there}")
    return records.isel(record=np.flatnonzero(kinds == observed))


def covariate_names(records: xr.Dataset) -> list[str]:
    """The names of the covariates."""
    return json.loads(records.attrs["covariates"])


def covariate_table(
    records: xr.Dataset, *, changing: Literal["refuse", "first"] = "refuse"
) -> pd.DataFrame:
    """One row a patient, one column a covariate.

    Args:
        records: From `read_records`.
        changing: What to do with a covariate that changes within a patient: refuse it, or take its
            first value.

    Raises:
        InputError: Naming patient, covariate, row and value where one changes.

    Example:
        >>> from myelodose.records import example_records
        >>> covariate_table(example_records("theophylline")).loc["1", "WT"].item()
        79.6
    """
    if changing not in ("refuse", "first"):
        remedy = "give 'refuse' or 'first'"
        raise InputError("covariate_table, changing", f"found {changing!r}", remedy)
    names = covariate_names(records)
    label = pd.Series(records.patient.values, name="patient")
    table = pd.DataFrame({name: records[name].values for name in names}, index=label)
    places = [i for i, again in enumerate(table.index.duplicated()) if not again]
    first = table.take(places)
    if changing == "refuse":
        for name in names:
            _check_constant(records, table[name], first[name], name)
    return first


def _check_constant(records: xr.Dataset, column: pd.Series, first: pd.Series, name: str) -> None:
    start = first.loc[column.index]
    other = (column.to_numpy() != start.to_numpy()) & ~(column.isna() & start.isna()).to_numpy()
    if other.any():
        i = int(np.argmax(other))
        place = f"{records.attrs['file']}, row {records.row.values[i]}, column '{name}'"
        found = f"found '{column.iloc[i]}' after '{start.iloc[i]}' in patient {column.index[i]}"
        remedy = "use it record by record, or covariate_table(records, changing='first')"
        raise InputError(place, found, remedy)


def describe(records: xr.Dataset) -> pd.DataFrame:
    """What was observed: one row for each kind of observation.

    Args:
        records: From `read_records`.

    Returns:
        Patients, doses (further ones counted), observations in all and in a patient on average,
        percent censored, first and last time [h], median, least and greatest value that is not
        censored.

    Example:
        >>> from myelodose.records import example_records
        >>> describe(example_records("theophylline")).loc["concentration", "observations"].item()
        132
    """
    kinds = sorted(set(records.observed.values.tolist()) - {""})
    rows = [_row(records, observations(records, kind)) for kind in kinds]
    return pd.DataFrame(rows, index=pd.Index(kinds, name="observed"))


def _row(records: xr.Dataset, seen: xr.Dataset) -> dict[str, float]:
    mine = np.isin(records.patient.values, seen.patient.values)
    doses = mine & is_dose(records.evid.values)
    value, censored = seen.value.values, seen.censored.values != 0
    known = value[~censored] if (~censored).any() else np.array([np.nan])
    count = len(patients(seen))
    return {
        "patients": count,
        "doses": int((1 + records.additional.values[doses]).sum()),
        "observations": len(value),
        "per patient": round(len(value) / count, 1),
        "censored %": round(100 * float(censored.mean()), 1),
        "first h": float(seen.time_h.min()),
        "last h": float(seen.time_h.max()),
        "median": float(np.median(known)),
        "least": float(known.min()),
        "greatest": float(known.max()),
    }
