"""Figures of a decision from simulated counts: by dose, and benefit against risk."""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from myelodose.decision.estimates import OVER, RISK
from myelodose.decision.from_counts import CountDecision
from myelodose.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_figure,
)

CAUSES = {"recovery": BLUE, "infection": ORANGE, "thrombosis": PURPLE}
_ADMISSIBLE = "admissible"


def small_multiples(
    made: CountDecision, *, width: float = 10.4, height: float = 4.9
) -> tuple[Figure, pd.DataFrame]:
    """Eight panels by dose: above what it risks, below what it gains and what it costs in counts.

    Args:
        made: From `decide_from_counts`.
        width: [inch].
        height: [inch].

    Returns:
        The figure, and its numbers: a row for each dose and quantity.
    """
    figure, axes = new_figure(width, height, rows=2, columns=4)
    table = made.estimates.table
    (risk, over, causes, frontier), (response, clone, counts, intensity) = axes
    _risk(risk, made)
    _over(over, made)
    _causes(causes, table)
    _frontier(frontier, made)
    _lines(response, table, [("response", BLUE, "any"), ("complete", GREEN, "complete")])
    response.set_title("cytogenetic response", fontsize=9)
    _lines(clone, table, [("cells_fall", BLUE, "clonal cells"), ("share_fall", SKY, "clone share")])
    clone.set_title("clone lost after cycle 1", fontsize=9)
    long = [("grade4_long", VERMILION, "grade 4 > 7 d"), ("unrecovered", INK, "none by day 42")]
    _lines(counts, table, long)
    counts.set_title("long cytopenia; recovery", fontsize=9)
    _lines(intensity, table, [("dose_intensity", BLUE, "")])
    intensity.set_title("dose intensity of lenalidomide", fontsize=9)
    for axis in axes.flat:
        axis.tick_params(labelsize=8)
        if axis is not frontier:
            _by_dose(axis, made, label=axis in axes[1])
    words = (
        f"SIMULATED: {table.attrs['population']}. Means and 95 % over draws; diamonds: observed; "
        "shaded or green: the next dose; open or red: not admissible"
    )
    figure.suptitle(textwrap.fill(words, 125), fontsize=8.5)
    return figure, _numbers(table)


def frontier_figure(made: CountDecision) -> tuple[Figure, pd.DataFrame]:
    """Benefit against risk of every dose: what a step up buys, and at what price.

    Args:
        made: From `decide_from_counts`.

    Returns:
        The figure, and its numbers: a row for each dose.
    """
    figure, axis = new_figure(6.6, 4.6)
    table = made.estimates.table.sel(quantity=[RISK, "response"])
    risk, response = (table.sel(quantity=name) for name in (RISK, "response"))
    for one, other, line in ((risk, response, axis.hlines), (response, risk, axis.vlines)):
        line(
            100 * other["mean"], 100 * one.low, 100 * one.high, color=GREY, alpha=0.45, linewidth=1
        )
    _frontier(axis, made)
    axis.set_xlim(0, 5 + 100 * float(risk.high.max()))
    axis.set_ylim(0, 5 + 100 * float(response.high.max()))
    axis.set_xlabel("risk of a DLT in cycle 1 [%]")
    axis.set_ylabel("P(cytogenetic response after cycle 1) [%]")
    axis.set_title(
        "SIMULATED: means, and lines for 95 % over draws; open: not admissible", fontsize=9
    )
    return figure, _numbers(table)


def _by_dose(axis: Axes, made: CountDecision, *, label: bool) -> None:
    doses = made.estimates.table.dose.values
    place = np.arange(len(doses))
    axis.set_xticks(place, [f"{dose:g}" for dose in doses])
    axis.set_xlim(-0.5, len(doses) - 0.5)
    if label:
        axis.set_xlabel("lenalidomide [mg a day]", fontsize=8)
    chosen = made.recommended_dose_mg
    if chosen is not None:
        at = int(np.flatnonzero(doses == chosen)[0])
        axis.axvspan(at - 0.42, at + 0.42, color=GREEN, alpha=0.1, linewidth=0, zorder=0)


def _lines(axis: Axes, table: xr.Dataset, shown: Sequence[tuple[str, str, str]]) -> None:
    """Means with intervals, in per cent, moved apart where there are several."""
    place = np.arange(table.sizes["dose"])
    for step, (name, colour, label) in enumerate(shown):
        one = table.sel(quantity=name)
        moved = place + 0.24 * (step - (len(shown) - 1) / 2)
        _bars(axis, moved, one, colour, label, marker="os"[step % 2])
    if len(shown) > 1:
        _legend_above(axis)
    _per_cent(axis)


def _legend_above(axis: Axes) -> None:
    """In room of its own above the data."""
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.22 * (high - low))
    axis.legend(
        frameon=False,
        fontsize=7,
        loc="upper left",
        ncols=2,
        handletextpad=0.3,
        columnspacing=0.8,
        borderpad=0.1,
    )


