"""Tables for notebooks and pages."""

from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

_LEFT = "text-align: left; vertical-align: top; max-width: 34em; white-space: normal"


def table(frame: pd.DataFrame, *, percent: tuple[str, ...] = (), digits: int = 3) -> Styler:
    """A whole table for reading: left-aligned, every row, rows marked where `changes` is true.

    Args:
        frame: The table.
        percent: Columns that start so are shares, shown in per cent with one digit.
        digits: Digits of other numbers.
    """
    formats: dict[Any, Any] = {
        name: "{:.1%}" if str(name).startswith(percent or ("\0",)) else _format_of(column, digits)
        for name, column in frame.items()
    }
    style = frame.style.format(formats, na_rep="")
    for axis in (0, 1):
        style = style.format_index(_plain, axis=axis)
    if "changes" in frame:
        style = style.apply(_mark, axis=1)
    return style.set_table_styles([{"selector": "th, td", "props": _LEFT}])


def _format_of(column: pd.Series, digits: int):
    if column.dtype == bool:
        return lambda yes: "yes" if yes else "no"
    return f"{{:.{digits}f}}" if pd.api.types.is_float_dtype(column) else None


def _plain(label: object) -> str:
    """A label without the zeros that a number would get."""
    return f"{label:g}" if isinstance(label, float) else str(label)


def _mark(row: pd.Series) -> list[str]:
    return ["background-color: #FCE5D4" if row["changes"] else ""] * len(row)
