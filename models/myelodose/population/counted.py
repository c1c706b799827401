"""Measurements that are counts out of so many, or events: FISH, VAF, metaphases, toxicity.

They stand beside `Residual` in a model's `residuals`: a FISH count is y positive of n nuclei, a VAF
count y of n reads. n stands in the variable `trials` of the table.
"""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.errors import check_fields
from myelodose.observation import (
    allele_fraction,
    beta_binomial_log_probability,
    positive_fraction,
)
from myelodose.observation.shares import Zygosity
from myelodose.population.data import Data
from myelodose.population.prior import Prior, as_prior


@dataclass(frozen=True)
class CellCount:
    """y of n cells carry a marker: FISH nuclei, or metaphases; beta-binomial around a share.

    Args:
        of: Which output of the structure is the share; the label itself if not given.
        false_positive: Share of other cells that read as positive.
        false_negative: Share of the clone's cells that read as negative.
        overdispersion: rho between 0 and 1, a number or a prior; site `rho_<label>`.

    Example:
        >>> list(CellCount("clone", overdispersion=Prior("Beta", 1, 50)).sites("FISH"))
        ['rho_FISH']
    """

    of: str = ""
    false_positive: float = 0.0
    false_negative: float = 0.0
    overdispersion: Prior | float = 0.01
    needs_trials: bool = field(default=True, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the error rates."""
        total = self.false_positive + self.false_negative
        check_fields(self, {"false_positive": (0 <= total < 1, "rates that sum to less than 1")})

    def sites(self, label: str) -> dict[str, Prior]:
        """What is estimated: site and prior."""
        return _sites(self.overdispersion, label)

    def probability(self, predicted: Array) -> Array:
        """Probability that a cell reads as positive."""
        share = positive_fraction(
            predicted, false_positive=self.false_positive, false_negative=self.false_negative
        )
        return jnp.asarray(share)

    def log_likelihood(
        self, theta: dict, label: str, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Of every observation, as if all were of this kind."""
        return _counted(self, theta, label, predicted, data)

    def simulate(
        self, key: Array, theta: dict, label: str, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Draw counts."""
        return _drawn(self, key, theta, label, predicted, data)


@dataclass(frozen=True)
class ReadCount:
    """y of n reads show a mutation; beta-binomial around the allele fraction of a share of cells.

    Args:
        of: Which output of the structure is the share; the label itself if not given.
        zygosity: "heterozygous", "17p loss" or "copy-neutral".
        read_error: Error of a read.
        overdispersion: rho between 0 and 1, a number or a prior; site `rho_<label>`.
    """

    of: str = ""
    zygosity: Zygosity = "heterozygous"
    read_error: float = 0.0
    overdispersion: Prior | float = 0.001
    needs_trials: bool = field(default=True, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the values."""
        kinds = ("heterozygous", "17p loss", "copy-neutral")
        check_fields(self, {"zygosity": (self.zygosity in kinds, f"one of {', '.join(kinds)}")})

    def sites(self, label: str) -> dict[str, Prior]:
        """What is estimated: site and prior."""
        return _sites(self.overdispersion, label)

    def probability(self, predicted: Array) -> Array:
        """Probability that a read shows the mutation."""
        return jnp.asarray(
            allele_fraction(predicted, zygosity=self.zygosity, read_error=self.read_error)
        )

    def log_likelihood(
        self, theta: dict, label: str, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Of every observation, as if all were of this kind."""
        return _counted(self, theta, label, predicted, data)

    def simulate(
        self, key: Array, theta: dict, label: str, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Draw counts."""
        return _drawn(self, key, theta, label, predicted, data)


@dataclass(frozen=True)
class Event:
    """1 if something happened, 0 if not; the structure predicts its probability.

    Args:
        of: Which output of the structure is the probability; the label itself if not given.
    """

    of: str = ""
    needs_trials: bool = field(default=False, init=False, repr=False)

    def sites(self, label: str) -> dict[str, Prior]:
        """Nothing is estimated."""
        return {}

    def log_likelihood(
        self, theta: dict, label: str, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Of every observation, as if all were of this kind."""
        p = jnp.clip(predicted, 1e-12, 1 - 1e-12)
        return jnp.where(jnp.asarray(data.y) > 0.5, jnp.log(p), jnp.log1p(-p))

    def simulate(
        self, key: Array, theta: dict, label: str, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Draw events."""
        return jax.random.bernoulli(key, jnp.clip(predicted, 0.0, 1.0)).astype(predicted.dtype)


type Counted = CellCount | ReadCount


def _sites(overdispersion: Prior | float, label: str) -> dict[str, Prior]:
    prior = as_prior(overdispersion)
    return {} if prior.fixed else {f"rho_{label}": prior}


def _rho(counted: Counted, theta: dict, label: str) -> Array:
    prior = as_prior(counted.overdispersion)
    return jnp.asarray(prior.numbers[0] if prior.fixed else theta[f"rho_{label}"])


def _trials(data: Data) -> Array:
    """n; 0 where nothing is counted."""
    return jnp.zeros_like(data.y) if data.trials is None else jnp.asarray(data.trials)


def _counted(counted: Counted, theta: dict, label: str, predicted: Array, data: Data) -> Array:
    # Rows of other kinds get a possible count, so that no gradient is lost.
    n = _trials(data)
    fine = jnp.isfinite(data.y) & (data.y >= 0) & (data.y <= n) & (n > 0)
    y, n = jnp.where(fine, data.y, 0.0), jnp.where(fine, n, 1.0)
    share = counted.probability(predicted)
    total = beta_binomial_log_probability(y, n, share, _rho(counted, theta, label))
    return jnp.where(fine, total, -jnp.inf)


def _drawn(
    counted: Counted, key: Array, theta: dict, label: str, predicted: Array, data: Data
) -> Array:
    p = jnp.clip(counted.probability(predicted), 1e-9, 1 - 1e-9)
    weight = (1 - _rho(counted, theta, label)) / _rho(counted, theta, label)
    first, second = jax.random.split(key)
    share = jax.random.beta(first, p * weight, (1 - p) * weight)
    n = jnp.maximum(_trials(data), 1.0)
    return jax.random.binomial(second, n, share)
