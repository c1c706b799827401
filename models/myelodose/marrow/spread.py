"""How patients differ around the medians: on which scale, and by how much."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from myelodose.errors import InputError
from myelodose.marrow.values import Value

MOST_SPREAD = 5.0
"""Largest standard deviation between patients that is accepted; catches a percentage."""


def respread(
    place: str, table: dict[str, Value], spread: Mapping[str, float] | None
) -> dict[str, Value]:
    """The table with other standard deviations between patients.

    Args:
        place: Who asks, for the error.
        table: Rows by name.
        spread: Standard deviations by name, on the scale of `spread_scale`.

    Raises:
        InputError: If a name is unknown or a value cannot be.
    """
    changed = dict(table)
    for name, number in (spread or {}).items():
        if name not in table or not 0 <= number <= MOST_SPREAD:
            remedy = f"give 0 to {MOST_SPREAD:g} by a name of typical_values()"
            raise InputError(f"{place}, spread, {name}", f"found {number!r}", remedy)
        scale, source = (spread_scale(table[name]), "given") if number else ("fixed", "")
        changed[name] = replace(
            table[name], between_patient_sd=float(number), scale=scale, sd_source=source
        )
    return changed


def spread_scale(value: Value) -> str:
    """On which scale patients differ in a parameter: "log", or "logit" for a share.

    Args:
        value: A row of `marrow.values`.

    Example:
        >>> from myelodose.marrow.values import TYPICAL
        >>> spread_scale(TYPICAL["gamma_anc"]), spread_scale(TYPICAL["rest_share"])
        ('log', 'logit')
    """
    if value.scale != "fixed":
        return value.scale
    return "logit" if value.low >= 0 and value.high <= 1 else "log"


def spread_out(value: Value, normal: np.ndarray) -> np.ndarray:
    """A parameter of all patients, from standard normal numbers.

    Whoever would lie beyond the lowest or highest value that is accepted has that value.

    Args:
        value: Median, standard deviation and scale.
        normal: One number for each patient.
    """
    step = value.between_patient_sd * normal
    if value.scale == "logit" and 0 < value.value < 1:
        odds = value.value / (1 - value.value) * np.exp(step)
        return odds / (1 + odds)
    if value.scale == "log":
        return np.clip(value.value * np.exp(step), value.low, value.high)
    return value.value + 0 * normal
