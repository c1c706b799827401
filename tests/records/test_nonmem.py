"""Event tables that NONMEM was given, and the concentrations it gave back.

Scenarios and numbers (NONMEM 7.5, ADVAN2 TRANS2, printed to five digits): mrgsolve/nmtests,
dosing/results/1001-nm.csv and time-varying/results/2001-nm.csv. CL 1.1, V 20, KA 1.5; lag and F are
those of the central compartment, CMT 2; CP = 1000 A(2) / V.
"""

import numpy as np
import pandas as pd
import pytest

from myelodose.pk import OneCompartment, simulate
from myelodose.pk.from_records import events_of
from myelodose.records import of_patient, read_records
from records.tables import frame

COLUMNS = "TIME AMT RATE II ADDL SS CMT EVID"
DIGITS = 5.1e-5
"""Five digits are printed: half a unit in the last is at most this, relatively."""

# Name: dose records, lag and F of the central compartment, duration for RATE -2, CP by time.
SCENARIOS = {
    "bolus with additional": (
        ["0 100 0 24 3 0 1 1"],
        {},
        {1: 3754.4, 24: 1386.5, 25: 5066.8, 73: 5511, 130: 290.1},
    ),
    "bolus with lag and F": (
        ["0 100 0 24 3 0 2 1"],
        {"lag": 12.13, "F": 2.23},
        {12: 0, 13: 10629, 36: 2999.9, 37: 13468, 85: 14430, 130: 1214.4},
    ),
    "infusion with additional": (
        ["0 100 10 24 3 0 2 1"],
        {},
        {1: 486.5, 10: 3845.9, 24: 1780.7, 34: 4873.3, 82: 5221.1, 130: 372.58},
    ),
    "infusion by rate with F": (
        ["0 480 10 0 0 0 2 1"],
        {"F": 0.5},
        {1: 486.5, 24: 6662.4, 25: 6305.9, 130: 19.575},
    ),
    "infusion by duration with F": (
        ["0 480 -2 0 0 0 2 1"],
        {"F": 0.5, "duration": 48.0},
        {1: 243.25, 24: 3331.2, 48: 4221.1, 49: 3995.2, 130: 46.425},
    ),
    "infusion into the depot": (
        ["0 100 8.333333333333334 24 3 0 1 1"],
        {},
        {1: 196.84, 12: 3511.2, 13: 3531.9, 36: 4526.2, 84: 4869.7, 130: 410.89},
    ),
    "infusion with additional and lag": (
        ["0 100 10 24 3 0 2 1"],
        {"lag": 4.15},
        {4: 0, 5: 415.22, 15: 3670.3, 28: 1795.5, 38: 4838.4, 130: 468.11},
    ),
    "infusion with lag and F": (
        ["0 100 10 24 3 0 2 1"],
        {"lag": 3.25, "F": 0.412},
        {3: 0, 4: 367.37, 8: 1780.5, 27: 626.19, 80: 2417.1, 130: 154.52},
    ),
    "steady state of infusions with lag and F": (
        ["0 100 10 24 3 1 2 1"],
        {"lag": 3.16, "F": 0.412},
        {0: 1002.7, 3: 850.22, 4: 1215.2, 8: 2417.5, 99: 850.22, 130: 154.55},
    ),
    "steady state of infusions longer than II with F": (
        ["0 100 2 12 4 1 2 1"],
        {"F": 0.812},
        {0: 6014.5, 4: 6263, 5: 6277.4, 48: 6014.5, 64: 5903.9, 90: 3110.8, 130: 344.68},
    ),
    "steady state of infusions that last four intervals": (
        ["0 100 2 12 3 1 2 1"],
        {},
        {0: 7498.9, 2: 7664.7, 36: 7498.9, 50: 7475.3, 75: 4939.4, 130: 313.24},
    ),
    "steady state of infusions of two intervals": (
        ["0 100 8.3333 6 12 1 2 1"],
        {},
        {0: 15152, 60: 15152, 79: 14746, 84: 13022, 130: 1037.3},
    ),
    "steady state where F makes the infusion one interval": (
        ["0 100 4.12 10 8 1 2 1"],
        {"F": 0.412},
        {0: 3745.5, 55: 3745.5, 90: 3745.5, 91: 3545, 130: 415.01},
    ),
    "steady state of infusions of one interval": (
        ["0 100 10 10 8 1 2 1"],
        {},
        {0: 9090.9, 90: 9090.9, 91: 8604.4, 130: 1007.3},
    ),
    "steady state of boluses with lag and F": (
        ["0 100 0 24 3 1 2 1"],
        {"lag": 4.0, "F": 0.412},
        {0: 935.66, 3: 793.34, 4: 2810.9, 28: 2810.9, 76: 2810.9, 130: 144.21},
    ),
    "boluses with lag and F": (
        ["0 100 0 24 3 0 2 1"],
        {"lag": 5.0, "F": 0.412},
        {4: 0, 5: 2060, 29: 2610.3, 53: 2757.3, 77: 2796.6, 130: 151.59},
    ),
    "lagged bolus, then infusions into the depot": (
        ["0 100 0 0 0 0 2 1", "13 50 24 24 2 0 1 1"],
        {"lag": 1.0},
        {0: 0, 1: 5000, 13: 2584.3, 15: 3885.2, 40: 3338.8, 64: 3076.2, 130: 86.893},
    ),
    "modelled duration with lag and F": (
        ["0 100 -2 24 3 0 2 1"],
        {"lag": 5.0, "F": 0.61, "duration": 9.0},
        {5: 0, 6: 329.74, 14: 2405.7, 38: 3048.3, 86: 3265.8, 130: 290.4},
    ),
    "modelled duration in a steady state with F": (
        ["0 100 -2 24 3 1 2 1"],
        {"F": 0.61, "duration": 9.0},
        {0: 1438.5, 9: 3282.6, 24: 1438.5, 81: 3282.6, 130: 221.71},
    ),
    "reset and dose with additional": (
        ["0 100 50 12 2 0 1 1", "50 120 0 12 3 0 1 4"],
        {},
        {2: 3271.1, 27: 7932.3, 49: 2474.8, 50: 0, 51: 4505.3, 63: 7552.2, 88: 10414, 130: 1064.5},
    ),
    "reset and dose in a steady state": (
        ["0 100 0 12 0 1 1 4"],
        {},
        {0: 5552.4, 1: 9009.7, 12: 5552.4, 13: 5255.2, 130: 8.4315},
    ),
    "reset and dose in a steady state with additional": (
        ["0 100 0 12 2 1 1 4"],
        {},
        {0: 5552.4, 13: 9009.7, 25: 9009.7, 37: 5255.2, 130: 31.563},
    ),
    "reset cancels additional doses": (
        ["0 100 50 12 3 0 1 1", "50 0 0 0 0 0 2 3", "54 120 0 16 2 0 1 1"],
        {},
        {39: 8574.6, 49: 5158.7, 50: 0, 53: 0, 54: 0, 55: 4505.3, 71: 6950.5, 130: 878.84},
    ),
    "steady states 1 and 2": (
        ["0 100 0 24 3 1 1 1", "12 50 0 24 3 2 1 1"],
        {},
        {0: 1891.9, 1: 5545.1, 12: 4606.4, 13: 6237.1, 36: 4606.4, 97: 3523, 130: 573.67},
    ),
    "steady state of a constant infusion": (
        ["0 0 100 0 0 1 1 1"],
        {},
        {0: 90909, 1: 88547, 12: 48775, 130: 74.067},
    ),
}


