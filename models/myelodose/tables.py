"""Read a CSV table cell by cell, so that an error can name file, row and column."""

import csv
import difflib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from myelodose.errors import InputError
from myelodose.paths import shown

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Cell:
    """One cell of a table that knows where it stands."""

    file: str
    row: int
    column: str
    text: str

    def error(self, remedy: str, found: str | None = None) -> InputError:
        """An error at this cell, for the caller to raise."""
        place = f"{self.file}, row {self.row}, column '{self.column}'"
        return InputError(place, found or f"found '{self.text}'", remedy)

    def number(self) -> float:
        """The cell as a finite number.

        Raises:
            InputError: If the text is no number.
        """
        value = float(self.text) if _NUMBER.fullmatch(self.text) else math.nan
        if not math.isfinite(value):
            raise self.error(
                "give a number with a decimal point, such as 20 or 2.5",
                "found nothing" if self.text == "" else None,
            )
        return value

    def whole_number(self) -> int:
        """The cell as a whole number of at least 0.

        Raises:
            InputError: If it is negative or has a fraction.
        """
        value = self.number()
        if value < 0 or value != int(value):
            raise self.error("give a whole number of at least 0")
        return int(value)


@dataclass(frozen=True)
class Table:
    """Rows of named cells."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, Cell], ...]

    def column[T](self, name: str, read: Callable[[Cell], T]) -> list[T]:
        """All cells of one column, each read by `read`."""
        return [read(row[name]) for row in self.rows]


def read_table(path: Path | str, *, required: Sequence[str] = ()) -> Table:
    """Read a CSV file: comma-separated, UTF-8, names in the first row.

    Args:
        path: The file.
        required: Columns that must be there, spelled exactly so.

    Returns:
        The table. Row numbers count lines of the file, the header being line 1.

    Raises:
        InputError: If the file is missing, empty, no text, or lacks a column or a cell.
    """
    path = Path(path)
    file = shown(path)
    lines = [(n, row) for n, row in _lines(path, file) if any(text.strip() for text in row)]
    if not lines:
        raise InputError(file, "the file is empty", "give a header and at least one row")
    (_, header), body = lines[0], lines[1:]
    columns = tuple(name.strip() for name in header)
    _check_header(file, columns, required)
    if not body:
        raise InputError(file, "found a header and no row below it", "give at least one row")
    return Table(file, columns, tuple(_row(file, columns, n, texts) for n, texts in body))


def _lines(path: Path, file: str) -> list[tuple[int, list[str]]]:
    """Every record with the number of its last line."""
    try:
        # utf-8-sig: spreadsheets write a byte-order mark before the first column name.
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.reader(handle, strict=True)
            return [(reader.line_num, row) for row in reader]
    except FileNotFoundError:
        raise InputError(file, "there is no such file", "check the path") from None
    except IsADirectoryError:
        raise InputError(file, "this is a folder", "give the path of a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(
            file, f"this is not a text table ({problem})", "save it as CSV in UTF-8"
        ) from None


def _check_header(file: str, columns: tuple[str, ...], required: Sequence[str]) -> None:
    row = f"{file}, row 1"
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
        raise InputError(
            row, f"found one column '{columns[0]}'", "separate the columns with commas"
        )
    for name in columns:
        if columns.count(name) > 1:
            raise InputError(row, f"column '{name}' stands there twice", "keep one of them")
    for name in required:
        if name not in columns:
            raise missing_column(file, columns, name)


def missing_column(file: str, columns: Sequence[str], name: str) -> InputError:
    """The error for a column that is not there, with the nearest name that is."""
    near = difflib.get_close_matches(name, [column.lower() for column in columns], 1, 0.5)
    original = [column for column in columns if near and column.lower() == near[0]]
    hint = f"rename '{original[0]}'" if original else f"add a column '{name}'"
    return InputError(
        f"{file}, row 1", f"found no column '{name}' among {', '.join(columns)}", hint
    )


def _row(file: str, columns: tuple[str, ...], number: int, texts: list[str]) -> dict[str, Cell]:
    if len(texts) != len(columns):
        raise InputError(
            f"{file}, row {number}",
            f"found {len(texts)} cells for {len(columns)} columns ({','.join(texts)})",
            "give one cell for each column; write decimals with a point",
        )
    pairs = zip(columns, texts, strict=True)
    return {name: Cell(file, number, name, text.strip()) for name, text in pairs}
