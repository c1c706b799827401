"""Event records: what they may say, and what is refused."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.pk import Events, OneCompartment, concentrations, doses, simulate

DOSE = {"time_h": [0.0, 1.0], "evid": [1, 0], "amount_mg": [10.0, 0.0]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount_mg": [-10, 0]}, "row 1, amount_mg: found -10.0; give at least 0"),
        ({"amount_mg": [np.nan, 0]}, "row 1, amount_mg: found nan"),
        ({"amount_mg": [10, 5]}, "row 2, amount_mg: found 5.0; give 0, or EVID 1 or 4"),
        ({"time_h": [-1, 0]}, "row 1, time_h: found -1.0"),
        ({"time_h": [2, 1]}, "row 2, time_h: found 1.0; sort the records by time"),
        ({"time_h": [0, np.inf]}, "row 2, time_h: found inf"),
        ({"time_h": [0, 1, 2]}, "found shape (2,); give one number, or one for each of 3"),
        ({"time_h": ["a", "b"]}, "time_h: found ['a', 'b']; give numbers"),
        ({"evid": [1, 5]}, "row 2, evid: found 5; give 0, 1, 2, 3 or 4"),
        ({"evid": [1, 0.5]}, "evid: found [1.0, 0.5]; give whole numbers"),
        ({"compartment": 0}, "compartment: found 0"),
        ({"rate_mg_per_h": [-1, 0]}, "row 1, rate_mg_per_h: found -1.0"),
        ({"amount_mg": 0, "rate_mg_per_h": [5, 0]}, "an infusion of nothing has no length"),
        ({"rate_mg_per_h": [5, 0], "duration_h": [2, 0]}, "give a rate or a duration, not both"),
        ({"steady_state": [1, 0]}, "row 1, interval_h: found 0.0; give II"),
        ({"steady_state": [3, 0]}, "row 1, steady_state: found 3; give 0, 1 or 2"),
        ({"additional": [3, 0]}, "row 1, interval_h: found 0.0; give II"),
        ({"additional": [-3, 0]}, "row 1, additional: found -3"),
        (
            {"amount_mg": 0, "rate_mg_per_h": [5, 0], "steady_state": [1, 0], "additional": [1, 0]},
            "found",
        ),
        (
            {"amount_mg": 0, "rate_mg_per_h": [5, 0], "steady_state": [1, 0], "interval_h": [9, 0]},
            "row 1, interval_h: found 9.0; give AMT, or II 0",
        ),
    ],
)
def test_an_impossible_record_is_refused(change, says):
    with pytest.raises(InputError) as caught:
        Events(**DOSE | change)
    assert says in str(caught.value)


def test_a_compartment_that_the_model_lacks_is_refused():
    with pytest.raises(InputError, match=r"row 1, compartment: found 3; give .* 1 gut, 2 central"):
        simulate(OneCompartment(CL=1.0, V=1.0, ka=1.0, ke0=1.0), doses(1.0, compartment=3))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"lag_h": {"gut": -1.0}}, "simulate, lag_h: found -1.0"),
        ({"lag_h": {"liver": 1.0}}, "found a compartment 'liver'; name one of gut, central"),
        ({"bioavailability": {"gut": np.nan}}, "simulate, bioavailability: found nan"),
        ({"bioavailability": {"gut": [1.0, 1.0, 1.0]}}, "found shape (3,)"),
        ({"carry": "sideways"}, "simulate, carry: found 'sideways'"),
    ],
)
def test_an_impossible_argument_is_refused(arguments, says):
    with pytest.raises(InputError) as caught:
        simulate(OneCompartment(CL=1.0, V=1.0, ka=1.0), Events(**DOSE), **arguments)
    assert says in str(caught.value)


def test_a_lag_beyond_the_interval_of_a_steady_state_is_refused():
    steady = Events(time_h=0, evid=1, amount_mg=10, interval_h=12, steady_state=1)
    with pytest.raises(InputError, match=r"found 13\.0 h in a steady state with II 12\.0 h"):
        simulate(OneCompartment(CL=1.0, V=1.0, ka=1.0), steady, lag_h={"gut": 13.0})


def test_parameters_by_record_need_the_times_as_records():
    model = OneCompartment(CL=np.array([1.0, 2.0]), V=1.0)
    with pytest.raises(InputError, match="found parameters by record"):
        concentrations(model, Events(**DOSE), [1.0])
    with pytest.raises(InputError, match=r"simulate, model: found shape \(3,\)"):
        simulate(OneCompartment(CL=np.ones(3), V=1.0), Events(**DOSE))


def test_a_time_that_cannot_be_is_refused():
    with pytest.raises(InputError, match=r"times_h: found \[-1.0\]"):
        concentrations(OneCompartment(CL=1.0, V=1.0), doses(1.0), [1.0, -1.0])


def test_observations_come_after_the_records_at_their_time_and_keep_their_order():
    events, place = doses([1.0, 2.0], [0.0, 5.0]).observed_at([5.0, 1.0, 0.0])
    assert events.time_h.tolist() == [0, 0, 1, 5, 5]
    assert events.evid.tolist() == [1, 0, 0, 1, 0]
    assert place.tolist() == [4, 2, 1]
