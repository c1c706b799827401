"""A decision in words: percentages, verdicts, reasons and cautions."""

import numpy as np
import xarray as xr

from myelodose.decision.rule import DecisionRule


def percent(value: float | xr.DataArray) -> str:
    """A probability in whole per cent; extremes stay visible as '<1 %' and '>99 %'."""
    share = 100 * float(value)
    if 0 < share < 0.5:
        return "<1 %"
    if 99.5 < share < 100:
        return ">99 %"
    return f"{share:.0f} %"


def patients(count: int) -> str:
    """Such as "patient" and "3 patients"."""
    return "patient" if count == 1 else f"{count} patients"


def verdict(safe: bool, within: bool, rule: DecisionRule) -> str:
    """Why a dose is admissible or not."""
    if not safe:
        return f"overdose probability not under {percent(rule.overdose_limit)}"
    return "admissible" if within else "would skip a level that was not tried"


def reason(table: xr.Dataset, rule: DecisionRule, chosen: float | None) -> str:
    """Why this dose, and what is expected at it."""
    target, limit = percent(rule.target_dlt), percent(rule.overdose_limit)
    seen = f"{int(table.dlt.sum())} DLTs in {int(table.n.sum())} patients"
    if chosen is None:
        lowest = table.isel(dose=0)
        return (
            f"After {seen} no dose is admissible: already at {float(lowest.dose):g} mg the "
            f"probability of a DLT risk above {target} is {percent(lowest.prob_over)}, not under "
            f"the limit of {limit}."
        )
    at = table.sel(dose=chosen)
    pick = (
        "the highest dose" if rule.choose == "highest" else "the dose most likely to be on target"
    )
    text = (
        f"After {seen} it is {pick} with a probability under {limit} that the DLT risk exceeds "
        f"{target} ({percent(at.prob_over)}); its mean DLT risk is {percent(at['mean'])}."
    )
    above = table.sel(dose=table.dose[table.dose.values > chosen])
    if above.sizes["dose"]:
        after = above.isel(dose=0)
        text += f" At {float(after.dose):g} mg: {after.why.item()} ({percent(after.prob_over)})."
    no_dlt = percent(at.prob_next.sel(count=0))
    two = percent(at.prob_next.sel(count=slice(2, None)).sum())
    return text + (
        f" Expected at {chosen:g} mg in the next {patients(rule.cohort_size)}: no DLT "
        f"{no_dlt}, two or more {two}."
    )


def close_calls(table: xr.Dataset, rule: DecisionRule) -> list[str]:
    """Doses whose verdict lies within the numerical error of the limit."""
    gap = np.abs(table.prob_over - rule.overdose_limit)
    return [
        f"At {float(dose):g} mg the overdose probability lies within its numerical error "
        f"(standard error {float(table.error.sel(dose=dose)):.3f}) of the limit: use exact "
        "quadrature or more draws."
        for dose in table.dose.values[(gap < 2 * table.error).values]
    ]
