"""Event tables: doses, infusions, resets, steady state, lag, F, changing parameters."""

import jax
import numpy as np
import pytest

from myelodose.pk import Events, OneCompartment, TwoCompartment, concentrations, doses, simulate
from myelodose.precision import float64

ORAL = OneCompartment(CL=10.0, V=80.0, ka=1.2)
IV = OneCompartment(CL=10.0, V=80.0)
TWO = TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=1.2)
EFFECT = TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=1.2, ke0=0.3)
TIMES = np.array([0.5, 1.0, 3.0, 7.0, 11.5])


def bolus(t, amount=100.0):
    """The textbook curve after an iv bolus into ORAL's or IV's central compartment."""
    return np.where(t >= 0, amount / 80.0 * np.exp(-0.125 * np.maximum(t, 0)), 0.0)


def oral(t, amount=100.0):
    """The Bateman function of ORAL."""
    late = np.maximum(t, 0)
    rise = np.exp(-0.125 * late) - np.exp(-1.2 * late)
    return amount / 80.0 * 1.2 / (1.2 - 0.125) * rise


def test_an_iv_bolus_and_an_oral_dose_are_the_textbook_curves():
    np.testing.assert_allclose(concentrations(IV, doses(100.0), TIMES), bolus(TIMES), rtol=1e-14)
    np.testing.assert_allclose(concentrations(ORAL, doses(100.0), TIMES), oral(TIMES), rtol=1e-14)


def test_additional_doses_superpose():
    several = concentrations(ORAL, doses(100.0, additional=3, interval_h=2.5), TIMES)
    shifted = sum(oral(TIMES - 2.5 * n) for n in range(4))
    np.testing.assert_allclose(several, shifted, rtol=1e-13)


def test_results_come_in_the_order_of_the_times():
    mixed = concentrations(ORAL, doses(100.0), TIMES[::-1])
    np.testing.assert_array_equal(mixed[::-1], concentrations(ORAL, doses(100.0), TIMES))


def test_record_order_decides_whether_an_observation_is_before_or_after_the_dose():
    both = Events(time_h=[0, 8, 8, 8], evid=[1, 0, 1, 0], amount_mg=[100, 0, 100, 0])
    before, dosed, after = concentrations(IV, both)[1:]
    assert before == pytest.approx(bolus(8.0))
    assert after == dosed == pytest.approx(before + 100.0 / 80.0)


def test_an_additional_dose_comes_before_the_record_at_its_time_also_with_rounding():
    # 3 * 0.1 is 0.30000000000000004.
    events = Events(
        time_h=[0, 0.3], evid=[1, 0], amount_mg=[100, 0], additional=[3, 0], interval_h=[0.1, 0]
    )
    expected = sum(bolus(0.1 * n) for n in range(4))
    assert concentrations(IV, events)[1] == pytest.approx(expected, rel=1e-13)


def test_area_times_clearance_and_what_is_left_make_the_dose():
    times = np.array([0.3, 5.0, 30.0])
    events, place = doses(100.0, duration_h=4.0, additional=2, interval_h=6.0).observed_at(times)
    profile = simulate(TWO, events)
    left = profile.amount_mg[place, :3].sum(1)
    given = np.array([0.3 * 25, 4 * 25, 300.0])
    np.testing.assert_allclose(profile.auc_mg_h_per_l[place] * TWO.CL + left, given, rtol=1e-12)


def test_an_infusion_by_rate_is_one_by_duration():
    by_rate = Events(time_h=0, evid=1, amount_mg=100, rate_mg_per_h=25)
    by_duration = doses(100.0, duration_h=4.0)
    np.testing.assert_allclose(
        concentrations(TWO, by_rate, TIMES), concentrations(TWO, by_duration, TIMES), rtol=1e-13
    )


