"""FISH and VAF: probabilities that can be computed by hand, and SciPy's beta-binomial."""

import jax
import numpy as np
import pytest
from scipy import stats

from myelodose.observation import (
    allele_fraction,
    beta_binomial_log_probability,
    positive_fraction,
)
from myelodose.precision import float64


def test_errors_alone_are_seen_where_there_is_no_clone_and_where_there_is_nothing_else():
    assert positive_fraction(0.0, false_positive=0.03, false_negative=0.05) == 0.03
    assert positive_fraction(1.0, false_positive=0.03, false_negative=0.05) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("zygosity", "fraction"),
    [("heterozygous", 0.3), ("17p loss", 0.6 / 1.4), ("copy-neutral", 0.6)],
)
def test_allele_fraction_counts_the_copies_that_are_left(zygosity, fraction):
    mutated = {"heterozygous": 1, "17p loss": 1, "copy-neutral": 2}[zygosity]
    copies = {"heterozygous": 2, "17p loss": 1, "copy-neutral": 2}[zygosity]
    by_hand = 0.6 * mutated / (0.6 * copies + 0.4 * 2)
    assert allele_fraction(0.6, zygosity=zygosity) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(fraction)


def test_beta_binomial_is_scipys():
    y, n, p, rho = np.arange(21.0), 20.0, 0.3, 0.05
    weight = (1 - rho) / rho
    with float64():
        got = beta_binomial_log_probability(y, n, p, rho)
    np.testing.assert_allclose(got, stats.betabinom.logpmf(y, 20, p * weight, (1 - p) * weight))


def test_variance_is_that_of_correlated_cells():
    n, p, rho = 200.0, 0.4, 0.02
    y = np.arange(201.0)
    with float64():
        weight = np.exp(beta_binomial_log_probability(y, n, p, rho))
    mean = (weight * y).sum()
    variance = (weight * (y - mean) ** 2).sum()
    assert mean == pytest.approx(n * p)
    assert variance == pytest.approx(n * p * (1 - p) * (1 + (n - 1) * rho))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_gradient_is_finite_where_nothing_or_everything_is_the_clone(share):
    with float64():
        slope = jax.grad(
            lambda f: beta_binomial_log_probability(3.0, 20.0, positive_fraction(f), 0.05)
        )(share)
    assert np.isfinite(slope)
