"""Figures of a published trial."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from myelodose.plots.style import (
    BLUE,
    INK,
    PURPLE,
    VERMILION,
    new_figure,
    percent_axis,
)

INDUCTION_WEEKS, MAINTENANCE_WEEKS = 4, 8

_RESPONSE_COLOUR = {
    "CR": "#00507D",
    "CRi": "#0072B2",
    "PR": "#56B4E9",
    "SD": "#E3E3E3",
    "PD": "#D55E00",
}
_TP53_MARK = {
    "mutated": ("D", "black"),
    "wild type": ("D", "white"),
    "not evaluable": ("x", "black"),
}


def swimmer(trial: xr.Dataset) -> Figure:
    """One lane per patient: cohort, dose, TP53, cycles and best responses.

    Lanes are as long as the cycles would take on schedule (4 weeks of induction, 8 weeks of
    maintenance each); the paper prints no dates.

    Args:
        trial: From `load_trial`.
    """
    count = trial.sizes["patient"]
    longest = float(
        (
            trial.induction_cycles * INDUCTION_WEEKS + trial.maintenance_cycles * MAINTENANCE_WEEKS
        ).max()
    )
    figure, axis = new_figure(11, 0.33 * count + 1.9)
    axis.grid(False)
    haem_x, cyto_x = longest + 5.0, longest + 9.5
    row = 0.0
    for dose in np.unique(trial.len_dose_mg.values):
        cohort = trial.sel(patient=trial.patient[(trial.len_dose_mg == dose).values])
        first = row
        for patient in cohort.patient.values:
            _lane(axis, cohort.sel(patient=patient), row, haem_x, cyto_x)
            axis.text(-2.6, row, f"patient {patient}", ha="right", va="center")
            row += 1
        axis.text(
            -11.2,
            (first + row - 1) / 2,
            f"cohort {cohort.cohort.values[0]}\n{dose:g} mg/d",
            ha="center",
            va="center",
            fontweight="bold",
        )
        row += 0.5
        if row < count:
            axis.hlines(row - 0.75, -14, cyto_x + 2.6, color="#CCCCCC", linewidth=0.8)
    for x, title in ((haem_x, "haemato-\nlogic"), (cyto_x, "cyto-\ngenetic")):
        axis.text(x, -0.9, title, ha="center", va="bottom")
    axis.text(
        (haem_x + cyto_x) / 2, -2.3, "best response", ha="center", va="bottom", fontweight="bold"
    )
    axis.text(-1.2, -0.9, "TP53", ha="center", va="bottom")
    axis.set_yticks([])
    axis.set_ylim(row - 0.4, -3.2)
    axis.set_xlim(-14, cyto_x + 2.6)
    axis.set_xticks(np.arange(0, longest + 1, 8))
    axis.spines["left"].set_visible(False)
    axis.spines["bottom"].set_bounds(0, longest)
    axis.set_xlabel("treatment on schedule [weeks]; the paper prints no dates")
    axis.legend(
        handles=[
            Patch(color=BLUE, label="induction cycle (4 weeks)"),
            Patch(
                facecolor="white", edgecolor=BLUE, hatch="///", label="maintenance cycle (8 weeks)"
            ),
            *(
                Line2D(
                    [],
                    [],
                    linestyle="",
                    marker=mark,
                    color="black",
                    markerfacecolor=fill,
                    label=f"TP53 {status}",
                )
                for status, (mark, fill) in _TP53_MARK.items()
            ),
        ],
        loc="upper center",
        bbox_to_anchor=(0.4, -0.1),
        ncols=5,
        frameon=False,
        fontsize=9,
        columnspacing=1.2,
    )
    return figure


def _lane(axis, patient: xr.Dataset, row: float, haem_x: float, cyto_x: float) -> None:
    start = 0
    for kind, weeks, style in (
        ("induction_cycles", INDUCTION_WEEKS, {"color": BLUE}),
        (
            "maintenance_cycles",
            MAINTENANCE_WEEKS,
            {"facecolor": "white", "edgecolor": BLUE, "hatch": "///"},
        ),
    ):
        for _ in range(int(patient[kind])):
            axis.barh(row, weeks - 0.35, left=start, height=0.62, **style)
            start += weeks
    mark, fill = _TP53_MARK[str(patient.tp53.item())]
    axis.plot(-1.2, row, marker=mark, color="black", markerfacecolor=fill, markersize=6)
    for x, best in ((haem_x, patient.best_haem_response), (cyto_x, patient.best_cyto_response)):
        word = str(best.item())
        axis.barh(row, 3.6, left=x - 1.8, height=0.78, color=_RESPONSE_COLOUR[word])
        dark = word in ("CR", "CRi", "PD")
        axis.text(
            x, row, word, ha="center", va="center", color="white" if dark else INK, fontsize=9
        )


def dose_counts(counts: pd.DataFrame) -> Figure:
    """Observed share of patients with a DLT and with a response, by dose.

    Args:
        counts: From `counts_by_dose`.
    """
    outcomes = list(dict.fromkeys(counts.index.get_level_values("outcome")))
    figure, axes = new_figure(11, 3.7, columns=len(outcomes), sharey=True)
    for axis, outcome, colour in zip(axes, outcomes, (VERMILION, BLUE, PURPLE), strict=True):
        rows = counts.loc[outcome]
        where = np.arange(len(rows))
        axis.vlines(where, rows.lower, rows.upper, color=colour, linewidth=2)
        axis.plot(where, rows.share, "o", color=colour, markersize=9)
        for x, row in zip(where, rows.itertuples(), strict=True):
            axis.text(x + 0.12, row.share, f"{row.events}/{row.patients}", va="center", color=INK)
        axis.set_xticks(where, [f"{dose:g}" for dose in rows.index])
        axis.set_xlim(-0.5, len(rows) - 0.3)
        axis.set_title(outcome)
        axis.set_xlabel("lenalidomide [mg/day, d6-19]")
    percent_axis(axes[0], "share of patients (95 % exact interval)")
    return figure
