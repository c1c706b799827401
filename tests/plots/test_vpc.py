"""Figures of visual predictive checks show the numbers of the check."""

from typing import Any

import numpy as np
import pytest

from myelodose.diagnostics.vpc import vpc
from myelodose.plots.vpc import vpc_figure
from plots.whole import assert_units, assert_whole


def check(**change):
    """SIMULATED concentrations of two groups."""
    generator = np.random.default_rng(1)
    times = np.tile(np.arange(1.0, 13.0), 30)
    simulated = np.exp(3 - 0.2 * times + 0.4 * generator.normal(size=(60, 360)))
    given: dict[str, Any] = {"bins": [1, 3, 6, 9, 12]} | change
    return vpc(times, simulated[0], simulated[1:], **given)


GROUPS = ["low", "high"] * 180


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ({}, {}),
        ({"lower_limit": 5.0}, {"logarithmic": True}),
        ({"stratify_by": GROUPS, "lower_limit": 5.0}, {"title": "by dose"}),
        ({"prediction": np.exp(3 - 0.2 * np.tile(np.arange(1.0, 13.0), 30))}, {"points": False}),
    ],
)
def test_figures_are_whole_and_have_units(change, options):
    figure = vpc_figure(check(**change), **options)
    assert_whole(figure)
    assert_units(figure)
    assert "SIMULATED" in figure.get_suptitle()
    assert "95 % over 59 simulations" in figure.get_suptitle()


def test_lines_are_the_observed_percentiles():
    found = check()
    axis = vpc_figure(found, points=False).axes[0]
    drawn = np.stack([line.get_ydata() for line in axis.lines])
    assert drawn == pytest.approx(found.observed.isel(stratum=0).values.T)
    assert axis.lines[0].get_xdata() == pytest.approx(found.bin_middle.values[0])


def test_each_stratum_has_its_panel_and_name():
    figure = vpc_figure(check(stratify_by=GROUPS))
    assert [axis.get_title() for axis in figure.axes] == ["high", "low"]


def test_censored_fractions_are_in_a_row_of_their_own():
    found = check(lower_limit=5.0)
    below = vpc_figure(found).axes[1]
    assert below.get_ylabel() == "censored [%]"
    assert below.lines[0].get_ydata() == pytest.approx(found.observed_censored.values[0])


def test_a_corrected_check_says_so():
    prediction = np.exp(3 - 0.2 * np.tile(np.arange(1.0, 13.0), 30))
    label = vpc_figure(check(prediction=prediction)).axes[0].get_ylabel()
    assert label.startswith("prediction-corrected")
