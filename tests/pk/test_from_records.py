"""Event tables as text, read and simulated: published amounts, and scenarios with known answers."""

import json

import numpy as np
import pytest

from conftest import ROOT
from myelodose.errors import InputError
from myelodose.pk import OneCompartment, TwoCompartment, simulate
from myelodose.pk.from_records import events_of
from myelodose.records import of_patient, read_records
from myelodose.regimen import lenalidomide, to_events
from records.tables import frame, read

IV = OneCompartment(CL=10.0, V=80.0)
ORAL = OneCompartment(CL=10.0, V=80.0, ka=1.2)
TWO = TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=1.2)
KE = 10.0 / 80.0
CASES = json.loads((ROOT / "tests/reference/pk_torsten.json").read_text())["cases"]
DOSES = {
    "onecpt_oral_infusion_addl": (ORAL, "1 0 1200 1200 1 . . . 1"),
    "onecpt_iv_bolus_central": (ORAL, "1 0 1000 . 2 . . . 1"),
    "onecpt_ss_infusion_longer_than_ii": (ORAL, "1 0 1200 75 1 . 12 1 1"),
    "twocpt_oral_infusion_addl": (TWO, "1 0 1200 1200 1 . . . 1"),
}


def at_records(text: str, model=IV, *, rate=None, duration=None, **options) -> np.ndarray:
    """Amounts in the central compartment over the records of the first patient."""
    records = read(text, allow=("patient without observations",), covariates=())
    events = events_of(records, rate_mg_per_h=rate, duration_h=duration)
    amounts = np.asarray(simulate(model, events, **options).amount_mg)
    return amounts[:, model.names.index("central")]


@pytest.mark.parametrize("name", DOSES)
def test_tables_give_the_amounts_of_torsten(name, tmp_path):
    """metrumresearchgroup/Torsten, PKModelOneCpt.R and PKModelTwoCpt.R (made with mrgsolve)."""
    model, dose = DOSES[name]
    case = CASES[name]
    rows = [f"1 {time} . . 1 . . . 0" for time, *_ in case["value"]]
    text = "\n".join(["ID TIME AMT RATE CMT ADDL II SS EVID", dose, *rows])
    path = tmp_path / "case.csv"
    frame(text).to_csv(path, index=False)
    records = read_records(path, allow="patient without observations")
    got = simulate(model, events_of(records)).amount_mg[1:]
    expected = np.array(case["value"])[:, 1:]
    columns = [model.names.index(column) for column in case["columns"][1:]]
    np.testing.assert_allclose(got[:, columns], expected, rtol=case["relative_tolerance"])


def test_further_doses_are_doses_written_out():
    short = at_records("ID TIME AMT ADDL II MDV\n1 0 100 3 6 1\n1 20.5 . . . 1")
    long = at_records("ID TIME AMT MDV\n1 0 100 1\n1 6 100 1\n1 12 100 1\n1 18 100 1\n1 20.5 . 1")
    assert short[1] == pytest.approx(long[4], rel=1e-13)
    assert long[4] == pytest.approx(sum(100 * np.exp(-KE * (20.5 - 6 * n)) for n in range(4)))


def test_the_order_of_the_rows_puts_an_observation_before_or_after_the_dose():
    head, seen, dose = "ID TIME AMT EVID MDV\n1 0 100 1 1\n", "1 8 . 0 1\n", "1 8 100 1 1\n"
    left = 100 * np.exp(-KE * 8)
    assert at_records(head + seen + dose)[1] == pytest.approx(left)
    assert at_records(head + dose + seen)[2] == pytest.approx(left + 100)


def test_a_reset_empties_and_stops_what_was_to_come():
    amounts = at_records(
        """
        ID TIME AMT RATE ADDL II EVID MDV
        1  0    100 10   2    12 1    1
        1  5    .   .    .    .  3    1
        1  30   .   .    .    .  0    1
        """
    )
    assert amounts[1:].tolist() == [0, 0]


@pytest.mark.parametrize("start", [5, 0])
def test_reset_and_dose_begins_anew_whether_or_not_the_clock_does(start):
    amounts = at_records(
        f"""
        ID TIME      AMT EVID MDV
        1  0         100 1    1
        1  5         .   0    1
        1  {start}   70  4    1
        1  {start + 3} .   0    1
        """
    )
    assert amounts[2] == 70
    assert amounts[3] == pytest.approx(70 * np.exp(-KE * 3), rel=1e-14)


def steady_bolus(time: float, every: float, amount: float = 100.0) -> float:
    """Amount after a dose of a steady state of boluses."""
    return amount * np.exp(-KE * time) / (1 - np.exp(-KE * every))


def test_a_second_steady_state_is_added_to_the_first():
    amounts = at_records(
        """
        ID TIME AMT SS II EVID MDV
        1  0    100 1  24 1    1
        1  10   50  2  24 1    1
        1  15   .   .  .  0    1
        """
    )
    expected = steady_bolus(15, 24) + steady_bolus(5, 24, 50)
    assert amounts[2] == pytest.approx(expected, rel=1e-13)


