r"""The two-parameter logistic model for thousands of trial states at once.

    logit p(d) = u + exp(v) log(d / d_ref),   (u, v) ~ Normal(mean, covariance)

The nodes are a lattice in (u, v). For each v the event p(d) <= t is a bound on u, logit t - exp(v)
log(d / d_ref), so its probability is smooth in dose and threshold (see `lattice`). Nodes whose
prior density is below e^-20 of its largest are left out. Where the reported error is too large for
a decision, `myelodose.inference.quadrature` adapts its nodes to the state.

Source:
    Neuenschwander, Branson and Gsponer, Stat Med 2008 (doi 10.1002/sim.3230).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import comb, expit, log_expit, logit, softmax

from myelodose.dose_models.lattice import Lattice, axis, expectations, step_weight

_RADIUS = 6.3
_FINEST = 0.25
_PER_SD = 5.0


class LogisticModel(NamedTuple):
    """Prior of (log a, log b) and the doses; hashable, so that its lattice is made once.

    Attributes:
        log_dose: log(d / d_ref) per level.
        mean: Prior means of log a and log b.
        sd: Prior standard deviations.
        correlation: Prior correlation.
    """

    log_dose: tuple[float, ...]
    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float = 0.0


class LogisticFit(NamedTuple):
    """Posterior of the risks; the first axis is the state.

    Attributes:
        mean: Mean risk, (state, level).
        sd: Its standard deviation.
        exceed: P(risk > t), (state, level, threshold).
        mean_error: Numerical error of `mean`.
        exceed_error: That of `exceed`.
    """

    mean: Float[np.ndarray, "state level"]
    sd: Float[np.ndarray, "state level"]
    exceed: Float[np.ndarray, "state level threshold"]
    mean_error: Float[np.ndarray, "state level"]
    exceed_error: Float[np.ndarray, "state level threshold"]


class _Nodes(NamedTuple):
    """Nodes of (u, v), those of the coarser lattice first."""

    u: Float[np.ndarray, " node"]
    v: Float[np.ndarray, " node"]
    log_prior: Float[np.ndarray, " node"]
    edge: Float[np.ndarray, " node"]
    coarse: int
    spacing: float


def _nodes(model: LogisticModel) -> _Nodes:
    (mu, mv), (su, sv), rho = model.mean, model.sd, model.correlation
    on_u, on_v = (
        axis(m - _RADIUS * s, m + _RADIUS * s, min(_FINEST, s / _PER_SD))
        for m, s in ((mu, su), (mv, sv))
    )
    u, v = (x.ravel() for x in np.meshgrid(on_u.node, on_v.node, indexing="ij"))
    zu, zv = (u - mu) / su, (v - mv) / sv
    radius = (zu**2 - 2 * rho * zu * zv + zv**2) / (1 - rho**2)
    keep = radius <= _RADIUS**2
    coarse = (on_u.coarse[:, None] & on_v.coarse).ravel()
    order = np.flatnonzero(keep)[np.argsort(~coarse[keep], kind="stable")]
    log_prior = -0.5 * radius[order]
    log_prior -= np.log(np.exp(log_prior).sum())
    edge = (radius[order] > (_RADIUS - 0.4) ** 2).astype(float)
    return _Nodes(u[order], v[order], log_prior, edge, int(coarse[order].sum()), on_u.spacing)


@lru_cache(maxsize=32)
def logistic_lattice(model: LogisticModel, thresholds: tuple[float, ...]) -> Lattice:
    """Nodes of (u, v) with the readings p_k, p_k^2 and P(p_k > t).

    Args:
        model: Prior and doses.
        thresholds: Risks t, between 0 and 1.
    """
    at = _nodes(model)
    log_dose = np.array(model.log_dose)
    effect = np.exp(at.v)[:, None] * log_dose
    eta = at.u[:, None] + effect

    def readings(rows: slice, spacing: float) -> np.ndarray:
        over = [
            1 - step_weight(logit(t) - effect[rows], at.u[rows, None], spacing) for t in thresholds
        ]
        risk = expit(eta[rows])
        return np.concatenate([risk, risk**2, *over], 1)

    return Lattice(
        at.log_prior,
        np.concatenate([log_expit(eta), log_expit(-eta)], 1).T.copy(),
        readings(slice(None), at.spacing),
        readings(slice(at.coarse), 2 * at.spacing),
        at.edge,
        floor=1e-8,
    )


def risk_quantile(
    model: LogisticModel, n: ArrayLike, y: ArrayLike, level: float
) -> Float[np.ndarray, " dose"]:
    """The posterior quantile of each risk in one state.

    Args:
        model: Prior and doses.
        n: Evaluable patients per level.
        y: Patients with a DLT per level.
        level: Probability below the quantile.

    Example:
        >>> risk_quantile(LogisticModel((0.0,), (0.0, 0.0), (1.0, 1.0)), [0], [0], 0.5).round(6)
        array([0.5])
    """
    at, lattice = _nodes(model), logistic_lattice(model, ())
    y = np.asarray(y, float)
    log_mass = np.concatenate([y, np.asarray(n, float) - y]) @ lattice.log_chance + at.log_prior
    mass = softmax(log_mass)

    def one(log_dose: float) -> float:
        effect = np.exp(at.v) * log_dose

        def excess(eta: float) -> float:
            return float(mass @ step_weight(eta - effect, at.u, at.spacing)) - level

        return float(expit(brentq(excess, -700.0, 700.0, xtol=1e-10)))

    return np.array([one(x) for x in model.log_dose])


def fit_logistic(
    model: LogisticModel, n: ArrayLike, y: ArrayLike, *, thresholds: tuple[float, ...]
) -> LogisticFit:
    """Posterior of the risks in many states.

    Args:
        model: Prior and doses.
        n: Evaluable patients, state x level.
        y: Patients with a DLT, state x level.
        thresholds: Risks t for which P(p_k > t) is wanted.

    Returns:
        Means and probabilities, each with its numerical error.

    Example:
        >>> doses = np.log(np.array([10, 15, 20, 25]) / 20)
        >>> model = LogisticModel(tuple(doses), (-1.0986, 0.0), (2.0, 1.0))
        >>> fit = fit_logistic(model, [[4, 4, 6, 6]], [[0, 0, 1, 3]], thresholds=(0.33,))
        >>> fit.mean[0].round(4).tolist()
        [0.0634, 0.116, 0.2098, 0.3511]
    """
    n, y = (np.atleast_2d(np.asarray(v, float)) for v in (n, y))
    lattice = logistic_lattice(model, tuple(thresholds))
    found = expectations(lattice, np.concatenate([y, n - y], 1))
    levels = len(model.log_dose)
    shape = (len(n), len(thresholds), levels)
    value, error = (
        x[:, 2 * levels :].reshape(shape).swapaxes(1, 2) for x in (found.value, found.error)
    )
    mean, square = found.value[:, :levels], found.value[:, levels : 2 * levels]
    sd = np.sqrt(np.maximum(square - mean**2, 0))
    return LogisticFit(mean, sd, np.clip(value, 0, 1), found.error[:, :levels], error)


def predictive(
    model: LogisticModel, n: ArrayLike, y: ArrayLike, *, level: int, patients: int
) -> Float[np.ndarray, " count"]:
    """Probability of 0, 1, ... DLTs among the next patients at one level.

    It is the ratio of the evidence with and without these patients.

    Args:
        model: Prior and doses.
        n: Evaluable patients per level.
        y: Patients with a DLT per level.
        level: Level of the next cohort.
        patients: Its size.

    Example:
        >>> model = LogisticModel((0.0,), (0.0, 0.0), (1.0, 1.0))
        >>> predictive(model, [0], [0], level=0, patients=1).round(3).tolist()
        [0.5, 0.5]
    """
    n, y = (np.asarray(v, float) for v in (n, y))
    one = np.eye(len(n))[level]
    dlts = np.arange(patients + 1)
    states_n = np.concatenate([n[None], np.tile(n + patients * one, (patients + 1, 1))])
    states_y = np.concatenate([y[None], y + dlts[:, None] * one])
    lattice = logistic_lattice(model, ())
    found = expectations(lattice, np.concatenate([states_y, states_n - states_y], 1)).log_evidence
    return comb(patients, dlts) * np.exp(found[1:] - found[0])
