"""Recompute what Table 1 determines and hold it against what the paper prints."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import xarray as xr

from myelodose.trial.by_dose import RESPONSES
from myelodose.trial.published import load_discrepancies, load_facts

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


def recompute_facts(trial: xr.Dataset) -> pd.DataFrame:
    """Every fact that the trial's tables determine: printed, recomputed, verdict and why.

    Args:
        trial: From `load_trial`.

    Returns:
        One row per fact or discrepancy, with columns `printed`, `recomputed`, `verdict`
        ("agrees", "agrees if", "differs", "not printed" or "contradiction") and `why`.

    Example:
        >>> from myelodose.trial import load_trial
        >>> recompute_facts(load_trial()).verdict["F72"]
        'differs'
    """
    # Importing them fills CHECKS, facts first.
    import myelodose.trial.discrepancy_checks
    import myelodose.trial.fact_checks  # noqa: F401

    name = trial.attrs["name"]
    facts = load_facts(name).set_index("fact_id")
    conflicts = load_discrepancies(name).set_index("discrepancy_id")
    paper = Paper(trial, facts)
    rows = {}
    for fact_id, recompute in CHECKS.items():
        result = recompute(paper)
        about, printed = (
            (facts.quantity, facts.as_printed)
            if fact_id in facts.index
            else (conflicts.subject, conflicts.contradiction)
        )
        rows[fact_id] = {
            "quantity": about[fact_id],
            "printed": _as_printed(printed[fact_id], facts, fact_id),
            "recomputed": result.value,
            "verdict": result.verdict,
            "why": result.why,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("fact")


def _as_printed(printed: str, facts: pd.DataFrame, fact_id: str) -> str:
    """The printed text; a count read off Table 1 is named as such."""
    if printed != "Table 1":
        return printed
    row = facts.loc[fact_id]
    over = f" of {row.denominator}" if row.denominator else ""
    return f"Table 1: {row.value if row.value and not over else row.numerator}{over}"