def table(doses: list[str], times: list[float]) -> pd.DataFrame:
    """Doses and observations of one patient, at equal times the dose first."""
    rows = [*doses, *(f"{time} 0 0 0 0 0 2 0" for time in times)]
    rows.sort(key=lambda row: float(row.split()[0]))
    return frame("\n".join([COLUMNS, *rows])).assign(ID=1)


# Each compiles a program of its own.
QUICK = {
    "bolus with lag and F",
    "steady state of infusions longer than II with F",
    "modelled duration in a steady state with F",
    "reset cancels additional doses",
    "steady states 1 and 2",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow, id=name)
        for name in SCENARIOS
    ],
)
def test_concentrations_are_those_of_nonmem(name):
    doses, settings, expected = SCENARIOS[name]
    records = read_records(
        table(doses, list(expected)), allow=("patient without observations", "dose of nothing")
    )
    events = events_of(records, duration_h=settings.get("duration"))
    profile = simulate(
        OneCompartment(CL=1.1, V=20.0, ka=1.5),
        events,
        lag_h={"central": settings["lag"]} if "lag" in settings else None,
        bioavailability={"central": settings.get("F", 1.0)},
    )
    seen = records.evid.values == 0
    got = 1000 * np.asarray(profile.concentration_mg_per_l)[seen]
    np.testing.assert_allclose(got, list(expected.values()), rtol=DIGITS, atol=1e-9)


WEIGHTS = """
TIME WT CP
0 62.65 0
4 79.43 4077.8
8 71.21 3273.5
12 63.35 2669.1
16 69.55 2144.2
20 60.81 1759.1
24 61.29 1441.5
28 75.54 5250.1
32 65.74 4266.5
36 74.44 3388.6
40 61.9 2772.7
44 68.5 2233
48 60.35 1834
52 73.74 5581.4
56 62.31 4572.7
60 79.52 3589.6
64 78.9 2821.8
68 69.27 2268.5
72 65.27 1841.1
76 69.64 5634.1
80 75.2 4477.1
"""


def test_a_weight_that_changes_at_every_record_is_carried_as_in_nonmem():
    """CL = 1.1 (WT/70)^0.75; the doses at 24, 48 and 72 h are additional ones."""
    rows = frame(WEIGHTS).astype(float)
    doses = table(["0 100 0 24 3 0 1 1"], rows.TIME.tolist())
    doses["WT"] = [rows.WT[0], *rows.WT]
    records = read_records(doses, allow="patient without observations")
    weight = of_patient(records, "1").WT.values
    model = OneCompartment(CL=1.1 * (weight / 70) ** 0.75, V=20.0, ka=1.5)
    profile = simulate(model, events_of(records), carry=records.attrs["carry"])
    got = 1000 * np.asarray(profile.concentration_mg_per_l)[1:]
    np.testing.assert_allclose(got, rows.CP, rtol=DIGITS)
