"""Figures of one patient: what was seen, what is ahead under each option, and how options compare.

Every function returns the figure and the numbers that it shows.
"""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from myelodose.forecast.recommend import option_table
from myelodose.forecast.seen import SHARES, Seen
from myelodose.marrow.grades import GRADE_LIMITS
from myelodose.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILION, new_figure

COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
"""Of the options, in their order."""

_LABELS = {"ANC": "neutrophils [1e9/L]", "PLT": "platelets [1e9/L]", "Hb": "haemoglobin [g/dL]"}
_LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)


def forecast_figure(
    seen: Seen,
    past: xr.Dataset,
    ahead: xr.Dataset,
    *,
    options: Sequence[str] = (),
    truth: Sequence[xr.Dataset] = (),
    later: Seen | None = None,
) -> tuple[Figure, xr.Dataset]:
    """Counts, clone and VAF of one patient: readings, bands so far and under some options.

    Args:
        seen: What was known.
        past: From `so_far`.
        ahead: From `forecast`.
        options: Which options, at most four; the first if none is named.
        truth: Courses of a simulated patient's truth, `so_far` and `forecast`, drawn as a line.
        later: The patient with later readings, drawn hollow.
    """
    shown = list(options) or [str(ahead.option.values[0])]
    figure, axes = new_figure(11.0, 7.6, rows=3, columns=2, sharex=True)
    panels = [
        *((name, axes[i, 0]) for i, name in enumerate(("ANC", "PLT", "Hb"))),
        ("clone_share", axes[0, 1]),
        ("vaf", axes[1, 1]),
    ]
    bands = {}
    for name, axis in panels:
        bands[f"past_{name}"] = _band(axis, past, name, GREY, "")
        for colour, option in zip(COLOURS, shown, strict=False):
            bands[f"{name}, {option}"] = _band(axis, ahead.sel(option=option), name, colour, option)
        for course in truth:
            one = course.sel(option=shown[0]) if "option" in course.dims else course
            axis.plot(one.day, _of(one, name).isel(draw=0), color=INK, linewidth=1, linestyle="--")
        _readings(axis, seen, name, filled=True)
        if later is not None:
            _readings(axis, later, name, filled=False, after=seen.now_d)
        _dress(axis, name)
        axis.axvline(ahead.attrs["planned_d"], color=INK, linewidth=0.8, linestyle=":")
    for axis in (axes[2, 0], axes[1, 1]):
        axis.set_xlabel("days since the start of protocol day 1 [d]")
    axes[1, 1].tick_params(labelbottom=True)
    _legend(axes[2, 1], axes[0, 0], bool(truth), later is not None)
    figure.suptitle(
        textwrap.fill(str(ahead.attrs["status"]) + ". Bands: middle 50 and 95 %.", 150),
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure, xr.Dataset(bands)


def options_figure(ahead: xr.Dataset) -> tuple[Figure, pd.DataFrame]:
    """Dose by delay: the probabilities that limit a choice, and the clonal cells left.

    Args:
        ahead: From `forecast`, with one gap.
    """
    table = option_table(ahead)
    parts = (
        ("ready", "P(counts ready on day 1) [%]", "Greens", 100),
        ("long_grade4", "P(grade 4 longer than a week) [%]", "Oranges", 100),
        ("unrecovered", "P(not recovered) [%]", "Oranges", 100),
        ("burden", "clonal cells, mean of all days ahead [% of now]", "Purples", 100),
    )
    figure, axes = new_figure(11.5, 6.6, rows=2, columns=2)
    for axis, (name, title, colours, scale) in zip(axes.flat, parts, strict=True):
        grid = scale * table.pivot_table(values=name, index="delay_d", columns="dose_mg")
        _heat(axis, grid, colours)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("lenalidomide [mg a day], 0 is azacitidine alone")
        axis.set_ylabel("delay [d]")
    figure.suptitle(textwrap.fill(str(ahead.attrs["status"]), 150), fontsize=9, x=0.01, ha="left")
    return figure, table


def _of(course: xr.Dataset, name: str) -> xr.DataArray:
    return course["count"].sel(lineage=name) if name in _LABELS else course[name]


def _band(axis: Axes, course: xr.Dataset, name: str, colour: str, label: str) -> xr.DataArray:
    values = _of(course, name)
    found = np.quantile(values.transpose("day", "draw").values, _LEVELS, axis=1)
    day = course.day.values
    axis.fill_between(day, found[0], found[4], color=colour, alpha=0.18, linewidth=0)
    axis.fill_between(day, found[1], found[3], color=colour, alpha=0.3, linewidth=0)
    axis.plot(day, found[2], color=colour, linewidth=1.4, label=label or None)
    time = "day_past" if not label else "day_ahead"
    return xr.DataArray(found, {"quantile": list(_LEVELS), time: day}, ("quantile", time))


def _readings(axis: Axes, seen: Seen, name: str, *, filled: bool, after: float = -1.0) -> None:
    what = {"clone_share": "FISH", "vaf": "VAF"}.get(name, name)
    rows = [one for one in seen.readings if one.what == what and one.day > after]
    values = [one.value / one.of if what in SHARES else one.value for one in rows]
    for below in (0, 1):
        at = [k for k, one in enumerate(rows) if one.censored == below]
        axis.plot(
            [rows[k].day for k in at],
            [values[k] for k in at],
            "v" if below else "o",
            color=INK,
            markerfacecolor=INK if filled else "white",
            markersize=4.5,
            linestyle="none",
        )


def _dress(axis: Axes, name: str) -> None:
    axis.set_ylabel({"clone_share": "clone share", "vaf": "VAF of TP53"}.get(name) or _LABELS[name])
    if name in ("ANC", "PLT"):
        axis.set_yscale("log")
        axis.axhline(GRADE_LIMITS[name][2], color=VERMILION, linewidth=0.9)
        axis.annotate(
            "grade 4 below",
            (0.01, GRADE_LIMITS[name][2]),
            xycoords=("axes fraction", "data"),
            fontsize=7.5,
            color=VERMILION,
            va="bottom",
        )
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.yaxis.set_minor_formatter(_some_minor)
    elif name != "Hb":
        axis.set_ylim(-0.02, 1.02)
    if name == "vaf":
        axis.set_ylim(-0.01, None)


def _some_minor(value: float, _: object) -> str:
    """Labels at 2 and 5 of a decade."""
    return f"{value:g}" if f"{value:e}"[0] in "25" else ""


def _legend(empty: Axes, source: Axes, truth: bool, later: bool) -> None:
    """In the empty sixth panel, so that nothing hides a curve."""
    handles, labels = source.get_legend_handles_labels()
    own = [
        empty.plot([], [], color=GREY, linewidth=1.4)[0],
        empty.plot([], [], "o", color=INK, markersize=4.5)[0],
        empty.plot([], [], color=INK, linewidth=0.8, linestyle=":")[0],
    ]
    words = ["what is known so far", "reading (triangle: below the limit)", "planned next cycle"]
    if later:
        own.append(empty.plot([], [], "o", color=INK, markerfacecolor="white", markersize=4.5)[0])
        words.append("later reading, not used")
    if truth:
        own.append(empty.plot([], [], color=INK, linewidth=1, linestyle="--")[0])
        words.append("truth of the SIMULATED patient, first option")
    empty.legend([*handles, *own], [*labels, *words], loc="center", frameon=False, fontsize=9)
    empty.axis("off")


def _heat(axis: Axes, grid: pd.DataFrame, colours: str) -> None:
    values = grid.to_numpy()
    axis.imshow(values, cmap=colours, aspect="auto")
    middle = (values.min() + values.max()) / 2
    for (row, column), value in np.ndenumerate(values):
        colour = "white" if value > middle else INK
        axis.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=9)
    axis.set_xticks(range(len(grid.columns)), [f"{x:g}" for x in grid.columns])
    axis.set_yticks(range(len(grid.index)), [f"{x:g}" for x in grid.index])
    axis.grid(False)
