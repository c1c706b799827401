"""What a regimen is worth: a stated, linear trade of benefit against harm.

FDA's guidance on dosage optimisation (Optimizing the Dosage of Human Prescription Drugs and
Biological Products for the Treatment of Oncologic Diseases, August 2024) asks for the dosage with
the best balance of benefit and risk, not for the highest tolerable one. No source says how many
responses a toxicity is worth, so the weights are arguments, and the decision is shown for others.
"""

from dataclasses import asdict, dataclass

import numpy as np
import xarray as xr

from myelodose.errors import check_fields

RISK = "dlt"
"""The weight that multiplies the DLT risk; the others name a quantity of `prospects`."""

_HARM = (RISK, "grade4_long")


@dataclass(frozen=True)
class Utility:
    """U = response R + complete C + cells_fall F - dlt P - grade4_long G, in responses a patient.

    R and C are the probabilities of a cytogenetic response and of a complete one after cycle 1, F
    the expected fall of the clonal cells, P the DLT risk, and G the probability of grade 4 for
    longer than 7 days. It is linear, so its mean over patients and draws needs no further model.

    Args:
        response: Worth of a cytogenetic response; the unit.
        complete: What a complete one is worth beyond that. CHOSEN: 0.
        cells_fall: Worth of losing every clonal cell. CHOSEN: 0; a response says it already.
        dlt: Responses that one DLT costs. CHOSEN: 1.
        grade4_long: Responses that grade 4 for longer than 7 days costs besides. CHOSEN: 0: the
            part of it that limits the dose is a DLT already, and nothing counts twice.

    Raises:
        InputError: If a weight is negative, or nothing is a benefit.

    Example:
        >>> print(Utility(dlt=2.0).describe())
        utility = P(response) - 2 P(DLT)
    """

    response: float = 1.0
    complete: float = 0.0
    cells_fall: float = 0.0
    dlt: float = 1.0
    grade4_long: float = 0.0

    def __post_init__(self) -> None:
        """Check every weight."""
        number = "a finite number of 0 or more"
        weights = asdict(self)
        fine = {name: bool(0 <= w < np.inf) for name, w in weights.items()}
        checks = {name: (fine[name], number) for name in weights}
        check_fields(self, checks)
        benefit = self.response + self.complete + self.cells_fall
        check_fields(self, {"response": (benefit > 0, "some weight to a benefit")})

    @property
    def weights(self) -> dict[str, float]:
        """Signed weights that are not zero, by `RISK` or quantity."""
        named = {name: -w if name in _HARM else w for name, w in asdict(self).items()}
        return {name: w for name, w in named.items() if w}

    def of(self, value: xr.DataArray, risk: xr.DataArray) -> xr.DataArray:
        """The utility.

        Args:
            value: Over `quantity`, from `prospects`.
            risk: DLT risk.
        """
        total = xr.zeros_like(risk)
        for name, weight in self.weights.items():
            part = risk if name == RISK else value.sel(quantity=name, drop=True)
            total = total + weight * part
        return total

    def describe(self) -> str:
        """The formula in one line."""
        words = {
            "response": "P(response)",
            "complete": "P(complete response)",
            "cells_fall": "fall of clonal cells",
            RISK: "P(DLT)",
            "grade4_long": "P(grade 4 > 7 d)",
        }
        text = ""
        for name, weight in self.weights.items():
            sign = " - " if weight < 0 else " + "
            factor = "" if abs(weight) == 1 else f"{abs(weight):g} "
            text += f"{sign}{factor}{words[name]}"
        return "utility = " + text.removeprefix(" + ")
