"""Bins and percentiles are those of R."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelodose.diagnostics.bins import bin_edges, bin_index, percentiles_of
from myelodose.errors import InputError


def test_bins_hold_their_left_end_and_the_last_one_its_right_end_too():
    edges = np.array([0.0, 1.0, 4.0])
    index = bin_index(np.array([-0.1, 0.0, 0.9, 1.0, 3.9, 4.0, 4.1]), edges)
    assert index.tolist() == [-1, 0, 0, 1, 1, 1, -1]


def test_quantile_bins_hold_alike_many_distinct_times():
    times = np.random.default_rng(1).uniform(size=800)
    counts = np.bincount(bin_index(times, bin_edges(times, 8)))
    assert counts.tolist() == [100] * 8


def test_times_that_many_patients_share_make_fewer_bins():
    times = np.repeat([0.0, 1.0, 2.0], [90, 5, 5])
    edges = bin_edges(times, 6)
    assert (np.diff(edges) > 0).all()
    assert (bin_index(times, edges) >= 0).all()


def test_one_time_alone_has_one_bin():
    assert bin_index(np.full(5, 3.0), bin_edges(np.full(5, 3.0), 4)).tolist() == [0] * 5


@pytest.mark.parametrize("bins", [[0.0], [0.0, 0.0, 1.0], [1.0, 0.0], 0])
def test_edges_that_do_not_rise_are_refused(bins):
    with pytest.raises(InputError, match="bins"):
        bin_edges(np.arange(3.0), bins)


@settings(deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.lists(st.floats(0, 100), min_size=1, max_size=4),
)
def test_percentiles_are_of_type_7(values, wanted):
    found = percentiles_of(np.array(values), np.array(wanted))
    assert found == pytest.approx(np.percentile(values, wanted), rel=1e-9, abs=1e-9)


def test_r_gives_these_quantiles_of_type_7():
    # quantile(c(1, 2, 4, 8, 16), c(.05, .33, .95)) by R's definition: 1.2, 2.64, 14.4
    found = percentiles_of(np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.array([5.0, 33.0, 95.0]))
    assert found == pytest.approx([1.2, 2.64, 14.4])


def test_a_percentile_among_or_next_to_censored_values_is_not_known():
    values = np.array([-np.inf, -np.inf, 1.0, 2.0, np.inf])
    assert np.isnan(percentiles_of(values, np.array([10.0, 30.0, 90.0]))).all()
    assert percentiles_of(values, np.array([50.0, 75.0])).tolist() == [1.0, 2.0]
    kept = percentiles_of(values, np.array([10.0, 30.0, 90.0]), keep_infinite=True)
    assert kept.tolist() == [-np.inf, -np.inf, np.inf]
