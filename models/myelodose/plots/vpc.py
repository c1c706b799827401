"""Figures of visual predictive checks."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from myelodose.plots.style import BLUE, GREY, INK, ORANGE, new_figure, percent_axis


def vpc_figure(
    check: xr.Dataset,
    *,
    time: str = "time [h]",
    value: str = "concentration [mg/L]",
    logarithmic: bool = False,
    points: bool = True,
    title: str = "",
) -> Figure:
    """Percentiles of the data over the bands of the simulations, one panel a stratum.

    Bands are drawn from bin to bin as boxes, so that the bins are seen. Where values are censored
    a second row shows their fraction. A percentile that is not known, because it lies among the
    censored values, is not drawn; a band of which only the upper end is known goes to the bottom.

    Args:
        check: From `diagnostics.vpc`.
        time: Label of the horizontal axis with its unit.
        value: Label of the values with their unit.
        logarithmic: Whether values are on a logarithmic axis.
        points: Whether (corrected) observations are drawn as dots.
        title: What is shown; the number of simulations and the band are added.
    """
    columns = check.sizes["stratum"]
    with_limits = "observed_censored" in check
    rows = 2 if with_limits else 1
    figure, axes = new_figure(
        max(6.4, 4.2 * columns + 0.6), 4.6 + 1.9 * with_limits, rows=rows, columns=columns,
        sharex=True, sharey="row", squeeze=False,
        gridspec_kw={"height_ratios": [2.6, 1.0][:rows]},
    )  # fmt: skip
    for column, stratum in enumerate(check.stratum.values):
        one = check.sel(stratum=stratum)
        _percentiles(axes[0, column], one, check, stratum, points=points)
        if with_limits:
            _censored(axes[1, column], one)
        if check.attrs["stratified"]:
            axes[0, column].set_title(str(stratum), fontsize=10)
        axes[-1, column].set_xlabel(time)
    corrected = check.attrs["corrected"]
    axes[0, 0].set_ylabel(
        value if corrected == "no" else f"{corrected.split(',')[0]}-corrected\n{value}"
    )
    if logarithmic:
        for axis in axes[0]:
            plain_logarithms(axis)
    if with_limits:
        percent_axis(axes[1, 0], "censored [%]")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False,
        fontsize=9,
    )  # fmt: skip
    said = f"bands: {check.attrs['band']}, SIMULATED"
    figure.suptitle(f"{title}\n{said}" if title else said, fontsize=10, x=0.01, ha="left")
    return figure


def _percentiles(axis: Axes, one: xr.Dataset, check: xr.Dataset, stratum, *, points: bool) -> None:
    if points:
        own = check.stratum_of_obs.values == stratum
        axis.plot(
            check.time.values[own], check.value.values[own], ".", color=GREY, markersize=3.5,
            alpha=0.45, zorder=1, label="observation",
        )  # fmt: skip
    names = [f"{p:g} %" for p in one.percentile.values]
    middle = len(names) // 2
    edges = np.append(one.bin_low.values, one.bin_high.values[-1])
    floor = float(
        min(np.nanmin(check.value), np.nanmin(check.simulated), np.nanmin(check.observed))
    )
    for k, name in enumerate(names):
        colour = ORANGE if k == middle else BLUE
        band = one.simulated.isel(percentile=k)
        low, typical, high = (band.isel(level=n).values for n in range(3))
        low = np.where(np.isnan(low) & np.isfinite(high), floor, low)
        outer = ", ".join(n for j, n in enumerate(names) if j != middle)
        label = {middle: f"simulated {names[middle]}"}.get(
            k, f"simulated {outer}" if k == 0 else None
        )
        axis.fill_between(
            edges, np.append(low, low[-1]), np.append(high, high[-1]), step="post",
            color=colour, alpha=0.28, linewidth=0, label=label, zorder=2,
        )  # fmt: skip
        axis.hlines(typical, one.bin_low, one.bin_high, color=colour, linewidth=1.1, zorder=3)
        style = "-" if k == middle else (0, (4, 2))
        seen = {middle: f"observed {name}", 0: f"observed {outer}"}.get(k)
        axis.plot(
            one.bin_middle, one.observed.isel(percentile=k), linestyle=style, color=INK,
            linewidth=1.6, marker="o", markersize=3, zorder=4, label=seen,
        )  # fmt: skip
    _bins(axis, edges)


def _censored(axis: Axes, one: xr.Dataset) -> None:
    edges = np.append(one.bin_low.values, one.bin_high.values[-1])
    low, typical, high = (one.simulated_censored.isel(level=n).values for n in range(3))
    axis.fill_between(
        edges, np.append(low, low[-1]), np.append(high, high[-1]), step="post", color=BLUE,
        alpha=0.28, linewidth=0,
    )  # fmt: skip
    axis.hlines(typical, one.bin_low, one.bin_high, color=BLUE, linewidth=1.1)
    axis.plot(one.bin_middle, one.observed_censored, "-o", color=INK, linewidth=1.6, markersize=3)
    _bins(axis, edges)


def plain_logarithms(axis: Axes) -> None:
    """A vertical logarithmic axis with plain numbers, 2 and 5 among them on a short one."""
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    low, high = axis.get_ylim()
    short = high / low < 100

    def minor(value: float, _) -> str:
        leading = round(value / 10 ** np.floor(np.log10(value) + 1e-9))
        return f"{value:g}" if short and leading in (2, 5) else ""

    axis.yaxis.set_minor_formatter(minor)


def _bins(axis: Axes, edges: np.ndarray) -> None:
    """Edges of the bins as ticks on the top of the panel."""
    axis.vlines(edges, 0.985, 1.0, transform=axis.get_xaxis_transform(), color=INK, linewidth=0.8)
