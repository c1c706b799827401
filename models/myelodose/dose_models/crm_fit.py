"""Posteriors of the one-parameter CRM models, for thousands of trial states at once."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.stats import norm

from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.lattice import (
    Axis,
    Lattice,
    Readings,
    axis,
    expectations,
    step_weight,
)

_SDS = 6.5


class CrmFit(NamedTuple):
    """Posteriors of b and of the risks; the first axis is the state.

    Attributes:
        b_mean: Posterior mean of b, (state,).
        b_var: Its variance.
        plug_in: p_k at the mean of b, (state, level).
        mean: The mean of p_k.
        sd: Its standard deviation.
        exceed: P(p_k > t), (state, level, threshold).
        b_error: Numerical error of `b_mean`.
        plug_in_error: That of `plug_in`.
        mean_error: That of `mean`.
        exceed_error: That of `exceed`.
        log_evidence: Log probability of the outcomes in their order.
    """

    b_mean: Float[np.ndarray, " state"]
    b_var: Float[np.ndarray, " state"]
    plug_in: Float[np.ndarray, "state level"]
    mean: Float[np.ndarray, "state level"]
    sd: Float[np.ndarray, "state level"]
    exceed: Float[np.ndarray, "state level threshold"]
    b_error: Float[np.ndarray, " state"]
    plug_in_error: Float[np.ndarray, "state level"]
    mean_error: Float[np.ndarray, "state level"]
    exceed_error: Float[np.ndarray, "state level threshold"]
    log_evidence: Float[np.ndarray, " state"]


def nodes_of(model: CrmModel) -> Axis:
    """Regular nodes of b that hold the prior."""
    if model.slope_gamma is None:
        reach = _SDS * model.prior_sd
        return axis(-reach, reach, min(0.06, model.prior_sd / 12))
    shape, rate = model.slope_gamma
    low = (np.log(shape) - 30 / shape) - np.log(rate)
    high = np.log((shape + 12 * np.sqrt(shape) + 40) / rate)
    return axis(low, high, min(0.06, 0.3 / np.sqrt(shape)))


@lru_cache(maxsize=64)
def crm_lattice(model: CrmModel, thresholds: tuple[float, ...] = ()) -> Lattice:
    """Nodes of b with the readings b, b^2, p_k, p_k^2 and P(p_k > t).

    Args:
        model: Skeleton, curve and prior.
        thresholds: Risks t, between 0 and 1.
    """
    on = nodes_of(model)
    order = np.argsort(~on.coarse, kind="stable")
    b = on.node[order]
    log_p, log_q = model.log_chances(b)
    log_prior = model.log_prior(b)
    log_prior -= np.log(np.exp(log_prior).sum())

    def readings(b: np.ndarray, spacing: float) -> np.ndarray:
        bound = [model.parameter_at(t) for t in thresholds]
        over = [step_weight(c[None], b[:, None], spacing) for c in bound]
        risk = model.risk(b)
        return np.concatenate([b[:, None], b[:, None] ** 2, risk, risk**2, *over], 1)

    coarse = int(on.coarse.sum())
    return Lattice(
        log_prior,
        np.concatenate([log_p, log_q], 1).T.copy(),
        readings(b, on.spacing),
        readings(b[:coarse], 2 * on.spacing),
        on.edge[order].astype(float),
    )


def fit_crm(
    model: CrmModel, n: ArrayLike, y: ArrayLike, *, thresholds: Sequence[float] = ()
) -> CrmFit:
    """Posteriors of many states.

    Args:
        model: Skeleton, curve and prior.
        n: Evaluable patients, state x level.
        y: Patients with a DLT, state x level.
        thresholds: Risks t for which P(p_k > t) is wanted.

    Returns:
        Means, plug-in risks and probabilities, each with its numerical error.

    Example:
        >>> model = CrmModel((0.05, 0.1, 0.2, 0.35, 0.5, 0.7))
        >>> fit = fit_crm(model, [[0, 3, 4, 3, 0, 0]], [[0, 0, 1, 2, 0, 0]])
        >>> round(float(fit.b_mean[0]), 4)
        -0.2122
    """
    n, y = (np.atleast_2d(np.asarray(v, float)) for v in (n, y))
    lattice = crm_lattice(model, tuple(thresholds))
    return crm_fit_of(model, expectations(lattice, np.concatenate([y, n - y], 1)))


def crm_fit_of(model: CrmModel, readings: Readings) -> CrmFit:
    """Sort the readings of `crm_lattice` by what they mean."""
    value, error, evidence = readings
    levels = len(model.skeleton)
    mean, square = value[:, 0], value[:, 1]
    risk, square_risk = slice(2, 2 + levels), slice(2 + levels, 2 + 2 * levels)
    shape = (len(value), levels)
    plug_in = model.risk(mean)
    step = 1e-6
    slope = np.abs(model.risk(mean + step) - plug_in) / step
    return CrmFit(
        b_mean=mean,
        b_var=square - mean**2,
        plug_in=plug_in,
        mean=value[:, risk],
        sd=np.sqrt(np.maximum(value[:, square_risk] - value[:, risk] ** 2, 0)),
        exceed=_per_threshold(value, shape),
        b_error=error[:, 0],
        plug_in_error=error[:, :1] * slope,
        mean_error=error[:, risk],
        exceed_error=_per_threshold(error, shape),
        log_evidence=evidence,
    )


def _per_threshold(columns: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    states, levels = shape
    rest = columns[:, 2 + 2 * levels :]
    return rest.reshape(states, rest.shape[1] // levels, levels).swapaxes(1, 2)


def plug_in_limits(model: CrmModel, fit: CrmFit, *, conf_level: float = 0.9) -> np.ndarray:
    """The risks at b_mean -/+ z sqrt(b_var), dfcrm's probability interval.

    Args:
        model: Skeleton and curve.
        fit: From `fit_crm`.
        conf_level: Level of the interval.

    Returns:
        Lower and upper limit, (state, level, 2).
    """
    reach = norm.ppf(0.5 + conf_level / 2) * np.sqrt(fit.b_var)
    return np.stack([model.risk(fit.b_mean + reach), model.risk(fit.b_mean - reach)], -1)


def exceed_by_normal(model: CrmModel, fit: CrmFit, threshold: float) -> np.ndarray:
    """P(p_k > t) with b taken as Normal(b_mean, b_var), (state, level).

    dtpcrm and escalation stop trials by this approximation; `CrmFit.exceed` is exact.
    """
    away = model.parameter_at(threshold) - fit.b_mean[:, None]
    return norm.cdf(away / np.sqrt(fit.b_var)[:, None])


def risk_quantile(
    model: CrmModel, n: ArrayLike, y: ArrayLike, level: float = 0.5
) -> Float[np.ndarray, " dose"]:
    """The posterior quantile of each risk in one state, by bisection in b.

    Args:
        model: Skeleton, curve and prior.
        n: Evaluable patients per level.
        y: Patients with a DLT per level.
        level: Probability below the quantile.
    """
    lattice = crm_lattice(model)
    b = lattice.read[:, 0]
    y = np.asarray(y, float)
    log_mass = np.concatenate([y, np.asarray(n, float) - y]) @ lattice.log_chance
    mass = np.exp(log_mass + lattice.log_prior - (log_mass + lattice.log_prior).max())
    mass /= mass.sum()
    low, high = b.min(), b.max()
    for _ in range(60):
        middle = (low + high) / 2
        below = mass @ step_weight(middle, b, nodes_of(model).spacing)
        # Every risk falls with b.
        low, high = (middle, high) if below < 1 - level else (low, middle)
    return model.risk((low + high) / 2)


def fit_mle(model: CrmModel, n: ArrayLike, y: ArrayLike) -> Float[np.ndarray, " state"]:
    """The maximum-likelihood estimate of b in each state.

    The log-likelihood is concave in exp(b), so the sign of its slope is bisected. Without a DLT
    the estimate is infinite, and with nothing but DLTs it is minus infinity.

    Args:
        model: Skeleton and curve.
        n: Evaluable patients, state x level.
        y: Patients with a DLT, state x level.
    """
    n, y = (np.atleast_2d(np.asarray(v, float)) for v in (n, y))
    code = model.dose_codes
    low, high = np.full(len(n), -30.0), np.full(len(n), 30.0)
    for _ in range(80):
        middle = (low + high) / 2
        eta = np.exp(middle)[:, None] * code
        if model.curve == "empiric":
            score = code * (y - (n - y) * np.exp(eta) / np.maximum(-np.expm1(eta), 1e-300))
        else:
            score = code * (y - n * expit(model.intercept + eta))
        rising = score.sum(1) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    none, every = y.sum(1) == 0, (y.sum(1) == n.sum(1)) & (n.sum(1) > 0)
    return np.where(none, np.inf, np.where(every, -np.inf, (low + high) / 2))
