"""ArviZ's figures of chains, whole and in the colours of the house."""

import numpy as np
import pytest
import xarray as xr

from myelodose.plots.chains import energy_figure, rank_figure, trace_figure
from myelodose.plots.style import BLUE
from plots.whole import assert_whole, labels_of


@pytest.fixture(scope="module")
def tree():
    generator = np.random.default_rng(1)
    dims = ("chain", "draw")
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(
                {
                    "CL": (dims, generator.normal(size=(4, 100))),
                    "omega": ((*dims, "effect"), generator.normal(size=(4, 100, 2))),
                },
                {"chain": range(4), "draw": range(100), "effect": ["CL", "V"]},
            ),
            "sample_stats": xr.Dataset(
                {
                    "diverging": (dims, np.zeros((4, 100), bool)),
                    "energy": (dims, generator.normal(size=(4, 100))),
                },
                {"chain": range(4), "draw": range(100)},
            ),
        }
    )


def test_traces_are_those_of_the_chains(tree):
    figure = trace_figure(tree)
    assert_whole(figure)
    assert len(figure.axes) == 3
    assert figure.axes[0].lines[0].get_ydata() == pytest.approx(tree["posterior"]["CL"].values[0])
    assert figure.axes[0].lines[0].get_color() == BLUE
    assert "draw" in labels_of(figure)


def test_ranks_have_a_panel_for_each_number(tree):
    figure = rank_figure(tree, ["omega"])
    assert_whole(figure)
    assert len([axis for axis in figure.axes if axis.get_visible()]) == 2
    assert "rank among all draws [fraction]" in labels_of(figure)


def test_energy_is_whole(tree):
    figure = energy_figure(tree)
    assert_whole(figure)
    assert "E-BFMI [fraction]" in labels_of(figure)
