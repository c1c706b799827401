"""How one kind of measurement differs from what is predicted."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.errors import InputError, check_fields
from myelodose.observation import KINDS, log_likelihood, spread
from myelodose.observation.censoring import METHODS
from myelodose.population.data import Data
from myelodose.population.prior import Prior

_TWO = ("combined1", "combined2")


@dataclass(frozen=True)
class Residual:
    """Residual error of one kind of measurement; every sd is a standard deviation.

    Args:
        kind: "log-normal": log y is normal around log f with sd `sigma`; "additive": sd `sigma`;
            "proportional": sd `sigma` f; "combined1": sd `sigma` + `proportional` f; "combined2":
            sd sqrt(sigma^2 + (proportional f)^2).
        sigma: Prior of the sd, the additive one of a combined error.
        proportional: Prior of the proportional sd of a combined error.
        censoring: "M1": what is beyond a limit of quantification is left out; "M3": the
            probability of being there; "M4": that, given that a measurement is positive.
        of: Which output of the structure is measured; the label itself if not given.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> error = Residual("combined2", Prior("HalfNormal", 1.0), Prior("HalfNormal", 0.5))
        >>> list(error.sites("conc"))
        ['sigma_conc_add', 'sigma_conc_prop']
    """

    kind: str
    sigma: Prior
    proportional: Prior | None = None
    censoring: str = "M3"
    of: str = ""
    needs_trials: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the values."""
        checks = {
            "kind": (self.kind in KINDS, f"one of {', '.join(KINDS)}"),
            "censoring": (self.censoring in METHODS, f"one of {', '.join(METHODS)}"),
        }
        check_fields(self, checks)
        if (self.proportional is not None) != (self.kind in _TWO):
            remedy = "give a second prior to combined1 and combined2, and to no other"
            raise InputError(f"Residual, {self.kind}", f"found {self.proportional}", remedy)

    def sites(self, label: str) -> dict[str, Prior]:
        """What is estimated: site and prior."""
        names, priors = self._names(label), (self.sigma, self.proportional)
        pairs = zip(names, priors, strict=False)
        return {name: prior for name, prior in pairs if prior is not None and not prior.fixed}

    def sd(self, theta: dict, label: str) -> tuple[Array, ...]:
        """Its standard deviations, known or estimated."""
        priors = [prior for prior in (self.sigma, self.proportional) if prior is not None]
        names = self._names(label)
        return tuple(
            jnp.asarray(prior.numbers[0] if prior.fixed else theta[name])
            for name, prior in zip(names, priors, strict=True)
        )

    def log_likelihood(
        self, theta: dict, label: str, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Of every observation, as if all were of this kind."""
        around = spread(self.kind, predicted, *self.sd(theta, label))
        return log_likelihood(
            data.y,
            around,
            censored=data.censored,
            limit=data.limit,
            lower=data.lower,
            method=self.censoring,
        )

    def simulate(
        self, key: Array, theta: dict, label: str, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Draw measurements; nothing is censored."""
        around = spread(self.kind, predicted, *self.sd(theta, label))
        drawn = around.centre + around.sd * jax.random.normal(key, around.centre.shape)
        return jnp.exp(drawn) if around.logarithmic else drawn

    def _names(self, label: str) -> tuple[str, ...]:
        site = f"sigma_{label}" if label else "sigma"
        return (f"{site}_add", f"{site}_prop") if self.kind in _TWO else (site,)
