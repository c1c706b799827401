"""Published trials as labelled data: patients, doses, DLTs, responses, facts."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.errors import InputError
from myelodose.literature import read_cited, read_provenance
from myelodose.paths import data_folder
from myelodose.tables import Cell, Table, read_table

HAEM_ORDER = ("PD", "SD", "PR", "CRi", "CR")
"""Best haematologic response from worst to best (IWG 2006 for MDS, IWG 2003 for AML)."""

CYTO_ORDER = ("PD", "SD", "PR", "CR")
"""Best cytogenetic response from worst to best (IWG 2006)."""

_TP53 = {"yes": "mutated", "no": "wild type", "": "not evaluable"}


def load_trial(name: str = "platzbecker2013") -> xr.Dataset:
    """A published trial, patient by patient and dose by dose.

    Args:
        name: Name of the trial's folder in `data/trials`.

    Returns:
        Variables over `patient` (dose, diagnosis, karyotype, TP53, cycles, best responses) and
        over `dose` (`n`, `dlt`, and `n_lowest`, the denominators of the sensitivity run).
        Attributes hold citation, DOI, regimen and the MTD that the trial reported. What is
        inferred and not printed says so in the attribute `status`.

    Raises:
        InputError: If there is no such trial.

    Example:
        >>> load_trial("platzbecker2013").dlt.values
        array([0, 0, 1, 3])
    """
    folder = _trial_folder(name)
    provenance = read_provenance(folder)
    patients = read_table(folder / "patients.csv")
    doses = read_table(folder / "dlt.csv")
    trial = xr.Dataset(
        _patient_variables(patients) | _dose_variables(doses),
        coords={
            "patient": ("patient", patients.column("patient", Cell.whole_number)),
            "dose": ("dose", doses.column("dose_mg", Cell.number), {"units": "mg/day"}),
        },
    )
    for column, says in _described(provenance):
        if column in trial:
            trial[column].attrs.setdefault("long_name", says["is"])
            trial[column].attrs.setdefault("units", says.get("unit", ""))
    keep = ("title", "citation", "doi", "registration", "regimen", "reported_mtd_mg")
    trial.attrs = {"name": name} | {key: provenance[key] for key in keep if key in provenance}
    return trial


def load_facts(name: str = "platzbecker2013") -> pd.DataFrame:
    """Every number that the paper prints, as text, one row per fact (F01 to F75).

    Raises:
        InputError: If there is no such trial.

    Example:
        >>> load_facts().set_index("fact_id").as_printed["F11"]
        '42 %'
    """
    return read_cited(_trial_folder(name), "facts.csv")


def load_discrepancies(name: str = "platzbecker2013") -> pd.DataFrame:
    """Every place where the paper contradicts itself, as text (D1 to D13).

    Raises:
        InputError: If there is no such trial.
    """
    return read_cited(_trial_folder(name), "discrepancies.csv")


def dlt_counts(trial: xr.Dataset, *, denominators: str = "n") -> xr.Dataset:
    """The DLT table of a trial: `n(dose)` and `dlt(dose)`.

    Args:
        trial: From `load_trial`.
        denominators: "n", or "n_lowest" for the smallest cohorts that a 3+3 design allows.
    """
    counts = (
        trial[[denominators, "dlt"]]
        .rename({denominators: "n"})
        .drop_vars("patient", errors="ignore")
    )
    counts.attrs = {"name": trial.attrs.get("name", ""), "denominators": denominators}
    return counts


def response_table(trial: xr.Dataset) -> xr.Dataset:
    """What the response model reads of a trial, per patient: dose, TP53 and best responses.

    Raises:
        InputError: If one of them is missing.
    """
    columns = ["len_dose_mg", "tp53", "best_haem_response", "best_cyto_response"]
    for name in columns:
        if name not in trial:
            raise InputError("response_table", f"found no '{name}'", "give a trial from load_trial")
    table = trial[columns].drop_vars("dose", errors="ignore")
    table.attrs = {"name": trial.attrs.get("name", "")}
    return table


def _trial_folder(name: str) -> Path:
    trials = data_folder() / "trials"
    names = sorted(path.name for path in trials.iterdir() if path.is_dir())
    if name not in names:
        raise InputError("load_trial", f"found no trial '{name}'", f"use {', '.join(names)}")
    return trials / name


def _patient_variables(table: Table) -> dict:
    numbers = {"len_dose_mg": Cell.number}
    counts = dict.fromkeys(
        ("age_years", "induction_cycles", "maintenance_cycles"), Cell.whole_number
    )
    variables: dict[str, tuple] = {
        name: ("patient", np.asarray(table.column(name, lambda cell: cell.text), dtype=str))
        for name in table.columns
        if name not in numbers | counts and name not in ("patient", "tp53_mutated")
    }
    for name, read in (numbers | counts).items():
        variables[name] = ("patient", np.asarray(table.column(name, read)))
    tp53 = table.column("tp53_mutated", lambda cell: one_of(cell, _TP53))
    variables["tp53"] = (
        "patient",
        np.asarray(tp53),
        {"long_name": "TP53 status at baseline: mutated, wild type or not evaluable"},
    )
    for name, order in (("best_haem_response", HAEM_ORDER), ("best_cyto_response", CYTO_ORDER)):
        values = table.column(name, lambda cell, order=order: one_of(cell, {k: k for k in order}))
        variables[name] = ("patient", np.asarray(values), {"order": " < ".join(order)})
    return variables


def _dose_variables(table: Table) -> dict:
    variables = {}
    for name, status in (("n", "n_status"), ("dlt", "dlt_status"), ("n_lowest", None)):
        attrs = {"status": ", ".join(table.column(status, lambda c: c.text))} if status else {}
        variables[name] = ("dose", np.asarray(table.column(name, Cell.whole_number)), attrs)
    events = np.asarray(table.column("dlt_events", lambda cell: cell.text), dtype=str)
    return variables | {"dlt_events": ("dose", events)}


def one_of[T](cell: Cell, allowed: dict[str, T]) -> T:
    """The cell as one of a few words.

    Raises:
        InputError: If it is another word.
    """
    if cell.text not in allowed:
        raise cell.error(f"use one of {', '.join(repr(word) for word in allowed)}")
    return allowed[cell.text]


def _described(provenance: dict) -> list[tuple[str, dict]]:
    files = provenance["files"]
    return [pair for file in ("patients.csv", "dlt.csv") for pair in files[file]["columns"].items()]
