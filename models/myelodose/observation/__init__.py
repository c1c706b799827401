"""What an assay would read: residual error of measurements, censoring, counted shares."""

from myelodose.observation.censoring import log_likelihood
from myelodose.observation.error import KINDS, Spread, spread
from myelodose.observation.shares import (
    allele_fraction,
    beta_binomial_log_probability,
    positive_fraction,
)

__all__ = [
    "KINDS",
    "Spread",
    "allele_fraction",
    "beta_binomial_log_probability",
    "log_likelihood",
    "positive_fraction",
    "spread",
]
