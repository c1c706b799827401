"""From the concentration of a drug to the size of its effect."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


def linear(
    concentration: Float[Array, "..."], slope: Float[Array, "..."] | float
) -> Float[Array, "..."]:
    """An effect slope C, in proportion to the concentration.

    Args:
        concentration: C.
        slope: Effect per unit of C.

    Example:
        >>> linear(2.0, 0.1)
        0.2
    """
    return slope * concentration


def saturating(
    concentration: Float[Array, "..."],
    maximum: Float[Array, "..."] | float,
    half: Float[Array, "..."] | float,
    hill: Float[Array, "..."] | float | None = None,
) -> Float[Array, "..."]:
    """The Emax or Hill model, maximum C^h / (half^h + C^h).

    Args:
        concentration: C, at or above 0.
        maximum: Effect that no concentration exceeds.
        half: Concentration with half of it, above 0; in the unit of C.
        hill: h, above 0; None for the Emax model, where it is 1. With a given h derivatives at
            C = 0 are taken as 0: at h below 1 the slope is infinite there, and before the first
            dose the gradient would be no number.

    Example:
        >>> saturating(3.0, 0.5, 1.0)
        0.375
    """
    if hill is None or (isinstance(hill, float) and hill == 1.0):
        return maximum * concentration / (half + concentration)
    there = concentration > 0
    powered = jnp.where(there, jnp.where(there, concentration, 1.0) ** hill, 0.0)
    return maximum * powered / (half**hill + powered)


def together(
    first: Float[Array, "..."], second: Float[Array, "..."], *, independent: bool = False
) -> Float[Array, "..."]:
    """Two inhibitions at once: their sum, or 1 - (1 - a)(1 - b) if they act independently.

    Args:
        first: Inhibition a, 1 being a full stop.
        second: Inhibition b.
        independent: Bliss independence instead of the sum.

    Example:
        >>> together(0.5, 0.5, independent=True)
        0.75
    """
    return first + second - (first * second if independent else 0.0)


class Linear(NamedTuple):
    """An effect in proportion to the concentration.

    Args:
        slope: Effect per unit of concentration, (lineage, ...).
    """

    slope: Float[Array, "lineage ..."] | float

    def __call__(self, concentration: Float[Array, "..."]) -> Float[Array, "..."]:
        """The effect at a concentration."""
        return linear(concentration, self.slope)


class Saturating(NamedTuple):
    """An Emax effect.

    Args:
        maximum: Effect that no concentration exceeds, (lineage, ...).
        half: Concentration with half of it, (lineage, ...).
        hill: Exponent, (lineage, ...); None for 1, which compiled code knows and saves the powers.
    """

    maximum: Float[Array, "lineage ..."] | float
    half: Float[Array, "lineage ..."] | float
    hill: Float[Array, "lineage ..."] | float | None = None

    def __call__(self, concentration: Float[Array, "..."]) -> Float[Array, "..."]:
        """The effect at a concentration."""
        return saturating(concentration, self.maximum, self.half, self.hill)


Effect = Linear | Saturating
