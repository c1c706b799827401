"""Individual maximum-a-posteriori estimates: ETAs, IPRED, IWRES and what shrinkage needs."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from myelodose.errors import InputError
from myelodose.inference.marginal.approximations import approximate, finite_or_inf, interacts
from myelodose.inference.marginal.joint import (
    Predict,
    at_typical,
    exact_hessian,
    expected_hessian,
    predictions,
    unit,
)
from myelodose.inference.marginal.modes import find_modes
from myelodose.inference.marginal.objective import check_method
from myelodose.inference.marginal.observed import Observed, Parameters
from myelodose.inference.marginal.residual import mean_of, sd_of
from myelodose.precision import float64


class IndividualEstimates(NamedTuple):
    """Modes of the random effects and predictions there, as NONMEM tabulates them.

    `eta` [patient, eta] and `covariance` [patient, eta, eta] (ETA and ETC of a .phi file), `pred`
    and `ipred` [obs], `iwres` [obs] = (y - ipred) / sd, NaN for censored observations and on the
    log scale where the residual error is log-normal, `objective` [patient] by the method, and
    `converged` [patient].
    """

    eta: np.ndarray
    covariance: np.ndarray
    pred: np.ndarray
    ipred: np.ndarray
    iwres: np.ndarray
    objective: np.ndarray
    converged: np.ndarray

    def eta_shrinkage(self, omega_sd: np.ndarray) -> np.ndarray:
        """1 - sd(eta) / omega of each random effect [eta], as NONMEM's ETASHRINKSD / 100.

        Args:
            omega_sd: Standard deviations of the random effects [eta].
        """
        return 1.0 - self.eta.std(0, ddof=1) / np.asarray(omega_sd)

    def residual_shrinkage(self) -> float:
        """1 - sd(IWRES), about their mean, as NONMEM's EPSSHRINKSD / 100."""
        return float(1.0 - np.nanstd(self.iwres, ddof=1))


def individual_estimates(
    predict: Predict,
    parameters: Parameters,
    observed: Observed,
    *,
    method: str = "FOCEI",
) -> IndividualEstimates:
    """Each patient's most probable random effects at given population parameters.

    Args:
        predict: predict(theta, eta[patient, n_eta]) -> f[obs].
        parameters: Made by `parameters`.
        observed: Made by `observed`.
        method: An approximation. FO, FOCE and Laplace-no-interaction hold the residual sd at
            eta = 0 (FO is NONMEM's POSTHOC). FO, FOCE and FOCEI take the covariance from first
            derivatives, Laplace from the full Hessian.

    Raises:
        InputError: If there is no such approximation, or a patient has no finite likelihood.

    Example:
        >>> from myelodose.inference.marginal import individual_estimates, observed, parameters
        >>> data = observed([1.0, 3.0], [0, 1])
        >>> mean = lambda theta, eta: theta + eta[:, 0]
        >>> at = parameters(2.0, omega=[[1.0]], sigma=1.0)
        >>> individual_estimates(mean, at, data).eta.ravel().round(6).tolist()
        [-0.5, 0.5]
    """
    check_method(method, observed, approximation=True)
    with float64():
        arrays = _estimate(predict, parameters, observed, method=method)
    found = IndividualEstimates(*(np.asarray(array) for array in arrays))
    bad = np.flatnonzero(~np.isfinite(found.objective))
    if bad.size:
        raise InputError(
            "individual_estimates",
            f"found no finite likelihood for patient {bad[0]}",
            "check that every prediction is finite, and not 0 where the sd is proportional",
        )
    return found


@partial(jax.jit, static_argnames=("predict", "method"))
def _estimate(predict: Predict, parameters: Parameters, observed: Observed, *, method: str):
    interaction = interacts(method)
    start = unit(parameters, observed)
    modes = find_modes(predict, start, parameters, observed, interaction=interaction)
    pred = at_typical(predict, parameters, observed)
    ipred = predictions(predict, modes.u, parameters)
    f_of_sd = None if interaction else pred
    curvature = exact_hessian if method.startswith("Laplace") else expected_hessian
    hessian = curvature(predict, modes.u, parameters, observed, f_of_sd)
    factor = parameters.factor
    covariance = jnp.einsum("ij,pjk,lk->pil", factor, jnp.linalg.inv(hessian), factor)
    sd = sd_of(ipred if interaction else pred, parameters.sigma, observed)
    off = mean_of(observed.y, observed) - mean_of(ipred, observed)
    iwres = jnp.where(observed.censored == 0, off / sd, jnp.nan)
    each = finite_or_inf(approximate(predict, modes, parameters, observed, method=method))
    eta = modes.u @ factor.T
    return eta, covariance, pred, ipred, iwres, each, modes.converged
