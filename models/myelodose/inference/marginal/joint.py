r"""The joint density of data and random effects, patient by patient, and its curvature.

Random effects are written eta = L u with Omega = L L', so that u is standard normal: a variance of
0 is then no special case, and log|Omega| never appears. For patient i

    h_i(u) = -log p(y_i | eta = L u) + u'u / 2

without its constants. Patients are independent, so one tangent moves all of them at once:
n_eta Jacobian-vector products give every derivative, whatever the number of patients.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.inference.marginal.conventions import LOG_2PI
from myelodose.inference.marginal.observed import Observed, Parameters
from myelodose.inference.marginal.residual import log_likelihood, mean_of, sd_of

type Predict = Callable[..., Float[Array, " obs"]]
"""predict(theta, eta[patient, n_eta]) -> f[obs]; f of a patient depends on its own eta only."""

type Effects = Float[Array, "patient eta"]
type PerPatient = Float[Array, " patient"]


type Matrices = Float[Array, "patient eta eta"]


def by_patient(values: Float[Array, " obs"], observed: Observed) -> PerPatient:
    """Sum over each patient's observations."""
    return jax.ops.segment_sum(values, observed.patient, observed.patients)


def unit(parameters: Parameters, observed: Observed) -> Effects:
    """Every patient at the typical value: u = 0."""
    return jnp.zeros((observed.patients, parameters.factor.shape[0]))


def predictions(predict: Predict, u: Effects, parameters: Parameters) -> Float[Array, " obs"]:
    """Predictions at eta = L u."""
    return predict(parameters.theta, u @ jnp.asarray(parameters.factor).T)


def at_typical(predict: Predict, parameters: Parameters, observed: Observed):
    """Predictions at eta = 0, where FO and FOCE take the residual sd."""
    return predictions(predict, unit(parameters, observed), parameters)


def negative_log_likelihood(
    predict: Predict,
    u: Effects,
    parameters: Parameters,
    observed: Observed,
    f_of_sd: Float[Array, " obs"] | None = None,
) -> Float[Array, " obs"]:
    """-log p of each observation, with n log(2 pi) / 2 left out as an OFV leaves it out."""
    f = predictions(predict, u, parameters)
    sd_at = f if f_of_sd is None else f_of_sd
    constant = 0.5 * LOG_2PI * (observed.censored == 0)
    return -(jnp.asarray(log_likelihood(f, sd_at, parameters.sigma, observed)) + constant)


def joint(
    predict: Predict,
    u: Effects,
    parameters: Parameters,
    observed: Observed,
    f_of_sd: Float[Array, " obs"] | None = None,
) -> PerPatient:
    """The value h of each patient."""
    each = negative_log_likelihood(predict, u, parameters, observed, f_of_sd)
    return by_patient(each, observed) + 0.5 * (u**2).sum(-1)


def _along_each(function: Callable, u: Effects) -> tuple[Array, Array]:
    """Value and its derivative along each random effect, that axis last."""
    count = u.shape[-1]
    directions = jnp.broadcast_to(jnp.eye(count)[:, None, :], (count, *u.shape))
    value, push = jax.linearize(function, u)
    return value, jnp.moveaxis(jax.vmap(push)(directions), 0, -1)


def slope_of(
    predict: Predict,
    u: Effects,
    parameters: Parameters,
    observed: Observed,
    f_of_sd: Float[Array, " obs"] | None = None,
) -> Effects:
    """Derivative of h of each patient in its u."""
    return jax.grad(lambda u: joint(predict, u, parameters, observed, f_of_sd).sum())(u)


def exact_curvature(
    predict: Predict,
    u: Effects,
    parameters: Parameters,
    observed: Observed,
    f_of_sd: Float[Array, " obs"] | None = None,
) -> tuple[Effects, Matrices]:
    """Slope and full Hessian of h, by Jacobian-vector products of the gradient."""
    return _along_each(lambda u: slope_of(predict, u, parameters, observed, f_of_sd), u)


def exact_hessian(predict: Predict, u: Effects, *args) -> Matrices:
    """Full Hessian of h; arguments as in `exact_curvature`."""
    return exact_curvature(predict, u, *args)[1]


def expected_hessian(
    predict: Predict,
    u: Effects,
    parameters: Parameters,
    observed: Observed,
    f_of_sd: Float[Array, " obs"] | None = None,
) -> Matrices:
    r"""First-order Hessian: I + sum_j (m m' + 2 s s') / s_j^2, positive definite.

    m and s are the derivatives of mean and residual sd in u. This is the expectation of the full
    Hessian over y in which second derivatives of the prediction vanish; it is the Hessian of
    FOCEI, and with s = 0 that of FOCE. Censored observations keep their exact Hessian.
    """
    measured = (observed.censored == 0) & jnp.isneginf(observed.above)

    def moments(u: Effects) -> Array:
        f = predictions(predict, u, parameters)
        sd_at = f if f_of_sd is None else f_of_sd
        return jnp.stack([mean_of(f, observed), sd_of(sd_at, parameters.sigma, observed)])

    (_, sd), (m, s) = _along_each(moments, u)
    live = (sd > 0) & measured
    root = jnp.where(live, 1.0 / jnp.where(live, sd, 1.0), 0.0)[:, None]
    rows = [jnp.where(root > 0, row * root, 0.0) for row in (m, jnp.sqrt(2.0) * s)]
    outer = sum(row[:, :, None] * row[:, None, :] for row in rows)
    information = jax.ops.segment_sum(outer, observed.patient, observed.patients)
    hessian = jnp.eye(u.shape[-1]) + information
    if observed.plain:
        return hessian

    def of_censored(u: Effects) -> Effects:
        def total(u: Effects) -> Array:
            each = negative_log_likelihood(predict, u, parameters, observed, f_of_sd)
            return jnp.where(measured, 0.0, each).sum()

        return jax.grad(total)(u)

    return hessian + _along_each(of_censored, u)[1]
