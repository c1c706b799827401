"""Figures of the calibration: facts under prior and calibration, what moved, P(DLT) by dose."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from myelodose.plots.style import BLUE, GREY, INK, VERMILION, new_figure, percent_axis
from myelodose.plots.virtual import VERDICT_COLOURS, observed_shares
from myelodose.virtual.predicted import Predicted, fact_table
from myelodose.virtual.verdicts import role_of

POPULATION_COLOURS = {"prior": GREY, "calibrated": BLUE}
"""Literature priors, and the calibration to the printed facts."""

_LABEL = "SIMULATED: calibrated to printed aggregate facts; no patient data."
_COLUMNS = {"printed": 1.16, "prior": 1.34, "calibrated": 1.62, "role": 1.68}


def facts_figure(facts: Mapping[str, list[Predicted]]) -> Figure:
    """Every fact that the model can say: printed, and 95 % of replicates in both populations.

    Each row has its own scale. The numbers are tail probabilities; of an event, its probability.

    Args:
        facts: From `virtual.replayed_facts`, under "prior" and "calibrated".
    """
    tables = {name: _judged(facts[name]) for name in POPULATION_COLOURS}
    rows = len(tables["prior"])
    figure, axis = new_figure(12.5, 0.36 * rows + 1.9)
    for place in range(rows):
        _row(axis, rows - 1 - place, {n: table.iloc[place] for n, table in tables.items()})
    for words, x in _COLUMNS.items():
        head = {"prior": "tail, prior", "calibrated": "tail, calibrated"}.get(words, words)
        side = "left" if words == "role" else "right"
        axis.text(x, rows - 0.25, head, ha=side, fontsize=8.5, weight="bold")
    table = tables["prior"]
    names = [f"{row.finding}  {row.quantity}" for row in table.itertuples()]
    axis.set_yticks(range(rows - 1, -1, -1), names, fontsize=8.5)
    axis.set_xlim(-0.05, 1.84)
    axis.set_ylim(-0.7, rows + 0.3)
    axis.set_xticks([])
    axis.grid(False)
    axis.spines[["bottom", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    marks = [
        Line2D([], [], color=colour, linewidth=5, alpha=0.6, label=f"{name}: 95 %, median")
        for name, colour in POPULATION_COLOURS.items()
    ]
    marks.append(Line2D([], [], marker="D", color=INK, linestyle="", label="printed"))
    figure.legend(handles=marks, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle(
        f"{_LABEL} Each row has its own scale. Colours of tails: green compatible,\n"
        "orange in tension (below 0.1), red contradicted (below 0.02); of an event the tail is "
        "its probability.",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure


def _judged(predicted: list[Predicted]) -> pd.DataFrame:
    table = fact_table(predicted)
    return pd.DataFrame(table[table.verdict.isin(VERDICT_COLOURS)]).reset_index(drop=True)


def _row(axis: Axes, height: int, rows: Mapping[str, pd.Series]) -> None:
    first = rows["prior"]
    event = np.isnan(first.low)
    if not event:
        _intervals(axis, height, rows)
    role = role_of(str(first.quantity))
    event_words = "happened" if role == "held out" else "expected"
    printed = event_words if event else first.printed
    axis.text(_COLUMNS["printed"], height, printed, ha="right", va="center", fontsize=8.5)
    for name, row in rows.items():
        axis.text(
            _COLUMNS[name],
            height,
            f"{row['tail']:.2g}",
            ha="right",
            va="center",
            fontsize=8.5,
            color=VERDICT_COLOURS[row.verdict],
            weight="bold" if row.verdict != "compatible" else "normal",
        )
    axis.text(_COLUMNS["role"], height, role, va="center", fontsize=8.5)


def _intervals(axis: Axes, height: int, rows: Mapping[str, pd.Series]) -> None:
    printed = float(rows["prior"].printed)
    ends = [printed, *(row[end] for row in rows.values() for end in ("low", "high"))]
    low, width = min(ends), (max(ends) - min(ends)) or 1.0
    for step, (name, row) in zip((0.15, -0.15), rows.items(), strict=True):
        x = [(row[end] - low) / width for end in ("low", "median", "high")]
        colour = POPULATION_COLOURS[name]
        axis.plot(x, [height + step] * 3, color=colour, linewidth=5, alpha=0.6)
        axis.plot(x[1], height + step, "|", color=INK, markersize=7)
    axis.plot((printed - low) / width, height, "D", color=INK, markersize=5)


def moved_figure(calibration: xr.Dataset) -> Figure:
    """What the facts moved: every parameter's posterior beside its prior, in prior sd.

    Args:
        calibration: From `virtual.shipped_calibration` or `calibrate_to_facts`.
    """
    order = np.argsort(calibration.contraction.values)
    names = calibration.parameter.values[order]
    mean, sd = (calibration[name].values[order] for name in ("mean_z", "sd_z"))
    shrunk = calibration.contraction.values[order]
    figure, axis = new_figure(8.6, 0.33 * len(names) + 1.7)
    axis.axvspan(-1.96, 1.96, color=GREY, alpha=0.2, label="prior, 95 %")
    place = np.arange(len(names))
    axis.errorbar(
        mean, place, xerr=1.96 * sd, fmt="o", color=BLUE, capsize=3, label="calibrated, 95 %"
    )
    for height, share in zip(place, shrunk, strict=True):
        axis.text(3.95, height, f"{100 * share:.0f} %", ha="right", va="center", fontsize=8.5)
    axis.text(3.95, len(names) - 0.35, "contraction", ha="right", fontsize=8.5, weight="bold")
    axis.set_yticks(place, names, fontsize=8.5)
    axis.set_xlim(-4, 4)
    axis.set_ylim(-0.7, len(names) + 0.2)
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.set_xlabel("standard normal scale of the prior [prior sd]")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    size = calibration.attrs["effective_sample_size"]
    figure.suptitle(
        f"{_LABEL}\nContraction is 1 - posterior / prior variance; effective sample size "
        f"{size:,.0f} of {calibration.attrs['particles']:,}.",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure


def risk_figure(risks: Mapping[str, xr.Dataset], observed: xr.Dataset) -> Figure:
    """P(DLT) of all causes by dose in both populations, beside what was observed.

    Args:
        risks: From `virtual.dlt_risk`, under "prior" and "calibrated".
        observed: `n(regimen)` and `dlt(regimen)` of the same regimens.
    """
    figure, axis = new_figure(8.2, 4.6)
    names = [str(name) for name in next(iter(risks.values())).regimen.values]
    place = np.arange(len(names))
    for step, (name, risk) in zip((-0.15, 0.0), risks.items(), strict=True):
        p = risk.p.sel(cause="any").isel(cycle=0)
        low, high = p.quantile([0.025, 0.975], "draw").values
        mean = p.mean("draw").values
        axis.vlines(place + step, low, high, color=POPULATION_COLOURS[name], linewidth=4, alpha=0.6)
        axis.plot(
            place + step,
            mean,
            "o",
            color=POPULATION_COLOURS[name],
            markeredgecolor=INK,
            label=f"{name}: mean and 95 % of draws",
        )
    observed_shares(axis, place + 0.18, observed)
    axis.axhline(1 / 3, color=VERMILION, linewidth=0.8, linestyle="--")
    axis.text(-0.45, 1 / 3 + 0.01, "1/3", color=VERMILION, fontsize=8.5)
    axis.set_xticks(place, names)
    axis.set_xlim(-0.5, len(names) - 0.5)
    percent_axis(axis, "P(DLT) in cycle 1 [%]")
    axis.set_xlabel("lenalidomide [mg a day]")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle(_LABEL, fontsize=9, x=0.01, ha="left")
    return figure
