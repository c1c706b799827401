"""Figures of covariates show etas and ratios."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from myelodose.diagnostics.forest import CovariateEffect, covariate_forest
from myelodose.errors import InputError
from myelodose.plots.effects import eta_covariate_figure, forest_figure
from plots.whole import assert_units, assert_whole

WEIGHTS = np.linspace(45, 110, 24)
SEX = np.array(["F", "M"] * 12)
ETA = np.random.default_rng(1).normal(size=(24, 2))


def test_etas_are_drawn_against_every_covariate():
    figure = eta_covariate_figure(
        ETA, {"WT": WEIGHTS, "SEX": SEX}, names=["CL", "V"], units={"WT": "kg"}, title="SIMULATED"
    )
    assert_whole(figure)
    assert len(figure.axes) == 4
    dots = np.asarray(figure.axes[0].collections[0].get_offsets())
    assert dots == pytest.approx(np.stack([WEIGHTS, ETA[:, 0]], 1))
    assert figure.axes[2].get_xlabel() == "WT [kg]"
    assert [text.get_text() for text in figure.axes[3].get_xticklabels()] == ["F", "M"]


def test_levels_have_their_medians():
    axis = eta_covariate_figure(ETA, {"SEX": SEX}, names=["CL", "V"]).axes[0]
    lines = [one for one in axis.collections if isinstance(one, LineCollection)]
    heights = [one.get_segments()[0][0][1] for one in lines]
    assert heights == pytest.approx([np.median(ETA[s == SEX, 0]) for s in ("F", "M")])


def test_a_covariate_of_another_length_is_refused():
    with pytest.raises(InputError, match="give 24"):
        eta_covariate_figure(ETA, {"WT": [70.0]}, names=["CL", "V"])


def test_the_forest_shows_its_table_on_a_logarithmic_axis():
    exponent = np.random.default_rng(2).normal(0.75, 0.1, 300)
    effects = [
        CovariateEffect(name, "WT", lambda x: (x / 70) ** exponent, 70.0, "kg")
        for name in ("CL", "Q")
    ]
    table = covariate_forest(effects, {"WT": WEIGHTS})
    figure = forest_figure(table, title="SIMULATED")
    assert_whole(figure)
    assert_units(figure)
    (axis,) = figure.axes
    assert axis.get_xscale() == "log"
    low, high = axis.get_xlim()
    assert low < table.low.min()
    assert high > table.high.max()
    drawn = [np.asarray(line.get_xdata())[0] for line in axis.lines if line.get_marker() == "s"]
    assert drawn == pytest.approx(table.ratio.tolist())
