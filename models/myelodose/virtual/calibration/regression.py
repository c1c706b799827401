"""Regressions on the uncertain parameters: what a trial is expected to show, and how it varies.

Features are products of Hermite polynomials in z: constant, first and second degree with all pairs,
and third degree of each parameter alone. Coefficients have a prior precision each, which is learnt
(Tipping, J Mach Learn Res 2001;1:211).
"""

import numpy as np
from jaxtyping import Float
from scipy.special import expit

_SWEEPS, _MOST_PRECISE = 40, 1e8


def features(z: Float[np.ndarray, "draw parameter"]) -> Float[np.ndarray, "draw feature"]:
    """Hermite polynomials of z, (draw, feature).

    Args:
        z: Standard normal numbers.

    Example:
        >>> features(np.zeros((2, 3))).shape
        (2, 13)
    """
    one = np.ones((len(z), 1))
    left, right = np.triu_indices(z.shape[1], 1)
    return np.concatenate(
        [one, z, (z**2 - 1) / np.sqrt(2), (z**3 - 3 * z) / np.sqrt(6), z[:, left] * z[:, right]], 1
    )


def simple_features(z: Float[np.ndarray, "draw parameter"]) -> Float[np.ndarray, "draw feature"]:
    """The same without pairs and third degree, for what is known less well.

    Args:
        z: Standard normal numbers.
    """
    return np.concatenate([np.ones((len(z), 1)), z, (z**2 - 1) / np.sqrt(2)], 1)


def with_dose(
    x: Float[np.ndarray, "draw feature"], z: Float[np.ndarray, "draw parameter"], dose_mg: float
) -> Float[np.ndarray, "draw feature"]:
    """Features of one dose: those of the draw, log dose, and its products with z.

    Args:
        x: From `features`.
        z: Standard normal numbers.
        dose_mg: Lenalidomide a day [mg].
    """
    log_dose = np.log(dose_mg / 20)
    more = np.full((len(z), 1), log_dose)
    return np.concatenate([x, more, more**2, log_dose * z], 1)


def least_squares(
    x: Float[np.ndarray, "draw feature"], y: Float[np.ndarray, " draw"]
) -> Float[np.ndarray, " feature"]:
    """Sparse Bayesian regression; rows with NaN are left out.

    Args:
        x: Features, the constant first.
        y: What is expected.
    """
    seen = np.isfinite(y)
    x, y = x[seen], y[seen]
    return _sparse(x.T @ x, x.T @ y, float(y @ y), len(y))


def logistic(
    x: Float[np.ndarray, "row feature"],
    share: Float[np.ndarray, " row"],
    weight: Float[np.ndarray, " row"],
    *,
    rounds: int = 5,
    steps: int = 3,
) -> Float[np.ndarray, " feature"]:
    """Sparse logistic regression of shares: damped Newton steps, then precisions learnt from them.

    Args:
        x: Features, the constant first.
        share: Shares, or means of probabilities, from 0 to 1.
        weight: Patients that each share is of.
        rounds: How often precisions are renewed.
        steps: Newton steps in each round.
    """
    precision = np.full(x.shape[1], 3.0)
    precision[0] = 1e-6
    beta = np.zeros(x.shape[1])
    mean = np.average(share, weights=weight)
    beta[0] = np.log(mean / (1 - mean))
    curve = np.eye(len(beta))
    for _ in range(rounds):
        for _ in range(steps):
            p = expit(x @ beta)
            # Means of probabilities vary less than shares do, and so know more.
            noise = float(np.mean(weight * (share - p) ** 2 / (p * (1 - p))))
            slope = x.T @ (weight * (share - p)) / noise - precision * beta
            curve = (x * (weight * p * (1 - p) / noise)[:, None]).T @ x + np.diag(precision)
            step = np.linalg.solve(curve, slope)
            # A long step is cut: shares near zero make the first ones wild.
            beta = beta + step * min(1.0, 1.0 / max(np.abs(step).max(), 1e-12))
        known = np.clip(1 - precision * np.diag(np.linalg.inv(curve)), 1e-9, 1)
        precision[1:] = np.clip(known[1:] / (beta[1:] ** 2 + 1e-30), 1.0, _MOST_PRECISE)
    return beta


def _sparse(xx: np.ndarray, xy: np.ndarray, yy: float, rows: int) -> np.ndarray:
    """Automatic relevance determination from sums of squares: what is mere noise goes to zero.

    Without it two hundred coefficients, most of them near zero, would add up to a likelihood that
    seems to know parameters of which the facts say nothing.
    """
    precision = np.full(len(xy), 1e-3)
    precision[0] = 0.0
    noise, beta = yy / rows, np.zeros(len(xy))
    for _ in range(_SWEEPS):
        spread = np.linalg.inv(xx / noise + np.diag(precision))
        beta = spread @ xy / noise
        known = np.clip(1 - precision * np.diag(spread), 1e-9, 1)
        noise = max((yy - 2 * beta @ xy + beta @ xx @ beta) / (rows - known.sum()), 1e-12)
        precision[1:] = np.clip(known[1:] / (beta[1:] ** 2 + 1e-30), 1e-6, _MOST_PRECISE)
    return beta