def _bars(
    axis: Axes, place: np.ndarray, one: xr.Dataset, colour: str, label: str, *, marker: str = "o"
) -> None:
    mean = 100 * one["mean"].values
    low, high = 100 * one.low.values, 100 * one.high.values
    axis.vlines(place, low, high, color=colour, linewidth=1.4, alpha=0.75)
    axis.plot(place, mean, marker, color=colour, markersize=5, label=label)


def _per_cent(axis: Axes) -> None:
    low, high = axis.get_ylim()
    axis.set_ylim(min(0.0, low), max(high, 5.0))
    axis.set_ylabel("[%]", fontsize=8, labelpad=1)


def _risk(axis: Axes, made: CountDecision) -> None:
    table, doses = made.estimates.table, list(made.estimates.table.dose.values)
    _bars(axis, np.arange(len(doses)), table.sel(quantity=RISK), INK, "risk")
    axis.axhline(100 * made.question.risk_limit, color=VERMILION, linestyle="--", linewidth=1)
    for seen in made.question.observed:
        if seen.n and seen.dose_mg in doses:
            at = doses.index(seen.dose_mg) + 0.2
            axis.plot(at, 100 * seen.dlt / seen.n, "D", color=VERMILION, markersize=4.5)
            axis.annotate(
                f"{seen.dlt}/{seen.n}",
                (at, 100 * seen.dlt / seen.n),
                (4, 1),
                textcoords="offset points",
                fontsize=7,
            )
    axis.set_title("risk of a DLT in cycle 1", fontsize=9)
    _per_cent(axis)


def _over(axis: Axes, made: CountDecision) -> None:
    one = made.estimates.table.sel(quantity=OVER)
    colours = [GREEN if v == _ADMISSIBLE else VERMILION for v in made.choice.verdicts.values()]
    place, value = np.arange(one.sizes["dose"]), 100 * one["mean"].values
    axis.bar(place, value, 0.62, color=colours, yerr=200 * one.error.values, capsize=2)
    limit = 100 * made.question.overdose_limit
    axis.axhline(limit, color=INK, linestyle="--", linewidth=1)
    top = max(limit, float(value.max()))
    axis.set_ylim(0, 1.3 * top)
    for x, v, e in zip(place, value, 200 * one.error.values, strict=True):
        axis.text(float(x), v + e + 0.03 * top, _short(v), ha="center", fontsize=7.5)
    axis.set_title(f"P(risk > {made.question.risk_limit:.2g}), limit {limit:.0f} %", fontsize=9)
    _per_cent(axis)


def _causes(axis: Axes, table: xr.Dataset) -> None:
    place, bottom = np.arange(table.sizes["dose"]), np.zeros(table.sizes["dose"])
    words = {"recovery": "counts", "infection": "infection", "thrombosis": "thrombosis"}
    for name, colour in CAUSES.items():
        value = 100 * table["mean"].sel(quantity=name).values
        axis.bar(place, value, 0.62, bottom=bottom, color=colour, label=words[name])
        bottom += value
    axis.set_ylim(0, 1.5 * bottom.max())
    axis.legend(
        frameon=False, fontsize=7, ncols=2, loc="upper left", handlelength=1, columnspacing=0.8
    )
    axis.set_title("simulated DLTs by cause", fontsize=9)
    _per_cent(axis)


def _frontier(axis: Axes, made: CountDecision) -> None:
    table = made.estimates.table
    risk, response = table.sel(quantity=RISK), table.sel(quantity="response")
    x, y = 100 * risk["mean"].values, 100 * response["mean"].values
    axis.plot(x, y, color=GREY, linewidth=1, zorder=1)
    verdicts = list(made.choice.verdicts.items())
    for k, (dose, verdict) in enumerate(verdicts):
        beaten = dose in made.dominated
        colour = GREEN if dose == made.recommended_dose_mg else INK
        face = "white" if verdict != _ADMISSIBLE or beaten else colour
        axis.plot(x[k], y[k], "o", color=colour, markerfacecolor=face, markersize=6.5, zorder=3)
        words = f"{dose:g}" + (" dominated" if beaten else "")
        axis.annotate(words, (x[k], y[k]), (5, -9), textcoords="offset points", fontsize=8)
    pad_x, pad_y = 0.22 * np.ptp(x) + 1, 0.15 * np.ptp(y) + 1
    axis.set_xlim(max(0.0, x.min() - pad_x), x.max() + pad_x)
    axis.set_ylim(max(0.0, y.min() - pad_y), y.max() + pad_y)
    axis.set_xlabel("DLT risk [%]", fontsize=8)
    axis.set_ylabel("response [%]", fontsize=8, labelpad=1)
    axis.set_title("benefit against risk", fontsize=9)


def _short(value: float) -> str:
    return "<1" if 0 < value < 0.5 else f"{value:.0f}"


def _numbers(table: xr.Dataset) -> pd.DataFrame:
    return table[["mean", "error", "low", "high"]].to_dataframe()
