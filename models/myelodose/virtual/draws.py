"""Draws of typical values and of the spread between patients, with words on where they are from."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

OMEGA = "omega_"
"""Before the name of a parameter: the standard deviation between patients."""


class Draws(dict[str, Float[np.ndarray, " draw"]]):
    """A dictionary as `prior_draws` gives it, that also says what it is.

    Names are those of `marrow.typical_values` and "crcl_exponent"; with "omega_" before it, a name
    stands for the standard deviation between patients on the scale of `marrow.typical_values`.

    Args:
        values: By name, (draw) each.
        attrs: Words: `source` for every output, and whatever else there is to know.

    Example:
        >>> Draws({"kill_aza": np.ones(3)}, {"source": "nowhere"}).attrs["source"]
        'nowhere'
    """

    def __init__(self, values: Mapping[str, np.ndarray], attrs: Mapping[str, str]) -> None:
        super().__init__(values)
        self.attrs = dict(attrs)


def split_spread[T](draws: Mapping[str, T]) -> tuple[dict[str, T], dict[str, T]]:
    """Typical values, and standard deviations between patients by the name of their parameter.

    Args:
        draws: As `virtual_patients` takes them.

    Example:
        >>> split_spread({"kill_aza": np.ones(1), "omega_kill_aza": np.zeros(1)})[1]
        {'kill_aza': array([0.])}
    """
    typical = {name: values for name, values in draws.items() if not name.startswith(OMEGA)}
    sds = {k.removeprefix(OMEGA): v for k, v in draws.items() if k.startswith(OMEGA)}
    return typical, sds
