"""Search for the maximum of the marginal likelihood over the unknowns."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelodose.inference.marginal.approximations import approximate, first_order, interacts
from myelodose.inference.marginal.joint import Predict
from myelodose.inference.marginal.minimise import Minimum, Point, minimise
from myelodose.inference.marginal.modes import Modes, find_modes
from myelodose.inference.marginal.observed import Observed, Parameters
from myelodose.inference.marginal.unknowns import Unknowns

_ROUNDS = 60
_SETTLED = 1e-7

_static = partial(jax.jit, static_argnames=("predict", "unknowns", "method"))


@_static
def _modes(predict: Predict, unknowns: Unknowns, x, u, data, observed: Observed, *, method: str):
    at = unknowns.parameters(x, data)
    return find_modes(predict, u, at, observed, interaction=interacts(method))


@_static
def _evaluate(predict: Predict, unknowns: Unknowns, x, modes, data, observed, *, method: str):
    """Objective, the objective of each patient, and the gradient."""

    def total(x):
        at = unknowns.parameters(x, data)
        each = approximate(predict, modes, at, observed, method=method)
        return each.sum(), each

    return jax.value_and_grad(total, has_aux=True)(x)


def _point(evaluated) -> Point:
    (value, each), slope = evaluated
    return Point(float(value), np.asarray(slope), np.asarray(each))


def search(
    predict: Predict, unknowns: Unknowns, observed: Observed, data: Any, *, method: str, steps: int
) -> Minimum:
    """Minimum of the objective by any of the approximations.

    The gradient includes how each patient's mode moves with the unknowns.

    Args:
        predict: Predictions from {"theta", "data"} and eta.
        unknowns: What is estimated.
        observed: Observations.
        data: Pytree that `predict` finds beside theta.
        method: Approximation of the marginal likelihood.
        steps: Most iterations of BFGS.
    """
    u = np.zeros((observed.patients, len(unknowns.effects)))
    modes: Modes | None = None

    def evaluate(x: np.ndarray) -> Point:
        nonlocal u, modes
        if method != "FO":
            modes = _modes(predict, unknowns, x, u, data, observed, method=method)
            u = modes.u
        return _point(_evaluate(predict, unknowns, x, modes, data, observed, method=method))

    return minimise(evaluate, unknowns.start(), steps=steps)


def search_lindstrom_bates(
    predict: Predict, unknowns: Unknowns, observed: Observed, data: Any, *, steps: int
) -> Minimum:
    """Fixed point of Lindstrom and Bates, which nlme fits.

    The model is linearised in fixed and random effects around the current estimates and modes,
    which makes a linear mixed model; its maximum-likelihood estimates are the next ones. At the
    fixed point the likelihood is that of FOCE, but the estimates are not at its maximum, because
    the linearisation was held while they were found.

    Args:
        predict: Predictions from {"theta", "data"} and eta.
        unknowns: What is estimated; fixed effects are linearised on their links.
        observed: Observations with additive residual error.
        data: Pytree that `predict` finds beside theta.
        steps: Most iterations of BFGS in each round.
    """
    linear = _linearised(predict, unknowns)

    @jax.jit
    def evaluated(x, about, data, observed):
        def total(x):
            at = unknowns.parameters(x, data)
            each = first_order(linear, Parameters((x, about, data), *at[1:]), observed)
            return each.sum(), each

        return jax.value_and_grad(total, has_aux=True)(x)

    x = unknowns.start()
    u = np.zeros((observed.patients, len(unknowns.effects)))
    for rounds_left in reversed(range(_ROUNDS)):
        u = _modes(predict, unknowns, x, u, data, observed, method="FOCE").u
        eta = u @ np.asarray(unknowns.parameters(jnp.asarray(x), data).factor).T
        about = (x, eta)

        def evaluate(x: np.ndarray, about=about) -> Point:
            return _point(evaluated(x, about, data, observed))

        minimum = minimise(evaluate, x, steps=steps)
        moved = np.abs(minimum.x - x).max()
        x = minimum.x
        if moved < _SETTLED:
            return minimum
        if not rounds_left:
            break
    return minimum._replace(decrement=np.inf)


def _linearised(predict: Predict, unknowns: Unknowns) -> Predict:
    """The tangent of the model at (x, eta) = about, as a model of its own."""

    def linear(theta, eta):
        x, (x_about, eta_about), data = theta

        def model(x, eta):
            return predict(unknowns.parameters(x, data).theta, eta)

        value, change = jax.jvp(model, (x_about, eta_about), (x - x_about, eta - eta_about))
        return value + change

    return linear
