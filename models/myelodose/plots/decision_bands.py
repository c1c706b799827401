"""One cycle as bands: counts and clone of virtual patients, grades, the DLT window, and P(DLT)."""

import textwrap

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from myelodose.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILION, new_figure

GRADES = {"ANC": (1.0, 0.5), "PLT": (50.0, 25.0)}
"""Below these is grade 3 and grade 4 [1e9/L], CTCAE v5."""

TICKS = {"ANC": (0.1, 0.25, 0.5, 1, 2, 4), "PLT": (10, 25, 50, 100, 200, 400)}
"""Fixed, so that bands move and not their axes [1e9/L]."""

_CAUSES = {"recovery": "counts", "infection": "infection", "thrombosis": "thrombosis"}


def bands_figure(bands: xr.Dataset, title: str = "") -> tuple[Figure, pd.DataFrame]:
    """Neutrophils, platelets, clone and P(DLT) of one cycle.

    Args:
        bands: From `decision.bands.cycle_bands`.
        title: Words about the regimen.

    Returns:
        The figure, and its numbers: a row for each day and quantile.
    """
    figure, axes = new_figure(
        11.0, 3.3, columns=4, gridspec_kw={"width_ratios": [1.25, 1.25, 1.1, 0.7]}
    )
    for axis, name, colour in zip(axes, ("ANC", "PLT"), (BLUE, PURPLE), strict=False):
        _band(axis, bands["count"].sel(lineage=name), colour)
        axis.set_yscale("log")
        axis.set_ylabel(f"{name} [1e9/L]")
        ticks = TICKS[name]
        axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_ylim(ticks[0] / 1.3, ticks[-1] * 1.3)
        for grade, limit in zip((3, 4), GRADES[name], strict=True):
            axis.axhline(limit, color=VERMILION, linestyle=":" if grade == 3 else "--", linewidth=1)
            axis.text(
                0.99,
                limit,
                f"grade {grade}",
                transform=axis.get_yaxis_transform(),
                ha="right",
                va="bottom",
                fontsize=7,
                color=VERMILION,
            )
    _band(axes[2], 100 * bands.clone_share, GREEN)
    axes[2].set_ylim(0, 100)
    axes[2].set_ylabel("clone share [%]")
    for axis in axes[:3]:
        _days(axis, bands)
    _risk(axes[3], bands)
    words = (
        f"SIMULATED. {title} Bands: 50 and 90 % of virtual patients; shaded: DLT window after the "
        "cycle"
    )
    figure.suptitle(
        textwrap.fill(words, 140),
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure, bands[["count", "clone_share"]].to_dataframe()


def _band(axis: Axes, values: xr.DataArray, colour: str) -> None:
    day = values.day.values
    for low, high, alpha in ((0.05, 0.95, 0.15), (0.25, 0.75, 0.25)):
        ends = (values.sel(level=low).values, values.sel(level=high).values)
        axis.fill_between(day, *ends, color=colour, alpha=alpha, linewidth=0)
    axis.plot(day, values.sel(level=0.5).values, color=colour, linewidth=1.8)


def _days(axis: Axes, bands: xr.Dataset) -> None:
    """Doses at the foot, and the part of the window that waits for recovery."""
    last = int(bands.day[-1])
    axis.axvspan(bands.attrs["cycle_d"] + 1, last, color=GREY, alpha=0.12, linewidth=0)
    for drug, colour, height in (("azacitidine", INK, 0.015), ("lenalidomide", ORANGE, 0.045)):
        days = bands.day.values[bands.dosed.sel(drug=drug).values]
        foot = axis.get_xaxis_transform()
        axis.plot(days, [height] * len(days), "s", color=colour, markersize=2.5, transform=foot)
    axis.set_xlim(1, last)
    axis.set_xlabel("protocol day [d]")


def _risk(axis: Axes, bands: xr.Dataset) -> None:
    bottom = 0.0
    for (name, words), colour in zip(_CAUSES.items(), (BLUE, ORANGE, PURPLE), strict=True):
        value = 100 * float(bands.p_dlt.sel(cause=name))
        axis.bar(0, value, 0.6, bottom=bottom, color=colour, label=words)
        bottom += value
    mean = 100 * float(bands.p_dlt.sel(cause="any"))
    low, high = 100 * float(bands.p_low), 100 * float(bands.p_high)
    axis.errorbar(0.5, mean, [[mean - low], [high - mean]], fmt="o", color=INK, capsize=3)
    axis.set_xlim(-0.5, 0.9)
    # Two scales and no more: under a slider a bar has to grow with the risk.
    axis.set_ylim(0, 60 if 1.45 * high < 60 else 145)
    axis.set_xticks([])
    axis.set_ylabel("P(DLT) [%]")
    axis.set_title(f"{mean:.0f} % ({low:.0f} to {high:.0f})", fontsize=9)
    axis.legend(frameon=False, fontsize=7, loc="upper left")
