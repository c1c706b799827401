"""The cited tables of `data/literature`: parameters, related trials, priors."""

import tomllib
from pathlib import Path

import pandas as pd

from myelodose.errors import InputError
from myelodose.paths import data_folder


def read_provenance(folder: Path) -> dict:
    """The provenance of a data folder: citation, licence, and each column's meaning and unit."""
    return tomllib.loads((folder / "provenance.toml").read_text(encoding="utf-8"))


def read_cited(folder: Path, file: str) -> pd.DataFrame:
    """A cited table as text, one row per fact; empty cells are empty strings.

    Numbers stay as they were printed ("about 30", "> 90"), so nothing is lost in reading. The
    provenance of the file is in `.attrs["provenance"]`.
    """
    frame = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
    provenance = read_provenance(folder)
    frame.attrs["provenance"] = provenance | {"files": {file: provenance["files"][file]}}
    return frame


def load_literature(name: str) -> pd.DataFrame:
    """A table of published numbers, each row with its source and how well it is supported.

    Args:
        name: "dlt_trials", "pk_parameters", "pd_parameters" or "priors".

    Returns:
        The table as text; the meaning and unit of each column in `.attrs["provenance"]`.

    Raises:
        InputError: If there is no table of that name.

    Example:
        >>> len(load_literature("pk_parameters"))
        45
    """
    folder = data_folder() / "literature"
    names = sorted(path.stem for path in folder.glob("*.csv"))
    if name not in names:
        raise InputError("load_literature", f"found no table '{name}'", f"use {', '.join(names)}")
    return read_cited(folder, f"{name}.csv")
