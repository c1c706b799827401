"""Write records as an event table that reads back as the same records."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.errors import InputError

_COLUMNS = {
    "ID": "patient",
    "TIME": "time_h",
    "EVID": "evid",
    "AMT": "amount",
    "CMT": "compartment",
    "RATE": "rate",
    "ADDL": "additional",
    "II": "interval_h",
    "SS": "steady_state",
    "DV": "value",
    "DVID": "observed",
    "CENS": "censored",
    "LLOQ": "limit",
    "OCC": "occasion",
}

_KEPT = ("name", "carry", "units", "allowed")


def to_table(records: xr.Dataset) -> pd.DataFrame:
    """Records as a table with the columns of NM-TRAN, CENS, LLOQ and the covariates.

    Args:
        records: From `read_records`.

    Returns:
        One row a record; times in hours, missing where there is nothing; LIMIT and TRIALS if the
        records say something of them. `attrs` holds what they say of themselves.

    Example:
        >>> from myelodose.records import read_records
        >>> table = pd.DataFrame({"ID": 1, "TIME": [0, 2], "AMT": [20, 0], "DV": [".", 0.4]})
        >>> to_table(read_records(table))[["ID", "TIME", "EVID", "MDV"]].values.tolist()
        [['1', 0.0, 1, 1], ['1', 2.0, 0, 0]]
    """
    columns = {name: records[own].values for name, own in _COLUMNS.items()}
    columns["MDV"] = np.isnan(records.value.values).astype(int)
    if "clock_h" in records:
        columns["TIME"] = records.clock_h.values
    ends = [records[name].values for name in ("lower", "upper") if name in records]
    if ends:
        columns["LIMIT"] = np.where(np.isfinite(ends[0]), ends[0], ends[-1])
    if "trials" in records:
        columns["TRIALS"] = records.trials.values
    columns |= {name: records[name].values for name in json.loads(records.attrs["covariates"])}
    table = pd.DataFrame(columns).replace({"": None})
    table.attrs = {key: records.attrs[key] for key in _KEPT}
    return table


def write_records(records: xr.Dataset, path: Path | str, *, overwrite: bool = False) -> Path:
    """Write records as CSV, Parquet or NetCDF, by the ending of the name.

    The numbers come back as they are, from any of them. Parquet and NetCDF also keep the name, the
    units, `carry` and what was allowed; with CSV those are arguments of `read_records` again.

    Args:
        records: From `read_records`.
        path: Ending in .csv, .parquet or .nc. The file appears whole or not at all.
        overwrite: Replace a file that is there.

    Returns:
        The path.

    Raises:
        InputError: If the ending is another, or the file is there already.
    """
    path = Path(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        found = f"found the ending '{path.suffix}'"
        raise InputError(f"write_records, {path.name}", found, "end in .csv, .parquet or .nc")
    if path.exists() and not overwrite:
        raise InputError(str(path), "the file is there already", "give overwrite=True")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        part = Path(folder) / path.name
        write(records, part)
        part.replace(path)
    return path


def _csv(records: xr.Dataset, path: Path) -> None:
    to_table(records).to_csv(path, index=False, na_rep=".")


def _parquet(records: xr.Dataset, path: Path) -> None:
    to_table(records).to_parquet(path, index=False)


def _netcdf(records: xr.Dataset, path: Path) -> None:
    records.to_netcdf(path, engine="h5netcdf")


_WRITERS = {".csv": _csv, ".parquet": _parquet, ".nc": _netcdf}
