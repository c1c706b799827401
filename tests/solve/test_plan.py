"""Windows start where something happens, and nothing is lost between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.solve.plan import plan, stack

DOSES = st.lists(
    st.tuples(
        st.floats(0, 50), st.floats(0.1, 100), st.integers(0, 1), st.sampled_from([0.0, 0.04, 2.0])
    ),
    max_size=12,
)


def planned(doses, times=(60.0,), **kwargs):
    columns = np.array(doses, float).reshape(-1, 4).T
    return plan(
        columns[0],
        columns[1],
        columns[2].astype(int),
        drugs=2,
        times_d=np.array(times),
        duration_d=columns[3],
        **kwargs,
    )


@given(DOSES)
def test_every_milligram_is_in_the_plan(doses):
    made = planned(doses)
    given_mg = made.amount.sum(0)
    if made.rate is not None:
        given_mg = given_mg + (made.rate * made.length_d[:, None]).sum(0)
    for drug in (0, 1):
        wanted = sum(amount for _, amount, which, _ in doses if which == drug)
        assert given_mg[drug] == pytest.approx(wanted, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("duration", [0.0, 0.04])
def test_doses_that_differ_by_rounding_alone_are_one_and_none_is_lost(duration):
    made = planned([(n * 0.9e-9, 1.0, 0, duration) for n in range(4)] + [(1e-9, 1.0, 1, duration)])
    if made.rate is not None:
        assert (made.rate * made.length_d[:, None]).sum(0) == pytest.approx([4, 1], rel=1e-6)
    else:
        assert made.amount[0].tolist() == [4, 1]


@pytest.mark.parametrize("duration", [0.0, 0.04])
@pytest.mark.parametrize("day", [7.0, 7.5])
def test_what_is_given_at_or_after_the_end_is_in_no_window(day, duration):
    made = planned([(1.0, 1.0, 0, 0.0), (day, 1.0, 1, duration)], times=(7.0,))
    assert made.amount.sum(0).tolist() == [1, 0]
    assert made.rate is None or not made.rate.any()


@given(DOSES, st.floats(0.3, 3))
def test_windows_are_seamless_and_short(doses, longest):
    made = planned(doses, longest_window_d=longest)
    ends = made.start_d + made.length_d
    np.testing.assert_allclose(made.start_d[1:], ends[:-1], atol=1e-12)
    assert made.start_d[0] == 0
    assert ends[-1] == 60
    assert made.length_d.max() <= longest * (1 + 1e-8)


@given(DOSES, st.lists(st.floats(0, 60), min_size=1, max_size=8))
def test_every_time_of_interest_starts_a_window(doses, times):
    made = planned(doses, times, horizon_d=60.0)
    edges = np.append(made.start_d, made.start_d[-1] + made.length_d[-1])
    np.testing.assert_allclose(edges[made.at], times, atol=1e-8)


def test_no_window_crosses_a_dose():
    made = planned([(3.25, 10, 0, 0), (9.0, 10, 1, 0)])
    assert {3.25, 9.0} <= set(made.start_d)


def test_patients_side_by_side_keep_their_own_schedules():
    one, two = planned([(3.0, 10, 0, 0)]), planned([(4.5, 20, 1, 1.0), (5.5, 1, 0, 0)])
    both = stack([one, two])
    for i, alone in enumerate((one, two)):
        n = len(alone.length_d)
        np.testing.assert_array_equal(both.amount[:n, :, i], alone.amount)
        np.testing.assert_array_equal(both.length_d[n:, i], 0)
        np.testing.assert_array_equal(both.at[:, i], alone.at)


def test_padding_holds_what_it_must():
    assert len(planned([(3.0, 10, 0, 0)], windows=80).length_d) == 80
    with pytest.raises(InputError, match=r"windows: found 10 .* give at least 60"):
        planned([(3.0, 10, 0, 0)], windows=10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_d": [-1.0]}, "time_d: found -1; give finite values from 0"),
        ({"amount": [np.nan]}, "amount: found nan"),
        ({"amount": [-5.0]}, "amount: found -5"),
        ({"drug": [2]}, r"drug: found \[2\]; give 0 to 1"),
        ({"times_d": [np.inf]}, "times_d: found inf"),
        ({"horizon_d": 1.0}, "horizon_d: found 1; give a day at or after the last of times_d"),
        ({"duration_d": [1.0, 2.0]}, r"found arrays of \[1, 2\] doses"),
        ({"longest_window_d": 0.0}, "longest_window_d: found 0; give a length above 0 days"),
        ({"after_dose_d": -1.0}, "after_dose_d: found -1; give a time above 0 days"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    arguments = {
        "time_d": [2.0],
        "amount": [1.0],
        "drug": [0],
        "times_d": [5.0],
    } | change
    with pytest.raises(InputError, match=message):
        plan(**arguments, drugs=2)