def test_bioavailability_changes_the_length_at_a_given_rate_and_the_rate_at_a_given_length():
    by_rate = Events(time_h=0, evid=1, amount_mg=100, rate_mg_per_h=25)
    half = {"gut": 0.5}
    np.testing.assert_allclose(
        concentrations(TWO, by_rate, TIMES, bioavailability=half),
        concentrations(TWO, doses(50.0, duration_h=2.0), TIMES),
        rtol=1e-13,
    )
    np.testing.assert_allclose(
        concentrations(TWO, doses(100.0, duration_h=4.0), TIMES, bioavailability=half),
        concentrations(TWO, doses(50.0, duration_h=4.0), TIMES),
        rtol=1e-13,
    )


def test_a_lag_shifts_the_curve_and_only_that_of_its_compartment():
    lagged = concentrations(ORAL, doses(100.0), TIMES, lag_h={"gut": 0.75})
    np.testing.assert_allclose(lagged, oral(TIMES - 0.75), rtol=1e-13)
    central = doses(100.0, compartment=2)
    np.testing.assert_allclose(
        concentrations(ORAL, central, TIMES, lag_h={"gut": 0.75}), bolus(TIMES), rtol=1e-13
    )


def test_no_lag_is_a_lag_of_zero():
    events = Events(time_h=[0, 0, 5], evid=[0, 1, 0], amount_mg=[0, 100, 0])
    np.testing.assert_array_equal(
        concentrations(IV, events), concentrations(IV, events, lag_h={"central": 0.0})
    )


@pytest.mark.parametrize("length", [0.0, 5.0, 30.0])
@pytest.mark.parametrize("lag", [None, pytest.param(1.0, marks=pytest.mark.slow), 7.0])
def test_steady_state_is_the_end_of_many_doses_infusions_and_lags_included(length, lag):
    steady = Events(
        time_h=0, evid=1, amount_mg=100, duration_h=length, interval_h=12, steady_state=1
    )
    many = doses(100.0, duration_h=length, additional=100, interval_h=12.0)
    delay = None if lag is None else {"gut": lag}
    # Before the dose after the last of both tables.
    np.testing.assert_allclose(
        concentrations(TWO, steady, TIMES, lag_h=delay),
        concentrations(TWO, many, TIMES + 1200.0, lag_h=delay),
        rtol=1e-9,
    )


def test_steady_state_goes_on_with_additional_doses():
    goes_on = Events(time_h=0, evid=1, amount_mg=100, interval_h=12, steady_state=1, additional=3)
    np.testing.assert_allclose(
        concentrations(TWO, goes_on, TIMES + 36.0), concentrations(TWO, goes_on, TIMES), rtol=1e-12
    )


def test_a_second_steady_state_adds_where_the_first_replaces():
    morning = {"amount_mg": [100, 100], "interval_h": 24, "time_h": [0, 10], "evid": 1}
    both = Events(steady_state=[1, 2], **morning)
    last = Events(steady_state=[1, 1], **morning)
    alone = Events(time_h=10, evid=1, amount_mg=100, interval_h=24, steady_state=1)
    first = Events(time_h=0, evid=1, amount_mg=100, interval_h=24, steady_state=1)
    t = np.array([10.0, 12.0, 15.0])
    np.testing.assert_allclose(
        concentrations(ORAL, both, t),
        concentrations(ORAL, first, t) + concentrations(ORAL, alone, t),
        rtol=1e-13,
    )
    np.testing.assert_allclose(
        concentrations(ORAL, last, t), concentrations(ORAL, alone, t), rtol=1e-13
    )


def test_the_steady_state_of_a_constant_infusion_is_rate_over_clearance_and_then_falls():
    constant = Events(time_h=0, evid=1, rate_mg_per_h=20.0, steady_state=1)
    np.testing.assert_allclose(
        concentrations(IV, constant, [0.0, 8.0]), 2.0 * np.exp([0.0, -1.0]), rtol=1e-13
    )


