"""Minimise an objective function over the unknowns: BFGS, then Newton steps to the last digit."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

_REFUSED = 1e15
"""What an impossible point costs, so that a line search turns back."""


class Point(NamedTuple):
    """Value, gradient [unknown], and the parts of the value [patient]."""

    value: float
    slope: np.ndarray
    parts: np.ndarray


class Minimum(NamedTuple):
    """Where the objective is smallest.

    `x` [unknown], `value`, `hessian` and the gradient of each part `scores` [patient, unknown]
    there, `evaluations`, and `decrement`, by how much a Newton step would still lower the objective
    (inf if the Hessian is not positive definite).
    """

    x: np.ndarray
    value: float
    hessian: np.ndarray
    scores: np.ndarray
    evaluations: int
    decrement: float


def minimise(
    evaluate: Callable[[np.ndarray], Point],
    start: np.ndarray,
    *,
    tolerance: float = 1e-7,
    steps: int = 500,
    newton_steps: int = 8,
) -> Minimum:
    """Minimum of a smooth function with a gradient.

    Args:
        evaluate: The function.
        start: Where to start.
        tolerance: Decrement at which a minimum is reached, in the units of the function.
        steps: Most iterations of BFGS.
        newton_steps: Most Newton steps after it, with a Hessian by differences of the gradient.
    """
    calls = 0

    def at(x: np.ndarray) -> Point:
        nonlocal calls
        calls += 1
        point = evaluate(x)
        if np.isfinite(point.value) and np.isfinite(point.slope).all():
            return point
        return Point(_REFUSED, np.zeros_like(x), point.parts)

    # A first step of length 1 along the gradient would leave the region where models are defined.
    scale = 1.0 / max(1.0, float(np.abs(at(start).slope).max()))

    def scaled(x: np.ndarray) -> tuple[float, np.ndarray]:
        point = at(x)
        return scale * point.value, scale * point.slope

    options = {"maxiter": steps, "gtol": 1e-4 * scale}
    x = minimize(scaled, start, jac=True, method="BFGS", options=options).x
    point = at(x)
    hessian, scores = differences(at, x)
    decrement = _decrement(hessian, point.slope)
    for _ in range(newton_steps):
        if not tolerance < decrement < np.inf:
            break
        x, point = _newton_step(at, x, point, hessian)
        hessian, scores = differences(at, x)
        decrement = _decrement(hessian, point.slope)
    return Minimum(x, point.value, hessian, scores, calls, decrement)


def _newton_step(
    at: Callable[[np.ndarray], Point], x: np.ndarray, point: Point, hessian: np.ndarray
) -> tuple[np.ndarray, Point]:
    """Newton's step, halved until the function falls."""
    move = np.linalg.solve(hessian, point.slope)
    for halvings in range(14):
        there = x - move / 2.0**halvings
        new = at(there)
        if new.value < point.value + 1e-12 * abs(point.value):
            return there, new
    return x, point


def differences(
    at: Callable[[np.ndarray], Point], x: np.ndarray, *, step: float = 1e-4
) -> tuple[np.ndarray, np.ndarray]:
    """Hessian and gradient of each part, by central differences of gradient and parts."""
    rows, scores = [], []
    for one in np.eye(len(x)):
        ahead, behind = at(x + step * one), at(x - step * one)
        rows.append((ahead.slope - behind.slope) / (2.0 * step))
        scores.append((ahead.parts - behind.parts) / (2.0 * step))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2.0, np.array(scores).T


def _decrement(hessian: np.ndarray, slope: np.ndarray) -> float:
    if not np.isfinite(hessian).all() or np.linalg.eigvalsh(hessian)[0] <= 0:
        return float("inf")
    return float(slope @ np.linalg.solve(hessian, slope)) / 2.0
