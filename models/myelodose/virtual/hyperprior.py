"""Uncertainty about the typical patient: draws of the medians from the literature priors.

Each entry of `ROWS` names a row of data/literature/priors.csv, whose text (such as "LogNormal(log
0.25, 0.5)") is the prior. A parameter of `myelodose.marrow.typical_values` that stands in no row
stays at its typical value in every draw.
"""

import re

import numpy as np
from jaxtyping import Float

from myelodose.errors import InputError
from myelodose.literature import load_literature
from myelodose.marrow.values import TYPICAL

CRCL_EXPONENT = "crcl_exponent"
"""Exponent of creatinine clearance on lenalidomide's clearance; 0.45 in the typical patient."""

ROWS = {
    "len_clearance_l_per_h": ("apparent clearance, CrCL 90", 0),
    CRCL_EXPONENT: ("CrCL exponent", 0),
    "len_volume_l": ("apparent volume", 0),
    "aza_clearance_l_per_h": ("sc AUC per dose", 0),
    "kill_aza": ("log kill of S-phase cells per dose", 0),
    "block_half_um": ("maturation block, half-effect", 0),
    "kill_del5q_per_d_um": ("selective kill slope on del(5q), TP53 wt", 0),
    "tp53_sensitivity": ("TP53-mutant relative sensitivity", 0),
    "mtt_anc_h": ("MTT neutrophils", 0),
    "mtt_plt_h": ("MTT platelets", 0),
    "gamma_anc": ("feedback neutrophils / platelets", 0),
    "gamma_plt": ("feedback neutrophils / platelets", 1),
    "growth_clone_per_d": ("relative growth without drug", 0),
    "rest_share": ("quiescent fraction", 0),
}
"""Parameter -> row of priors.csv, and which of the distributions in it."""

_NUMBER = r"\s*(-?[0-9.]+)\s*"
_LAW = re.compile(rf"(LogNormal|Normal|Beta)\((log )?{_NUMBER},{_NUMBER}\)")
_LIMITS = {CRCL_EXPONENT: (0.0, 2.0)}


def prior_draws(seed: int, draws: int) -> dict[str, Float[np.ndarray, " draw"]]:
    """Typical values from the literature priors, drawn independently of each other.

    A draw outside the range that `typical_values` accepts is drawn again: the prior of the clone's
    growth is a normal with 31 % below zero, where the marrow model has no clone to start from.
    Arrest and block have one target, so the half-effect of the arrest follows that of the block.

    Args:
        seed: Seed.
        draws: How many.

    Returns:
        Of each parameter in `ROWS`, and of `arrest_half_um`, (draw).

    Raises:
        InputError: If there is no draw.

    Example:
        >>> sorted(prior_draws(1, 3))[:2]
        ['arrest_half_um', 'aza_clearance_l_per_h']
    """
    if draws < 1:
        raise InputError("prior_draws, draws", f"found {draws}", "give at least 1")
    text = load_literature("priors").set_index("parameter").prior
    random = np.random.default_rng(seed)
    values = {
        name: _within(name, str(text[row]), which, draws, random)
        for name, (row, which) in ROWS.items()
    }
    return values | {"arrest_half_um": values["block_half_um"]}


def _within(
    name: str, text: str, which: int, draws: int, random: np.random.Generator
) -> Float[np.ndarray, " draw"]:
    low, high = limits_of(name)
    values = drawn(text, which, draws, random)
    while (outside := (values < low) | (values > high)).any():
        values[outside] = drawn(text, which, int(outside.sum()), random)
    return values


def limits_of(name: str) -> tuple[float, float]:
    """Lowest and highest value that a draw may have.

    Args:
        name: A parameter of `ROWS`.
    """
    if name in _LIMITS:
        return _LIMITS[name]
    return TYPICAL[name].low, TYPICAL[name].high


def drawn(
    text: str, which: int, size: int, random: np.random.Generator
) -> Float[np.ndarray, " draw"]:
    """Random numbers of a distribution that is written as priors.csv writes it.

    Args:
        text: Such as "LogNormal(log 12.5, 0.12)", "Normal(0.45,0.2)" or "Beta(2,4)".
        which: Which of several distributions in the text.
        size: How many.
        random: Source of randomness.

    Raises:
        InputError: If the text holds no such distribution.

    Example:
        >>> drawn("Normal(0.45,0.0)", 0, 2, np.random.default_rng(1)).tolist()
        [0.45, 0.45]
    """
    law, a, b = parsed(text, which)
    if law == "Beta":
        return random.beta(a, b, size)
    normal = random.normal(size=size)
    return a * np.exp(b * normal) if law == "LogNormal" else a + b * normal


def parsed(text: str, which: int) -> tuple[str, float, float]:
    """Name and two numbers of a distribution in the text: median of a log-normal, not its log.

    Args:
        text: As in `drawn`.
        which: Which of several distributions in the text.

    Raises:
        InputError: If the text holds no such distribution.

    Example:
        >>> parsed("LogNormal(log 12.5, 0.12)", 0)
        ('LogNormal', 12.5, 0.12)
    """
    found = _LAW.findall(text)
    if which >= len(found):
        remedy = "write LogNormal(log median, sd), Normal(mean, sd) or Beta(a, b)"
        raise InputError("priors.csv, prior", f"found {text!r}", remedy)
    law, _, first, second = found[which]
    return law, float(first), float(second)