def test_a_reset_empties_and_cancels_infusions_additional_and_lagged_doses():
    events = Events(
        time_h=[0, 1, 5, 20],
        evid=[1, 1, 3, 0],
        amount_mg=[100, 100, 0, 0],
        duration_h=[8, 0, 0, 0],
        additional=[2, 0, 0, 0],
        interval_h=[10, 0, 0, 0],
    )
    assert concentrations(IV, events, lag_h={"central": 4.5})[2:].tolist() == [0.0, 0.0]


def test_reset_and_dose_starts_anew():
    events = Events(time_h=[0, 5, 9], evid=[1, 4, 0], amount_mg=[100, 100, 0])
    assert concentrations(IV, events)[2] == pytest.approx(bolus(4.0), rel=1e-14)


def test_another_event_changes_nothing():
    events = Events(time_h=[0, 3, 9], evid=[1, 2, 0], amount_mg=[100, 0, 0])
    assert concentrations(IV, events)[2] == pytest.approx(bolus(9.0), rel=1e-14)


@pytest.mark.parametrize("carry", ["backward", "forward"])
def test_between_records_the_parameters_of_the_next_hold_or_those_of_the_last(carry):
    cl = np.array([8.0, 16.0, 4.0])
    events = Events(time_h=[0, 2, 5], evid=[1, 0, 0], amount_mg=[80, 0, 0])
    got = concentrations(OneCompartment(CL=cl, V=80.0), events, carry=carry)
    first, second = (cl[1], cl[2]) if carry == "backward" else (cl[0], cl[1])
    expected = np.exp(-np.array([0, first * 2, first * 2 + second * 3]) / 80.0)
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_an_additional_dose_between_records_does_not_change_whose_parameters_hold():
    cl = np.array([8.0, 16.0])
    events = Events(
        time_h=[0, 4], evid=[1, 0], amount_mg=[80, 0], additional=[1, 0], interval_h=[2, 0]
    )
    backward, forward = (
        concentrations(OneCompartment(CL=cl, V=80.0), events, carry=carry)[1]
        for carry in ("backward", "forward")
    )
    assert backward == pytest.approx(np.exp(-0.8) + np.exp(-0.4), rel=1e-14)
    # The additional dose is no record: it has the parameters of the record before.
    assert forward == pytest.approx(np.exp(-0.4) + np.exp(-0.2), rel=1e-14)


@pytest.mark.slow
def test_gradients_are_those_of_finite_differences():
    events = doses(100.0, duration_h=2.0, additional=3, interval_h=6.0)

    def end(p):
        cl, q, ka, f, lag = p
        model = TwoCompartment(CL=cl, Q=q, V1=35.0, V2=105.0, ka=ka)
        found = concentrations(
            model, events, [15.3], bioavailability={"gut": f}, lag_h={"gut": lag}
        )
        return found[0]

    with float64():
        at = jax.numpy.array([5.0, 8.0, 1.2, 0.8, 0.7])
        slope = jax.jit(jax.grad(end))(at)
        step = jax.numpy.diag(1e-5 * at)
        lanes = jax.jit(jax.vmap(end))
        differences = (lanes(at + step) - lanes(at - step)) / (2e-5 * at)
    np.testing.assert_allclose(slope, differences, rtol=1e-7)


def test_a_result_outside_the_block_is_a_numpy_array_in_float64():
    found = concentrations(ORAL, doses(100.0), TIMES)
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float64


def test_the_effect_compartment_follows_the_concentration_and_ends_with_its_area():
    """Ce' = ke0 (C - Ce), so the areas under C and Ce are the same."""
    t = np.linspace(0.0, 400.0, 4001)
    events, place = doses(100.0).observed_at(t)
    profile = simulate(EFFECT, events)
    effect = profile.amount_mg[place, 3]
    area = float(((effect[1:] + effect[:-1]) / 2 * np.diff(t)).sum())
    assert area == pytest.approx(100.0 / 5.0, rel=1e-3)
