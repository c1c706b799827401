"""Risk estimates of a CRM in many states, with their numerical errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from myelodose.designs.model_based.beliefs import (
    Exceed,
    ModelBeliefs,
    Quantiles,
    each_state,
    known,
)
from myelodose.designs.model_based.risks import Risks
from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.crm_fit import (
    CrmFit,
    exceed_by_normal,
    fit_crm,
    fit_mle,
    risk_quantile,
)


@dataclass(frozen=True)
class Estimates:
    """What a CRM decides on; the first axis is the state.

    Args:
        value: Estimated risks, (state, level).
        error: Their numerical errors.
        beliefs: The posterior, for rules.
    """

    value: Float[np.ndarray, "state level"]
    error: Float[np.ndarray, "state level"]
    beliefs: ModelBeliefs


def crm_estimates(
    model: CrmModel, estimate: str, n, y, thresholds: Sequence[float] = ()
) -> Estimates:
    """Estimates of many states.

    Args:
        model: Skeleton, curve and prior.
        estimate: "plug-in", "mean" or "mle".
        n: Evaluable patients, state x level.
        y: Patients with a DLT, state x level.
        thresholds: Risks t for which P(p > t) will be asked.
    """
    asked = tuple(sorted(set(thresholds)))
    fit = fit_crm(model, n, y, thresholds=asked)
    quantiles = each_state(risk_quantile, model, n, y)
    if estimate == "mle":
        return _mle_estimates(model, _beliefs(model, fit, asked, quantiles), n, y)
    return estimates_of(model, estimate, fit, asked, quantiles)


def crm_posterior(model: CrmModel, n, y) -> ModelBeliefs:
    """The posterior of many states, computed when a rule asks."""

    def risks(ends: tuple[float, ...]) -> Risks:
        return _risks(fit_crm(model, n, y, thresholds=ends))

    def normal(threshold: float) -> tuple[np.ndarray, np.ndarray]:
        return _normal(model, fit_crm(model, n, y))(threshold)

    return ModelBeliefs(risks, each_state(risk_quantile, model, n, y), normal)


def estimates_of(
    model: CrmModel,
    estimate: str,
    fit: CrmFit,
    asked: Sequence[float],
    quantiles: Quantiles | None = None,
) -> Estimates:
    """Sort a fit by what the design looks at.

    Args:
        model: Skeleton, curve and prior.
        estimate: "plug-in" or "mean".
        fit: Posterior of the states.
        asked: Its thresholds, in order.
        quantiles: Of the risks, if they can be had.
    """
    plug_in = estimate == "plug-in"
    value = fit.plug_in if plug_in else fit.mean
    error = fit.plug_in_error if plug_in else fit.mean_error
    return Estimates(value, error, _beliefs(model, fit, asked, quantiles))


def _mle_estimates(model: CrmModel, beliefs: ModelBeliefs, n, y) -> Estimates:
    """Maximum likelihood; before the first DLT the highest level is nearest to any target.

    With nothing but DLTs the lowest is, as dfcrm has it.
    """
    b = fit_mle(model, n, y)
    order = np.arange(len(model.skeleton)) * 1e-9
    value = model.risk(np.where(np.isfinite(b), b, 0.0))
    value = np.where((b == np.inf)[:, None], order, value)
    value = np.where((b == -np.inf)[:, None], 1 + order, value)
    return Estimates(value, np.full_like(value, 1e-12), beliefs)


def _beliefs(
    model: CrmModel, fit: CrmFit, asked: Sequence[float], quantiles: Quantiles | None
) -> ModelBeliefs:
    return ModelBeliefs(known(_risks(fit), tuple(asked)), quantiles, _normal(model, fit))


def _normal(model: CrmModel, fit: CrmFit) -> Exceed:
    def exceed(threshold: float) -> tuple[np.ndarray, np.ndarray]:
        value = exceed_by_normal(model, fit, threshold)
        # The density of a normal is below 0.4 / sd, and b is known to b_error.
        error = 0.4 * fit.b_error / np.sqrt(fit.b_var) + 1e-13
        return value, np.broadcast_to(error[:, None], value.shape)

    return exceed


def _risks(fit: CrmFit) -> Risks:
    return Risks(fit.mean, fit.sd, fit.exceed, fit.exceed_error)
