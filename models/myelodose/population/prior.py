"""A prior distribution as a value: its name and its numbers, so that it can be stored."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Array, Float
from scipy import stats

from myelodose.errors import InputError

_ABOVE_0 = {
    "Beta": (True, True),
    "Exponential": (True,),
    "Gamma": (True, True),
    "HalfCauchy": (True,),
    "HalfNormal": (True,),
    "InverseGamma": (True, True),
    "LogNormal": (False, True),
    "Normal": (False, True),
    "StudentT": (True, False, True),
    "TruncatedNormal": (False, True, False, False),
    "Uniform": (False, False),
}
_FEWEST = {"StudentT": 1, "TruncatedNormal": 2}

NAMES = tuple(_ABOVE_0)
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
        reason = _fault(name, self.numbers)
        if reason:
            place = f"Prior, {name}"
            raise InputError(place, f"found {numbers}: {reason}", "give its arguments")

    @property
    def fixed(self) -> bool:
        """Whether it is a known number."""
        return self.name == "Fixed"

    def distribution(self) -> Any:
        """NumPyro's distribution."""
        # Only here, so that a stored model is read without NumPyro.
        from myelodose.population.numpyro_first import HalfNormal, dist

        if self.fixed:
            return dist.Delta(self.numbers[0])
        if self.name == "TruncatedNormal":
            mean, sd, *ends = self.numbers
            ends = dict(zip(("low", "high"), ends, strict=False))
            return dist.TruncatedNormal(mean, sd, **ends)
        if self.name == "HalfNormal":
            return HalfNormal(*self.numbers)
        return getattr(dist, self.name)(*self.numbers)

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


def _fault(name: str, numbers: tuple[float, ...]) -> str:
    """What is wrong with the arguments of a distribution; empty if nothing is."""
    above_0 = _ABOVE_0[name]
    fewest = _FEWEST.get(name, len(above_0))
    if not fewest <= len(numbers) <= len(above_0):
        return f"{len(numbers)} arguments, it takes {fewest} to {len(above_0)}"
    ends = numbers[2:] if name == "TruncatedNormal" else ()
    if not all(map(math.isfinite, numbers[: len(numbers) - len(ends)])):
        return "an argument is not finite"
    if any(positive and x <= 0 for positive, x in zip(above_0, numbers, strict=False)):
        return "a scale, shape or rate is not above 0"
    low_high = numbers if name == "Uniform" else ends
    if any(map(math.isnan, ends)) or (len(low_high) == 2 and not low_high[0] < low_high[1]):
        return "the lower end is not below the upper one"
    return ""


def as_prior(given: Prior | float) -> Prior:
    """A prior, where a plain number is one that is known.

    Example:
        >>> as_prior(0.75)
        Prior('Fixed', 0.75)
    """
    return given if isinstance(given, Prior) else Prior("Fixed", given)
