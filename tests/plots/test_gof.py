"""Figures of residuals show the residuals."""

import numpy as np
import pandas as pd
import pytest

from myelodose.diagnostics.prediction_distribution import npde
from myelodose.plots.gof import gof_figure, npde_figure, running_mean
from plots.whole import assert_units, assert_whole


@pytest.fixture(scope="module")
def table():
    """SIMULATED residuals."""
    generator = np.random.default_rng(1)
    pred = generator.uniform(1, 50, 200)
    found = pd.DataFrame({"PRED": pred, "IPRED": pred * np.exp(0.2 * generator.normal(size=200))})
    found["y"] = found.IPRED * np.exp(0.1 * generator.normal(size=200))
    found["IWRES"], found["CWRES"] = generator.normal(size=(2, 200))
    found["time_h"] = generator.choice([1.0, 4.0, 24.0], 200)
    found["censored"] = (generator.uniform(size=200) < 0.1).astype(int)
    return found


@pytest.mark.parametrize("logarithmic", [False, True])
def test_figures_of_fit_are_whole_and_have_units(table, logarithmic):
    figure = gof_figure(table, logarithmic=logarithmic, title="SIMULATED")
    assert_whole(figure)
    assert_units(figure)


def test_what_is_censored_is_not_drawn(table):
    dots = gof_figure(table).axes[0].collections[0].get_offsets()
    kept = table[table.censored == 0]
    assert np.asarray(dots) == pytest.approx(kept[["PRED", "y"]].to_numpy())


def test_observed_against_predicted_has_equal_axes(table):
    for axis in gof_figure(table).axes[:2]:
        assert axis.get_xlim() == axis.get_ylim()


def test_npde_are_whole_and_against_normal_quantiles():
    generator = np.random.default_rng(2)
    simulated = generator.normal(size=(300, 90))
    found = npde(generator.normal(size=90), simulated, np.repeat(np.arange(30), 3), seed=1)
    figure = npde_figure(found, np.tile([1.0, 2.0, 5.0], 30), title="SIMULATED")
    assert_whole(figure)
    assert_units(figure)
    dots = figure.axes[0].lines[1]
    assert dots.get_ydata() == pytest.approx(np.sort(found.npde.values))


def test_the_running_mean_follows_a_trend_and_ignores_what_is_missing():
    x = np.linspace(0, 10, 101)
    where, mean = running_mean(x, np.where(x == 5, np.nan, 2 * x))
    inner = (where > 3) & (where < 7)
    assert mean[inner] == pytest.approx(2 * where[inner], abs=0.25)
