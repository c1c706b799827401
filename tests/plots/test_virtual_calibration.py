"""Figures of the calibration are whole, labelled, and say what they rest on."""

import numpy as np
import pytest
import xarray as xr

from myelodose.plots.virtual_calibration import facts_figure, moved_figure, risk_figure
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual.calibrated import shipped_calibration
from myelodose.virtual.predicted import Predicted
from plots.whole import assert_units, assert_whole

NAMES = ["10 mg", "15 mg", "20 mg", "25 mg"]


@pytest.fixture
def facts():
    random = np.random.default_rng(1)
    made = {}
    for name, mean in (("prior", 5.0), ("calibrated", 7.0)):
        values = random.poisson(mean, 200).astype(float)
        made[name] = [
            Predicted("R1", "dlt.csv", "DLTs at 25 mg", 3, values),
            Predicted(
                "R8", "F73", "patient 15: cycle 2 delayed", 1, (values > 5) * 1.0, event=True
            ),
            Predicted("R12", "F24", "median cytogenetic response [months]", 40.0, values),
        ]
    return made


def label(figure) -> str:
    return figure.get_suptitle()


def test_facts_stand_beside_both_predictions_with_their_role(facts):
    figure = facts_figure(facts)
    assert_whole(figure)
    assert label(figure).startswith("SIMULATED: calibrated to printed aggregate facts; no patient")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert {"used", "held out", "happened"} <= set(words)
    # Two populations with an interval and a median for two of the rows, and two diamonds.
    assert len(figure.axes[0].lines) == 10


def test_every_parameter_has_its_contraction():
    stored = shipped_calibration()
    figure = moved_figure(stored)
    assert_whole(figure)
    assert label(figure).startswith("SIMULATED")
    shown = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert sorted(shown) == sorted(stored.parameter.values)
    assert sum("%" in text.get_text() for text in figure.axes[0].texts) == len(shown)


def test_the_risk_by_dose_stands_beside_what_was_observed():
    random = np.random.default_rng(1)
    coords = {"regimen": NAMES, "cycle": [1], "cause": ["any"]}
    attrs = {"population": "literature priors", "rule": DltRule().describe()}
    dims = ("draw", "regimen", "cycle", "cause")
    risks = {
        name: xr.Dataset({"p": (dims, random.beta(2, 8, (50, 4, 1, 1)))}, coords, attrs)
        for name in ("prior", "calibrated")
    }
    observed = xr.Dataset({"n": ("regimen", [4, 4, 6, 6]), "dlt": ("regimen", [0, 0, 1, 3])})
    figure = risk_figure(risks, observed)
    assert_whole(figure)
    assert_units(figure)
    assert label(figure).startswith("SIMULATED")
