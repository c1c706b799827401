"""Population Monte Carlo: draws of the parameters, weighted by prior and synthetic likelihood.

Cappe et al., J Comput Graph Stat 2004;13:907 (doi 10.1198/106186004X12803).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, multivariate_t

DEGREES, WIDER, PRIOR_SHARE = 8, 1.2, 0.1
"""The proposal: a t distribution with so many degrees of freedom, its covariance wider by this
factor than that of the last draws, and so large a part from the prior; CHOSEN."""

_STEPS = 4


class Weighted(NamedTuple):
    """Weighted draws.

    Attributes:
        z: Parameters.
        weight: Sum to one.
        log_evidence: Logarithm of the mean likelihood under the prior, up to the same constant as
            the likelihood.
    """

    z: Float[np.ndarray, "draw parameter"]
    weight: Float[np.ndarray, " draw"]
    log_evidence: float

    @property
    def effective(self) -> float:
        """Effective sample size, 1 / sum of squared weights."""
        return float(1 / (self.weight**2).sum())

    def resampled(self, number: int, random: np.random.Generator) -> np.ndarray:
        """Draws of equal weight, by systematic resampling.

        Args:
            number: How many.
            random: Source of randomness.
        """
        at = (np.arange(number) + random.random()) / number
        index = np.searchsorted(np.cumsum(self.weight), at)
        chosen = self.z[np.minimum(index, len(self.z) - 1)]
        return chosen[random.permutation(number)]


def population_monte_carlo(
    log_likelihood: Callable[[np.ndarray], np.ndarray],
    parameters: int,
    draws: int,
    seed: int,
) -> Weighted:
    """Draws from the posterior under a standard normal prior.

    Args:
        log_likelihood: Of (draw, parameter), vectorised.
        parameters: How many.
        draws: How many in each of four steps; the last are returned.
        seed: Seed.

    Example:
        >>> found = population_monte_carlo(lambda z: -(z[:, 0] - 2.0) ** 2 / 2, 2, 4000, 1)
        >>> (found.weight @ found.z).round(1).tolist()[0]
        1.0
    """
    random = np.random.default_rng(seed)
    prior = multivariate_normal(np.zeros(parameters))
    z = random.standard_normal((draws, parameters))
    log_proposal = prior.logpdf(z)
    for step in range(_STEPS):
        log_weight = log_likelihood(z) + prior.logpdf(z) - log_proposal
        total = logsumexp(log_weight)
        now = Weighted(z, np.exp(log_weight - total), float(total - np.log(draws)))
        if step == _STEPS - 1:
            break
        middle = now.weight @ z
        spread = np.cov(z.T, aweights=_tempered(log_weight))
        law = multivariate_t(middle, WIDER * spread * (DEGREES - 2) / DEGREES, df=DEGREES)
        from_prior = random.random(draws) < PRIOR_SHARE
        z = np.where(
            from_prior[:, None],
            random.standard_normal((draws, parameters)),
            law.rvs(draws, random_state=random),
        )
        parts = [
            np.log(PRIOR_SHARE) + prior.logpdf(z),
            np.log(1 - PRIOR_SHARE) + law.logpdf(z),
        ]
        log_proposal = logsumexp(parts, axis=0)
    return now


def _tempered(log_weight: np.ndarray) -> np.ndarray:
    """Weights raised to a power at which they are not those of a handful of draws."""
    least = 20 * np.sqrt(len(log_weight))
    for power in (1.0, 0.7, 0.5, 0.3, 0.2, 0.1):
        weight = np.exp(power * (log_weight - log_weight.max()))
        weight = weight / weight.sum()
        if 1 / (weight**2).sum() > least:
            break
    return weight
