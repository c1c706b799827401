"""Figures of a fit."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from myelodose.plots.style import BLUE, GREY, new_figure


def prior_to_posterior(contraction: pd.DataFrame) -> Figure:
    """Prior and posterior of each parameter, mean and two standard deviations, on its prior scale.

    Args:
        contraction: From `diagnostics.contraction`.
    """
    figure, axis = new_figure(9, 0.34 * len(contraction) + 1.4)
    axis.grid(False)
    where = np.arange(len(contraction))
    # In units of the prior's standard deviation, so that parameters of any scale fit one axis.
    mean = (contraction["mean"] - contraction.prior_mean) / contraction.prior_sd
    sd = contraction["sd"] / contraction.prior_sd
    axis.barh(where, 4, left=-2, height=0.62, color=GREY, alpha=0.25, label="prior, mean ± 2 sd")
    axis.hlines(
        where,
        mean - 2 * sd,
        mean + 2 * sd,
        color=BLUE,
        linewidth=2.5,
        label="posterior, mean ± 2 sd",
    )
    axis.plot(mean, where, "o", color=BLUE, markersize=6)
    for y, value in zip(where, contraction.contraction, strict=True):
        axis.text(
            1.01,
            y,
            f"{round(100 * value) + 0} %",
            transform=axis.get_yaxis_transform(),
            va="center",
        )
    axis.text(
        1.01,
        -1.0,
        "contraction",
        transform=axis.get_yaxis_transform(),
        va="center",
        fontweight="bold",
    )
    axis.set_yticks(where, list(contraction.index))
    axis.set_ylim(len(contraction) - 0.4, -1.6)
    axis.set_xlabel("distance from the prior mean [prior standard deviations]")
    figure.legend(
        *axis.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False
    )
    return figure
