"""The one- and the two-compartment model, intravenous or with absorption.

Time is in hours, amounts in mg, clearances in L/h, volumes in L.
"""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.pk.linear import LinearModel, Term
from myelodose.pk.parameters import Value, check_parameters, register


@register
@dataclass(frozen=True, kw_only=True)
class OneCompartment(LinearModel):
    """One compartment: A' = input - (CL/V) A.

    With `ka` an oral dose enters the gut, which empties at ka; with `transits` it passes so many
    further stages that empty at the same rate (an Erlang distributed absorption time of mean
    (transits + 1) / ka). Without `ka` there is no gut. The effect compartment is
    Ce' = ke0 (C - Ce); it takes no drug away.

    Args:
        CL: Clearance, or CL/F [L/h], at least 0.
        V: Volume, or V/F [L], above 0.
        ka: Absorption rate constant of every stage [1/h], above 0.
        ke0: Rate constant of the effect compartment [1/h], above 0.
        transits: Number of transit stages behind the gut.

    Raises:
        InputError: If a concrete value cannot be.

    Source:
        Savic et al., J Pharmacokinet Pharmacodyn 2007;34:711 (doi 10.1007/s10928-007-9066-0) for
        the transit chain; Sheiner et al., Clin Pharmacol Ther 1979;25:358
        (doi 10.1002/cpt1979253358) for the effect compartment.

    Example:
        >>> OneCompartment(CL=12.5, V=64.0, ka=6.55, transits=1).names
        ('gut', 'transit_1', 'central')
    """

    V: Value

    def __post_init__(self) -> None:
        """Check every value that is concrete."""
        check_parameters(self, may_be_zero=("CL",))

    @property
    def central_volume(self) -> Value:
        """V [L]."""
        return self.V

    @property
    def _disposition(self) -> tuple[str, ...]:
        return ("central",)

    def rate_constants(self) -> dict[str, Value]:
        """Rate constants by name [1/h]: ke = CL/V, then ka and ke0 where the model has them."""
        return {"ke": self.CL / self.V} | _given(self)

    def _disposition_terms(self) -> dict[tuple[str, str], list[Term]]:
        return {("central", "central"): [Term(1.0, ("ke",))]}

    def equilibrium(self, rate: Value, *, into: str | None = None) -> Float[Array, "c ..."]:
        """State under a constant input: rate/ka in the stages, C = rate/CL.

        Args:
            rate: Input [mg/h].
            into: Compartment; the first by default.

        Example:
            >>> OneCompartment(CL=10.0, V=80.0).equilibrium(5.0).tolist()
            [40.0]
        """
        c = rate / self.CL
        effect = [] if self.ke0 is None else [c]
        return jnp.stack(jnp.broadcast_arrays(*self._before(rate, into), c * self.V, *effect))


@register
@dataclass(frozen=True, kw_only=True)
class TwoCompartment(LinearModel):
    """Two compartments, central 1 and peripheral 2, exchanging Q.

        A1' = input - (CL/V1 + Q/V1) A1 + (Q/V2) A2,   A2' = (Q/V1) A1 - (Q/V2) A2

    Absorption, transits and effect compartment are those of `OneCompartment`.

    Args:
        CL: Clearance, or CL/F [L/h], at least 0.
        Q: Clearance between the compartments [L/h], above 0.
        V1: Central volume [L], above 0.
        V2: Peripheral volume [L], above 0.
        ka: Absorption rate constant of every stage [1/h], above 0.
        ke0: Rate constant of the effect compartment [1/h], above 0.
        transits: Number of transit stages behind the gut.

    Raises:
        InputError: If a concrete value cannot be.

    Example:
        >>> TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=1.2).names
        ('gut', 'central', 'peripheral')
    """

    Q: Value
    V1: Value
    V2: Value

    def __post_init__(self) -> None:
        """Check every value that is concrete."""
        check_parameters(self, may_be_zero=("CL",))

    @property
    def central_volume(self) -> Value:
        """V1 [L]."""
        return self.V1

    @property
    def _disposition(self) -> tuple[str, ...]:
        return ("central", "peripheral")

    def rate_constants(self) -> dict[str, Value]:
        """Rate constants by name [1/h]: fast > slow of disposition, then ka and ke0.

        fast and slow solve x^2 - (CL/V1 + Q/V1 + Q/V2) x + CL Q / (V1 V2) = 0.

        Example:
            >>> k = TwoCompartment(CL=2.0, Q=1.0, V1=1.0, V2=1.0).rate_constants()
            >>> round(float(k["fast"] * k["slow"]), 6)
            2.0
        """
        above, _ = self._gaps()
        k21 = self.Q / self.V2
        fast = k21 + above
        return {"fast": fast, "slow": self.CL / self.V1 * k21 / fast} | _given(self)

    def _gaps(self) -> tuple[Array, Array]:
        """The gaps fast - k21 and k21 - slow, both above 0 and without loss of digits.

        Their product is k12 k21, their difference b = k10 + k12 - k21.
        """
        k12, k21 = jnp.asarray(self.Q) / self.V1, self.Q / self.V2
        b = self.CL / self.V1 + k12 - k21
        larger = (jnp.where(b < 0, -b, b) + jnp.sqrt(b * b + 4 * k12 * k21)) / 2
        smaller = k12 * k21 / larger
        return jnp.where(b < 0, smaller, larger), jnp.where(b < 0, larger, smaller)

    def _disposition_terms(self) -> dict[tuple[str, str], list[Term]]:
        # Putzer's form with the fast node first: every coefficient is positive, so nothing
        # cancels, late in the terminal phase or where both rates are about the same.
        above, below = self._gaps()
        both, fast = ("fast", "slow"), Term(1.0, ("fast",))
        return {
            ("central", "central"): [fast, Term(below, both)],
            ("central", "peripheral"): [Term(self.Q / self.V1, both)],
            ("peripheral", "central"): [Term(self.Q / self.V2, both)],
            ("peripheral", "peripheral"): [fast, Term(above, both)],
        }

    def equilibrium(self, rate: Value, *, into: str | None = None) -> Float[Array, "c ..."]:
        """State under a constant input: rate/ka in the stages, C = rate/CL on both sides.

        Into the peripheral compartment, its own concentration is higher by rate/Q.

        Args:
            rate: Input [mg/h].
            into: Compartment; the first by default.

        Example:
            >>> model = TwoCompartment(CL=10.0, Q=1.0, V1=80.0, V2=10.0)
            >>> model.equilibrium(5.0).tolist()
            [40.0, 5.0]
        """
        c = rate / self.CL
        peripheral = c + rate / self.Q if into == "peripheral" else c
        effect = [] if self.ke0 is None else [c]
        amounts = (*self._before(rate, into), c * self.V1, peripheral * self.V2, *effect)
        return jnp.stack(jnp.broadcast_arrays(*amounts))


def _given(model: LinearModel) -> dict[str, Value]:
    optional = {"ka": model.ka, "ke0": model.ke0}
    return {name: value for name, value in optional.items() if value is not None}
