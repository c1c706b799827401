r"""Strata that may or may not belong together, each with a dose-toxicity curve (EXNEX BLRM).

    logit p_j(d) = log a_j + b_j log(d / d_ref)
    (log a_j, log b_j) ~ Normal(mu, Sigma)      with probability w_j   (exchangeable)
                       ~ Normal(m, S)           otherwise              (by itself)

mu is normal, the tau of Sigma log-normal, its correlation uniform, as in `combination`.

Which strata are exchangeable is a set; there are 2^J. Given the set, the others are independent of
everything, and their curves and evidence come from the lattice of `logistic`. Those in the set are
integrated by quasi-random importance sampling (`importance`), which gives their evidence too. The
sets are then weighted by prior probability times evidence: no sampler has to jump between them.

Source:
    Neuenschwander, Wandel, Roychoudhury and Bailey, Pharm Stat 2016;15:123 (doi 10.1002/pst.1730).
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from myelodose.dose_models.combination_prior import DrugPrior
from myelodose.dose_models.groups import HYPER, STEEPEST, group_curves
from myelodose.dose_models.importance import POINTS, Estimate, in_batches, posterior_points
from myelodose.dose_models.lattice import expectations
from myelodose.dose_models.logistic import LogisticModel, fit_logistic, logistic_lattice
from myelodose.errors import InputError, check_numbers
from myelodose.precision import float64

MOST_STRATA = 6


class StrataData(NamedTuple):
    """Everything that the likelihood depends on; every field an array."""

    log_dose: Float[np.ndarray, " level"]
    n: Float[np.ndarray, "stratum level"]
    y: Float[np.ndarray, "stratum level"]
    mean: Float[np.ndarray, " 2"]
    sd: Float[np.ndarray, " 2"]
    tau_log_mean: Float[np.ndarray, " 2"]
    tau_log_sd: Float[np.ndarray, " 2"]


class ExnexFit(NamedTuple):
    """Posterior of every stratum's risks, with numerical errors.

    Attributes:
        mean: Mean risk, (stratum, level).
        sd: Its standard deviation, (stratum, level).
        exceed: P(risk > t), (stratum, level, threshold).
        exchangeable: Posterior probability that the stratum is exchangeable, (stratum,).
    """

    mean: Estimate
    sd: Float[np.ndarray, "stratum level"]
    exceed: Estimate
    exchangeable: Estimate


class _Part(NamedTuple):
    """One set of exchangeable strata: log evidence, and mean, mean square and exceedance."""

    log_evidence: float
    relative_error: float
    value: Float[np.ndarray, "stratum level reading"]
    error: Float[np.ndarray, "stratum level reading"]


def logit_risks(z: Float[Array, " parameter"], data: StrataData) -> Float[Array, "stratum level"]:
    """Log-odds of a DLT of exchangeable strata, at one value of the standardised parameters."""
    curve = group_curves(z, data.mean, data.sd, data.tau_log_mean, data.tau_log_sd)
    return curve[:, :1] + jnp.exp(jnp.minimum(curve[:, 1:], STEEPEST)) * data.log_dose


def log_likelihood(z: Float[Array, " parameter"], data: StrataData) -> Float[Array, ""]:
    """Binomial log likelihood at one value of the standardised parameters."""
    eta = logit_risks(z, data)
    return -(data.y * jax.nn.softplus(-eta) + (data.n - data.y) * jax.nn.softplus(eta)).sum()


@jax.jit
def _risks(z: Float[Array, "point parameter"], data: StrataData):
    return jax.nn.sigmoid(jax.vmap(lambda one: logit_risks(one, data))(z))


def fit_exnex_logistic(
    n: ArrayLike,
    y: ArrayLike,
    *,
    doses: Sequence[float],
    together: DrugPrior,
    alone: LogisticModel | None = None,
    probability: float | Sequence[float] = 0.5,
    thresholds: Sequence[float] = (0.16, 0.33),
    points: int = POINTS // 4,
) -> ExnexFit:
    """Posterior of the risks of strata that may or may not belong together.

    Args:
        n: Evaluable patients, (stratum, level); a stratum may have none.
        y: Patients with a DLT.
        doses: Doses of the levels.
        together: Prior of the exchangeable part, with its reference dose.
        alone: Prior of a stratum by itself; if not given, the Normal(mean, sd) of `together`.
        probability: Prior probability to be exchangeable, one for all or one a stratum.
        thresholds: Risks t for which P(risk > t) is wanted.
        points: Points of each of the eight scrambles for one set, a power of 2.

    Returns:
        Means and probabilities with their numerical errors.

    Raises:
        InputError: If a count, a dose or a probability cannot be, or there are too many strata.

    Example:
        >>> prior = DrugPrior(20, (-1.0, 0.0), (2.0, 1.0))
        >>> fit = fit_exnex_logistic([[3, 6], [6, 6], [0, 0]], [[0, 1], [0, 2], [0, 0]],
        ...     doses=(10, 20), together=prior, points=512)
        >>> bool(fit.mean.value[0, 1] < fit.mean.value[1, 1] < fit.mean.value[2, 1])
        True
    """
    n, y = np.atleast_2d(np.asarray(n, float)), np.atleast_2d(np.asarray(y, float))
    share = _checked(n, y, doses, probability)
    log_dose = np.log(np.asarray(doses, float) / together.dose_reference)
    own = LogisticModel(tuple(log_dose), together.mean, together.sd) if alone is None else alone
    if not np.allclose(own.log_dose, log_dose):
        found = f"found log doses {own.log_dose}"
        raise InputError("exnex, alone", found, f"give those of {tuple(doses)}")
    hyper = (together.mean, together.sd, together.tau_log_mean, together.tau_log_sd)
    data = StrataData(log_dose, n, y, *(np.array(part, float) for part in hyper))
    by_itself = _alone(own, n, y, tuple(thresholds))
    sets, parts, log_prior = [], [], []
    for chosen in product((True, False), repeat=len(n)):
        inside = np.array(chosen)
        chance = np.prod(np.where(inside, share, 1 - share))
        if chance > 0:
            sets.append(inside)
            log_prior.append(np.log(chance))
            parts.append(_joined(data, inside, by_itself, tuple(thresholds), points))
    return _mixed(np.array(sets), parts, np.array(log_prior))


def _checked(n: np.ndarray, y: np.ndarray, doses, probability) -> np.ndarray:
    if n.shape != y.shape or n.shape[1] != len(doses):
        found = f"found n of shape {n.shape} and y of shape {y.shape} over {len(doses)} doses"
        raise InputError("exnex", found, "give both as stratum x dose")
    if len(n) > MOST_STRATA:
        remedy = f"give at most {MOST_STRATA}: every set of them is integrated"
        raise InputError("exnex, n", f"found {len(n)} strata", remedy)
    check_numbers("exnex, y", y, (y >= 0) & (y <= n), "give 0 to n")
    dose = np.asarray(doses, float)
    check_numbers("exnex, doses", dose, dose > 0, "give doses above 0")
    share = np.broadcast_to(np.asarray(probability, float), len(n)).copy()
    check_numbers("exnex, probability", share, (share >= 0) & (share <= 1), "give 0 to 1")
    return share


def _alone(own: LogisticModel, n: np.ndarray, y: np.ndarray, thresholds) -> list[_Part]:
    """Each stratum by itself, on the shared lattice."""
    fit = fit_logistic(own, n, y, thresholds=thresholds)
    lattice = logistic_lattice(own, thresholds)
    evidence = expectations(lattice, np.concatenate([y, n - y], 1)).log_evidence
    square = fit.sd**2 + fit.mean**2
    value = np.concatenate([np.stack([fit.mean, square], -1), fit.exceed], -1)
    error = np.stack([fit.mean_error, fit.mean_error], -1)
    error = np.concatenate([error, fit.exceed_error], -1)
    return [_Part(float(evidence[j]), 0.0, value[j], error[j]) for j in range(len(n))]


def _joined(
    data: StrataData, inside: Bool[np.ndarray, " stratum"], alone: list[_Part], thresholds, points
) -> _Part:
    """One set: those inside integrated together, the others by themselves."""
    value = np.stack([part.value for part in alone])
    error = np.stack([part.error for part in alone])
    log_evidence = sum(alone[j].log_evidence for j in np.flatnonzero(~inside))
    if not inside.any():
        return _Part(log_evidence, 0.0, value, error)
    chosen = data._replace(n=data.n[inside], y=data.y[inside])
    found = posterior_points(log_likelihood, chosen, HYPER + 2 * int(inside.sum()), points=points)
    with float64():
        arrays = jax.tree.map(jnp.asarray, chosen)
        flat = found.z.reshape(-1, found.z.shape[-1])
        risk = in_batches(lambda part: _risks(part, arrays), flat)
    risk = risk.reshape(*found.z.shape[:2], *risk.shape[1:])
    over = risk[..., None] > np.array(thresholds)
    read = np.concatenate([np.stack([risk, risk**2], -1), over], -1)
    mean = found.mean(read)
    value[inside], error[inside] = mean.value, mean.error
    share = np.exp(found.log_evidence - found.log_evidence.max())
    relative = float(share.std(ddof=1) / np.sqrt(len(share)) / share.mean())
    log_evidence += float(logsumexp(found.log_evidence) - np.log(len(found.log_evidence)))
    return _Part(log_evidence, relative, value, error)


def _mixed(sets: np.ndarray, parts: list[_Part], log_prior: np.ndarray) -> ExnexFit:
    """The sets weighted by prior times evidence; the weights' errors move what they mix."""
    log_mass = log_prior + np.array([part.log_evidence for part in parts])
    mass = np.exp(log_mass - logsumexp(log_mass))
    moved = mass * np.array([part.relative_error for part in parts])

    def mixed(each: np.ndarray, error: np.ndarray) -> Estimate:
        value = np.tensordot(mass, each, 1)
        spread = np.abs(each - value)
        return Estimate(value, np.tensordot(mass, error, 1) + np.tensordot(moved, spread, 1))

    all_ = mixed(np.stack([p.value for p in parts]), np.stack([p.error for p in parts]))
    joined = mixed(sets.astype(float), np.zeros(sets.shape))
    mean, square = all_.value[..., 0], all_.value[..., 1]
    sd = np.sqrt(np.maximum(square - mean**2, 0))
    exceed = Estimate(all_.value[..., 2:], all_.error[..., 2:])
    return ExnexFit(Estimate(mean, all_.error[..., 0]), sd, exceed, joined)
