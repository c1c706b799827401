r"""Approximate objective functions of each patient, OFV_i = -2 log L_i - n_i log(2 pi).

With h the joint density of data and u (`joint`), u^ its mode and H its Hessian there,

    OFV_i = 2 h_i(u^) + log det H_i.

- **Laplace**: H is the full Hessian, the residual sd follows eta.
- **Laplace-no-interaction**: the same with the residual sd held at eta = 0.
- **FOCEI**: H = I + sum_j (m m' + 2 s s') / s_j^2 of first derivatives, with interaction.
- **FOCE**: the same with the residual sd held at eta = 0, so s = 0. It equals the likelihood of the
  model linearised at the mode, which is what nlme calls its approximation.
- **FO**: the model linearised at eta = 0, y ~ N(f(0), G Omega G' + R(0)), for which FOCE is exact.

Source: Wang, J Pharmacokinet Pharmacodyn 2007;34:575 (doi 10.1007/s10928-007-9060-6); Almquist,
Leander and Jirstrand, J Pharmacokinet Pharmacodyn 2015;42:191 (doi 10.1007/s10928-015-9409-1).
"""

import jax
import jax.numpy as jnp

from myelodose.inference.marginal.joint import (
    Matrices,
    PerPatient,
    Predict,
    at_typical,
    exact_hessian,
    expected_hessian,
    joint,
    slope_of,
    unit,
)
from myelodose.inference.marginal.modes import Modes, follow, solve
from myelodose.inference.marginal.observed import Observed, Parameters

APPROXIMATIONS = ("FO", "FOCE", "FOCEI", "Laplace", "Laplace-no-interaction")


def interacts(method: str) -> bool:
    """Whether the residual sd follows the random effects."""
    return method not in ("FO", "FOCE", "Laplace-no-interaction")


def log_determinant(matrix: Matrices) -> PerPatient:
    """Log det of a positive definite matrix; NaN, then inf as an objective, where it is not."""
    factor = jnp.linalg.cholesky(matrix)
    return 2.0 * jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1)).sum(-1)


def first_order(predict: Predict, parameters: Parameters, observed: Observed) -> PerPatient:
    """FO objective of each patient.

    h is quadratic in u for the linearised model, so its mode is one step away and 2 h there is
    2 h(0) - slope' H^-1 slope.
    """
    f_of_sd = at_typical(predict, parameters, observed)
    zero = unit(parameters, observed)
    args = (predict, zero, parameters, observed, f_of_sd)
    slope, hessian = slope_of(*args), expected_hessian(*args)
    drop = jnp.einsum("pe,pe->p", slope, solve(hessian, slope))
    return 2.0 * joint(*args) - drop + log_determinant(hessian)


def conditional(
    predict: Predict, modes: Modes, parameters: Parameters, observed: Observed, *, method: str
) -> PerPatient:
    """Objective of each patient around its mode: FOCE, FOCEI, Laplace.

    Differentiable in the parameters, the mode's own dependence on them included.
    """
    interaction = interacts(method)
    at = (parameters, observed)
    u = follow(predict, modes.u, modes.hessian, *at, interaction=interaction)
    f_of_sd = None if interaction else at_typical(predict, parameters, observed)
    args = (predict, u, parameters, observed, f_of_sd)
    hessian = exact_hessian if method.startswith("Laplace") else expected_hessian
    return 2.0 * joint(*args) + log_determinant(hessian(*args))


def approximate(
    predict: Predict,
    modes: Modes | None,
    parameters: Parameters,
    observed: Observed,
    *,
    method: str,
) -> PerPatient:
    """Objective of each patient by any of `APPROXIMATIONS`."""
    if modes is None or method == "FO":
        return first_order(predict, parameters, observed)
    return conditional(predict, modes, parameters, observed, method=method)


def finite_or_inf(values: PerPatient) -> PerPatient:
    """Inf in place of NaN: a likelihood that cannot be computed counts as impossible."""
    return jnp.where(jnp.isnan(values), jnp.inf, values)


approximate_all = jax.jit(approximate, static_argnames=("predict", "method"))
