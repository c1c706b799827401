"""A prior distribution as a value: its name and its numbers, so that it can be stored."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float
from scipy import stats

from myelodose.errors import InputError

NAMES = (
    "Beta",
    "Exponential",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "InverseGamma",
    "LogNormal",
    "Normal",
    "StudentT",
    "TruncatedNormal",
    "Uniform",
)
"""Distributions of NumPyro that may be named."""


def _truncated(mean: float, sd: float, low: float = -np.inf, high: float = np.inf) -> float:
    return stats.truncnorm.median((low - mean) / sd, (high - mean) / sd, mean, sd)


# SciPy's, because a median is asked for while JAX traces.
_MEDIAN: dict[str, Callable[..., float]] = {
    "Beta": stats.beta.median,
    "Exponential": lambda rate: math.log(2) / rate,
    "Fixed": float,
    "Gamma": lambda shape, rate: stats.gamma.median(shape, scale=1 / rate),
    "HalfCauchy": float,
    "HalfNormal": lambda sd: stats.halfnorm.median(scale=sd),
    "InverseGamma": lambda shape, rate: stats.invgamma.median(shape, scale=rate),
    "LogNormal": lambda mean, sd: math.exp(mean),
    "Normal": lambda mean, sd: mean,
    "StudentT": lambda df, mean=0.0, sd=1.0: mean,
    "TruncatedNormal": _truncated,
    "Uniform": lambda low, high: (low + high) / 2,
}


@dataclass(frozen=True, init=False)
class Prior:
    """A distribution of NumPyro by name, or a fixed number.

    Args:
        name: One of `NAMES`, or "Fixed": the parameter is known.
        *numbers: Its arguments in NumPyro's order. LogNormal takes mean and sd of the logarithm,
            Gamma shape and rate, TruncatedNormal mean, sd, low and high.

    Raises:
        InputError: If there is no such distribution, or the numbers do not fit it.

    Example:
        >>> round(Prior("LogNormal", 2.3, 0.25).median, 2)
        9.97
    """

    name: str
    numbers: tuple[float, ...]

    def __init__(self, name: str, *numbers: float) -> None:
        """Take the arguments of the distribution one by one."""
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "numbers", tuple(float(number) for number in numbers))
        if self.fixed:
            if len(numbers) != 1:
                raise InputError("Prior, Fixed", f"found {numbers}", "give one number")
            return
        if name not in NAMES:
            raise InputError("Prior, name", f"found {name!r}", f"give one of {', '.join(NAMES)}")
        try:
            self.distribution(validate=True)
        except (TypeError, ValueError) as reason:
            place = f"Prior, {name}"
            raise InputError(place, f"found {numbers}: {reason}", "give its arguments") from None

    @property
    def fixed(self) -> bool:
        """Whether it is a known number."""
        return self.name == "Fixed"

    def distribution(self, *, validate: bool = False) -> dist.Distribution:
        """NumPyro's distribution."""
        if self.fixed:
            return dist.Delta(self.numbers[0])
        if self.name == "TruncatedNormal":
            mean, sd, *ends = self.numbers
            ends = dict(zip(("low", "high"), ends, strict=False))
            return dist.TruncatedNormal(mean, sd, **ends, validate_args=validate)
        return getattr(dist, self.name)(*self.numbers, validate_args=validate)

    def log_density(self, value: Float[Array, "..."]) -> Float[Array, "..."]:
        """Log density."""
        return self.distribution().log_prob(value)

    @property
    def median(self) -> float:
        """Its median, for starts and for scaling."""
        return float(_MEDIAN[self.name](*self.numbers))

    def __repr__(self) -> str:
        """As it is written."""
        return f"Prior({', '.join([repr(self.name), *(f'{number:g}' for number in self.numbers)])})"


def as_prior(given: Prior | float) -> Prior:
    """A prior, where a plain number is one that is known.

    Example:
        >>> as_prior(0.75)
        Prior('Fixed', 0.75)
    """
    return given if isinstance(given, Prior) else Prior("Fixed", given)
