"""Predictive checks of a table of records and of what a posterior predicts for it."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.diagnostics.prediction_distribution import npde
from myelodose.diagnostics.vpc import vpc
from myelodose.errors import InputError
from myelodose.population.table import read_table


class Measured(NamedTuple):
    """Measurements of one kind beside their predictions; arrays (obs,), draws (draw, obs)."""

    patients: np.ndarray
    times: np.ndarray
    observed: np.ndarray
    censored: np.ndarray
    lower_limit: np.ndarray
    upper_limit: np.ndarray
    simulated: np.ndarray
    individual: np.ndarray
    typical: np.ndarray
    table: pd.DataFrame


def measured_beside(
    records: xr.Dataset, predicted: xr.Dataset, *, observed: str | None = None
) -> Measured:
    """Measurements of a table beside what was predicted for the same table.

    A limit that only some records state holds for the others too, if it is one and the same:
    simulated values are censored as the data would have been.

    Args:
        records: The table, with `value`, `censored` and `limit`.
        predicted: From `inference.predict` for these records: `measured`, `individual` and
            `typical` over draws and records.
        observed: Label of the measurements; not needed where there is one kind.

    Returns:
        Values, NaN where censored, and the rest of the table for strata and covariates.

    Raises:
        InputError: If the prediction is for another table, or the label is not there.
    """
    table = read_table(records, at="records")
    rows = table.observations
    if len(rows) != predicted.sizes["record"]:
        found = f"found {predicted.sizes['record']} predictions for {len(rows)} records"
        raise InputError("predicted", found, "predict for the same table")
    frame = pd.DataFrame({name: column[rows] for name, column in table.columns.items()})
    if not np.allclose(frame.time_h.to_numpy(float), predicted.time_h.values):
        raise InputError("predicted, time_h", "found other times", "predict for the same table")
    value, censored = frame.value.to_numpy(float), frame.censored.to_numpy(int)
    keep = (np.isfinite(value) | (censored != 0)) & _of_kind(frame.observed, observed)
    if not keep.any():
        kinds = ", ".join(map(repr, sorted(set(frame.observed))))
        raise InputError("observed", f"found no measurement of {observed!r}", f"use {kinds}")
    frame = frame.loc[keep].reset_index(drop=True)
    value, censored = value[keep], censored[keep]
    draws = {
        name: predicted[name].values[:, keep] for name in ("measured", "individual", "typical")
    }
    limit = frame.limit.to_numpy(float)
    limit = np.where((censored != 0) & np.isnan(limit), value, limit)
    return Measured(
        frame.patient.to_numpy(),
        frame.time_h.to_numpy(float),
        np.where(censored == 0, value, np.nan),
        censored,
        # A limit beside a measured value is the lower one (LLOQ).
        _everywhere(limit, (censored == 1) | ((censored == 0) & np.isfinite(limit))),
        _everywhere(limit, censored == -1),
        draws["measured"],
        draws["individual"],
        np.median(draws["typical"], axis=0),
        frame,
    )


def vpc_of(
    records: xr.Dataset,
    predicted: xr.Dataset,
    *,
    observed: str | None = None,
    corrected: bool = False,
    stratify_by: str | None = None,
    **kwargs,
) -> xr.Dataset:
    """A visual predictive check of a table; new patients are predicted for it.

    Args:
        records: As for `measured_beside`.
        predicted: As for `measured_beside`, of patients "new".
        observed: As for `measured_beside`.
        corrected: Whether it is corrected by the typical prediction (its median over draws).
        stratify_by: A column of the table.
        **kwargs: Of `vpc`.

    Returns:
        As `vpc`.
    """
    found = measured_beside(records, predicted, observed=observed)
    if stratify_by is not None and stratify_by not in found.table:
        have = ", ".join(map(str, found.table))
        raise InputError("vpc_of, stratify_by", f"found no column {stratify_by!r}", f"use {have}")
    return vpc(
        found.times,
        found.observed,
        found.simulated,
        prediction=found.typical if corrected else None,
        stratify_by=None if stratify_by is None else found.table[stratify_by].to_numpy(),
        censored=found.censored,
        lower_limit=found.lower_limit,
        upper_limit=found.upper_limit,
        **kwargs,
    )


def npde_of(
    records: xr.Dataset, predicted: xr.Dataset, *, seed: int, observed: str | None = None, **kwargs
) -> xr.Dataset:
    """Prediction distribution errors of a table; new patients are predicted for it.

    Args:
        records: As for `measured_beside`.
        predicted: As for `measured_beside`, of patients "new".
        seed: Seed of the uniforms for ties and censored values.
        observed: As for `measured_beside`.
        **kwargs: Of `npde`.

    Returns:
        As `npde`, with `time_h` and `typical` of the observations.
    """
    found = measured_beside(records, predicted, observed=observed)
    errors = npde(
        found.observed,
        found.simulated,
        found.patients,
        seed=seed,
        censored=found.censored,
        lower_limit=found.lower_limit,
        upper_limit=found.upper_limit,
        **kwargs,
    )
    return errors.assign(time_h=("obs", found.times), typical=("obs", found.typical))


def _of_kind(labels: pd.Series, observed: str | None) -> np.ndarray:
    """Rows of a label; without one there must be one kind only."""
    if observed is not None:
        return (labels == observed).to_numpy()
    kinds = sorted(set(labels))
    if len(kinds) > 1:
        found = f"found several kinds: {', '.join(map(repr, kinds))}"
        raise InputError("observed", found, "name one of them")
    return np.ones(len(labels), bool)


def _everywhere(limit: np.ndarray, states: np.ndarray) -> np.ndarray:
    """The limit of each observation: what it states, or the one that all that do state."""
    own = np.where(states, limit, np.nan)
    stated = np.unique(own[states])
    if len(stated) == 1:
        return np.where(np.isnan(own), stated[0], own)
    return own
