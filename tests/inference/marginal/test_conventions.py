import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.inference.marginal.conventions import (
    covariance_from_lower_triangle,
    covariance_from_sd,
    cv_from_sd,
    factor_of,
    minus_two_log_likelihood,
    sd_from_cv,
)


def test_cv_and_sd_are_inverse():
    np.testing.assert_allclose(cv_from_sd(sd_from_cv([0.1, 0.5, 2.0])), [0.1, 0.5, 2.0])


def test_a_lower_triangle_is_read_by_rows():
    got = covariance_from_lower_triangle([1, 2, 5, 3, 6, 9])
    assert got.tolist() == [[1, 2, 3], [2, 5, 6], [3, 6, 9]]


def test_a_factor_squares_to_the_covariance_and_skips_effects_without_variance():
    omega = np.array([[0.09, 0.0, 0.03], [0.0, 0.0, 0.0], [0.03, 0.0, 0.25]])
    factor = factor_of(omega)
    np.testing.assert_allclose(factor @ factor.T, omega)


def test_correlations_enter_the_covariance():
    got = covariance_from_sd([0.2, 0.5], [[1.0, 0.5], [0.5, 1.0]])
    np.testing.assert_allclose(got, [[0.04, 0.05], [0.05, 0.25]])


def test_the_constant_is_that_which_nonmem_prints():
    """pheno_multEST.lst: 730.89472683666054 without and 1015.7656721301091 with the constant."""
    got = minus_two_log_likelihood(730.89472683666054, normal=155)
    assert got == pytest.approx(1015.7656721301091, abs=1e-9)


@pytest.mark.parametrize(
    "omega", [[[0.1, 0.2]], [[1.0, 0.2], [0.3, 1.0]], [[1.0, 2.0], [2.0, 1.0]]]
)
def test_what_is_no_covariance_is_refused(omega):
    with pytest.raises(InputError, match="omega"):
        factor_of(omega)


def test_a_triangle_of_four_is_refused():
    with pytest.raises(InputError, match="found 4 numbers"):
        covariance_from_lower_triangle([1, 2, 3, 4])
