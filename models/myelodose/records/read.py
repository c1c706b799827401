"""Read an event table: whole, labelled and checked, or with one report of all that is wrong."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.errors import InputError
from myelodose.records.columns import further_columns, match_columns
from myelodose.records.covariates import read_covariates
from myelodose.records.doses import TIME_UNITS, read_doses
from myelodose.records.faults import Report
from myelodose.records.mixed_units import check_units
from myelodose.records.order import check_order, elapsed_h, read_patients
from myelodose.records.sheet import Sheet
from myelodose.records.source import Source, read_source
from myelodose.records.values import read_values

VARIABLES = {
    "patient": "label of the patient",
    "time_h": "time",
    "evid": "0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose",
    "amount": "amount of a dose",
    "compartment": "compartment, counted from 1",
    "rate": "rate of an infusion; -1 modelled rate, -2 modelled duration",
    "additional": "number of further doses",
    "interval_h": "time between further doses, or between those of the steady state",
    "steady_state": "0 no, 1 replaces what is there, 2 is added to it",
    "value": "what was observed, or the limit that censors it; NaN where nothing was",
    "observed": "what the value is of; empty where nothing was observed",
    "censored": "0 no, 1 below the limit, -1 above it",
    "limit": "limit of quantification; NaN where none is known",
    "occasion": "number of the occasion",
}
"""Variables of a record beside the covariates, and what they are."""

OPTIONAL = {
    "clock_h": "time in the table, where that begins anew with a reset",
    "lower": "lower end of the interval in which a value below the limit lies; NaN elsewhere",
    "upper": "upper end of the interval in which a value above the limit lies; NaN elsewhere",
    "trials": "of how many, for what is counted; 0 elsewhere",
}
"""Variables that are there only if the table says something of them."""

CARRIES = ("backward", "forward")


def read_records(
    source: Path | str | pd.DataFrame,
    *,
    name: str | None = None,
    columns: Mapping[str, str] | None = None,
    covariates: Iterable[str] | None = None,
    observed: Mapping[str, str] | str | None = None,
    carry: Literal["backward", "forward"] | None = None,
    fill: bool = False,
    time_unit: Literal["h", "d"] = "h",
    units: Mapping[str, str] | None = None,
    allow: Iterable[str] | None = None,
) -> xr.Dataset:
    """Read an event table with the columns of NM-TRAN or of Monolix.

    Args:
        source: A CSV, Parquet or NetCDF file, or a DataFrame. "." and empty cells are missing.
        name: What the data are called; the name of the file if None.
        columns: Your names by standard name, `{"DV": "conc"}`, where they differ.
        covariates: Columns that are covariates; every further column if None, `()` for none.
        observed: Names for the values of DVID, `{"1": "concentration"}`; one name for all if the
            table has no DVID.
        carry: How a covariate holds between two records: "backward" from the later one, as in
            NONMEM and by default; "forward" from the earlier one.
        fill: Fill gaps in a covariate within a patient, in the direction of `carry` first.
        time_unit: Unit of TIME, II and TINF, and of the time in RATE.
        units: Units to note, such as `{"concentration": "mg/L"}`; amounts are taken to be in mg.
        allow: Faults that are meant so, see `ALLOWED`.

    Returns:
        One dimension `record` in the order of the rows, the variables of `VARIABLES`, as needed of
        `OPTIONAL`, and the covariates; `row` is the row a person counts. `time_h` never falls
        within a patient. `attrs`: `name`, `file`, `carry`, and as JSON `covariates`, `units` and
        `allowed`.

    Raises:
        RecordsError: With every fault: row, column, value and remedy.
        InputError: If the file cannot be read, or an argument cannot be.

    Example:
        >>> table = pd.DataFrame({"ID": 1, "TIME": [0, 2], "AMT": [20, 0], "DV": [".", 0.4]})
        >>> records = read_records(table, observed="concentration")
        >>> records.evid.values.tolist(), records.observed.values.tolist()
        ([1, 0], ['', 'concentration'])
    """
    options = {
        "name": name,
        "columns": columns,
        "covariates": covariates,
        "observed": observed,
        "carry": carry,
        "fill": fill,
        "units": units,
        "allow": allow,
    }
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".nc":
        return _load(Path(source), options)
    text = read_source(source)
    said = text.attrs
    carry = carry or said.get("carry", "backward")
    _check_choice("carry", carry, CARRIES)
    _check_choice("time_unit", time_unit, tuple(TIME_UNITS))
    report = Report(text.file, json.loads(said.get("allowed", "[]")) if allow is None else allow)
    sheet = Sheet(text, match_columns(text, columns, report), report)
    wanted = further_columns(text, sheet.names, covariates, report)
    data = _read_columns(sheet, time_unit, observed)
    further = read_covariates(sheet, wanted, data["patient"], carry=carry, fill=fill)
    check_order(sheet, data)
    check_units(sheet, data, further)
    report.close()
    data["clock_h"] = data["time_h"]
    data["time_h"] = elapsed_h(data["time_h"], data["evid"], data["patient"])
    known = {"time_h": "h"} | json.loads(said.get("units", '{"amount": "mg"}'))
    attrs = {
        "name": name or said.get("name", text.name),
        "carry": carry,
        "units": json.dumps(known | dict(units or {})),
        "allowed": json.dumps(list(report.allow)),
    }
    return _dataset(text, data, further, attrs)


def _read_columns(
    sheet: Sheet, time_unit: str, observed: Mapping[str, str] | str | None
) -> dict[str, np.ndarray]:
    """Every variable but the covariates."""
    data = {"patient": read_patients(sheet)} | read_doses(sheet, time_unit)
    data |= read_values(sheet, data, observed)
    data["occasion"] = sheet.whole("OCC", 1, least=0)
    empty = ~sheet.given("OCC") & sheet.has("OCC")
    sheet.fault("nothing there", empty, "OCC", "number the occasion in every row")
    return data


def _check_choice(argument: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        remedy = f"give {' or '.join(map(repr, choices))}"
        raise InputError(f"read_records, {argument}", f"found {value!r}", remedy)


def _dataset(
    source: Source, data: dict[str, np.ndarray], covariates: dict[str, np.ndarray], attrs: dict
) -> xr.Dataset:
    said = {
        "clock_h": (data["clock_h"] != data["time_h"]).any(),
        "lower": np.isfinite(data["lower"]).any(),
        "upper": np.isfinite(data["upper"]).any(),
        "trials": data["trials"].any(),
    }
    names = VARIABLES | {name: text for name, text in OPTIONAL.items() if said[name]}
    clash = [name for name in covariates if name in (*VARIABLES, *OPTIONAL, "row")]
    if clash:
        found = f"found a covariate '{clash[0]}', which means something else here"
        raise InputError(source.file, found, "rename the column")
    units = json.loads(attrs["units"])
    variables = {
        key: ("record", data[key], {"long_name": text} | _unit(key, units))
        for key, text in names.items()
    }
    variables |= {
        key: ("record", values, {"long_name": "covariate"} | _unit(key, units))
        for key, values in covariates.items()
    }
    attrs |= {"covariates": json.dumps(list(covariates)), "file": source.file}
    return xr.Dataset(variables, coords={"row": ("record", source.rows)}, attrs=attrs)


def _unit(name: str, units: Mapping[str, str]) -> dict[str, str]:
    return {"units": units[name]} if name in units else {}


def _load(path: Path, options: Mapping[str, object]) -> xr.Dataset:
    """A dataset that `write_records` stored, which needs no options."""
    for option, value in options.items():
        if value:
            remedy = "leave it out: a NetCDF file holds finished records"
            raise InputError(f"read_records, {option}", f"found {value!r}", remedy)
    if not path.is_file():
        raise InputError(str(path), "there is no such file", "check the path")
    records = xr.load_dataset(path, engine="h5netcdf")
    missing = [name for name in VARIABLES if name not in records]
    if missing:
        remedy = "give a file that write_records made"
        raise InputError(str(path), f"found no variable '{missing[0]}'", remedy)
    return records
