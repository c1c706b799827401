"""Isotonic regression against pooling by hand and against the conditions of optimality."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelodose.designs.isotonic import increasing, increasing_both_ways


def _pooled(values, weights):
    """Pool adjacent violators, one after the other."""
    blocks = [[v, w, 1] for v, w in zip(values, weights, strict=True)]
    k = 0
    while k < len(blocks) - 1:
        (v, w, c), (v2, w2, c2) = blocks[k], blocks[k + 1]
        if v <= v2:
            k += 1
            continue
        blocks[k : k + 2] = [[(v * w + v2 * w2) / (w + w2), w + w2, c + c2]]
        k = max(k - 1, 0)
    return [v for v, _, count in blocks for _ in range(count)]


rows = st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 100)), min_size=1, max_size=8)


@settings(deadline=None)
@given(rows)
def test_the_max_min_form_is_pooling_adjacent_violators(pairs):
    values, weights = (np.array(part)[None] for part in zip(*pairs, strict=True))
    found = increasing(values, weights, np.ones(values.shape, bool))
    assert found[0] == pytest.approx(_pooled(values[0], weights[0]), abs=1e-10)


def test_levels_that_take_no_part_change_nothing():
    values = np.array([[0.5, 0.9, 0.2]])
    used = np.array([[True, False, True]])
    found = increasing(values, np.ones((1, 3)), used)
    assert found[0, [0, 2]].tolist() == [0.35, 0.35]
    assert np.isnan(found[0, 1])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_fit_over_a_grid_is_ordered_and_optimal(seed):
    draw = np.random.default_rng(seed)
    shape = (1, *draw.integers(2, 5, 2))
    values, weights = draw.random(shape), draw.uniform(0.1, 10, shape)
    fit = increasing_both_ways(values, weights)
    assert (np.diff(fit, axis=1) >= -1e-9).all()
    assert (np.diff(fit, axis=2) >= -1e-9).all()
    # A least-squares projection on a cone: orthogonal to itself, and no increasing set gains.
    left = weights * (values - fit)
    assert np.sum(left * fit) == pytest.approx(0, abs=1e-7)
    for _ in range(20):
        steps = draw.random(shape).cumsum(1).cumsum(2)
        assert np.sum(left * steps) <= 1e-6


def test_a_grid_that_is_ordered_already_stays():
    values = np.array([[[0.1, 0.2], [0.3, 0.4]]])
    assert increasing_both_ways(values, np.ones((1, 2, 2))) == pytest.approx(values)
