"""Risk estimates of a CRM in many states, with their numerical errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.crm_fit import CrmFit, exceed_by_normal, fit_crm, fit_mle


@dataclass(frozen=True)
class Estimates:
    """What a CRM decides on; the first axis is the state.

    Args:
        value: Estimated risks, (state, level).
        error: Their numerical errors.
        sd: Posterior standard deviations of the risks.
        exceed: P(p_k > t) and its error for a t, by "exact" or "normal".
    """

    value: Float[np.ndarray, "state level"]
    error: Float[np.ndarray, "state level"]
    sd: Float[np.ndarray, "state level"]
    exceed: Callable[[float, str], tuple[np.ndarray, np.ndarray]]


def crm_estimates(
    model: CrmModel, estimate: str, n, y, thresholds: Sequence[float] = ()
) -> Estimates:
    """Estimates of many states.

    Args:
        model: Skeleton, curve and prior.
        estimate: "plug-in", "mean" or "mle".
        n: Evaluable patients, state x level.
        y: Patients with a DLT, state x level.
        thresholds: Risks t that `exceed` will be asked about.
    """
    asked = tuple(sorted(set(thresholds)))
    fit = fit_crm(model, n, y, thresholds=asked)
    if estimate == "mle":
        return mle_estimates(model, fit, asked, n, y)
    return estimates_of(model, estimate, fit, asked)


def mle_estimates(model: CrmModel, fit: CrmFit, asked: Sequence[float], n, y) -> Estimates:
    """Maximum likelihood; before the first DLT the highest level is nearest to any target.

    With nothing but DLTs the lowest is, as dfcrm has it.
    """
    b = fit_mle(model, n, y)
    order = np.arange(len(model.skeleton)) * 1e-9
    value = model.risk(np.where(np.isfinite(b), b, 0.0))
    value = np.where((b == np.inf)[:, None], order, value)
    value = np.where((b == -np.inf)[:, None], 1 + order, value)
    posterior = estimates_of(model, "mean", fit, asked)
    return Estimates(value, np.full_like(value, 1e-12), posterior.sd, posterior.exceed)


def estimates_of(model: CrmModel, estimate: str, fit: CrmFit, asked: Sequence[float]) -> Estimates:
    """Sort a fit by what the design looks at."""

    def exceed(threshold: float, by: str) -> tuple[np.ndarray, np.ndarray]:
        if by == "normal":
            value = exceed_by_normal(model, fit, threshold)
            # The density of a normal is below 0.4 / sd, and b is known to b_error.
            error = 0.4 * fit.b_error / np.sqrt(fit.b_var) + 1e-13
            return value, np.broadcast_to(error[:, None], value.shape)
        at = list(asked).index(threshold)
        return fit.exceed[:, :, at], fit.exceed_error[:, :, at]

    plug_in = estimate == "plug-in"
    value = fit.plug_in if plug_in else fit.mean
    error = fit.plug_in_error if plug_in else fit.mean_error
    return Estimates(value, error, fit.sd, exceed)
