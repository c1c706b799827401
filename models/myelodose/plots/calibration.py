"""Figures of simulation-based calibration."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from myelodose.diagnostics.ranks import calibration_table, rank_difference, uniform_band
from myelodose.plots.style import BLUE, GREY, INK, VERMILION, new_figure


def calibration_figure(
    ranks: xr.Dataset, *, probability: float = 0.95, columns: int = 4, title: str = ""
) -> Figure:
    """The distribution of ranks less the uniform one, with its simultaneous band, by parameter.

    A parameter outside of the band for all parameters together is drawn in red.

    Args:
        ranks: From `inference.calibration`.
        probability: Of the band of each panel.
        columns: Panels side by side.
        title: What is shown.
    """
    names = [str(name) for name in ranks.parameter.values]
    table = calibration_table(ranks, probability=probability)
    draws, count = int(ranks.attrs["draws"]), ranks.sizes["simulation"]
    points, low, high = uniform_band(count, draws, probability=probability)
    columns = min(columns, len(names))
    rows = -(-len(names) // columns)
    figure, axes = new_figure(
        max(2.6 * columns + 0.6, 5.0), 2.1 * rows + 1.0, rows=rows, columns=columns, sharex=True,
        sharey=True, squeeze=False,
    )  # fmt: skip
    for axis, name in zip(axes.flat, names, strict=False):
        axis.fill_between(points, low, high, color=GREY, alpha=0.3, linewidth=0)
        axis.axhline(0, color=INK, linewidth=0.8)
        fits = bool(table.fits[name])
        difference = rank_difference(ranks["rank"].sel(parameter=name).values, draws)
        axis.step(
            points, difference, where="post", color=BLUE if fits else VERMILION, linewidth=1.5
        )
        axis.set_title(name if fits else f"{name}: NOT uniform", fontsize=9)
        axis.tick_params(labelsize=8)
    for axis in list(axes.flat)[len(names) :]:
        axis.set_visible(False)
    # The lowest panel of each column has the numbers, also above an empty place.
    for column in range(columns):
        last = (len(names) - 1 - column) // columns
        axes[last, column].tick_params(labelbottom=True)
    figure.supxlabel("rank of the true value among draws [fraction]", fontsize=10)
    figure.supylabel("ECDF difference [fraction]", fontsize=10)
    said = f"SIMULATED, band: {table.attrs['band']}"
    figure.suptitle(f"{title}\n{said}" if title else said, fontsize=10, x=0.01, ha="left")
    return figure


def recovery_figure(ranks: xr.Dataset, *, columns: int = 4, title: str = "") -> Figure:
    """True values against posterior means, with two standard deviations, by parameter.

    Args:
        ranks: From `inference.calibration`.
        columns: Panels side by side.
        title: What is shown.
    """
    names = [str(name) for name in ranks.parameter.values]
    columns = min(columns, len(names))
    rows = -(-len(names) // columns)
    figure, axes = new_figure(
        max(2.6 * columns + 0.6, 5.0), 2.4 * rows + 1.0, rows=rows, columns=columns, squeeze=False
    )
    for axis, name in zip(axes.flat, names, strict=False):
        one = ranks.sel(parameter=name)
        axis.errorbar(
            one.truth, one["mean"], yerr=2 * one.sd, fmt="o", color=BLUE, markersize=2.5,
            elinewidth=0.5, alpha=0.45, linestyle="",
        )  # fmt: skip
        ends = np.array([float(one.truth.min()), float(one.truth.max())])
        axis.plot(ends, ends, color=INK, linewidth=1.0, zorder=3)
        axis.set_title(name, fontsize=9)
        axis.tick_params(labelsize=8)
    for axis in list(axes.flat)[len(names) :]:
        axis.set_visible(False)
    figure.supxlabel("true value [unit of the parameter]", fontsize=10)
    figure.supylabel("posterior mean ± 2 sd", fontsize=10)
    figure.suptitle(f"SIMULATED {title}".rstrip(), fontsize=10, x=0.01, ha="left")
    return figure
