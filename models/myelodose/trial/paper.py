"""What the recomputation of a paper's facts is made of: the paper, a verdict, a registry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import xarray as xr

from myelodose.trial.by_dose import RESPONSES

Verdict = Literal["agrees", "agrees if", "differs", "not printed", "contradiction"]
"""agrees if: under the condition named in `why`; contradiction: the paper against itself."""


@dataclass(frozen=True)
class Recomputed:
    """One number of the paper, computed again."""

    value: str
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class Paper:
    """What the checks read: the trial's tables and the printed facts."""

    trial: xr.Dataset
    facts: pd.DataFrame

    def printed(self, fact_id: str, column: str = "as_printed") -> str:
        """One cell of the facts."""
        return str(self.facts.at[fact_id, column])

    def numbers(self, fact_id: str, column: str = "as_printed") -> list[float]:
        """Every number in that cell, in order."""
        return numbers_in(self.printed(fact_id, column))

    def responders(self, kind: Literal["haem", "cyto"]) -> xr.DataArray:
        """Whether each patient responded: at least a partial response, shape (patient,)."""
        return self.trial[f"best_{kind}_response"].isin(RESPONSES)


Check = Callable[[Paper], Recomputed]
CHECKS: dict[str, Check] = {}


def check(fact_id: str) -> Callable[[Check], Check]:
    """Register the function below as the recomputation of one fact."""

    def register(function: Check) -> Check:
        CHECKS[fact_id] = function
        return function

    return register


def numbers_in(text: str) -> list[float]:
    """Every unsigned number in a text.

    Example:
        >>> numbers_in("2.3 (0.9-8.1) months")
        [2.3, 0.9, 8.1]
    """
    return [float(number) for number in pd.Series([text]).str.findall(r"\d+(?:\.\d+)?")[0]]


def verdict_of(agrees: bool) -> Verdict:
    """Agrees or differs."""
    return "agrees" if agrees else "differs"
