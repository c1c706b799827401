"""Figures of goodness of fit: predictions, residuals and npde."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtri
from scipy.stats import beta

from myelodose.plots.style import BLUE, GREY, INK, ORANGE, new_figure

_DOTS = {"marker": "o", "s": 13, "color": BLUE, "alpha": 0.55, "linewidth": 0}
_TREND_POINTS = 60


def gof_figure(
    table: pd.DataFrame,
    *,
    value: str = "concentration [mg/L]",
    time: str = "time [h]",
    logarithmic: bool = False,
    title: str = "",
) -> Figure:
    """Observed against PRED and IPRED; IWRES and CWRES against prediction and time.

    The orange line is a running mean. Residuals should lie around 0 with 95 % between the dashed
    lines at -1.96 and 1.96, and show no trend. Censored values are not drawn.

    Args:
        table: From `diagnostics.residuals`, of one kind of measurement.
        value: Label of the values with their unit.
        time: Label of the times with their unit.
        logarithmic: Whether values are on logarithmic axes.
        title: What is shown.
    """
    seen = table[table.censored == 0]
    figure, axes = new_figure(11.0, 7.0, rows=2, columns=3)
    name = value.partition(" [")[0]
    unit = f" [{value.partition(' [')[2]}" if "[" in value else ""
    for axis, column, who in zip(
        axes[0, :2], ("PRED", "IPRED"), ("population", "individual"), strict=True
    ):
        axis.scatter(seen[column], seen.y, **_DOTS)
        _identity(axis, logarithmic)
        axis.set_xlabel(f"{who} prediction of\n{name}{unit}")
        axis.set_ylabel(f"observed {name}{unit}")
    panels = (
        (axes[0, 2], "IPRED", "IWRES", f"individual prediction of\n{name}{unit}"),
        (axes[1, 0], "time_h", "IWRES", time),
        (axes[1, 1], "PRED", "CWRES", f"population prediction of\n{name}{unit}"),
        (axes[1, 2], "time_h", "CWRES", time),
    )
    for axis, x, y, label in panels:
        _residual_panel(axis, seen[x].to_numpy(float), seen[y].to_numpy(float))
        axis.set_xlabel(label)
        axis.set_ylabel(f"{y} [sd]")
        if logarithmic and x != "time_h":
            axis.set_xscale("log")
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    return figure


def npde_figure(
    found: xr.Dataset,
    times: np.ndarray,
    prediction: np.ndarray | None = None,
    *,
    time: str = "time [h]",
    value: str = "concentration [mg/L]",
    title: str = "",
) -> Figure:
    """npde: normal quantiles with a 95 % band at each, against time and against prediction.

    Args:
        found: From `diagnostics.npde`.
        times: Of the observations.
        prediction: Of the observations; by default the mean of their simulations.
        time: Label of the times with their unit.
        value: Label of the predictions with their unit.
        title: What is shown.
    """
    figure, axes = new_figure(11.0, 4.0, columns=3)
    values = found.npde.values
    _quantiles(axes[0], values)
    prediction = found.mean_prediction.values if prediction is None else prediction
    for axis, x, label in ((axes[1], times, time), (axes[2], prediction, f"predicted {value}")):
        _residual_panel(axis, np.asarray(x, float), values)
        axis.set_xlabel(label)
        axis.set_ylabel("npde [sd]")
    said = f"npde of {len(values)} observations by {found.attrs['simulations']} simulations"
    figure.suptitle(f"{title}; {said}" if title else said, fontsize=10, x=0.01, ha="left")
    return figure


def _identity(axis: Axes, logarithmic: bool) -> None:
    """The line of identity over equal axes."""
    if logarithmic:
        axis.set_xscale("log")
        axis.set_yscale("log")
    ends = [
        min(axis.get_xlim()[0], axis.get_ylim()[0]),
        max(axis.get_xlim()[1], axis.get_ylim()[1]),
    ]
    if not logarithmic:
        ends[0] = min(ends[0], 0.0)
    axis.plot(ends, ends, color=INK, linewidth=1.0, zorder=0)
    axis.set_xlim(*ends)
    axis.set_ylim(*ends)


def _residual_panel(axis: Axes, x: np.ndarray, y: np.ndarray) -> None:
    axis.scatter(x, y, **_DOTS)
    axis.axhline(0, color=INK, linewidth=1.0)
    for at in (-1.96, 1.96):
        axis.axhline(at, color=GREY, linewidth=0.9, linestyle=(0, (5, 3)))
    where, mean = running_mean(x, y)
    axis.plot(where, mean, color=ORANGE, linewidth=2.2)
    reach = max(3.2, 1.08 * float(np.nanmax(np.abs(y))))
    axis.set_ylim(-reach, reach)


def running_mean(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of y in a Gaussian window over the ranks of x with an sd of an eighth of the points.

    Ranks, so that a window holds alike many points however they lie.

    Example:
        >>> running_mean(np.arange(8.0), np.ones(8))[1].round(6).min()
        np.float64(1.0)
    """
    known = np.isfinite(x) & np.isfinite(y)
    order = np.argsort(x[known], kind="stable")
    ordered, values = x[known][order], y[known][order]
    ranks = np.arange(len(ordered))
    centres = np.linspace(0, len(ordered) - 1, min(_TREND_POINTS, len(ordered)))
    width = max(len(ordered) / 8, 1.0)
    weight = np.exp(-0.5 * ((ranks - centres[:, None]) / width) ** 2)
    return np.interp(centres, ranks, ordered), weight @ values / weight.sum(axis=1)


def _quantiles(axis: Axes, values: np.ndarray) -> None:
    """Ordered values against normal quantiles; the band holds each with 95 % by itself."""
    ordered = np.sort(values[np.isfinite(values)])
    count = len(ordered)
    rank = np.arange(1, count + 1)
    expected = ndtri((rank - 0.5) / count)
    low, high = (ndtri(beta.ppf(q, rank, count + 1 - rank)) for q in (0.025, 0.975))
    axis.fill_between(expected, low, high, color=GREY, alpha=0.28, linewidth=0)
    axis.plot(expected, expected, color=INK, linewidth=1.0)
    axis.plot(expected, ordered, "o", color=BLUE, markersize=3.2, alpha=0.7)
    axis.set_xlabel("normal quantile [sd]\n(grey: 95 % of each order statistic)")
    axis.set_ylabel("npde [sd]")
