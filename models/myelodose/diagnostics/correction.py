"""Prediction correction: what differs between patients by design is taken out of a VPC."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from myelodose.errors import InputError, check_fields


@dataclass(frozen=True)
class Correction:
    """How values are corrected to the typical prediction of their bin.

    With PRED the typical prediction of an observation, PRED_bin its median in the bin (and
    stratum), and b the lower bound:

        ratio        y_pc = b + (y - b) (PRED_bin - b) / (PRED - b)
        difference   y_pc = y + PRED_bin - PRED          (y and PRED are logarithms)

    and with variability as well, s the sd of an observation's simulated y_pc and s_bin its median
    in the bin:

        y_pvc = PRED_bin + (y_pc - PRED_bin) s_bin / s

    A value whose PRED is at the lower bound stays as it is. (The R package tidyvpc has y in place
    of y_pc in the last formula; the paper and we have y_pc.)

    Args:
        scale: "ratio" or "difference".
        variability: Correct the spread as well.
        lower_bound: Lowest possible value, b.

    Source:
        Bergstrand, Hooker, Wallin and Karlsson 2011 (doi 10.1208/s12248-011-9255-z).
    """

    scale: str = "ratio"
    variability: bool = False
    lower_bound: float = 0.0

    def __post_init__(self) -> None:
        """Check what can be."""
        known = self.scale in ("ratio", "difference")
        check_fields(self, {"scale": (known, "'ratio' or 'difference'")})


def typical_in_group(
    prediction: Float[np.ndarray, " obs"], group: Int[np.ndarray, " obs"]
) -> Float[np.ndarray, " obs"]:
    """The median prediction of each value's group.

    Example:
        >>> typical_in_group(np.array([1.0, 3.0, 9.0]), np.array([0, 0, 1])).tolist()
        [2.0, 2.0, 9.0]
    """
    typical = np.full(len(prediction), np.nan)
    for number in np.unique(group):
        typical[group == number] = np.median(prediction[group == number])
    return typical


def corrected(
    values: Float[np.ndarray, "*sample obs"],
    prediction: Float[np.ndarray, " obs"],
    typical: Float[np.ndarray, " obs"],
    *,
    correction: Correction,
) -> Float[np.ndarray, "*sample obs"]:
    """Values corrected to the typical prediction; the spread is left alone.

    Args:
        values: Observed or simulated values.
        prediction: PRED of each observation, in the unit of the values (or its logarithm).
        typical: From `typical_in_group`.
        correction: Which correction.

    Example:
        >>> corrected(np.array([2.0]), np.array([4.0]), np.array([6.0]), correction=Correction())
        array([3.])
    """
    if correction.scale == "difference":
        return values + (typical - prediction)
    bound = correction.lower_bound
    at_bound = prediction == bound
    scale = (typical - bound) / np.where(at_bound, 1.0, prediction - bound)
    return np.where(at_bound, values, bound + (values - bound) * scale)


def corrected_pair(
    observed: Float[np.ndarray, " obs"],
    simulated: Float[np.ndarray, "simulation obs"],
    prediction: Float[np.ndarray, " obs"],
    group: Int[np.ndarray, " obs"],
    *,
    correction: Correction,
) -> tuple[np.ndarray, np.ndarray]:
    """Observed and simulated values, both corrected.

    Args:
        observed: Observed values; NaN where censored.
        simulated: Simulated values of the same observations.
        prediction: PRED of each observation.
        group: Number of the bin (and stratum) of each observation.
        correction: Which correction.

    Raises:
        InputError: If a prediction is no number.
    """
    if not np.all(np.isfinite(prediction)):
        raise InputError("prediction", "found a value that is no number", "give PRED of each row")
    typical = typical_in_group(prediction, group)
    pair = [
        corrected(values, prediction, typical, correction=correction)
        for values in (observed, simulated)
    ]
    if correction.variability:
        spread = pair[1].std(axis=0, ddof=1)
        scale = typical_in_group(spread, group) / np.where(spread > 0, spread, 1.0)
        scale = np.where(spread > 0, scale, 1.0)
        pair = [typical + (values - typical) * scale for values in pair]
    return pair[0], pair[1]
