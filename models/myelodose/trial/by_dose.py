"""Counts by dose: DLTs and responses, with exact intervals."""

import pandas as pd
import xarray as xr

from myelodose.trial.proportions import clopper_pearson

RESPONSES = ("PR", "CRi", "CR")


def counts_by_dose(trial: xr.Dataset) -> pd.DataFrame:
    """DLTs and responses by lenalidomide dose.

    Args:
        trial: From `load_trial`.

    Returns:
        One row per outcome ("DLT in cycle 1", "haematologic response", "cytogenetic response")
        and dose [mg]: `events`, `patients`, `share`, and the 95 % Clopper-Pearson interval
        `lower` to `upper`. A response is PR or better.

    Example:
        >>> from myelodose.trial import load_trial
        >>> counts_by_dose(load_trial()).events["haematologic response"].tolist()
        [1, 0, 3, 1]
    """
    rows = {}
    for dose in trial.dose.values:
        treated = trial.sel(patient=trial.patient[(trial.len_dose_mg == dose).values])
        events = {
            "DLT in cycle 1": (int(trial.dlt.sel(dose=dose)), int(trial.n.sel(dose=dose))),
            "haematologic response": _responders(treated.best_haem_response),
            "cytogenetic response": _responders(treated.best_cyto_response),
        }
        for outcome, (k, n) in events.items():
            lower, upper = clopper_pearson(k, n)
            rows[outcome, float(dose)] = {
                "events": k,
                "patients": n,
                "share": k / n,
                "lower": lower,
                "upper": upper,
            }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(frame.index, names=["outcome", "dose"])
    return frame.sort_index(level="dose", sort_remaining=False).astype(
        {"events": int, "patients": int}
    )


def _responders(best: xr.DataArray) -> tuple[int, int]:
    return int(best.isin(RESPONSES).sum()), best.size
