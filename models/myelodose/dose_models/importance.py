r"""Posteriors with many parameters by deterministic quasi-random importance sampling.

The parameters are functions of z with independent standard normal priors. The proposal is a
mixture of the prior and a multivariate t around the mode with the inverse Hessian there:

    g(z) = 1/4 Normal(0, I) + 3/4 t_6(mode, H^-1)

Where a pilot run shows that this fits badly (few effective points: a skewed posterior), mode and
H^-1 give way to the pilot's mean and covariance, twice at most.

Points are Sobol's, scrambled in eight fixed ways: the same call gives the same numbers. Each
scramble is an estimate of its own; their spread is the numerical error.

Source:
    Owen and Zhou, JASA 2000;95:135 (defensive mixtures); Owen, SIAM J Numer Anal 1997;34:1884
    (scrambled points and their error); Cappé et al., J Comput Graph Stat 2004;13:907 (proposals
    from earlier rounds).
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.optimize import minimize
from scipy.special import gammaln, ndtri
from scipy.stats import chi2, qmc

from myelodose.precision import float64

SCRAMBLES = 8
POINTS = 16384
BATCH = 8192
_FREEDOM = 6.0
_PRIOR_SHARE = 0.25
_PILOTS = 2
_PILOT_SHARE = 8
_PILOT_LEAST = 512
_ENOUGH = 0.25
_TOWARDS_INDEPENDENCE = 0.1


class Points(NamedTuple):
    """Weighted points of a posterior.

    Attributes:
        z: Points, (scramble, point, parameter).
        weight: Their weights; each scramble sums to 1, (scramble, point).
        log_evidence: Log evidence of each scramble, (scramble,).
        ess: Effective number of points over all scrambles.
    """

    z: Float[np.ndarray, "scramble point parameter"]
    weight: Float[np.ndarray, "scramble point"]
    log_evidence: Float[np.ndarray, " scramble"]
    ess: float

    def mean(self, value: Float[np.ndarray, "scramble point ..."]) -> "Estimate":
        """Expectation of a function of z and its error.

        Args:
            value: The function at `z`.
        """
        each = np.einsum("sp,sp...->s...", self.weight, value)
        # Scrambles with more evidence carry more of the posterior.
        share = np.exp(self.log_evidence - self.log_evidence.max())
        share /= share.sum()
        best = np.tensordot(share, each, 1)
        error = each.std(0, ddof=1) / np.sqrt(len(each))
        return Estimate(best, error)


class Estimate(NamedTuple):
    """An expectation and its numerical error, one standard error of the scrambles."""

    value: Float[np.ndarray, "..."]
    error: Float[np.ndarray, "..."]


def _cost(z: Float[Array, " parameter"], log_likelihood: Callable, data: Any):
    return 0.5 * z @ z - log_likelihood(z, data)


@partial(jax.jit, static_argnames="log_likelihood")
def _slope(z: Float[Array, " parameter"], log_likelihood: Callable, data: Any):
    return jax.value_and_grad(_cost)(z, log_likelihood, data)


def _mode(log_likelihood: Callable, data: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mode of the posterior of z, and the Hessian there; it need not be exact."""

    def slope(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = _slope(jnp.asarray(z), log_likelihood, data)
        return float(value), np.asarray(gradient, float)

    found = minimize(slope, np.zeros(size), jac=True, method="L-BFGS-B").x
    # Differences of the gradient: a compiled Hessian takes seconds and would be used once.
    step = 1e-4 * np.eye(size)
    rows = [(slope(found + e)[1] - slope(found - e)[1]) / 2e-4 for e in step]
    hessian = np.array(rows)
    return found, (hessian + hessian.T) / 2


@partial(jax.jit, static_argnames="log_likelihood")
def _log_likelihoods(log_likelihood: Callable, data: Any, z: Float[Array, "point parameter"]):
    return jax.vmap(lambda one: log_likelihood(one, data))(z)


@lru_cache(maxsize=8)
def sobol(parameters: int, points: int) -> Float[np.ndarray, "scramble point column"]:
    """Sobol points in one more dimension, scrambled in eight fixed ways.

    Args:
        parameters: Dimension; one more column picks the part of the mixture.
        points: Points of each scramble, a power of 2.
    """
    power = int(points).bit_length() - 1
    moved = np.stack([
        qmc.Sobol(parameters + 1, scramble=True, rng=number).random_base2(power)
        for number in range(SCRAMBLES)
    ])  # fmt: skip
    return np.clip(moved, 1e-12, 1 - 1e-12)


def posterior_points(
    log_likelihood: Callable[[Float[Array, " parameter"], Any], Float[Array, ""]],
    data: Any,
    parameters: int,
    *,
    points: int = POINTS,
) -> Points:
    """Weighted points of the posterior of z.

    Args:
        log_likelihood: Of one z and the data; a module-level function, so that it compiles once.
        data: A pytree of arrays.
        parameters: Dimension of z.
        points: Points of each of the eight scrambles, a power of 2.

    Returns:
        Points whose weighted means are expectations.

    Example:
        >>> found = posterior_points(lambda z, y: -2.0 * (z[0] - y) ** 2, 1.0, 1, points=1024)
        >>> round(float(found.mean(found.z[..., 0]).value), 2)
        0.8
    """
    with float64():
        data = jax.tree.map(lambda x: jnp.asarray(x, float), data)
        centre, precision = _mode(log_likelihood, data, parameters)
        for _ in range(_PILOTS):
            few = max(points // _PILOT_SHARE, min(points, _PILOT_LEAST))
            pilot = _weighted(log_likelihood, data, centre, precision, few)
            if pilot.ess >= _ENOUGH * pilot.weight.size:
                break
            centre, precision = _moments(pilot)
        return _weighted(log_likelihood, data, centre, precision, points)


def _weighted(
    log_likelihood: Callable, data: Any, centre: np.ndarray, precision: np.ndarray, points: int
) -> Points:
    """Points of one proposal, weighted."""
    size = centre.size
    z, log_proposal = _proposal(centre, precision, points)
    log_like = in_batches(
        lambda part: _log_likelihoods(log_likelihood, data, part), z.reshape(-1, size)
    ).reshape(z.shape[:2])
    log_prior = -0.5 * (z**2).sum(-1) - 0.5 * size * np.log(2 * np.pi)
    log_weight = np.nan_to_num(log_like + log_prior - log_proposal, nan=-np.inf)
    top = log_weight.max()
    weight = np.exp(log_weight - top)
    total = weight.sum(1, keepdims=True)
    ess = float(weight.sum() ** 2 / (weight**2).sum())
    return Points(z, weight / total, (np.log(total[:, 0] / points) + top), ess)


def _moments(pilot: Points) -> tuple[np.ndarray, np.ndarray]:
    """Mean and inverse covariance of weighted points."""
    share = np.exp(pilot.log_evidence - pilot.log_evidence.max())
    weight = (pilot.weight * (share / share.sum())[:, None]).ravel()
    z = pilot.z.reshape(len(weight), -1)
    mean = weight @ z
    covariance = (z - mean).T @ ((z - mean) * weight[:, None])
    # Few effective points correlate by chance.
    own = np.diag(np.diag(covariance)) + 1e-9 * np.eye(len(mean))
    mixed = (1 - _TOWARDS_INDEPENDENCE) * covariance + _TOWARDS_INDEPENDENCE * own
    return mean, np.linalg.inv(mixed)


def in_batches(
    function: Callable[[Float[Array, "point parameter"]], Float[Array, "point ..."]],
    z: Float[np.ndarray, "point parameter"],
) -> Float[np.ndarray, "point ..."]:
    """A function of points, batch by batch: one shape is compiled, whatever their number.

    Args:
        function: Compiled function of `BATCH` points.
        z: Points; call it within `float64()`.
    """
    more = -len(z) % BATCH
    padded = np.concatenate([z, np.zeros((more, z.shape[1]))])
    parts = [
        np.asarray(function(jnp.asarray(padded[start : start + BATCH])))
        for start in range(0, len(padded), BATCH)
    ]
    return np.concatenate(parts)[: len(z)]


def _proposal(mode: np.ndarray, hessian: np.ndarray, points: int):
    """Points of the mixture and their log density."""
    size = mode.size
    value, vector = np.linalg.eigh(hessian)
    # Never wider than the prior, nor wider than a positive curvature allows.
    value = np.clip(value, 0.7, None)
    root = vector / np.sqrt(value)
    u = sobol(size, points)
    normal = ndtri(u[..., :size])
    from_prior = u[..., size] < _PRIOR_SHARE
    # The same column gives the radius of the t, stretched over its part of the mixture.
    stretched = np.clip((u[..., size] - _PRIOR_SHARE) / (1 - _PRIOR_SHARE), 1e-12, 1 - 1e-12)
    scale = np.sqrt(_FREEDOM / chi2.ppf(stretched, _FREEDOM))
    around = mode + scale[..., None] * (normal @ root.T)
    z = np.where(from_prior[..., None], normal, around)
    log_prior = -0.5 * (z**2).sum(-1) - 0.5 * size * np.log(2 * np.pi)
    away = (z - mode) @ vector * np.sqrt(value)
    log_t = _log_student((away**2).sum(-1), size) + 0.5 * np.log(value).sum()
    both = np.logaddexp(np.log(_PRIOR_SHARE) + log_prior, np.log1p(-_PRIOR_SHARE) + log_t)
    return z, both


def _log_student(square: np.ndarray, size: int) -> np.ndarray:
    """Log density of the standard multivariate t at squared distance from its centre."""
    constant = gammaln((_FREEDOM + size) / 2) - gammaln(_FREEDOM / 2)
    constant -= 0.5 * size * np.log(_FREEDOM * np.pi)
    return constant - 0.5 * (_FREEDOM + size) * np.log1p(square / _FREEDOM)
