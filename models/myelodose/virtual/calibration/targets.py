"""Which printed facts the calibration uses, and which are held out to check it.

The choice was made and written down before any calibrated result was looked at. Facts are those of
`virtual.predicted_facts`, by their words; numbers are in data/trials/platzbecker2013.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from myelodose.toxicity.causes import CAUSES
from myelodose.virtual.calibration.simulated import QUANTITIES, Trials
from myelodose.virtual.facts import COHORTS

PATIENTS = np.array([4, 4, 6, 6])
"""Patients at each dose of `facts.COHORTS` (dlt.csv)."""

DLTS = np.array([[0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1]])
"""Observed DLTs, (cause, dose), of `CAUSES`: no recovery, sepsis and pneumonia, a thrombosis
(dlt.csv)."""


def _root(count: np.ndarray) -> np.ndarray:
    return np.sqrt(count + 3 / 8)


def _same(value: np.ndarray) -> np.ndarray:
    return np.asarray(value, float)


class Target(NamedTuple):
    """A fact that the synthetic likelihood reads.

    Attributes:
        finding: R1 to R13.
        fact: Row of facts.csv.
        quantity: As in `virtual.predicted_facts`.
        printed: What is printed.
        changed: What makes its distribution nearly normal.
    """

    finding: str
    fact: str
    quantity: str
    printed: float
    changed: Callable[[np.ndarray], np.ndarray]


ALONE, BOTH = (
    "neutrophil nadir, azacitidine alone [day]",
    "neutrophil nadir, with lenalidomide [day]",
)

TARGETS = (
    Target("R2", "F54", "grade 3-4 thrombocytopenia of 20", 9, _root),
    Target("R2", "F55", "grade 3-4 neutropenia of 20", 7, _root),
    Target("R4", "F11", "cytogenetic responses of 19", 8, _root),
    Target("R4", "F12", "complete among them", 2, _root),
    Target("R3", "F22", "cytogenetic responders later than cycle 1", 0, _root),
    Target("R7", "F21", "share of cytogenetic responses, TP53 mutated minus wild type",
           6 / 11 - 1 / 6, _same),
    Target("R5", "F70", "t of the FISH fall in responders", 8.6, np.arcsinh),
    Target("R5", "F71", "t of the FISH fall in the others ('unchanged')", 0.0, np.arcsinh),
    Target("R13", "expected", ALONE, 11.5, _same),
    Target("R13", "expected", BOTH, 21.0, _same),
)  # fmt: skip
"""Beside the DLTs by dose and cause (R1). The nadir days are no prints of the trial: they are what
its days 10-13 and 20-22 of docs/marrow.md expect, with the weight of ten patients."""

HELD_OUT = (
    ("F20", "share of cytogenetic responses, 25 mg minus 20 mg"),
    ("F24", "median cytogenetic response [months]"),
    ("F73", "patient 15: complete cytogenetic response after cycle 1"),
    ("F73", "patient 15: cycle 2 delayed"),
    ("F73", "patient 15: both, and lost at day 56"),
    ("F74", "patient 13: complete cytogenetic response by cycle 3"),
    ("F74", "patient 13: TP53 below 2 % and back by day 364"),
)
"""Facts that the calibration does not see: four of them, in seven quantities."""

_COLUMN = {name: place for place, name in enumerate(QUANTITIES)}


def observed() -> Float[np.ndarray, " target"]:
    """What is printed, as the likelihood reads it."""
    return np.array([float(one.changed(np.array(one.printed))) for one in TARGETS])


def read_targets(trials: Trials) -> Float[np.ndarray, "trial target"]:
    """The same of simulated trials; NaN where a trial has none.

    Args:
        trials: Simulated trials.
    """
    nadirs = {ALONE: trials.nadir_day[:, 0], BOTH: trials.nadir_day[:, 1]}
    found = []
    for one in TARGETS:
        of_facts = one.quantity not in nadirs
        raw = trials.facts[:, _COLUMN[one.quantity]] if of_facts else nadirs[one.quantity]
        found.append(one.changed(raw))
    return np.stack(found, -1)


def described() -> list[str]:
    """The facts used, in words, for the provenance."""
    cells = [
        f"R1 dlt.csv: {DLTS[row, column]} of {PATIENTS[column]} DLTs by {cause} at {dose} mg"
        for row, cause in enumerate(CAUSES)
        for column, dose in enumerate(COHORTS)
    ]
    return cells + [f"{t.finding} {t.fact}: {t.quantity} = {t.printed:.3g}" for t in TARGETS]
