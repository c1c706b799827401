"""One parameter of a structure: its typical value, its unit, and what moves it."""

from dataclasses import dataclass, field
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.errors import check_fields
from myelodose.population.covariates import Covariate
from myelodose.population.prior import Prior, as_prior

Link = Literal["log", "logit", "identity"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a structure.

    A patient's value is link^-1(link(typical) + covariates + eta).

    Args:
        name: As the structure calls it, and the name of the site of its typical value.
        prior: Of the typical value; a plain number is known and not estimated.
        unit: For tables and figures.
        random: Whether it differs between patients beyond covariates.
        link: "log" for what is positive, "logit" for what lies between 0 and 1, "identity".
        covariates: What moves it.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> clearance = Parameter("CL", Prior("LogNormal", 2.3, 0.25), unit="L/h")
        >>> clearance.random
        True
    """

    name: str
    prior: Prior
    unit: str = ""
    random: bool = True
    link: Link = "log"
    covariates: tuple[Covariate, ...] = field(default=())

    def __post_init__(self) -> None:
        """Check the values."""
        object.__setattr__(self, "prior", as_prior(self.prior))
        object.__setattr__(self, "covariates", tuple(self.covariates))
        links = ("log", "logit", "identity")
        check_fields(self, {"link": (self.link in links, f"one of {', '.join(links)}")})

    def sites(self) -> dict[str, Prior]:
        """What is estimated: the typical value, then the coefficients of covariates."""
        own = {} if self.prior.fixed else {self.name: self.prior}
        return own | {
            k: v for effect in self.covariates for k, v in effect.sites(self.name).items()
        }

    def typical(self, theta: dict) -> Array | float:
        """The typical value, known or estimated."""
        return self.prior.numbers[0] if self.prior.fixed else theta[self.name]

    def to_link(self, value: Array | float) -> Float[Array, "..."]:
        """From the parameter to the scale on which effects add up."""
        if self.link == "log":
            return jnp.log(jnp.asarray(value))
        if self.link == "logit":
            return jax.scipy.special.logit(jnp.asarray(value))
        return jnp.asarray(value)

    def from_link(self, value: Array) -> Float[Array, "..."]:
        """Back from the scale on which effects add up."""
        if self.link == "log":
            return jnp.exp(value)
        return jax.nn.sigmoid(value) if self.link == "logit" else value
