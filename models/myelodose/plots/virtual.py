"""Figures of virtual trials: P(DLT) by dose and cause, order x gap x dose, the trial replayed."""

import textwrap

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from myelodose.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    VERMILION,
    new_figure,
    percent_axis,
)
from myelodose.trial.proportions import clopper_pearson
from myelodose.virtual.predicted import Predicted, fact_table

CAUSE_COLOURS = {"recovery": BLUE, "infection": ORANGE, "thrombosis": PURPLE, "any": INK}

VERDICT_COLOURS = {"compatible": GREEN, "in tension": ORANGE, "contradicted": VERMILION}

_WORDS = {
    "recovery": "counts do not recover",
    "infection": "infection",
    "thrombosis": "thrombosis",
    "any": "any",
}


def dlt_risk_figure(risk: xr.Dataset, observed: xr.Dataset | None = None) -> Figure:
    """P(DLT) by regimen: means of the causes, the spread of the total over draws, what was seen.

    Args:
        risk: From `dlt_risk`.
        observed: `n(regimen)` and `dlt(regimen)` of the same regimens, if any were treated.
    """
    figure, axis = new_figure(8.2, 4.6)
    p = risk.p.isel(cycle=0)
    place = np.arange(p.sizes["regimen"])
    for step, cause in enumerate(("recovery", "infection", "thrombosis")):
        axis.bar(
            place + 0.19 * (step - 1.5),
            p.sel(cause=cause).mean("draw"),
            width=0.17,
            color=CAUSE_COLOURS[cause],
            label=_WORDS[cause],
        )
    low, middle, high = p.sel(cause="any").quantile([0.025, 0.5, 0.975], "draw").values
    axis.errorbar(
        place + 0.29,
        middle,
        [middle - low, high - middle],
        fmt="o",
        color=INK,
        capsize=3,
        label="any: median and 95 % of draws",
    )
    if observed is not None:
        observed_shares(axis, place + 0.42, observed)
    axis.set_xticks(place, [str(name) for name in p.regimen.values])
    percent_axis(axis, "P(DLT) in cycle 1 [%]")
    axis.set_xlabel("lenalidomide [mg a day]")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle(
        f"SIMULATED, {risk.sizes['draw']} draws: {risk.attrs['population']}\n"
        f"{textwrap.fill(risk.attrs['rule'], 115)}",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure


def observed_shares(axis: Axes, place: np.ndarray, observed: xr.Dataset) -> None:
    """Observed shares with their exact intervals.

    Args:
        axis: Where to draw.
        place: Horizontal places.
        observed: `n` and `dlt`.
    """
    n, y = observed.n.values.astype(int), observed.dlt.values.astype(int)
    limits = np.array([clopper_pearson(int(k), int(m)) for k, m in zip(y, n, strict=True)])
    share = y / n
    axis.errorbar(
        place,
        share,
        [share - limits[:, 0], limits[:, 1] - share],
        fmt="D",
        color=VERMILION,
        capsize=3,
        label="observed, 95 % Clopper-Pearson",
    )


def sequence_figure(grid: xr.Dataset) -> Figure:
    """Order, gap and dose: P(DLT) of one cycle, and the clonal cells left at day 56.

    Args:
        grid: From `compare_sequences`.
    """
    figure, axes = new_figure(10.5, 4.6, columns=2, sharey=True)
    rows = [str(name) for name in grid.arrangement.values]
    parts = (
        ("p_dlt", "P(DLT) in one cycle [%]", "Oranges"),
        ("clone_left", f"clonal cells at day {grid.attrs['read_d']} [% of the start]", "Blues"),
    )
    for axis, (name, title, colours) in zip(axes, parts, strict=True):
        values = 100 * grid[name].values
        axis.imshow(values, cmap=colours, aspect="auto")
        middle = (values.min() + values.max()) / 2
        for (row, column), value in np.ndenumerate(values):
            colour = "white" if value > middle else INK
            axis.text(column, row, f"{value:.1f}", ha="center", va="center", color=colour)
        axis.set_xticks(range(grid.sizes["dose"]), [f"{d:g}" for d in grid.dose.values])
        axis.set_yticks(range(len(rows)), rows)
        axis.set_xlabel("lenalidomide [mg a day]")
        axis.set_title(title, fontsize=10)
        axis.grid(False)
    figure.suptitle(
        f"SIMULATED, {grid.attrs['population']}: one cycle, the same doses. What other orders than "
        "azacitidine then lenalidomide do is the model's assumption",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure


def replay_figure(predicted: list[Predicted]) -> Figure:
    """Every fact that the model can say: what is printed against the middle 95 % of replicates.

    Each row has its own scale, given by the numbers at its ends: predictive interval and print.

    Args:
        predicted: From `predicted_facts`.
    """
    table = fact_table(predicted)
    table = table[table.verdict.isin(VERDICT_COLOURS)].reset_index(drop=True)
    figure, axis = new_figure(11.5, 0.36 * len(table) + 1.6)
    for place, row in table.iterrows():
        _fact(axis, len(table) - 1 - int(str(place)), row)
    axis.set_yticks(
        range(len(table) - 1, -1, -1),
        [f"{row.finding}  {row.quantity}" for row in table.itertuples()],
        fontsize=8.5,
    )
    axis.set_xlim(-0.06, 2.05)
    axis.set_ylim(-0.7, len(table) - 0.3)
    axis.set_xticks([])
    axis.grid(False)
    axis.spines[["bottom", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    figure.suptitle(
        "SIMULATED: replicates of the 20-patient trial under literature priors, not calibrated. "
        "Bars: 95 % of replicates, tick: median,\ndiamond: printed. An event has its probability "
        "alone.",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure


def _fact(axis: Axes, height: int, row: pd.Series) -> None:
    colour = VERDICT_COLOURS[row.verdict]
    if np.isnan(row.low):
        axis.text(0.0, height, f"probability {row['tail']:.0%}", va="center", fontsize=8.5)
    else:
        printed = float(row.printed)
        low, high = min(row.low, printed), max(row.high, printed)
        width = (high - low) or 1.0
        scaled = [(x - low) / width for x in (row.low, row["median"], row.high, printed)]
        axis.plot(scaled[:2] + scaled[2:3], [height] * 3, color=GREY, linewidth=5, alpha=0.5)
        axis.plot(scaled[1], height, "|", color=INK, markersize=11)
        axis.plot(scaled[3], height, "D", color=colour, markersize=6)
        words = f"{row['median']:.2g} ({row.low:.2g} to {row.high:.2g}); printed {row.printed}"
        axis.text(1.05, height, words, va="center", fontsize=8.5)
    axis.text(2.05, height, row.verdict, va="center", ha="right", fontsize=8.5, color=colour)
