r"""Shares that are counted: FISH-positive nuclei, and reads with a mutation.

    FISH   p = fpr + (1 - fpr - fnr) f        f the clone's share of cells, fpr and fnr error rates
    VAF    p = e + (1 - 2 e) v                e the error of a read
           v = f / 2       heterozygous
               f / (2 - f) where the other copy of 17p is lost
               f           copy-neutral loss of heterozygosity

y of n is beta-binomial around p: Beta(p / rho - p, ...) mixed, with an overdispersion rho between
0 (binomial) and 1, the correlation of two cells or reads of one sample:

    alpha = p (1 - rho) / rho,   beta = (1 - p) (1 - rho) / rho
    variance = n p (1 - p) (1 + (n - 1) rho)
"""

from typing import Literal

import jax.numpy as jnp
from jax.scipy.special import gammaln
from jaxtyping import Array, Float

from myelodose.observation.error import Number

Zygosity = Literal["heterozygous", "17p loss", "copy-neutral"]


def positive_fraction(
    share: Number, *, false_positive: float = 0.0, false_negative: float = 0.0
) -> Number:
    """Probability that a nucleus reads as positive.

    Args:
        share: f, the clone's share of cells.
        false_positive: Of nuclei without the deletion.
        false_negative: Of nuclei with it.

    Example:
        >>> round(positive_fraction(0.5, false_positive=0.02, false_negative=0.04), 2)
        0.49
    """
    return false_positive + (1 - false_positive - false_negative) * share


def allele_fraction(
    share: Number,
    *,
    zygosity: Zygosity = "heterozygous",
    read_error: float = 0.0,
) -> Number:
    """Probability that a read shows the mutation.

    Args:
        share: f, the clone's share of cells.
        zygosity: How many copies a mutated cell has of which allele.
        read_error: e.

    Example:
        >>> round(allele_fraction(0.5, zygosity="17p loss"), 3)
        0.333
    """
    fraction = {
        "heterozygous": lambda f: f / 2,
        "17p loss": lambda f: f / (2 - f),
        "copy-neutral": lambda f: f,
    }[zygosity](share)
    return read_error + (1 - 2 * read_error) * fraction


def beta_binomial_log_probability(
    positive: Number,
    of: Number,
    probability: Number,
    overdispersion: Number,
) -> Float[Array, "..."]:
    """Log-probability of y of n.

    Args:
        positive: y.
        of: n.
        probability: p, kept within 1e-9 of 0 and 1.
        overdispersion: rho, above 0 and below 1.

    Example:
        >>> round(float(beta_binomial_log_probability(1.0, 1.0, 0.25, 0.1)), 4)
        -1.3863
    """
    p = jnp.clip(probability, 1e-9, 1 - 1e-9)
    weight = (1 - overdispersion) / overdispersion
    alpha, beta = p * weight, (1 - p) * weight
    choose = gammaln(of + 1.0) - gammaln(positive + 1.0) - gammaln(of - positive + 1.0)
    return choose + _log_beta(positive + alpha, of - positive + beta) - _log_beta(alpha, beta)


def _log_beta(a: Number, b: Number) -> Array:
    """JAX's own betaln is right to 1e-7 only."""
    return gammaln(a) + gammaln(b) - gammaln(a + b)
