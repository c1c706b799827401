"""Tables of the published problems, as records.

The data lie in tests/reference/torsten and tests/reference/posteriordb with their notice.
"""

import csv
import json
from pathlib import Path

import numpy as np
import xarray as xr

REFERENCE = Path(__file__).parents[1] / "reference"


def read(name: str) -> dict:
    """A data set as arrays where it has lists."""
    raw = json.loads((REFERENCE / name).read_text())
    return {k: np.array(v) if isinstance(v, list) else v for k, v in raw.items()}


def table(raw: dict, *, repeat: tuple[tuple[str, str, str], ...], wt: np.ndarray | None = None):
    """Records of a Torsten data set; each of `repeat` is a label, its rows and its values.

    Where two kinds of measurement stand in one row, the row is given once for each.
    """
    number = np.zeros(len(raw["time"]), int)
    for i, (start, end) in enumerate(zip(raw["start"], raw["end"], strict=True)):
        number[start - 1 : end] = i + 1
    dose = np.flatnonzero(raw["evid"] == 1)
    rows = [dose]
    value, label = [np.full(len(dose), np.nan)], [np.full(len(dose), "", dtype="U16")]
    for name, at, column in repeat:
        rows.append(raw[at] - 1)
        value.append(raw[column])
        label.append(np.full(len(raw[at]), name, dtype="U16"))
    row = np.concatenate(rows)
    order = np.argsort(row, kind="stable")
    row = row[order]
    columns = {
        "patient": number[row],
        "time_h": raw["time"][row].astype(float),
        "evid": raw["evid"][row],
        "amount": raw["amt"][row].astype(float),
        "compartment": raw["cmt"][row],
        "rate": raw["rate"][row].astype(float),
        "additional": raw["addl"][row],
        "interval_h": raw["ii"][row].astype(float),
        "steady_state": raw["ss"][row],
        "value": np.concatenate(value)[order],
        "observed": np.concatenate(label)[order],
    }
    if wt is not None:
        columns["WT"] = wt[number[row] - 1]
    return xr.Dataset({name: ("record", column) for name, column in columns.items()})


def event_table(name: str) -> xr.Dataset:
    """Records of a NONMEM-style table of one kind of measurement and a weight."""
    with (REFERENCE / name).open() as file:
        rows = list(csv.DictReader(file))
    number = {
        key: np.array([float(row[key].replace("NA", "nan")) for row in rows]) for key in rows[0]
    }
    columns = {
        "patient": number["id"].astype(int),
        "time_h": number["time"],
        "evid": number["evid"].astype(int),
        "amount": number["amt"],
        "compartment": number["cmt"].astype(int),
        "rate": number["rate"],
        "additional": number["addl"].astype(int),
        "interval_h": number["ii"],
        "steady_state": number["ss"].astype(int),
        "value": number["cObs"],
        "WT": number["weight"],
    }
    return xr.Dataset({name: ("record", column) for name, column in columns.items()})
