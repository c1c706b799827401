"""Colours, sizes and small helpers that all figures share."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

# Okabe and Ito's palette: told apart by the colour-blind.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW, INK, GREY = "#56B4E9", "#CC79A7", "#F0E442", "#222222", "#8C8C8C"

UNDER, TARGET, OVER = SKY, GREEN, VERMILION


def new_figure(width: float, height: float, *, rows: int = 1, columns: int = 1, **kwargs):
    """A figure and its axes; the caller owns it, pyplot forgets it.

    Making it through pyplot lets notebooks show it; closing it keeps it from being shown twice
    and from piling up.

    Args:
        width: [inch].
        height: [inch].
        rows: Rows of axes.
        columns: Columns of axes.
        **kwargs: Passed to `pyplot.subplots`.
    """
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, height), layout="constrained", dpi=110, **kwargs
    )
    plt.close(figure)
    for axis in figure.axes:
        plain(axis)
    return figure, axes


def plain(axis: Axes) -> None:
    """No box, a light grid behind the data."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(True, axis="y", color="#E6E6E6", linewidth=0.8)
    axis.set_axisbelow(True)


def percent_axis(axis: Axes, label: str) -> None:
    """A vertical axis of probabilities from 0 to 100 %."""
    axis.set_ylim(-0.03, 1.02)  # a little room, so that marks at 0 and 1 are whole
    axis.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axis.set_ylabel(label)
