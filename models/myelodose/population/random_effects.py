r"""How patients differ: random effects, their standard deviations and correlations.

    eta_i ~ Normal(0, diag(omega) R diag(omega)),   R = L L^T ~ LKJ(shape) in one block

and independent effects beside the block. Effects of an occasion are independent of all others.
omega is a standard deviation on the scale of the parameter's link, never a variance: for a log
link CV % = 100 sqrt(exp(omega^2) - 1).

Non-centred, eta = diag(omega) L z with z ~ Normal(0, 1) is sampled as z; centred, the patient's
own value link(typical) + eta is sampled. The two are one distribution; which mixes better depends
on how much a patient's data say. In a block the centred effects come first in L, so that the others
are drawn given them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.errors import InputError
from myelodose.population.prior import Prior

RICH = 8.0
"""Measurements of a patient for each random effect from which effects are centred by the rule."""


@dataclass(frozen=True)
class RandomEffects:
    """Random effects of a model.

    Args:
        correlated: Parameters whose effects form one block with an LKJ prior; () for none.
        omega: Prior of every standard deviation, or of each by parameter.
        lkj: Shape of the LKJ prior of the block; 1 is uniform over correlations.
        centred: False, as `inference.driver` wants it, whose learnt coordinates centre as far as
            the data ask for; True, one of them by parameter (False where not named), or "auto":
            see `is_centred`.
        occasion: Parameters that also differ between occasions of one patient.
        omega_occasion: Prior of the standard deviation between occasions; `omega` if not given.

    Example:
        >>> RandomEffects(correlated=("CL", "V")).prior("CL")
        Prior('HalfNormal', 0.5)
    """

    correlated: tuple[str, ...] = ()
    omega: Prior | Mapping[str, Prior] = field(default_factory=lambda: Prior("HalfNormal", 0.5))
    lkj: float = 1.0
    centred: Literal["auto"] | bool | Mapping[str, bool] = False
    occasion: tuple[str, ...] = ()
    omega_occasion: Prior | None = None

    @property
    def block(self) -> tuple[str, ...]:
        """The correlated parameters in the order of L: those named centred come first."""
        if not isinstance(self.centred, Mapping):
            return self.correlated
        centred = self.centred
        return tuple(sorted(self.correlated, key=lambda name: not centred.get(name, False)))

    def prior(self, name: str) -> Prior:
        """Prior of a parameter's omega."""
        if isinstance(self.omega, Prior):
            return self.omega
        if name not in self.omega:
            remedy = "give a Prior for each parameter that differs between patients"
            raise InputError("RandomEffects, omega", f"found none for {name!r}", remedy)
        return self.omega[name]

    def prior_occasion(self, name: str) -> Prior:
        """Prior of a parameter's standard deviation between occasions."""
        return self.omega_occasion or self.prior(name)

    def check(self, names: tuple[str, ...]) -> None:
        """Refuse parameters that are not random.

        Raises:
            InputError: Naming the parameter.
        """
        given = self.centred if isinstance(self.centred, Mapping) else {}
        for what, listed in (("correlated", self.correlated), ("centred", tuple(given))):
            for name in listed:
                if name not in names:
                    remedy = f"give some of {', '.join(names)}, or make it random"
                    raise InputError(f"RandomEffects, {what}", f"found {name!r}", remedy)
        if len(self.correlated) == 1:
            remedy = "give two or more, or none: one effect has nothing to correlate with"
            raise InputError("RandomEffects, correlated", f"found {self.correlated}", remedy)

    def sites(self, names: tuple[str, ...]) -> dict[str, Prior]:
        """Standard deviations to be estimated: site and prior."""
        between = {f"omega_{name}": self.prior(name) for name in names}
        within = {f"omega_{name}_occasion": self.prior_occasion(name) for name in self.occasion}
        return {site: prior for site, prior in (between | within).items() if not prior.fixed}

    def is_centred(
        self, names: tuple[str, ...], *, observations: int, patients: int
    ) -> dict[str, bool]:
        """Which effects are centred.

        "auto" centres all where patients are rich in data, with `RICH` measurements or more for
        each random effect on average, and none elsewhere: with many measurements a patient's
        value is known whatever the population is, and z would have to move against omega and the
        typical value to keep it; with few, the value follows the population, and centred it would
        shrink into the funnel below small omegas.
        """
        if isinstance(self.centred, Mapping):
            return {name: bool(self.centred.get(name, False)) for name in names}
        if self.centred != "auto":
            return dict.fromkeys(names, bool(self.centred))
        each = observations / max(patients * len(names), 1)
        return dict.fromkeys(names, each >= RICH)

    def covariance(
        self, theta: dict, names: tuple[str, ...], *, occasions: int = 1
    ) -> Float[Array, "eta eta"]:
        """Covariance of one patient's effects, in the order of `effect_names`."""
        scale = self.scale(theta, names)
        matrix = scale @ scale.T
        within = [
            theta_or_known(theta, f"omega_{n}_occasion", self.prior_occasion(n)) ** 2
            for n in self.occasion
            for _ in range(occasions)
        ]
        if not within:
            return matrix
        size, more = len(names), len(within)
        whole = jnp.zeros((size + more, size + more), matrix.dtype)
        whole = whole.at[:size, :size].set(matrix)
        return whole.at[size:, size:].set(jnp.diag(jnp.stack(within)))

    def scale(self, theta: dict, names: tuple[str, ...]) -> Float[Array, "eta eta"]:
        """diag(omega) L in the order of `names`, a square root of the covariance between patients.

        It is triangular in the order of L only, see `block`.
        """
        omega = self.omegas(theta, names)
        whole = jnp.eye(len(names), dtype=omega.dtype)
        if self.correlated:
            at = np.array([names.index(name) for name in self.block])
            whole = whole.at[at[:, None], at].set(theta["L"])
        return omega[:, None] * whole

    def omegas(self, theta: dict, names: tuple[str, ...]) -> Float[Array, " eta"]:
        """Standard deviations between patients."""
        known = [theta_or_known(theta, f"omega_{name}", self.prior(name)) for name in names]
        return jnp.stack([jnp.asarray(one) * 1.0 for one in known])


def theta_or_known(theta: dict, site: str, prior: Prior) -> Array | float:
    """A value that is estimated, or known."""
    return prior.numbers[0] if prior.fixed else theta[site]
