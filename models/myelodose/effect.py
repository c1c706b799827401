"""From the concentration of a drug to the size of its effect."""

from typing import NamedTuple

from jaxtyping import Array, Float


def linear(concentration: Float[Array, "..."], slope: Float[Array, "..."]) -> Float[Array, "..."]:
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
    maximum: Float[Array, "..."],
    half: Float[Array, "..."],
    hill: Float[Array, "..."] | float = 1.0,
) -> Float[Array, "..."]:
    """The Emax or Hill model, maximum C^h / (half^h + C^h).

    Args:
        concentration: C, at or above 0.
        maximum: Effect that no concentration exceeds.
        half: Concentration with half of it, above 0; in the unit of C.
        hill: h, above 0. At h below 1 the slope at C = 0 is infinite.

    Example:
        >>> saturating(3.0, 0.8, 1.0)
        0.6
    """
    if isinstance(hill, float) and hill == 1.0:
        return maximum * concentration / (half + concentration)
    powered = concentration**hill
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

    slope: Float[Array, "lineage ..."]

    def __call__(self, concentration: Float[Array, "..."]) -> Float[Array, "..."]:
        """The effect at a concentration."""
        return linear(concentration, self.slope)


class Saturating(NamedTuple):
    """An Emax effect.

    Args:
        maximum: Effect that no concentration exceeds, (lineage, ...).
        half: Concentration with half of it, (lineage, ...).
        hill: Exponent, (lineage, ...) or 1.0.
    """

    maximum: Float[Array, "lineage ..."]
    half: Float[Array, "lineage ..."]
    hill: Float[Array, "lineage ..."] | float = 1.0

    def __call__(self, concentration: Float[Array, "..."]) -> Float[Array, "..."]:
        """The effect at a concentration."""
        return saturating(concentration, self.maximum, self.half, self.hill)


Effect = Linear | Saturating
