r"""The marginal likelihood itself: importance sampling and adaptive Gauss-Hermite quadrature.

    L_i = integral p(y_i | eta = L u) N(u; 0, I) du

Both place their points around the mode u^ with the covariance C = H^-1 of the first-order Hessian.
Importance sampling draws from a t distribution there; its error is estimated, and the Pareto k of
the weights says whether that estimate can be believed. Quadrature with k nodes along each random
effect is exact for h a polynomial of degree 2k - 1 beside the normal, and is the reference where
there are few random effects.

Source: Pinheiro and Bates, J Comput Graph Stat 1995;4:12 (doi 10.1080/10618600.1995.10474663);
Vehtari et al., J Mach Learn Res 2024;25:1 (Pareto-smoothed importance sampling).
"""

from functools import partial
from itertools import product
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln, logsumexp
from jaxtyping import Array, Float, PRNGKeyArray

from myelodose.inference.marginal.approximations import log_determinant
from myelodose.inference.marginal.conventions import LOG_2PI
from myelodose.inference.marginal.joint import (
    Effects,
    PerPatient,
    Predict,
    expected_hessian,
    joint,
)
from myelodose.inference.marginal.observed import Observed, Parameters

_CHUNK = 32


class _Proposal(NamedTuple):
    """u = centre + spread z; log_det is that of the spread."""

    centre: Effects
    spread: Float[Array, "patient eta eta"]
    log_det: PerPatient


def _around(predict: Predict, modes: Effects, parameters: Parameters, observed: Observed):
    hessian = expected_hessian(predict, modes, parameters, observed)
    # With H = A A', spread A'^-1 has covariance H^-1.
    factor = jnp.linalg.cholesky(hessian)
    identity = jnp.broadcast_to(jnp.eye(hessian.shape[-1]), hessian.shape)
    spread = jnp.swapaxes(jax.scipy.linalg.solve_triangular(factor, identity, lower=True), -1, -2)
    return _Proposal(modes, spread, -0.5 * log_determinant(hessian))


def _log_integrand(
    predict: Predict,
    z: Float[Array, "point patient eta"],
    proposal: _Proposal,
    parameters: Parameters,
    observed: Observed,
) -> Float[Array, "point patient"]:
    """log[p(y | u) N(u; 0, I)] at u = centre + spread z, without the n log(2 pi) of the data."""

    def at(z: Effects) -> PerPatient:
        u = proposal.centre + jnp.einsum("pij,pj->pi", proposal.spread, z)
        constant = 0.5 * LOG_2PI * u.shape[-1]
        return -joint(predict, u, parameters, observed) - constant

    # In chunks, which keep memory small; padded, so that the model is compiled only once.
    count = len(z)
    chunks = jnp.pad(z, ((0, -count % _CHUNK), (0, 0), (0, 0)))
    chunks = chunks.reshape(-1, min(_CHUNK, len(chunks)), *z.shape[1:])
    return jax.lax.map(jax.vmap(at), chunks).reshape(-1, z.shape[1])[:count]


@partial(jax.jit, static_argnames=("predict", "draws"))
def importance_log_weights(
    predict: Predict,
    modes: Effects,
    parameters: Parameters,
    observed: Observed,
    key: PRNGKeyArray,
    *,
    draws: int,
    freedom: float,
) -> Float[Array, "draw patient"]:
    """Log of the weights whose mean is the likelihood of each patient.

    Args:
        predict: Predictions from theta and eta.
        modes: Modes of u.
        parameters: Parameters.
        observed: Observations.
        key: Key of the draws.
        draws: Draws per patient.
        freedom: Degrees of freedom of the multivariate t distribution.
    """
    proposal = _around(predict, modes, parameters, observed)
    count = modes.shape[-1]
    of_normal, of_gamma = jax.random.split(key)
    normal = jax.random.normal(of_normal, (draws, *modes.shape))
    chi2 = 2.0 * jax.random.gamma(of_gamma, freedom / 2.0, (draws, modes.shape[0]))
    z = normal * jnp.sqrt(freedom / chi2)[..., None]
    log_t = (
        gammaln((freedom + count) / 2.0)
        - gammaln(freedom / 2.0)
        - 0.5 * count * jnp.log(freedom * jnp.pi)
        - 0.5 * (freedom + count) * jnp.log1p((z**2).sum(-1) / freedom)
    )
    value = _log_integrand(predict, z, proposal, parameters, observed)
    return value - log_t + proposal.log_det


@partial(jax.jit, static_argnames=("predict", "nodes"))
def quadrature_objective(
    predict: Predict,
    modes: Effects,
    parameters: Parameters,
    observed: Observed,
    *,
    nodes: int,
) -> PerPatient:
    """OFV of each patient by adaptive Gauss-Hermite quadrature with nodes^n_eta points.

    Args:
        predict: Predictions from theta and eta.
        modes: Modes of u.
        parameters: Parameters.
        observed: Observations.
        nodes: Nodes along each random effect.
    """
    x, w = np.polynomial.hermite.hermgauss(nodes)
    count = modes.shape[-1]
    grid = np.array(list(product(x, repeat=count))) * np.sqrt(2.0)
    weight = np.array(list(product(np.log(w) + x**2, repeat=count))).sum(-1)
    proposal = _around(predict, modes, parameters, observed)
    z = jnp.broadcast_to(jnp.asarray(grid)[:, None, :], (len(grid), *modes.shape))
    value = _log_integrand(predict, z, proposal, parameters, observed)
    log_weight = jnp.asarray(weight) + 0.5 * count * np.log(2.0)
    return -2.0 * (logsumexp(value + log_weight[:, None], axis=0) + proposal.log_det)
