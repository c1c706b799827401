"""Figures of designs: decision tables, dose-transition pathways, operating characteristics."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from myelodose.characteristics.paths import Pathways
from myelodose.designs.base import STOP, UNDECIDED
from myelodose.outcomes.labels import shown
from myelodose.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    OVER,
    PURPLE,
    SKY,
    TARGET,
    UNDER,
    VERMILION,
    new_figure,
    percent_axis,
)

SERIES = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, GREY, INK)
_WORDS = {"E": "escalate", "S": "stay", "D": "go down", "DU": "go down, never return"}
_COLOURS = {"E": UNDER, "S": TARGET, "D": ORANGE, "DU": OVER}


def decision_table(table: pd.DataFrame, *, title: str = "") -> Figure:
    """A decision table as a coloured grid, the letters in the cells.

    Args:
        table: From `table()` of an interval design: DLTs in rows, patients in columns.
        title: Title of the figure.
    """
    rows, columns = table.shape
    figure, axis = new_figure(1.6 + 0.5 * columns, 1.6 + 0.38 * rows)
    axis.grid(False)
    for i, dlts in enumerate(table.index):
        for j, patients in enumerate(table.columns):
            letters = str(table.loc[dlts, patients])
            if letters not in _COLOURS:
                continue
            box = (j - 0.5, i - 0.5)
            axis.add_patch(
                Rectangle(box, 1, 1, facecolor=_COLOURS[letters], alpha=0.55, edgecolor="white")
            )
            axis.text(j, i, letters, ha="center", va="center", fontsize=9, color=INK)
    axis.set_xlim(-0.5, columns - 0.5)
    axis.set_ylim(rows - 0.5, -0.5)
    axis.set_xticks(range(columns), [str(c) for c in table.columns])
    axis.set_yticks(range(rows), [str(r) for r in table.index])
    axis.set_xlabel("patients at the dose")
    axis.set_ylabel("patients with a DLT")
    axis.set_title(title)
    found = [letters for letters in _WORDS if (table == letters).any().any()]
    handles = [
        Patch(facecolor=_COLOURS[letters], alpha=0.55, label=f"{letters}: {_WORDS[letters]}")
        for letters in found
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


def pathway_tree(pathways: Pathways, *, dose_label: str = "dose") -> Figure:
    """Dose-transition pathways from left to right; a colour a dose, DLTs on the branches.

    Args:
        pathways: From `characteristics.pathways`.
        dose_label: What a dose is, with unit, for the legend.
    """
    places = _places(pathways)
    depth = len(pathways.layers)
    lowest = max(place.max() for place in places)
    figure, axis = new_figure(2.2 * depth + 1.2, max(2.8, 0.3 * (lowest + 3)))
    axis.axis("off")
    colours = {level: SERIES[level % len(SERIES)] for level in range(pathways.design.levels)}
    colours |= {STOP: "#FFFFFF", UNDECIDED: "#DDDDDD"}
    for column, (layer, place) in enumerate(zip(pathways.layers, places, strict=True)):
        for node, height in enumerate(place):
            level = int(layer.next[node])
            if column:
                before = places[column - 1][layer.parent[node]]
                axis.plot([column - 1, column], [before, height], color=GREY, lw=0.9, zorder=1)
                middle = (column - 0.30, height + 0.30 * (before - height))
                text = f"{layer.dlts[node]}/{layer.size[node]}"
                axis.text(*middle, text, fontsize=7.5, ha="center", va="bottom", color=INK)
            axis.scatter(
                column, height, s=330, color=colours[level], edgecolor=INK, linewidth=0.8, zorder=2
            )
            label = _node_label(pathways, level)
            dark = level >= 0 and colours[level] in (BLUE, INK, VERMILION, GREEN)
            axis.text(
                column,
                height,
                label,
                ha="center",
                va="center",
                fontsize=7,
                color="white" if dark else INK,
                zorder=3,
            )
    axis.set_xlim(-0.4, depth - 0.6)
    axis.set_ylim(lowest + 1.8, -1.6)
    caption = "on a branch: patients with a DLT / patients of the cohort"
    axis.text(-0.3, lowest + 1.5, caption, fontsize=8, color=INK)
    for column in range(depth):
        heading = f"next {dose_label}" if column == 0 else f"after cohort {column}"
        axis.text(column, -1.1, heading, ha="center", fontsize=9, color=INK)
    return figure


def characteristics(found: xr.Dataset, *, target: float | None = None) -> Figure:
    """Selection and patients by dose, one panel pair a scenario, one colour a design.

    Args:
        found: From `exact` or `simulate`, over `scenario` and, for several designs, `design`.
        target: Target DLT risk; the true risk of every dose is written under it.
    """
    whole = found
    for dim, name in (("scenario", "scenario"), ("design", "design")):
        if dim not in whole.dims:
            whole = whole.expand_dims({dim: [name]})
    scenarios, designs = whole.scenario.values, whole.design.values
    figure, axes = new_figure(
        9.5, 0.8 + 2.5 * len(scenarios), rows=len(scenarios), columns=2, squeeze=False
    )
    for row, scenario in enumerate(scenarios):
        one = whole.sel(scenario=scenario)
        risks = one.truth.isel(design=0) if "design" in one.truth.dims else one.truth
        _bars(axes[row, 0], one.selected, one.selected_none, designs, risks, target)
        percent_axis(axes[row, 0], "probability of selection")
        _bars(axes[row, 1], one.patients, None, designs, risks, target)
        axes[row, 1].set_ylabel("expected patients")
        axes[row, 0].set_title(str(scenario), loc="left", fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel("dose, below it its true DLT risk")
    if len(designs) > 1:
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
    return figure


def design_search(found: pd.DataFrame, *, most: int = 3) -> Figure:
    """Settings of a design: correct selections against patients treated above the target.

    Args:
        found: From `characteristics.calibrate.search_designs`; settings without numbers are left
            out.
        most: How many settings, best first, are named; at most four.
    """
    shown_rows = found.dropna(subset=["correct"])
    figure, axis = new_figure(8.2, 4.8)
    above, correct = (100 * shown_rows[name] for name in ("overdosed_patients", "correct"))
    if len(shown_rows) > most:
        axis.scatter(above[most:], correct[most:], s=46, color=GREY, label="other settings")
    # Neighbours in rank are often neighbours in the plane: names beside them would overlap.
    best = zip(shown_rows.index[:most], "osD^", SERIES, strict=False)
    for k, (name, marker, colour) in enumerate(best):
        words = ", ".join(map(str, np.atleast_1d(np.array(name, dtype=object))))
        place = (above.iloc[k], correct.iloc[k])
        axis.scatter(*place, s=60, marker=marker, color=colour, label=f"{k + 1}. {words}", zorder=3)
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axis.margins(0.12)
    axis.set_xlabel("patients treated above the target, mean over scenarios [%]")
    axis.set_ylabel("correct selections, mean over scenarios [%]")
    axis.set_title(f"settings: {', '.join(map(str, found.index.names))}", fontsize=10, loc="left")
    return figure


def _bars(
    axis: Axes,
    by_level: xr.DataArray,
    none: xr.DataArray | None,
    designs: np.ndarray,
    risks: xr.DataArray,
    target: float | None,
) -> None:
    levels = [shown(level) for level in by_level.level.values]
    width = 0.8 / len(designs)
    for k, design in enumerate(designs):
        heights = by_level.sel(design=design).values
        if none is not None:
            heights = np.append(heights, float(none.sel(design=design)))
        at = np.arange(len(heights)) + (k - (len(designs) - 1) / 2) * width
        axis.bar(at, heights, width * 0.92, color=SERIES[k % len(SERIES)], label=str(design))
    ticks = [f"{level}\n{100 * float(r):.0f} %" for level, r in zip(levels, risks, strict=True)]
    axis.set_xticks(
        range(len(ticks) + (none is not None)), ticks + (["none"] if none is not None else [])
    )
    if target is not None:
        right = np.flatnonzero(np.asarray(risks) <= target + 1e-9)
        if right.size:
            axis.axvspan(right[-1] - 0.46, right[-1] + 0.46, color=TARGET, alpha=0.12, zorder=0)


def _places(pathways: Pathways) -> list[np.ndarray]:
    """Height of every node: leaves in a row, others in the middle of their children."""
    heights = [np.full(len(layer.next), np.nan) for layer in pathways.layers]
    count = 0

    def place(depth: int, node: int) -> float:
        nonlocal count
        children = []
        if depth + 1 < len(pathways.layers):
            children = np.flatnonzero(pathways.layers[depth + 1].parent == node).tolist()
        if children:
            below = [place(depth + 1, child) for child in children]
            heights[depth][node] = (below[0] + below[-1]) / 2
        else:
            heights[depth][node] = count
            count += 1
        return float(heights[depth][node])

    place(0, 0)
    return heights


def _node_label(pathways: Pathways, level: int) -> str:
    if level == STOP:
        return "stop"
    return "?" if level == UNDECIDED else shown(pathways.design.labels[level])
