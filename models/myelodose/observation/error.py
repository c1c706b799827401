r"""Residual error: how far a measurement lies from what the model predicts.

With a prediction f and standard deviations a and b, a measurement y is normal around f with

    additive       sd = a
    proportional   sd = b f
    combined1      sd = a + b f
    combined2      sd = sqrt(a^2 + (b f)^2)

or, `log-normal`, log y is normal around log f with sd a. combined1 and combined2 are the names of
Monolix; NONMEM's Y = F + F EPS(1) + EPS(2) is combined2. All of them are standard deviations:
NONMEM's SIGMA is their square.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

type Number = Array | np.ndarray | float
"""A number or an array, concrete or traced."""

KINDS = ("log-normal", "additive", "proportional", "combined1", "combined2")
"""The kinds of residual error."""


class Spread(NamedTuple):
    """A normal distribution of the measurement, or of its logarithm.

    Args:
        centre: f, or log f where `logarithmic`, (...).
        sd: Standard deviation on the same scale, (...).
        logarithmic: Whether the scale is that of logarithms.
    """

    centre: Float[Array, "..."]
    sd: Float[Array, "..."]
    logarithmic: bool


def spread(kind: str, predicted: Number, *sd: Number) -> Spread:
    """The distribution of a measurement around a prediction.

    Args:
        kind: One of `KINDS`.
        predicted: f, (...); above 0 for "log-normal".
        *sd: a of "log-normal" and "additive", b of "proportional", a and b of the combined ones.

    Returns:
        Centre and standard deviation.

    Example:
        >>> float(spread("combined1", jnp.asarray(10.0), 1.0, 0.1).sd)
        2.0
    """
    predicted = jnp.asarray(predicted)
    if kind == "log-normal":
        # A prediction that is not positive has no logarithm; NaN there becomes -inf later, and
        # the value in its place keeps the gradient of the others finite.
        fine = predicted > 0
        log = jnp.where(fine, jnp.log(jnp.where(fine, predicted, 1.0)), jnp.nan)
        return Spread(log, jnp.broadcast_to(sd[0], log.shape), True)
    size = {
        "additive": lambda a: a + 0 * predicted,
        "proportional": lambda b: b * jnp.abs(predicted),
        "combined1": lambda a, b: a + b * jnp.abs(predicted),
        "combined2": lambda a, b: jnp.sqrt(a**2 + (b * predicted) ** 2),
    }[kind]
    return Spread(predicted, size(*sd), False)
