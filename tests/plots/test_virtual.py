"""Figures of virtual trials are whole, labelled, and say that they are simulated."""

import numpy as np
import pytest
import xarray as xr

from myelodose.plots.virtual import dlt_risk_figure, replay_figure, sequence_figure
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual.predicted import Predicted
from plots.whole import assert_units, assert_whole

NAMES = ["10 mg", "15 mg", "20 mg", "25 mg"]
CAUSES = ["recovery", "infection", "thrombosis", "any"]


@pytest.fixture
def risk():
    p = np.random.default_rng(1).beta(2, 8, (50, 4, 1, 4))
    coords = {"regimen": NAMES, "cycle": [1], "cause": CAUSES}
    attrs = {"population": "literature priors", "rule": DltRule().describe()}
    return xr.Dataset({"p": (("draw", "regimen", "cycle", "cause"), p)}, coords, attrs)


@pytest.fixture
def observed():
    n, dlt = np.array([4, 4, 6, 6]), np.array([0, 0, 1, 3])
    return xr.Dataset({"n": ("regimen", n), "dlt": ("regimen", dlt)})


def title(figure) -> str:
    return figure.get_suptitle()


def test_risk_by_dose_and_cause_is_whole(risk, observed):
    figure = dlt_risk_figure(risk, observed)
    assert_whole(figure)
    assert_units(figure)
    assert title(figure).startswith("SIMULATED")
    assert len(figure.axes[0].patches) == 12


def test_risk_without_observations_shows_none(risk):
    labels = [text.get_text() for text in dlt_risk_figure(risk).legends[0].get_texts()]
    assert not any("observed" in label for label in labels)


def test_sequences_show_every_number(risk):
    rows = ["concurrent", "reverse, gap 0 d", "sequential, gap 0 d"]
    values = np.linspace(0.1, 0.9, 12).reshape(3, 4)
    names = ("arrangement", "dose")
    grid = xr.Dataset(
        {"p_dlt": (names, values), "clone_left": (names, values[::-1])},
        {"arrangement": rows, "dose": [10.0, 15.0, 20.0, 25.0]},
        {"population": "literature priors", "read_d": 56},
    )
    figure = sequence_figure(grid)
    assert_whole(figure)
    assert title(figure).startswith("SIMULATED")
    assert [len(axis.texts) for axis in figure.axes] == [12, 12]


def test_a_replay_shows_every_fact_that_the_model_can_say():
    values = np.random.default_rng(1).poisson(5, 200).astype(float)
    facts = [
        Predicted("R1", "dlt.csv", "DLTs at 25 mg", 3, values),
        Predicted("R4", "F11", "cytogenetic responses of 19", 30, values),
        Predicted("R8", "F73", "patient 15: cycle 2 delayed", 1, (values > 5) * 1.0, event=True),
        Predicted("R13", "docs", "share late", np.nan, values),
    ]
    figure = replay_figure(facts)
    assert_whole(figure)
    assert title(figure).startswith("SIMULATED")
    assert len(figure.axes[0].get_yticks()) == 3
