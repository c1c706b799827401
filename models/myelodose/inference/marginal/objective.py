"""The objective function value by any method, in total and by patient."""

from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np

from myelodose.errors import InputError
from myelodose.inference.marginal.approximations import (
    APPROXIMATIONS,
    approximate_all,
    finite_or_inf,
    interacts,
)
from myelodose.inference.marginal.conventions import minus_two_log_likelihood
from myelodose.inference.marginal.integrals import importance_log_weights, quadrature_objective
from myelodose.inference.marginal.joint import Predict, unit
from myelodose.inference.marginal.modes import find_modes
from myelodose.inference.marginal.observed import Observed, Parameters
from myelodose.precision import float64

type Method = Literal[
    "FO", "FOCE", "FOCEI", "Laplace", "Laplace-no-interaction", "importance", "quadrature"
]

METHODS: tuple[str, ...] = get_args(Method.__value__)


class Objective(NamedTuple):
    """An objective function value and what it is made of.

    `ofv` = -2 log L - n log(2 pi), n the uncensored observations, of log y where the residual error
    is log-normal; `minus2ll` = -2 log L of y itself. `patient` [patient] adds up to `ofv`,
    `converged` [patient] says whether each mode was found. Importance sampling adds the Monte
    Carlo standard error of `ofv` and `pareto_k` [patient]: above 0.7 neither is to be trusted.
    """

    method: str
    ofv: float
    minus2ll: float
    patient: np.ndarray
    converged: np.ndarray
    mc_error: float = 0.0
    pareto_k: np.ndarray = np.empty(0)


def objective(
    predict: Predict,
    parameters: Parameters,
    observed: Observed,
    *,
    method: Method = "FOCEI",
    key: int | None = None,
    draws: int = 2000,
    freedom: float = 5.0,
    nodes: int = 7,
) -> Objective:
    """Objective function value at given parameters.

    Args:
        predict: predict(theta, eta[patient, n_eta]) -> f[obs]. Predictions of a patient depend on
            its own eta only.
        parameters: Made by `parameters`.
        observed: Made by `observed`.
        method: FO, FOCE (no interaction), FOCEI, Laplace (with interaction),
            Laplace-no-interaction, importance, quadrature.
        key: Seed of importance sampling.
        draws: Draws per patient of importance sampling.
        freedom: Degrees of freedom of its t distribution.
        nodes: Nodes of quadrature along each random effect.

    Raises:
        InputError: If there is no such method, FO meets censored observations, importance sampling
            lacks its seed, or predictions cannot have a likelihood.

    Example:
        >>> from myelodose.inference.marginal import objective, observed, parameters
        >>> data = observed([1.0, 3.0], [0, 1])
        >>> mean = lambda theta, eta: theta + eta[:, 0]
        >>> at = parameters(2.0, omega=[[1.0]], sigma=1.0)
        >>> round(objective(mean, at, data, method="FO").ofv, 4)  # 2 (log 2 + 1 / 2)
        2.3863
    """
    check_method(method, observed)
    if method == "importance" and key is None:
        raise InputError("objective, key", "found none", "give the seed of importance sampling")
    with float64():
        modes = None
        if method != "FO":
            start = unit(parameters, observed)
            modes = find_modes(predict, start, parameters, observed, interaction=interacts(method))
        error, pareto_k = 0.0, np.empty(0)
        if modes is None or method in APPROXIMATIONS:
            each = approximate_all(predict, modes, parameters, observed, method=method)
        elif method == "quadrature":
            each = quadrature_objective(predict, modes.u, parameters, observed, nodes=nodes)
        else:
            each, error, pareto_k = _by_importance(
                predict, modes.u, parameters, observed, key, draws, freedom
            )
        each = np.asarray(finite_or_inf(jnp.asarray(each)))
    found = np.ones(observed.patients, bool) if modes is None else np.asarray(modes.converged)
    value = objective_of(method, each, found, observed)
    return value._replace(mc_error=error, pareto_k=pareto_k)


def objective_of(
    method: str, each: np.ndarray, converged: np.ndarray, observed: Observed
) -> Objective:
    """Add up the objective of each patient.

    Args:
        method: Its method.
        each: OFV of each patient.
        converged: Which modes were found; FO needs none.
        observed: Observations.

    Raises:
        InputError: If a patient has no finite value.
    """
    bad = np.flatnonzero(~np.isfinite(each))
    if bad.size:
        raise InputError(
            "objective",
            f"found patient {bad[0]} with an objective function value of {each[bad[0]]}",
            "check that every prediction is finite, and not 0 where the residual sd is "
            "proportional or the residual error log-normal",
        )
    ofv = float(each.sum())
    minus2ll = minus_two_log_likelihood(ofv, normal=observed.normal, log_y=observed.log_y)
    found = np.ones(observed.patients, bool) if method == "FO" else converged
    return Objective(method, ofv, minus2ll, each, found)


def _by_importance(predict, modes, parameters, observed, key, draws, freedom):
    """OFV of each patient, the standard error of their sum, and Pareto k of each."""
    from arviz_stats.base import array_stats

    log_weight = importance_log_weights(
        predict, modes, parameters, observed, jax.random.key(key), draws=draws, freedom=freedom
    )
    log_weight = np.asarray(log_weight).T
    top = log_weight.max(1)
    weight = np.exp(log_weight - top[:, None])
    mean = weight.mean(1)
    # The error of a logarithm is the relative error of what it is taken of.
    error = 2.0 * weight.std(1, ddof=1) / (mean * np.sqrt(draws))
    # It takes log-likelihoods, whose negatives are the log weights of leave-one-out.
    _, pareto_k = array_stats.psislw(-log_weight, axis=-1)
    return -2.0 * (top + np.log(mean)), float(np.sqrt((error**2).sum())), np.asarray(pareto_k)


def check_method(method: str, observed: Observed, *, approximation: bool = False) -> None:
    """Refuse a method that there is not, or that these observations do not allow."""
    possible = APPROXIMATIONS if approximation else METHODS
    if method not in possible:
        raise InputError("method", f"found {method!r}", f"give {', '.join(possible)}")
    if method == "FO" and not observed.plain:
        raise InputError(
            "method",
            "found 'FO' with censored or conditional observations, which are not normal",
            "give FOCEI, Laplace, importance or quadrature",
        )
