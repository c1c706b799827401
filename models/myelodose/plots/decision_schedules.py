"""Figures of order, gap and schedule: what was given is outlined, the rest is the model's word."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from myelodose.plots.style import BLUE, GREEN, GREY, INK, ORANGE, VERMILION, new_figure

KNOWN_ORDER = "sequential, gap 0 d"
"""The arrangement of the trial, which gave it at all four doses."""

_SIMULATED = (
    "SIMULATED, {population}. Outlined or filled: given to patients; all else is the model's "
    "assumption"
)


def order_map(grid: xr.Dataset) -> tuple[Figure, pd.DataFrame]:
    """Heat map of order, gap and dose: toxicity, and what becomes of the clone.

    Args:
        grid: From `virtual.compare_sequences`.

    Returns:
        The figure, and its numbers: a row for each arrangement and dose.
    """
    rows = [str(name) for name in grid.arrangement.values]
    figure, axes = new_figure(11.0, 0.42 * len(rows) + 2.0, columns=3, sharey=True)
    day = grid.attrs["read_d"]
    lost = 100 * (1 - grid.clone_left.values)
    share = 100 * (1 - grid.share_left.values)
    panels = (
        (100 * grid.p_dlt.values, "P(DLT) in one cycle [%]", "Oranges"),
        (lost, f"clonal cells lost by day {day} [%]", "Blues"),
        (share, f"clone share lost by day {day} [%]", "Blues"),
    )
    for axis, (values, title, colours) in zip(axes, panels, strict=True):
        _map(axis, values, colours)
        axis.set_xticks(range(grid.sizes["dose"]), [f"{d:g}" for d in grid.dose.values])
        axis.set_xlabel("lenalidomide [mg a day]")
        axis.set_title(title, fontsize=10)
        if KNOWN_ORDER in rows:
            _outline(axis, rows.index(KNOWN_ORDER), grid.sizes["dose"])
    axes[0].set_yticks(range(len(rows)), rows)
    figure.suptitle(
        _SIMULATED.format(population=grid.attrs["population"])
        + f"\nOne cycle of the same doses; 95 % error of P(DLT) up to "
        f"{200 * float(grid.error.max()):.1f} percentage points",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    table = grid[["p_dlt", "error", "clone_left", "share_left"]].to_dataframe()
    return figure, table


def _map(axis: Axes, values: np.ndarray, colours: str) -> None:
    axis.imshow(values, cmap=colours, aspect="auto")
    middle = (values.min() + values.max()) / 2
    for (row, column), value in np.ndenumerate(values):
        colour = "white" if value > middle else INK
        axis.text(column, row, f"{value:.1f}", ha="center", va="center", color=colour)
    axis.grid(False)


def _outline(axis: Axes, row: int, columns: int) -> None:
    box = Rectangle((-0.48, row - 0.47), columns - 0.04, 0.94, fill=False, edgecolor=INK)
    box.set_linewidth(2.2)
    axis.add_patch(box)


def schedule_figure(compared: xr.Dataset) -> tuple[Figure, pd.DataFrame]:
    """Schedules beside the trial's: toxicity, clone, response and dose given.

    Args:
        compared: From `virtual.schedules.compare_schedules`.

    Returns:
        The figure, and its numbers: a row for each schedule.
    """
    names = [str(name) for name in compared.schedule.values]
    figure, axes = new_figure(11.0, 0.42 * len(names) + 1.7, columns=4, sharey=True)
    place = np.arange(len(names))[::-1]
    given = np.array(["assumption" not in str(known) for known in compared.known.values])
    days = compared.attrs["days"]
    panels = (
        ("p_dlt", "P(DLT) in cycle 1 [%]", VERMILION),
        ("clone_left", f"clonal cells left, day {days} [%]", BLUE),
        ("response", f"response by day {days} [%]", GREEN),
        ("intensity", "given in time [%]", GREY),
    )
    for axis, (name, title, colour) in zip(axes, panels, strict=True):
        values = 100 * compared[name].values
        axis.axvline(values[0], color=INK, linestyle=":", linewidth=1)
        if name == "p_dlt":
            error = 200 * compared.dlt_error.values
            axis.hlines(place, values - error, values + error, color=colour, linewidth=1.5)
        for where in (True, False):
            rows = given == where
            face = colour if where else "white"
            axis.scatter(values[rows], place[rows], s=46, color=colour, facecolor=face, zorder=3)
        axis.set_xlabel(title, fontsize=9)
        pad = 0.15 * np.ptp(values) + 1
        axis.set_xlim(values.min() - pad, values.max() + pad)
    axes[0].set_yticks(place, names)
    figure.suptitle(
        _SIMULATED.format(population=compared.attrs["population"])
        + "\nDotted: the trial's schedule. Bars: two errors of the difference to it",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure, compared.to_dataframe()


def maintenance_figure(compared: xr.Dataset) -> tuple[Figure, pd.DataFrame]:
    """Maintenance every 4 or every 8 weeks: the clone, and TP53 as an assay would see it.

    Args:
        compared: From `virtual.maintenance.compare_maintenance`.

    Returns:
        The figure, and its numbers: a row for each interval and reading.
    """
    figure, axes = new_figure(10.0, 3.9, columns=2)
    start = compared.attrs["induction_cycles"] * 28
    for every, colour, line in zip(
        compared.every.values, (ORANGE, BLUE), ("--", "-"), strict=False
    ):
        one = compared.sel(every=every)
        words = "given" if "assumption" not in str(one.known.item()) else "assumption"
        label = f"every {every} d ({words}); grade 4 at any time: {100 * float(one.grade4):.0f} %"
        axes[0].fill_between(one.reading, 100 * one.low, 100 * one.high, color=colour, alpha=0.12)
        axes[0].plot(one.reading, 100 * one.clone_share, line, color=colour, label=label)
        axes[1].plot(one.reading, 100 * one.seen, line, color=colour)
        axes[1].plot(one.reading, 100 * one.tp53_share, line, color=colour, alpha=0.5, marker=".")
    for axis in axes:
        axis.axvline(start, color=GREY, linestyle=":", linewidth=1)
        axis.set_xlabel("day [d]; dotted: maintenance begins")
        axis.set_ylim(0, 100)
    axes[0].set_ylabel("clone share [%], 95 % of draws")
    axes[1].set_ylabel("TP53-mutated patients [%]")
    axes[1].set_title("VAF at 2 % or above; dots: mean share of that clone", fontsize=9)
    axes[0].set_title("mean share of both clones", fontsize=9)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.suptitle(f"SIMULATED, {compared.attrs['population']}", fontsize=9, x=0.01, ha="left")
    return figure, compared.to_dataframe()
