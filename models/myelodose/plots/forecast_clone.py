"""Figures of the clone as a marker: detection limits, what its fall predicts, lead time, retention.

Every function returns the figure and the numbers that it shows.
"""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from myelodose.markers.predictive import Marked, area, predictive_values
from myelodose.plots.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    VERMILION,
    new_figure,
    percent_axis,
)

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, VERMILION)


def detection_figure(
    fish: xr.DataArray, vaf: xr.DataArray
) -> tuple[Figure, dict[str, xr.DataArray]]:
    """Smallest share of cells that is seen, by nuclei and by reads, for several overdispersions.

    Args:
        fish: From `detection.detection_limits`.
        vaf: The same of reads.
    """
    figure, axes = new_figure(10.5, 4.4, columns=2)
    both = (fish, "nuclei counted", "FISH"), (vaf, "reads", "VAF of a heterozygous mutation")
    for axis, (limits, label, title) in zip(axes, both, strict=True):
        for colour, rho in zip(_COLOURS, limits.overdispersion.values, strict=False):
            axis.plot(
                limits.number,
                100 * limits.sel(overdispersion=rho),
                "o-",
                color=colour,
                markersize=4,
                label=f"overdispersion {rho:g}",
            )
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if value in (2, 5, 20) else "")
        axis.set_xlabel(label)
        axis.set_ylabel("clone that is seen [% of cells]")
        axis.set_title(title, fontsize=10)
        axis.legend(frameon=False, fontsize=8.5)
    figure.suptitle(
        f"Exact: seen with probability {fish.attrs['power']:.0%}, called without a clone with at "
        f"most {fish.attrs['alpha']:.0%}",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure, {"FISH": fish, "VAF": vaf}


def marker_figure(found: Marked) -> tuple[Figure, pd.DataFrame]:
    """The fall of FISH after cycle 1 in responders and others, and its predictive values.

    Args:
        found: From `marker.marked`.
    """
    figure, axes = new_figure(10.5, 4.4, columns=2)
    edges = np.linspace(-0.6, 1.0, 33)
    fall = np.clip(found.fall, edges[0], edges[-1])
    for who, colour, label in (
        (found.response, BLUE, "responders"),
        (~found.response, ORANGE, "others"),
    ):
        weights = np.full(who.sum(), 1 / max(who.sum(), 1))
        axes[0].hist(fall[who], edges, weights=weights, color=colour, alpha=0.55, label=label)
    axes[0].set_xlabel("relative fall of the FISH share after cycle 1")
    axes[0].set_ylabel("share of the group")
    axes[0].legend(frameon=False)
    axes[0].set_title(f"AUC {area(found.fall, found.response):.2f}", fontsize=10)
    table = predictive_values(found, np.linspace(0.0, 0.9, 19))
    for name, colour, label in (
        ("ppv", BLUE, "responds, if it fell at least so far"),
        ("npv", ORANGE, "does not, if it fell less"),
        ("share_above", INK, "fell at least so far"),
    ):
        axes[1].plot(table.index, table[name], color=colour, label=label)
    percent_axis(axes[1], "share of patients [%]")
    axes[1].set_xlabel("cutoff: relative fall of the FISH share")
    axes[1].legend(frameon=False, fontsize=8.5)
    figure.suptitle(
        "SIMULATED. Marker and cytogenetic response read the same clone, on samples of their own",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure, table


def lead_time_figure(found: xr.Dataset) -> tuple[Figure, xr.Dataset]:
    """Days from the molecular call to the relapse, by how often and how deeply is read.

    Args:
        found: From `lead_time.lead_times`.
    """
    figure, axes = new_figure(10.5, 4.4, columns=2)
    width = 0.8 / found.sizes["depth"]
    place = np.arange(found.sizes["every_d"])
    for j, (colour, depth) in enumerate(zip(_COLOURS, found.depth.values, strict=False)):
        at = place + width * (j - (found.sizes["depth"] - 1) / 2)
        lead = found.lead_d.sel(depth=depth).values
        low, middle, high = np.array([_quartiles(row) for row in lead]).T
        axes[0].errorbar(
            at, middle, [middle - low, high - middle], fmt="o", color=colour, capsize=3,
            label=f"{depth} reads",
        )  # fmt: skip
        axes[1].bar(at, found.told.sel(depth=depth), width * 0.9, color=colour)
    for axis in axes:
        axis.set_xticks(place, [f"{d}" for d in found.every_d.values])
        axis.set_xlabel("days between readings [d]")
    axes[0].set_ylim(0, None)
    axes[0].set_ylabel("lead time: median and quartiles [d]")
    axes[0].legend(frameon=False, fontsize=8.5)
    percent_axis(axes[1], "relapses called before [%]")
    number = int(found.relapses.max())
    figure.suptitle(
        f"SIMULATED, up to {number} relapses after molecular clearance; relapse: "
        f"{found.attrs['relapse']}",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure, found


def retention_figure(found: xr.Dataset) -> tuple[Figure, xr.Dataset]:
    """CD34+ cells in the blood with and without retention: numbers move, fractions hardly.

    Args:
        found: From `retained.retained`.
    """
    figure, axes = new_figure(10.5, 4.4, columns=2)
    parts = (("number", "marrow"), ("share", "marrow_share"))
    for axis, (blood, marrow) in zip(axes, parts, strict=True):
        axis.plot(found.day, found[marrow], color=INK, linestyle="--", label="marrow")
        for colour, kind in zip((ORANGE, BLUE), found.retention.values, strict=True):
            label = "blood" if kind == "none" else "blood, CXCR4 raised"
            axis.plot(found.day, found[blood].sel(retention=kind), color=colour, label=label)
        axis.set_xlabel("days since the start of protocol day 1 [d]")
        axis.set_ylim(0, None)
        axis.legend(frameon=False, fontsize=8.5)
    axes[0].set_ylabel("CD34+ cells [of those before treatment]")
    axes[1].set_ylabel("share of del(5q) cells, as FISH reads it")
    figure.suptitle(
        f"SIMULATED, the typical patient. CHOSEN: {found.attrs['chosen']}",
        fontsize=9,
        x=0.01,
        ha="left",
    )
    return figure, found


def _quartiles(values: np.ndarray) -> tuple[float, float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return (np.nan, np.nan, np.nan)
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return float(low), float(middle), float(high)
