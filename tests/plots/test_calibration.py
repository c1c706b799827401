"""Figures of calibration show what fits and what does not."""

import numpy as np
import pytest
import xarray as xr

from myelodose.diagnostics.ranks import rank_difference
from myelodose.plots.calibration import calibration_figure, recovery_figure
from myelodose.plots.style import BLUE, VERMILION
from plots.whole import assert_units, assert_whole

NAMES = ["CL", "V", "ka", "sigma", "omega_CL"]


@pytest.fixture(scope="module")
def ranks():
    generator = np.random.default_rng(1)
    rank = generator.integers(0, 32, (200, 5))
    rank[:, 3] = np.minimum(rank[:, 3] + 6, 31)
    truth = generator.normal(size=(200, 5))
    dims = ("simulation", "parameter")
    return xr.Dataset(
        {
            "rank": (dims, rank),
            "truth": (dims, truth),
            "mean": (dims, 0.8 * truth),
            "sd": (dims, np.full((200, 5), 0.3)),
        },
        {"parameter": NAMES},
        {"draws": 31},
    )


def test_figures_are_whole_and_have_units(ranks):
    for figure in (calibration_figure(ranks, title="PK"), recovery_figure(ranks, title="PK")):
        assert_whole(figure)
        assert "SIMULATED" in figure.get_suptitle()
    assert_units(calibration_figure(ranks))


def test_a_parameter_that_does_not_fit_is_named_and_red(ranks):
    axes = calibration_figure(ranks).axes
    assert [axis.get_title() for axis in axes[:5]] == [*NAMES[:3], "sigma: NOT uniform", NAMES[4]]
    assert [axis.lines[1].get_color() for axis in axes[:5]] == [BLUE] * 3 + [VERMILION] + [BLUE]


def test_the_line_is_the_difference_of_distributions(ranks):
    line = calibration_figure(ranks).axes[1].lines[1]
    assert line.get_ydata() == pytest.approx(rank_difference(ranks["rank"].values[:, 1], 31))


def test_one_parameter_alone_has_a_figure(ranks):
    assert_whole(calibration_figure(ranks.isel(parameter=[0]), title="one"))
