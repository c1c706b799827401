"""The posterior DLT risk by dose, labelled: from exact quadrature or from stored draws."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from myelodose.inference import quadrature
from myelodose.posterior import DLT_LOGISTIC, posterior_hash, require_model
from myelodose.precision import float64
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior
from myelodose.toxicity import logit_dlt_risk
from myelodose.trial import dose_places

LEVELS = (0.025, 0.5, 0.975)


def risk_by_quadrature(
    counts: xr.Dataset,
    *,
    thresholds: Sequence[float],
    prior: LogisticPrior = LENALIDOMIDE_PRIOR,
    doses: ArrayLike | None = None,
    next_n: int = 3,
    levels: Sequence[float] = LEVELS,
) -> xr.Dataset:
    """Exact posterior of the DLT risk in the two-parameter logistic model.

    Args:
        counts: `n(dose)` and `dlt(dose)`.
        thresholds: Risks t for which P(risk <= t) is wanted, between 0 and 1.
        prior: Prior and reference dose.
        doses: Doses asked about [mg]; those of `counts` if not given.
        next_n: Size of the next cohort, for the predictive distribution.
        levels: Which quantiles.

    Returns:
        Over `dose`: `mean`, `sd`, `quantile(level)`, `prob_at_most(threshold)`,
        `prob_next(count)`, the probability of so many DLTs among the next `next_n` patients; and
        `error(dose, threshold)`, the difference to a run with a quarter fewer nodes.

    Raises:
        InputError: If a dose lies outside the range of the prior.

    Example:
        >>> from myelodose.trial import dlt_table
        >>> risk = risk_by_quadrature(dlt_table([10, 20], [3, 6], [0, 1]), thresholds=[0.33])
        >>> float(risk["mean"].sel(dose=20).round(3))
        0.163
    """
    asked = np.asarray(counts.dose.values if doses is None else doses, float)
    prior.check_doses(counts.dose.values, dose_places(counts, "risk_by_quadrature, counts"))
    prior.check_doses(asked, ["risk_by_quadrature, doses"] * asked.size)
    with float64():
        data = quadrature_data(counts, prior)
        log_dose = jnp.log(asked / prior.dose_reference_mg)
        cuts = jnp.asarray(thresholds, float)
        result = quadrature.risk_summary(
            data, log_dose, cuts, jnp.asarray(levels, float), next_n=next_n
        )
        coarser = quadrature.probabilities_at_most(
            data, log_dose, cuts, panels=quadrature.COARSER_PANELS
        )
        result, coarser = jax.device_get((result, coarser))
    risk = _labelled(asked, thresholds, result._asdict(), levels)
    risk["error"] = (("dose", "threshold"), np.abs(result.prob_at_most - coarser))
    risk["parameter_mean"] = ("parameter", result.parameter_mean)
    risk["parameter_sd"] = ("parameter", result.parameter_sd)
    risk["log_evidence"] = result.log_evidence
    risk = risk.assign_coords(parameter=["log_alpha", "log_beta"])
    risk.attrs = {"method": "exact quadrature", "prior": prior.name, "posterior": ""}
    return risk


def quadrature_data(counts: xr.Dataset, prior: LogisticPrior) -> quadrature.LogisticData:
    """Counts and prior as the arrays of the quadrature; call it within `float64()`."""
    return quadrature.LogisticData(
        log_dose=jnp.log(counts.dose.values / prior.dose_reference_mg),
        n=jnp.asarray(counts.n.values, float),
        dlt=jnp.asarray(counts.dlt.values, float),
        mean=jnp.asarray(prior.mean, float),
        precision=jnp.linalg.inv(jnp.asarray(prior.covariance)),
    )


def risk_from_draws(
    posterior: xr.DataTree,
    *,
    thresholds: Sequence[float],
    doses: ArrayLike,
    next_n: int = 3,
) -> xr.Dataset:
    """The DLT risk from the stored draws of a `dlt-logistic` posterior.

    Args:
        posterior: From `fit_dlt` or `load_posterior`.
        thresholds: Risks t for which P(risk <= t) is wanted, between 0 and 1.
        doses: Doses asked about [mg].
        next_n: Size of the next cohort, for the predictive distribution.

    Returns:
        As `risk_by_quadrature`; `error` is the Monte Carlo standard error, by batch means.

    Raises:
        PosteriorError: If the posterior is of another model.
        InputError: If a dose lies outside the range of the prior.
    """
    record = require_model(posterior, DLT_LOGISTIC, "risk_from_draws")
    prior = record.logistic_prior()
    asked = np.asarray(doses, float)
    prior.check_doses(asked, ["risk_from_draws, doses"] * asked.size)
    draws = posterior["posterior"].to_dataset()
    with float64():
        eta = logit_dlt_risk(
            asked[:, None, None],
            draws["log_alpha"].values,
            draws["log_beta"].values,
            dose_reference=prior.dose_reference_mg,
        )
        p = np.asarray(jax.nn.sigmoid(eta))
    at_most = p[:, None] <= np.asarray(thresholds, float)[:, None, None]
    flat = p.reshape(len(asked), -1)
    risk = _labelled(
        asked,
        thresholds,
        {
            "mean": flat.mean(1),
            "sd": flat.std(1),
            "quantile": np.quantile(flat, LEVELS, axis=1).T,
            "prob_at_most": at_most.mean((2, 3)),
            "prob_next": np.stack(
                [
                    _binomial(k, next_n) * (flat**k * (1 - flat) ** (next_n - k)).mean(1)
                    for k in range(next_n + 1)
                ],
                -1,
            ),
        },
    )
    risk["error"] = (("dose", "threshold"), _batch_error(at_most))
    risk.attrs = {
        "method": f"{at_most.shape[-1] * at_most.shape[-2]} stored draws",
        "prior": prior.name,
        "posterior": posterior_hash(posterior),
    }
    return risk


def _labelled(
    doses: np.ndarray,
    thresholds: Sequence[float],
    values: dict,
    levels: Sequence[float] = LEVELS,
) -> xr.Dataset:
    dims = {
        "mean": ("dose",),
        "sd": ("dose",),
        "quantile": ("dose", "level"),
        "prob_at_most": ("dose", "threshold"),
        "prob_next": ("dose", "count"),
    }
    return xr.Dataset(
        {name: (dim, np.asarray(values[name])) for name, dim in dims.items()},
        coords={
            "dose": ("dose", doses, {"long_name": "dose", "units": "mg"}),
            "threshold": np.asarray(thresholds, float),
            "level": list(levels),
            "count": np.arange(np.shape(values["prob_next"])[-1]),
        },
    )


def _binomial(k: int, n: int) -> float:
    return float(np.prod([(n - i) / (i + 1) for i in range(k)]))


def _batch_error(events: np.ndarray, batches: int = 25) -> np.ndarray:
    """Monte Carlo standard error of a mean over (chain, draw), the last two axes.

    Draws of one chain depend on each other; means of long batches hardly do.
    """
    length = max(events.shape[-1] // batches, 1)
    used = events[..., : events.shape[-1] // length * length].astype(float)
    means = used.reshape(*used.shape[:-1], -1, length).mean(-1)
    means = means.reshape(*means.shape[:-2], -1)
    return means.std(-1, ddof=1) / np.sqrt(means.shape[-1])
