"""Draws of typical values, of the spread between patients, and of the hazards that go with them."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from myelodose.errors import InputError
from myelodose.toxicity.hazards import Hazards

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


def hazards_by_draw(hazards: Hazards | Sequence[Hazards], draws: int, place: str) -> list[Hazards]:
    """One for each draw.

    Args:
        hazards: One for all, or one for each.
        draws: How many draws there are.
        place: Who asks, for the error.

    Raises:
        InputError: If there are not as many as draws, or their limits of neutrophils differ: counts
            are read once for all draws.

    Example:
        >>> len(hazards_by_draw(Hazards(), 3, "here"))
        3
    """
    each = [hazards] * draws if isinstance(hazards, Hazards) else list(hazards)
    if len(each) != draws or len({h.anc_below_1e9_per_l for h in each}) != 1:
        found = f"found {len(each)} for {draws} draws"
        remedy = "give one for all, or one for each draw with one limit of neutrophils"
        raise InputError(f"{place}, hazards", found, remedy)
    return each
