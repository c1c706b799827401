"""Figures of chains: ArviZ's, in the colours of the house."""

from collections.abc import Sequence

import arviz as az
import matplotlib.pyplot as plt
import xarray as xr
from matplotlib.figure import Figure

from myelodose.plots.style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, plain

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)
_PANEL = (3.4, 2.1)
_KWARGS = {"layout": "constrained", "dpi": 110}


def trace_figure(tree: xr.DataTree, names: Sequence[str] | None = None) -> Figure:
    """Traces of the chains, one colour a chain; black ticks are divergences.

    Args:
        tree: A DataTree with groups `posterior` and `sample_stats`.
        names: Variables to show.
    """
    figure = _drawn(az.plot_trace, tree, names, {"trace": {"width": 0.5, "alpha": 0.7}})
    return _labelled(figure, "draw", "")


def rank_figure(tree: xr.DataTree, names: Sequence[str] | None = None) -> Figure:
    """Ranks of each chain's draws among all, as difference of distributions.

    Chains that agree stay near 0; p is ArviZ's test that they do.

    Args:
        tree: A DataTree with group `posterior`.
        names: Variables to show.

    Source:
        Säilynoja, Bürkner and Vehtari 2022 (doi 10.1007/s11222-022-10090-6).
    """
    figure = _drawn(az.plot_rank, tree, names, {"remove_axis": False})
    return _labelled(figure, "rank among all draws [fraction]", "ECDF difference")


def energy_figure(tree: xr.DataTree) -> Figure:
    """The energy and its steps, which should be alike, and E-BFMI of each chain, above 0.3.

    Args:
        tree: A DataTree with `energy` in group `sample_stats`.
    """
    with plt.rc_context({"axes.prop_cycle": plt.cycler(color=_COLOURS)}):
        drawn = az.plot_energy(
            tree, backend="matplotlib", figure_kwargs=_KWARGS | {"figsize": (8.0, 3.2)}
        )
    figure = drawn.viz["figure"].item()
    plt.close(figure)
    points, densities, *_ = figure.axes
    points.set_title("")
    points.set_xlabel("E-BFMI [fraction]")
    points.set_yticks(range(tree["sample_stats"].sizes["chain"]))
    densities.set_xlabel("energy less its mean")
    return figure


def _drawn(plot, tree: xr.DataTree, names: Sequence[str] | None, visuals: dict) -> Figure:
    """A figure of ArviZ with one panel a scalar; pyplot forgets it."""
    draws = tree["posterior"].to_dataset()
    chosen = [str(name) for name in (draws.data_vars if names is None else names)]
    panels = sum(
        draws[name].size // (draws.sizes["chain"] * draws.sizes["draw"]) for name in chosen
    )
    columns = min(3, panels)
    rows = -(-panels // columns)
    size = (max(_PANEL[0] * columns, 5.0), _PANEL[1] * rows + 0.5)
    with plt.rc_context({"axes.prop_cycle": plt.cycler(color=_COLOURS), "axes.titlesize": 9}):
        drawn = plot(
            tree, var_names=chosen, backend="matplotlib", visuals=visuals, col_wrap=columns,
            figure_kwargs=_KWARGS | {"figsize": size},
        )  # fmt: skip
    figure = drawn.viz["figure"].item()
    plt.close(figure)
    return figure


def _labelled(figure: Figure, x: str, y: str) -> Figure:
    for axis in figure.axes:
        plain(axis)
        axis.set(xlabel="", ylabel="")
        axis.tick_params(labelsize=8, colors=INK)
    figure.supxlabel(x, fontsize=10)
    figure.supylabel(y, fontsize=10)
    return figure
