r"""What is known of a patient and moves a parameter.

Each effect says by how much it moves the parameter on the scale of its link, so that it multiplies
a parameter with a log link:

    Power         exponent log(x / reference)                   value (x / reference)^exponent
    LinearEffect  log(1 + slope (x - reference))                value (1 + slope (x - reference))
    Categorical   effect of the level, 0 for the first          value exp(effect)

A linear effect on a parameter with another link is slope (x - reference), added there.
"""

from dataclasses import dataclass, field

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.errors import InputError
from myelodose.population.prior import Prior, as_prior


@dataclass(frozen=True)
class Power:
    """value (x / reference)^exponent.

    Args:
        covariate: Name of x; it is above 0.
        reference: The x at which the typical value holds.
        exponent: A number that is known, or a prior.

    Example:
        >>> Power("WT", reference=70.0, exponent=0.75).sites("CL")
        {}
    """

    covariate: str
    reference: float
    exponent: Prior | float = field(default=1.0)

    def sites(self, parameter: str) -> dict[str, Prior]:
        """Coefficients to be estimated: name and prior."""
        prior = as_prior(self.exponent)
        return {} if prior.fixed else {f"{parameter}_{self.covariate}": prior}

    def check(self, x: np.ndarray, place: str) -> None:
        """Refuse values for which there is no power."""
        if (x <= 0).any():
            raise InputError(place, f"found {x.min():g}", "give values above 0 for a power")

    def shift(self, theta: dict, parameter: str, x: Array, link: str) -> Float[Array, "..."]:
        """By how much the parameter moves on the scale of its link."""
        exponent = _coefficient(theta, self.exponent, f"{parameter}_{self.covariate}")
        return exponent * jnp.log(x / self.reference)


@dataclass(frozen=True)
class LinearEffect:
    """value (1 + slope (x - reference)).

    Args:
        covariate: Name of x.
        reference: The x at which the typical value holds.
        slope: A number that is known, or a prior [1 / unit of x].
    """

    covariate: str
    reference: float
    slope: Prior | float = 0.0

    def sites(self, parameter: str) -> dict[str, Prior]:
        """Coefficients to be estimated: name and prior."""
        prior = as_prior(self.slope)
        return {} if prior.fixed else {f"{parameter}_{self.covariate}": prior}

    def check(self, x: np.ndarray, place: str) -> None:
        """Any number will do."""

    def shift(self, theta: dict, parameter: str, x: Array, link: str) -> Float[Array, "..."]:
        """By how much the parameter moves on the scale of its link."""
        slope = _coefficient(theta, self.slope, f"{parameter}_{self.covariate}")
        away = slope * (x - self.reference)
        if link != "log":
            return away
        # A factor that is not positive is refused as a likelihood of 0, never as NaN.
        fine = away > -1
        return jnp.where(fine, jnp.log1p(jnp.where(fine, away, 0.0)), jnp.nan)


@dataclass(frozen=True)
class Categorical:
    """value exp(effect of the level), the first level being the reference.

    Args:
        covariate: Name of the covariate.
        levels: Its levels as they stand in the table; the first has no effect.
        effect: Prior of each further level's effect on the scale of the link.

    Example:
        >>> list(Categorical("SEX", ("M", "F"), Prior("Normal", 0, 0.5)).sites("CL"))
        ['CL_SEX_F']
    """

    covariate: str
    levels: tuple[str | float | int, ...]
    effect: Prior | float = field(default_factory=lambda: Prior("Normal", 0.0, 0.5))

    def sites(self, parameter: str) -> dict[str, Prior]:
        """Coefficients to be estimated: name and prior."""
        prior = as_prior(self.effect)
        return {} if prior.fixed else dict.fromkeys(self._names(parameter), prior)

    def check(self, x: np.ndarray, place: str) -> None:
        """The values have been found among the levels already."""

    def shift(self, theta: dict, parameter: str, x: Array, link: str) -> Float[Array, "..."]:
        """By how much the parameter moves on the scale of its link; x is the number of a level."""
        names = self._names(parameter)
        effects = [_coefficient(theta, self.effect, name) for name in names]
        return jnp.stack([jnp.zeros(()), *map(jnp.asarray, effects)])[jnp.asarray(x, int)]

    def _names(self, parameter: str) -> list[str]:
        return [f"{parameter}_{self.covariate}_{level}" for level in self.levels[1:]]


Covariate = Power | LinearEffect | Categorical
"""The kinds of covariate effects."""


def _coefficient(theta: dict, given: Prior | float, site: str) -> Array | float:
    prior = as_prior(given)
    return prior.numbers[0] if prior.fixed else theta[site]