def test_a_reset_and_dose_in_a_lagged_steady_state_holds_what_the_dose_before_left():
    """As in NONMEM 7.5.1, where mrgsolve differs (mrgsolve/nmtests, dosing, scenarios 23, 24)."""
    amounts = at_records(
        "ID TIME AMT EVID SS II MDV\n1 0 100 4 1 12 1\n1 11 . 0 . . 1", lag_h={"central": 10.0}
    )
    assert amounts[0] == pytest.approx(steady_bolus(2, 12), rel=1e-13)
    assert amounts[1] == pytest.approx(steady_bolus(1, 12), rel=1e-13)


def test_a_steady_state_of_infusions_holds_what_goes_in_against_what_goes_out():
    """A = (R / ke) (1 - exp(-ke T)) / (1 - exp(-ke tau)) at the end of an infusion."""
    amounts = at_records("ID TIME AMT RATE SS II EVID MDV\n1 0 100 25 1 12 1 1\n1 4 . . . . 0 1")
    end = 25 / KE * (1 - np.exp(-KE * 4)) / (1 - np.exp(-KE * 12))
    assert amounts[1] == pytest.approx(end, rel=1e-13)
    assert amounts[0] == pytest.approx(end * np.exp(-KE * 8), rel=1e-13)


def test_the_steady_state_of_a_constant_infusion_is_rate_over_ke():
    amounts = at_records("ID TIME AMT RATE SS EVID MDV\n1 0 0 25 1 1 1\n1 4 . . . 0 1")
    assert amounts[0] == pytest.approx(25 / KE, rel=1e-13)
    assert amounts[1] == pytest.approx(25 / KE * np.exp(-KE * 4), rel=1e-13)


def test_further_doses_lag_too():
    text = "ID TIME AMT ADDL II MDV\n1 0 100 2 6 1\n1 12.5 . . . 1\n1 13.5 . . . 1"
    amounts = at_records(text, lag_h={"central": 1.0})
    two = sum(100 * np.exp(-KE * (12.5 - 1 - 6 * n)) for n in range(2))
    assert amounts[1] == pytest.approx(two, rel=1e-13)
    three = two * np.exp(-KE) + 100 * np.exp(-KE * 0.5)
    assert amounts[2] == pytest.approx(three, rel=1e-13)


@pytest.mark.parametrize(
    ("code", "given", "same"),
    [(-1, {"rate": 25.0}, 25), (-2, {"duration": 4.0}, 25), (-2, {"duration": [8.0, 1.0]}, 12.5)],
)
def test_modelled_rates_and_durations_come_from_the_model(code, given, same):
    text = "ID TIME AMT RATE MDV\n1 0 100 {} 1\n1 3 . . 1"
    modelled = at_records(text.format(code), **given)
    assert modelled[1] == pytest.approx(at_records(text.format(same))[1], rel=1e-14)


def test_bioavailability_shortens_an_infusion_of_given_rate_and_weakens_one_of_given_length():
    text = "ID TIME AMT RATE MDV\n1 0 100 {} 1\n1 3 . . 1"
    half = {"central": 0.5}
    at_rate = at_records(text.format(-1), rate=25.0, bioavailability=half)[1]
    at_length = at_records(text.format(-2), duration=4.0, bioavailability=half)[1]
    assert at_rate == pytest.approx(200 * (1 - np.exp(-KE * 2)) * np.exp(-KE), rel=1e-13)
    assert at_length == pytest.approx(100 * (1 - np.exp(-KE * 3)), rel=1e-13)


@pytest.mark.parametrize(("carry", "rates"), [("backward", (0.2, 0.05)), ("forward", (0.1, 0.2))])
def test_a_covariate_that_changes_holds_from_the_next_record_or_from_the_last(carry, rates):
    records = read(
        """
        ID TIME AMT EVID DV CLCR
        1  0    100 1    .  80
        1  2    .   2    .  160
        1  5    .   0    1  40
        """,
        carry=carry,
    )
    clearance = 8.0 * of_patient(records, "1").CLCR.values / 80.0
    model = OneCompartment(CL=clearance, V=80.0)
    amount = simulate(model, events_of(records), carry=records.attrs["carry"]).amount_mg[2, 0]
    assert amount == pytest.approx(100 * np.exp(-rates[0] * 2 - rates[1] * 3), rel=1e-13)


def test_the_event_table_of_a_regimen_is_a_table_of_records():
    table = to_events(lenalidomide(20, days=range(6, 20)), compartments={"lenalidomide": 1})
    events = events_of(read_records(table, allow="patient without observations"))
    assert (events.time_h[0], events.additional[0], events.interval_h[0]) == (120, 13, 24)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "table, row 1, RATE: found -2; give events_of duration_h=..."),
        ({"duration_h": 0.0}, "events_of, duration_h: found 0.0; give a number above 0"),
        ({"duration_h": [1, 2, 3]}, "give a number above 0, or one for each of 2 records"),
        ({"patient": "9"}, "found '9'; give one of 1"),
    ],
)
def test_what_the_model_must_give_and_does_not_is_named(arguments, says):
    records = read("ID TIME AMT RATE DV\n1 0 100 -2 .\n1 3 . . 5")
    with pytest.raises(InputError) as caught:
        events_of(records, **arguments)
    assert says in str(caught.value)
