"""Leave-one-out cross-validation by ArviZ, one measurement or one patient at a time."""

import warnings
from collections.abc import Mapping, Sequence
from typing import cast

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.utils import ELPDDataLOO
from jaxtyping import Float, Int

from myelodose.errors import InputError

K_LIMIT = 0.7
"""Pareto k above which importance sampling says nothing (Vehtari et al. 2024)."""

_CONDITIONAL = (
    "a patient's random effects follow from that patient's own data, so without them the "
    "posterior is another one and importance weights cannot reach it; integrate the effects out "
    "(log marginal likelihood of each patient) or refit without some patients at a time (k_fold)"
)
_MARGINAL = "these patients move the population parameters; refit without them (k_fold)"


def loo(tree: xr.DataTree, *, name: str | None = None) -> ELPDDataLOO:
    """Expected log predictive density of one more measurement on the same patients, by PSIS.

    It says nothing about a new patient: see `leave_one_patient_out`.

    Args:
        tree: A DataTree with groups `posterior` and `log_likelihood`, of one `obs` dimension.
        name: Of the variable in `log_likelihood` if there are several.

    Returns:
        ArviZ's result, with `elpd`, `se`, `p`, and `elpd_i` and `pareto_k` of each measurement.

    Source:
        Vehtari, Gelman and Gabry 2017 (doi 10.1007/s11222-016-9696-4).
    """
    return _quiet_loo(tree, var_name=name)


def leave_one_patient_out(
    log_likelihood: Float[np.ndarray, "chain draw patient"],
    *,
    marginal: bool,
    patients: Sequence | None = None,
    relative_efficiency: float = 1.0,
    limit: float = K_LIMIT,
) -> ELPDDataLOO:
    """Expected log predictive density of a new patient, by PSIS over patients.

    Args:
        log_likelihood: log p(y_i | theta) of each draw and patient, with the random effects
            integrated out (`marginal=True`), or log p(y_i | theta, eta_i) (`marginal=False`),
            which is refused where the weights fail, as they nearly always do.
        marginal: Which of the two.
        patients: Their labels.
        relative_efficiency: Effective over actual number of draws.
        limit: Largest Pareto k.

    Returns:
        ArviZ's result; it goes into `compare`.

    Raises:
        InputError: If Pareto k of some patient is above the limit, with the reason and what to
            do.

    Source:
        Vehtari et al. 2024 (JMLR 25(72)); Merkle, Furr and Rabe-Hesketh 2019
        (doi 10.1007/s11336-019-09679-0) for marginal against conditional likelihoods.
    """
    values = np.asarray(log_likelihood, float)
    if values.ndim != 3 or not np.isfinite(values).all():
        found = f"found shape {values.shape}, {int((~np.isfinite(values)).sum())} not finite"
        raise InputError("leave_one_patient_out", found, "give finite [chain, draw, patient]")
    labels = np.arange(values.shape[2]) if patients is None else np.asarray(patients)
    array = xr.DataArray(values, dims=("chain", "draw", "patient"), coords={"patient": labels})
    tree = xr.DataTree.from_dict({"log_likelihood": xr.Dataset({"patient_data": array})})
    found = _quiet_loo(tree, var_name="patient_data", reff=relative_efficiency)
    bad = found.pareto_k.values > limit
    if bad.any():
        worst = ", ".join(
            f"{label} ({k:.2f})"
            for label, k in zip(labels[bad], found.pareto_k.values[bad], strict=True)
        )
        kind = "marginal" if marginal else "conditional"
        raise InputError(
            f"leave_one_patient_out, {kind} likelihood",
            f"found Pareto k above {limit:g} for {bad.sum()} of {len(labels)} patients: {worst}",
            _MARGINAL if marginal else _CONDITIONAL,
        )  # fmt: skip
    return found


def by_patient(
    log_likelihood: Float[np.ndarray, "chain draw obs"], patients: Int[np.ndarray, " obs"]
) -> Float[np.ndarray, "chain draw patient"]:
    """Sum over each patient's measurements: the conditional likelihood of a patient.

    Example:
        >>> by_patient(np.array([[[1.0, 2.0, 4.0]]]), np.array([0, 0, 1])).tolist()
        [[[3.0, 4.0]]]
    """
    count = int(np.max(patients)) + 1
    member = np.asarray(patients)[:, None] == np.arange(count)
    return np.asarray(log_likelihood) @ member


def compare(models: Mapping[str, object]) -> pd.DataFrame:
    """Models from best to worst by expected log predictive density, by ArviZ.

    Args:
        models: By name results of `loo`, `leave_one_patient_out` or `k_fold`, all of one kind and
            of the same data.

    Returns:
        ArviZ's table: `elpd`, `elpd_diff` and its standard error `dse`, stacking `weight`, and
        columns that say when the normal approximation is doubtful.

    Raises:
        InputError: If there are fewer than two models, or they are of different kinds.
    """
    kinds = {getattr(result, "kind", type(result).__name__) for result in models.values()}
    sizes = {getattr(result, "n_data_points", None) for result in models.values()}
    if len(models) < 2 or len(kinds) > 1 or len(sizes) > 1:
        found = f"found {len(models)} models of {sorted(map(str, kinds))}, {sizes} data points"
        raise InputError("compare", found, "give two or more of one kind and of the same data")
    return az.compare(dict(models))


def _quiet_loo(tree: xr.DataTree, **kwargs) -> ELPDDataLOO:
    """ArviZ warns of large Pareto k; here they are in the result or raise an error."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Pareto.*")
        warnings.filterwarnings("ignore", message=".*point-wise LOO.*")
        return cast(ELPDDataLOO, az.loo(tree, pointwise=True, **kwargs))
