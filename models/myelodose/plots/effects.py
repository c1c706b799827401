"""Figures of random effects against covariates, and of what covariates do."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from myelodose.errors import InputError
from myelodose.plots.gof import running_mean
from myelodose.plots.style import BLUE, GREY, INK, ORANGE, new_figure

NO_EFFECT = (0.8, 1.25)
"""Ratios that are usually taken for no relevant effect."""


def eta_covariate_figure(
    eta: np.ndarray,
    covariates: Mapping[str, ArrayLike],
    *,
    names: Sequence[str],
    units: Mapping[str, str] | None = None,
    title: str = "",
) -> Figure:
    """Random effects (rows) against covariates (columns): dots, and a running mean or medians.

    Args:
        eta: Individual estimates, (patient, eta).
        covariates: By name one value a patient.
        names: Name of each effect.
        units: By covariate.
        title: What is shown.

    Raises:
        InputError: If a covariate does not have one value a patient.
    """
    eta = np.asarray(eta, float)
    figure, axes = new_figure(
        max(2.7 * len(covariates) + 0.8, 5.0), 2.2 * len(names) + 0.9, rows=len(names),
        columns=len(covariates), sharey="row", sharex="col", squeeze=False,
    )  # fmt: skip
    for column, (name, values) in enumerate(covariates.items()):
        array = np.asarray(values)
        if len(array) != len(eta):
            found = f"found {len(array)} values"
            raise InputError(f"covariate {name!r}", found, f"give {len(eta)}, one a patient")
        for row, effect in enumerate(names):
            _eta_panel(axes[row, column], array, eta[:, row])
            if column == 0:
                axes[row, 0].set_ylabel(f"eta of {effect}\n[log scale]")
        unit = (units or {}).get(name, "")
        axes[-1, column].set_xlabel(f"{name} [{unit}]" if unit else name)
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    return figure


def _eta_panel(axis: Axes, x: np.ndarray, eta: np.ndarray) -> None:
    axis.axhline(0, color=INK, linewidth=0.9)
    if x.dtype.kind in "fiu":
        axis.scatter(x, eta, s=16, color=BLUE, alpha=0.65, linewidth=0)
        axis.plot(*running_mean(x.astype(float), eta), color=ORANGE, linewidth=2.0)
        return
    levels, place = np.unique(x.astype(str), return_inverse=True)
    # Side by side in a fixed pattern, so that the figure is the same every time.
    shift = 0.16 * np.sin(2.4 * np.arange(len(eta)))
    axis.scatter(place + shift, eta, s=16, color=BLUE, alpha=0.65, linewidth=0)
    for k in range(len(levels)):
        axis.hlines(np.median(eta[place == k]), k - 0.3, k + 0.3, color=ORANGE, linewidth=2.2)
    axis.set_xticks(range(len(levels)), list(levels))
    axis.set_xlim(-0.6, len(levels) - 0.4)


def forest_figure(table: pd.DataFrame, *, title: str = "") -> Figure:
    """Ratios of parameters at covariates to those at the reference, with intervals.

    The grey band is a ratio of 0.8 to 1.25.

    Args:
        table: From `diagnostics.covariate_forest`.
        title: What is shown.
    """
    blocks = [(name, rows) for name, rows in table.groupby("parameter", sort=False)]
    height = len(table) + 0.6 * len(blocks)
    figure, axis = new_figure(8.6, 0.36 * height + 1.5)
    axis.grid(False)
    axis.axvspan(*NO_EFFECT, color=GREY, alpha=0.2, linewidth=0)
    axis.axvline(1.0, color=INK, linewidth=1.0)
    ticks, labels, at = [], [], 0.0
    for name, rows in blocks:
        axis.text(0.005, at, str(name), transform=axis.get_yaxis_transform(), fontweight="bold",
                  va="center")  # fmt: skip
        at += 0.85
        for row in rows.itertuples():
            axis.hlines(at, row.low, row.high, color=BLUE, linewidth=2.2)
            axis.plot(row.ratio, at, "s", color=BLUE, markersize=6)
            axis.text(1.01, at, f"{row.ratio:.2f} ({row.low:.2f} to {row.high:.2f})",
                      transform=axis.get_yaxis_transform(), va="center", fontsize=9)  # fmt: skip
            ticks.append(at)
            labels.append(str(row.label))
            at += 1.0
        at += 0.35
    axis.set_yticks(ticks, labels)
    axis.set_ylim(at - 0.6, -0.7)
    axis.set_xscale("log")
    _ratio_ticks(axis, table)
    axis.set_xlabel("ratio to the reference [1], interval " + str(table.attrs.get("interval", "")))
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    return figure


def _ratio_ticks(axis: Axes, table: pd.DataFrame) -> None:
    """Ratios that are read easily, on a range with both sides of 1."""
    low = min(0.75, 0.93 * float(table.low.min()))
    high = max(1.34, 1.08 * float(table.high.max()))
    axis.set_xlim(low, high)
    possible = [0.1, 0.2, 0.3, 0.5, 0.65, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0]
    inside = [value for value in possible if low <= value <= high]
    axis.set_xticks(inside, [f"{value:g}" for value in inside])
    axis.minorticks_off()
