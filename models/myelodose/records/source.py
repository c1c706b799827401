"""An event table as text, cell by cell, wherever it comes from."""

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from myelodose.errors import InputError
from myelodose.paths import shown
from myelodose.tables import read_table

MISSING = (".", "", "NA", "NaN", "nan", "<NA>", "None", "NaT")
"""What stands for nothing: the full stop of NM-TRAN, empty cells, and what R and pandas write."""

_WHOLE = re.compile(r"([+-]?\d+)\.0+")


@dataclass(frozen=True)
class Source:
    """Columns of text; "" where there is nothing.

    `rows` are the numbers a person counts, `name` is what the table is called, `attrs` what the
    table says of itself.
    """

    file: str
    name: str
    rows: np.ndarray
    columns: dict[str, np.ndarray]
    attrs: dict


def read_source(source: Path | str | pd.DataFrame) -> Source:
    """Read a CSV or Parquet file, or take a DataFrame; without rows that are comments.

    A comment is a row with C in a column C, as in `IGNORE=C` of NM-TRAN.

    Raises:
        InputError: If it cannot be read, or holds no rows.
    """
    text = _read(source)
    marks = text.columns.get("C")
    if marks is None or set(marks) - {"", "C"}:
        return text
    kept = marks == ""
    if not kept.any():
        raise InputError(text.file, "found comments only", "give a row without C")
    columns = {name: column[kept] for name, column in text.columns.items() if name != "C"}
    return replace(text, rows=text.rows[kept], columns=columns)


def _read(source: Path | str | pd.DataFrame) -> Source:
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, "table", "records")
    if not isinstance(source, str | Path):
        found = f"found a {type(source).__name__}"
        raise InputError("read_records, source", found, "give a path or a pandas DataFrame")
    path = Path(source)
    if path.suffix.lower() in (".parquet", ".pq"):
        return _from_frame(_parquet(path), shown(path), path.stem)
    table = read_table(path)
    cells = {
        name: np.array([_tidy(row[name].text) for row in table.rows], dtype=object)
        for name in table.columns
    }
    rows = np.array([row[table.columns[0]].row for row in table.rows])
    return Source(table.file, path.stem, rows, _named(cells, table.file), {})


def _parquet(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(shown(path), "there is no such file", "check the path")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as problem:
        remedy = "write it with pandas or pyarrow"
        raise InputError(shown(path), f"this is no Parquet file ({problem})", remedy) from None


def _from_frame(table: pd.DataFrame, file: str, name: str) -> Source:
    names = [str(column).strip() for column in table.columns]
    for column in names:
        if names.count(column) > 1:
            raise InputError(file, f"column '{column}' stands there twice", "keep one of them")
    if table.empty:
        raise InputError(file, "found no row", "give at least one record")
    cells = {
        column: np.array([_tidy(_text(cell)) for cell in table.iloc[:, i]], dtype=object)
        for i, column in enumerate(names)
    }
    return Source(file, name, np.arange(1, len(table) + 1), _named(cells, file), dict(table.attrs))


def _text(cell: object) -> str:
    """A cell as text that reads back as the same number."""
    if cell is None or cell is pd.NA:
        return ""
    if isinstance(cell, bool | np.bool_):
        return str(int(cell))
    if isinstance(cell, float | np.floating):
        return "" if math.isnan(cell) else repr(float(cell))
    return str(cell)


def _tidy(text: str) -> str:
    text = text.strip()
    return "" if text in MISSING else text


def _named(cells: dict[str, np.ndarray], file: str) -> dict[str, np.ndarray]:
    """Names without the mark that some tables put before the first."""
    named = {name.lstrip("#").strip(): column for name, column in cells.items()}
    if len(named) < len(cells) or "" in named:
        raise InputError(file, f"found columns {', '.join(cells)}", "give each its own name")
    return named


def label(text: str) -> str:
    """A label as a person writes it: '1' for 1.0, which a table of floats makes of it."""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text
