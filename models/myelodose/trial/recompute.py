"""Recompute what Table 1 determines and hold it against what the paper prints."""

import pandas as pd
import xarray as xr

# Importing the checks registers them.
from myelodose.trial import discrepancy_checks, fact_checks  # noqa: F401
from myelodose.trial.paper import CHECKS, Paper
from myelodose.trial.published import load_discrepancies, load_facts


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
    name = trial.attrs["name"]
    facts = load_facts(name).set_index("fact_id")
    conflicts = load_discrepancies(name).set_index("discrepancy_id")
    paper = Paper(trial, facts)
    rows = {}
    for fact_id in [*facts.index, *conflicts.index]:
        if fact_id not in CHECKS:
            continue
        result = CHECKS[fact_id](paper)
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
