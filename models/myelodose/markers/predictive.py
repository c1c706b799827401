"""CD34+ FISH after the first cycle as a marker of response: what its fall predicts. SIMULATED.

Marker and response read the same clone, so that part of the agreement is arithmetic: the response
that is predicted is therefore read later, on metaphases of its own, and a patient whose clone is
gone after cycle 1 is not left out. Haematologic response needs blasts, which are not modelled.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Float

from myelodose.errors import InputError
from myelodose.virtual.cytogenetics import read_cytogenetics, read_fish


class Marked(NamedTuple):
    """Marker and response of simulated patients.

    Attributes:
        fall: Relative fall of the FISH share from before to after cycle 1; negative for a rise.
        response: Cytogenetic response at the later reading, on metaphases.
        truth: The true relative fall of the clone share.
    """

    fall: Float[np.ndarray, " patient"]
    response: Bool[np.ndarray, " patient"]
    truth: Float[np.ndarray, " patient"]


def marked(events: xr.Dataset, seed: int, *, reading: int = 3) -> Marked:
    """The marker after cycle 1 and the response at a later reading.

    Args:
        events: From `virtual.run_trial`, with a reading every 28 days.
        seed: Seed of both assays, which err independently.
        reading: Which reading counts for the response; 3 is day 84.

    Raises:
        InputError: If the simulation ends before it, or it is not after cycle 1.
    """
    if not 2 <= reading < events.sizes["reading"]:
        remedy = f"give 2 to {events.sizes['reading'] - 1}"
        raise InputError("marked, reading", f"found {reading}", remedy)
    fish = read_fish(events, seed)
    seen = read_cytogenetics(events, seed + 1)
    share = events.clone_share.isel(clone=slice(1, None)).sum("clone").values
    fall = 1 - fish[1] / np.maximum(fish[0], 1e-9)
    return Marked(fall, seen.response[reading], 1 - share[1] / share[0])


def predictive_values(found: Marked, cutoffs: np.ndarray) -> pd.DataFrame:
    """What a fall of at least each cutoff says of response.

    Args:
        found: From `marked`.
        cutoffs: Relative falls.

    Returns:
        A row a cutoff: share of patients above it, sensitivity, specificity, positive and negative
        predictive value; NaN where there is nobody.
    """
    rows = []
    for limit in np.atleast_1d(cutoffs):
        high, yes = found.fall >= limit, found.response
        rows.append(
            {
                "share_above": high.mean(),
                "sensitivity": _mean(high, yes),
                "specificity": _mean(~high, ~yes),
                "ppv": _mean(yes, high),
                "npv": _mean(~yes, ~high),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(np.atleast_1d(cutoffs), name="fall"))


def area(marker: Float[np.ndarray, " patient"], response: Bool[np.ndarray, " patient"]) -> float:
    """P(a responder's marker is higher than a non-responder's), ties counted half: the AUC.

    Args:
        marker: Higher means response.
        response: Who responded.

    Example:
        >>> area(np.array([0.1, 0.9, 0.5]), np.array([False, True, False]))
        1.0
    """
    yes, no = np.sort(marker[response]), np.sort(marker[~response])
    if not len(yes) or not len(no):
        return float("nan")
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    return float(below.sum() / (2 * len(yes) * len(no)))


def in_words(found: Marked, *, cutoff: float = 0.5) -> str:
    """How well the marker predicts, in one sentence.

    Args:
        found: From `marked`.
        cutoff: Relative fall.
    """
    row = predictive_values(found, np.array([cutoff])).iloc[0]
    seen, true = area(found.fall, found.response), area(found.truth, found.response)
    return (
        f"Of {len(found.fall)} SIMULATED patients {found.response.mean():.0%} respond; a fall of "
        f"{cutoff:.0%} or more in FISH after cycle 1 has a positive predictive value of "
        f"{row.ppv:.0%} and a negative one of {row.npv:.0%}; AUC {seen:.2f}, with the true fall "
        f"{true:.2f}."
    )


def _mean(what: np.ndarray, among: np.ndarray) -> float:
    return float(what[among].mean()) if among.any() else float("nan")
