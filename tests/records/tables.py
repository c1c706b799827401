"""Event tables as text, the way a person writes them."""

from pathlib import Path

import pandas as pd
import xarray as xr

from myelodose.records import read_records

TWO = """
ID TIME AMT DV   EVID WT
1  0    100 .    1    70
1  1    .   2.5  0    70
2  0    100 .    1    60
2  1    .   3.5  0    60
"""


def frame(text: str) -> pd.DataFrame:
    """A table of text with columns apart by spaces."""
    header, *rows = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(rows, columns=header)


def csv(text: str, folder: Path, name: str = "table.csv") -> Path:
    """The same as a CSV file."""
    path = folder / name
    frame(text).to_csv(path, index=False)
    return path


def read(text: str, **options) -> xr.Dataset:
    """The records of such a text."""
    return read_records(frame(text), **options)
