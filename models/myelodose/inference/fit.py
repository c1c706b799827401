"""Fit the models of a dose-finding trial: DLT by dose, and response by dose and TP53."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.inference.driver import fit
from myelodose.inference.settings import FitSettings
from myelodose.population.dlt_logistic import dlt_logistic
from myelodose.population.ordinal_response import ordinal_response
from myelodose.posterior import (
    DLT_LOGISTIC,
    ORDINAL_RESPONSE,
    content_hash,
    provenance,
)
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior
from myelodose.trial import (
    CYTO_ORDER,
    HAEM_ORDER,
    checked_counts,
    dose_places,
    response_table,
)

DEFAULT_SETTINGS = FitSettings(warmup=1000, draws=2500, target_accept=0.95, geometry="structured")
"""Cheap models: enough draws for a risk to a hundredth. Neither has random effects whose centring
could be learnt."""

PRIOR_DRAWS = 10_000


def fit_dlt(
    counts: xr.Dataset,
    *,
    seed: int,
    prior: LogisticPrior = LENALIDOMIDE_PRIOR,
    settings: FitSettings = DEFAULT_SETTINGS,
) -> xr.DataTree:
    """Fit the two-parameter logistic dose-toxicity model with NUTS.

    Args:
        counts: `n(dose)` and `dlt(dose)`, from `dlt_counts` or `read_dlt_table`.
        seed: Seed of all randomness.
        prior: Prior and reference dose.
        settings: Sampler settings.

    Returns:
        Posterior of `log_alpha` and `log_beta` with provenance.

    Raises:
        InputError: If a dose lies outside the range for which the prior was meant.
    """
    counts = checked_counts(counts, "fit_dlt")
    prior.check_doses(counts.dose.values, dose_places(counts, "fit_dlt, counts"))
    inputs = {
        "dose": counts.dose.values,
        "n": counts.n.values,
        "mean": np.asarray(prior.mean),
        "covariance": np.asarray(prior.covariance),
        "dose_reference": np.asarray(prior.dose_reference_mg, float),
    }
    return _fitted(
        _dlt,
        inputs,
        counts.dlt.values,
        table=counts,
        seed=seed,
        settings=settings,
        identity=DLT_LOGISTIC,
        prior=asdict(prior),
    )


def fit_response(
    trial: xr.Dataset,
    *,
    seed: int,
    dose_reference_mg: float = LENALIDOMIDE_PRIOR.dose_reference_mg,
    settings: FitSettings = DEFAULT_SETTINGS,
) -> xr.DataTree:
    """Fit the joint ordinal model of the best haematologic and cytogenetic response with NUTS.

    Args:
        trial: From `load_trial`.
        seed: Seed of all randomness.
        dose_reference_mg: Dose of the reference patient [mg].
        settings: Sampler settings.

    Returns:
        Posterior with provenance; dimensions `outcome` (haem, cyto), `cohort` (dose in mg),
        `patient`, `haem_category` and `cyto_category`.
    """
    data = response_table(trial)
    doses, cohort = np.unique(data.len_dose_mg.values, return_inverse=True)
    inputs = {
        "log_dose": np.log(data.len_dose_mg.values / dose_reference_mg),
        "cohort": cohort,
        "tp53": _codes(data.tp53, ("wild type", "mutated", "not evaluable"), missing=2),
        "doses": doses,
    }
    return _fitted(
        _response,
        inputs,
        (_codes(data.best_haem_response, HAEM_ORDER), _codes(data.best_cyto_response, CYTO_ORDER)),
        table=data,
        seed=seed,
        settings=settings,
        identity=ORDINAL_RESPONSE,
        prior={"dose_reference_mg": dose_reference_mg},
        coords={
            "outcome": ["haem", "cyto"],
            "cohort": doses,
            "patient": data.patient.values,
            "haem_category": list(HAEM_ORDER),
            "cyto_category": list(CYTO_ORDER),
        },
        dims={
            "slope": ["outcome"],
            "tp53_effect": ["outcome"],
            "cohort_effect": ["cohort"],
            "share_haem": ["haem_category"],
            "share_cyto": ["cyto_category"],
        },
        hide=("z_slope", "z_tp53_effect", "z_cohort", "z_patient"),
    )


def _dlt(data: dict, dlt=None) -> None:
    """`dlt_logistic` as a function of its data; other numbers in the prior compile nothing."""
    dlt_logistic(
        data["dose"],
        data["n"],
        dlt,
        mean=data["mean"],
        covariance=data["covariance"],
        dose_reference=data["dose_reference"],
    )


def _response(data: dict, seen=None) -> None:
    """`ordinal_response` as a function of its data."""
    haem, cyto = (None, None) if seen is None else seen
    cohorts = data["doses"].shape[0]
    ordinal_response(data["log_dose"], data["cohort"], data["tp53"], haem, cyto, cohorts=cohorts)


def _fitted(model: Callable, inputs: dict, seen: Any, *, table: xr.Dataset, **more) -> xr.DataTree:
    """A fit whose record names the table that it was made of."""
    name = str(table.attrs.get("name", ""))
    tree = fit(model, inputs, seen, data_name=name, prior_count=PRIOR_DRAWS, progress=False, **more)
    record = replace(provenance(tree), data_hash=content_hash(table))
    tree.attrs["provenance"] = record.to_json()
    return tree


def _codes(values: xr.DataArray, order: tuple[str, ...], missing: int | None = None) -> np.ndarray:
    """Words as indices into `order`; the index `missing` becomes -1."""
    for patient, word in zip(values.patient.values, values.values, strict=True):
        if word not in order:
            raise InputError(
                f"patient {patient}, {values.name}", f"found '{word}'", f"use {', '.join(order)}"
            )
    codes = np.array([order.index(word) for word in values.values])
    return codes if missing is None else np.where(codes == missing, -1, codes)
