"""Figures of prior and posterior predictive checks by ArviZ, labelled as simulated."""

from typing import Any

import arviz as az
import matplotlib.pyplot as plt
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from myelodose.plots.style import INK, SKY, plain

_SHOWN = 50


def predictive_figure(
    tree: xr.DataTree,
    *,
    value: str = "concentration [mg/L]",
    logarithmic: bool = False,
    title: str = "",
) -> Figure:
    """The distribution of the data over those of simulated data sets.

    Args:
        tree: From `diagnostics.predictive_tree`, from the posterior or from the prior.
        value: Label of the values with their unit.
        logarithmic: Whether values are on a logarithmic axis.
        title: What is shown; the kind of simulation is added.
    """
    kind = "posterior" if "posterior_predictive" in tree.children else "prior"
    group = f"{kind}_predictive"
    visuals: Any = {"observed_dist": False, "title": False, "remove_axis": False}
    visuals["predictive_dist"] = {"color": SKY, "alpha": 0.4, "width": 0.7}
    drawn = az.plot_ppc_dist(
        tree, group=group, kind="ecdf", num_samples=_SHOWN, backend="matplotlib",
        visuals=visuals,
        figure_kwargs={"figsize": (6.4, 4.0), "layout": "constrained", "dpi": 110},
    )  # fmt: skip
    figure = drawn.viz["figure"].item()
    plt.close(figure)
    (axis,) = figure.axes
    plain(axis)
    # ArviZ leaves the data out of prior checks; here they are always shown.
    (observed,) = tree["observed_data"].data_vars.values()
    axis.ecdf(observed.values, color=INK, linewidth=1.8)
    if logarithmic:
        axis.set_xscale("log")
    axis.set_xlabel(value)
    axis.set_ylabel("share at or below [fraction]")
    handles = [
        Line2D([], [], color=INK, linewidth=1.8, label="observed"),
        Line2D([], [], color=SKY, label=f"SIMULATED from the {kind}"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    shown = min(_SHOWN, tree[group].sizes["chain"] * tree[group].sizes["draw"])
    said = f"{kind} predictive check, {shown} simulations"
    figure.suptitle(f"{title}; {said}" if title else said, fontsize=10, x=0.01, ha="left")
    return figure
