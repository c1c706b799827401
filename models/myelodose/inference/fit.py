"""Fit the models of a dose-finding trial: DLT by dose, and response by dose and TP53."""

from dataclasses import asdict

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.inference.nuts import SamplerSettings, sample
from myelodose.population.dlt_logistic import dlt_logistic
from myelodose.population.ordinal_response import ordinal_response
from myelodose.posterior import DLT_LOGISTIC, ORDINAL_RESPONSE
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior
from myelodose.trial import (
    CYTO_ORDER,
    HAEM_ORDER,
    checked_counts,
    dose_places,
    response_table,
)

DEFAULT_SETTINGS = SamplerSettings()


def fit_dlt(
    counts: xr.Dataset,
    *,
    seed: int,
    prior: LogisticPrior = LENALIDOMIDE_PRIOR,
    settings: SamplerSettings = DEFAULT_SETTINGS,
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
    return sample(
        dlt_logistic,
        (counts.dose.values, counts.n.values),
        (counts.dlt.values,),
        mean=np.asarray(prior.mean),
        covariance=prior.covariance,
        dose_reference=prior.dose_reference_mg,
        seed=seed,
        settings=settings,
        identity=DLT_LOGISTIC,
        data=counts,
        prior=asdict(prior),
    )


def fit_response(
    trial: xr.Dataset,
    *,
    seed: int,
    dose_reference_mg: float = LENALIDOMIDE_PRIOR.dose_reference_mg,
    settings: SamplerSettings = DEFAULT_SETTINGS,
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
    return sample(
        ordinal_response,
        (
            np.log(data.len_dose_mg.values / dose_reference_mg),
            cohort,
            _codes(data.tp53, ("wild type", "mutated", "not evaluable"), missing=2),
        ),
        (_codes(data.best_haem_response, HAEM_ORDER), _codes(data.best_cyto_response, CYTO_ORDER)),
        cohorts=len(doses),
        seed=seed,
        settings=settings,
        identity=ORDINAL_RESPONSE,
        data=data,
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


def _codes(values: xr.DataArray, order: tuple[str, ...], missing: int | None = None) -> np.ndarray:
    """Words as indices into `order`; the index `missing` becomes -1."""
    for patient, word in zip(values.patient.values, values.values, strict=True):
        if word not in order:
            raise InputError(
                f"patient {patient}, {values.name}", f"found '{word}'", f"use {', '.join(order)}"
            )
    codes = np.array([order.index(word) for word in values.values])
    return codes if missing is None else np.where(codes == missing, -1, codes)
