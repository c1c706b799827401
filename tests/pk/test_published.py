"""Numbers of Torsten's tests, made with mrgsolve; source in tests/reference/pk_torsten.json."""

import json

import numpy as np
import pytest

from conftest import ROOT
from myelodose.pk import Events, OneCompartment, TwoCompartment, simulate

CASES = json.loads((ROOT / "tests/reference/pk_torsten.json").read_text())["cases"]
ONE = OneCompartment(CL=10.0, V=80.0, ka=1.2)
TWO = TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=1.2)
FRIBERG = TwoCompartment(CL=10.0, Q=15.0, V1=35.0, V2=105.0, ka=2.0)

SETTINGS = {
    "onecpt_oral_infusion_addl": (ONE, {"amount_mg": 1200, "rate_mg_per_h": 1200}),
    "onecpt_iv_bolus_central": (ONE, {"amount_mg": 1000, "compartment": 2}),
    "onecpt_ss_infusion_longer_than_ii": (
        ONE,
        {"amount_mg": 1200, "rate_mg_per_h": 75, "interval_h": 12, "steady_state": 1},
    ),
    "twocpt_oral_infusion_addl": (TWO, {"amount_mg": 1200, "rate_mg_per_h": 1200}),
    "friberg_steady_state_torsten": (
        FRIBERG,
        {"amount_mg": 80000, "interval_h": 12, "steady_state": 1},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_amounts_are_those_of_torsten(name):
    """metrumresearchgroup/Torsten, PKModelOneCpt.R, PKModelTwoCpt.R, pmx_ode_test.cpp."""
    model, dose = SETTINGS[name]
    case = CASES[name]
    rows = np.array(case["value"])
    dosing = Events(time_h=0.0, evid=1, **dose)
    events, place = dosing.observed_at(rows[:, 0])
    profile = simulate(model, events)
    for i, column in enumerate(case["columns"][1:]):
        got = profile.amount_mg[place, model.names.index(column)]
        # Its own test of this case allows 1e-5 absolute beside the relative tolerance.
        absolute = 1e-5 if name.startswith("friberg") else 0.0
        np.testing.assert_allclose(
            got, rows[:, i + 1], rtol=case["relative_tolerance"], atol=absolute
        )


def test_the_steady_state_of_torsten_is_met_to_the_digits_it_prints():
    """Seven digits are printed of the numerical solution; its own test allows 1.5 %."""
    rows = np.array(CASES["friberg_steady_state_torsten"]["value"])
    dosing = Events(time_h=0.0, evid=1, amount_mg=80000, interval_h=12, steady_state=1)
    events, place = dosing.observed_at(rows[:, 0])
    got = simulate(FRIBERG, events).amount_mg[place]
    np.testing.assert_allclose(got[:, 1:], rows[:, 2:], rtol=1e-6)
