"""Predictive figures show the data beside simulations that are named as such."""

import numpy as np
import pytest

from myelodose.diagnostics.predictive import predictive_tree
from myelodose.plots.predictive import predictive_figure
from plots.whole import assert_units, assert_whole

DATA = np.exp(np.random.default_rng(1).normal(size=(61, 40)))


@pytest.mark.parametrize("kind", ["prior", "posterior"])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_figures_are_whole_and_say_what_they_show(kind, logarithmic):
    tree = predictive_tree(DATA[0], DATA[1:], kind=kind)
    figure = predictive_figure(tree, logarithmic=logarithmic, title="SIMULATED data")
    assert_whole(figure)
    assert_units(figure)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["observed", f"SIMULATED from the {kind}"]
    assert figure.get_suptitle() == f"SIMULATED data; {kind} predictive check, 50 simulations"


def test_the_data_are_the_last_line():
    figure = predictive_figure(predictive_tree(DATA[0], DATA[1:]))
    line = figure.axes[0].lines[-1]
    inner = np.asarray(line.get_xdata())[1:]
    assert inner == pytest.approx(np.sort(DATA[0]))
    assert len(figure.axes[0].lines) == 51
