"""What the calibration may move, each as a standard normal number that the prior's quantiles map.

    theta = F^-1(F(low) + Phi(z) (F(high) - F(low))),     z ~ Normal(0, 1)

F is the law of the row of data/literature/priors.csv, cut at the limits that the marrow accepts.
"""

import numpy as np
from jaxtyping import Float
from scipy import stats

from myelodose.literature import load_literature
from myelodose.marrow.values import VALUES
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.draws import OMEGA
from myelodose.virtual.hyperprior import ROWS, limits_of, parsed

SPREAD, INFECTION, THROMBOSIS = "spread_factor", "infection_factor", "thrombosis"
"""A factor on every standard deviation between patients; on both hazards of infection; probability
of a thrombosis in one cycle."""

SPREAD_SD = 0.3
"""CHOSEN: sd of the logarithm of the factor on the spread; 95 % between 0.56 and 1.8. The spread of
the healthy set points is that of normal ranges, and that of clearances and volumes was measured:
they are not multiplied."""

_KNOWN = ("set_point_", "len_", "aza_")

INFECTION_SD, THROMBOSIS_PATIENTS = 0.7, 50
"""Spread of the hazards, as in `toxicity.hazard_draws`."""

NAMES = (*ROWS, SPREAD, INFECTION, THROMBOSIS)
"""In the order of the columns of z."""

_FARTHEST = 5.0


def values_at(z: Float[np.ndarray, "draw parameter"]) -> dict[str, Float[np.ndarray, " draw"]]:
    """Values of every uncertain parameter.

    Args:
        z: Standard normal numbers, in the order of `NAMES`.

    Example:
        >>> values = values_at(np.zeros((1, len(NAMES))))
        >>> values["kill_aza"].round(3).item(), values["spread_factor"].item()
        (0.25, 1.0)
    """
    z = np.clip(z, -_FARTHEST, _FARTHEST)
    share = stats.norm.cdf(z)
    text = load_literature("priors").set_index("parameter").prior
    found = {}
    for place, (name, (row, which)) in enumerate(ROWS.items()):
        law = _law(*parsed(str(text[row]), which))
        low, high = law.cdf(limits_of(name))
        found[name] = law.ppf(low + share[:, place] * (high - low))
    found[SPREAD] = np.exp(SPREAD_SD * z[:, NAMES.index(SPREAD)])
    found[INFECTION] = np.exp(INFECTION_SD * z[:, NAMES.index(INFECTION)])
    found[THROMBOSIS] = thrombosis_at(z)
    return found


def thrombosis_at(z: Float[np.ndarray, "draw parameter"]) -> Float[np.ndarray, " draw"]:
    """Probability of a thrombosis alone, without the other quantiles.

    Args:
        z: As in `values_at`.
    """
    column = np.clip(z[:, NAMES.index(THROMBOSIS)], -_FARTHEST, _FARTHEST)
    typical = Hazards().thrombosis
    law = stats.beta(THROMBOSIS_PATIENTS * typical, THROMBOSIS_PATIENTS * (1 - typical))
    return law.ppf(stats.norm.cdf(column))


def draws_of(values: dict[str, Float[np.ndarray, " draw"]]) -> dict[str, np.ndarray]:
    """Typical values and spreads between patients, as `virtual_patients` takes them.

    Args:
        values: From `values_at`.
    """
    draws = {name: values[name] for name in ROWS}
    draws["arrest_half_um"] = draws["block_half_um"]
    sds = {v.parameter: v.between_patient_sd for v in VALUES if v.between_patient_sd > 0}
    varying = [name for name in sds if not name.startswith(_KNOWN)]
    return draws | {OMEGA + name: sds[name] * values[SPREAD] for name in varying}


def hazards_of(values: dict[str, Float[np.ndarray, " draw"]]) -> list[Hazards]:
    """Hazards of each draw.

    Args:
        values: From `values_at`.
    """
    usual = Hazards()
    return [
        Hazards(
            infection_per_d=min(1.0, float(factor) * usual.infection_per_d),
            infection_background_per_d=min(1.0, float(factor) * usual.infection_background_per_d),
            thrombosis=min(0.99, float(clots)),
        )
        for factor, clots in zip(values[INFECTION], values[THROMBOSIS], strict=True)
    ]


def _law(name: str, first: float, second: float):
    if name == "LogNormal":
        return stats.lognorm(second, scale=first)
    return stats.beta(first, second) if name == "Beta" else stats.norm(first, second)
