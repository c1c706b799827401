"""Kinds and patients on one axis: there and back, and the sum over kinds with its derivative."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.precision import float64
from myelodose.solve.lanes import Lanes, total


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 4), (2, 3, 4)])
def test_values_come_back_as_they_went(shape):
    values = np.random.default_rng(1).normal(size=(5, 6, *shape))
    lanes = Lanes(shape)
    assert lanes.flat(values, lead=2).shape == (5, 6, np.prod(shape))
    assert np.array_equal(lanes.back(lanes.flat(values, lead=2)), np.asarray(values, np.float32))


def test_a_value_of_a_patient_is_the_same_for_every_kind():
    lanes = Lanes((3, 4))
    assert lanes.back(lanes.each(np.arange(4.0))).tolist() == [[0, 1, 2, 3]] * 3
    assert lanes.back(lanes.each(7.0)).tolist() == [[7] * 4] * 3
    by_time = lanes.back(lanes.each(np.arange(8.0).reshape(2, 4), lead=1))
    assert by_time.tolist() == [[[0, 1, 2, 3]] * 3, [[4, 5, 6, 7]] * 3]


def test_a_value_of_a_kind_is_the_same_for_every_patient():
    assert Lanes((3, 2)).flat(np.array([[1.0], [2.0], [3.0]])).tolist() == [1, 1, 2, 2, 3, 3]


def test_the_sum_over_kinds_and_its_transpose_are_those_of_the_matrix():
    with float64():
        matrix = np.tile(np.eye(4), (3, 3))
        values = jnp.asarray(np.random.default_rng(2).normal(size=(5, 12)))
        summed = lambda x: total(x, 3)  # noqa: E731
        assert np.allclose(summed(values), values @ matrix, rtol=1e-14)
        back = jax.vjp(summed, values)[1](values)[0]
        assert np.allclose(back, values @ matrix.T, rtol=1e-14)
        assert np.allclose(jax.vmap(summed)(values), values @ matrix, rtol=1e-14)
