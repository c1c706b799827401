r"""Variances, sds and CVs, and what is left out of an objective function value (OFV).

    OFV = -2 log L - n log(2 pi),

n the number of observations that enter by a normal density: not those that are censored. That is
what NONMEM prints; nlme, saemix and Monolix print log L or -2 log L with the constant. For a
log-normal residual error the OFV is that of log y, as NONMEM prints it for logarithms of the data;
-2 log L is that of y itself, so it holds the Jacobian 2 sum log y as well.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from myelodose.errors import InputError

LOG_2PI = math.log(2.0 * math.pi)


def covariance_from_sd(sd: ArrayLike, correlation: ArrayLike | None = None) -> np.ndarray:
    """Covariance of the random effects from their sds [eta, eta].

    Args:
        sd: Standard deviations, as Monolix, saemix and Stan print them [eta].
        correlation: Correlation matrix [eta, eta]; independent if not given.

    Example:
        >>> covariance_from_sd([0.3, 0.5]).tolist()
        [[0.09, 0.0], [0.0, 0.25]]
    """
    sd = np.atleast_1d(np.asarray(sd, float))
    if correlation is None:
        return np.diag(sd**2)
    return sd[:, None] * np.asarray(correlation, float) * sd


def covariance_from_lower_triangle(values: ArrayLike) -> np.ndarray:
    """Covariance from a lower triangle of variances, row by row, as in $OMEGA BLOCK [eta, eta].

    Args:
        values: Variances and covariances: (1,1), (2,1), (2,2), (3,1), ...

    Raises:
        InputError: If their number is that of no triangle.

    Example:
        >>> covariance_from_lower_triangle([0.09, 0.01, 0.25]).tolist()
        [[0.09, 0.01], [0.01, 0.25]]
    """
    values = np.asarray(values, float).ravel()
    size = int((math.sqrt(8 * len(values) + 1) - 1) / 2)
    if size * (size + 1) // 2 != len(values):
        raise InputError(
            "covariance_from_lower_triangle, values",
            f"found {len(values)} numbers",
            "give 1, 3, 6, 10, ... numbers, row by row",
        )
    lower = np.zeros((size, size))
    lower[np.tril_indices(size)] = values
    return lower + np.tril(lower, -1).T


def sd_from_cv(cv: ArrayLike) -> np.ndarray:
    """Sd of the logarithm of a log-normal parameter from its CV: sqrt(log(1 + CV^2)).

    Args:
        cv: Coefficient of variation as a fraction, 0.3 for 30 %.

    Example:
        >>> round(float(sd_from_cv(0.3)), 4)
        0.2936
    """
    return np.sqrt(np.log1p(np.asarray(cv, float) ** 2))


def cv_from_sd(sd: ArrayLike) -> np.ndarray:
    """CV of a log-normal parameter from the sd of its logarithm: sqrt(exp(sd^2) - 1).

    Args:
        sd: Standard deviation of the logarithm. NONMEM's OMEGA is its square; some reports print
            100 sd and call it CV %.

    Example:
        >>> round(float(cv_from_sd(0.5)), 4)
        0.5329
    """
    return np.sqrt(np.expm1(np.asarray(sd, float) ** 2))


def factor_of(covariance: ArrayLike) -> np.ndarray:
    """Lower triangular L with L L' = Omega; rows of effects without variance are 0 [eta, eta].

    Args:
        covariance: Omega [eta, eta], a matrix of variances and covariances; never sds.

    Raises:
        InputError: If it is no covariance matrix.

    Example:
        >>> factor_of([[0.09, 0.0], [0.0, 0.0]]).round(3).tolist()
        [[0.3, 0.0], [0.0, 0.0]]
    """
    omega = np.asarray(covariance, float)
    place, remedy = "omega", "give a symmetric matrix of variances and covariances"
    if omega.ndim != 2 or omega.shape[0] != omega.shape[1]:
        raise InputError(place, f"found shape {omega.shape}", remedy)
    if not (np.isfinite(omega).all() and np.allclose(omega, omega.T)):
        raise InputError(place, f"found {omega.tolist()}", remedy)
    live = np.flatnonzero(np.diag(omega) != 0)
    factor = np.zeros_like(omega)
    try:
        factor[np.ix_(live, live)] = np.linalg.cholesky(omega[np.ix_(live, live)])
    except np.linalg.LinAlgError:
        raise InputError(
            place, f"found {omega.tolist()}, which is not positive definite", remedy
        ) from None
    return factor


def minus_two_log_likelihood(ofv: float, *, normal: int, log_y: float = 0.0) -> float:
    """-2 log L of the observations from an OFV: OFV + n log(2 pi) + 2 sum log y.

    Args:
        ofv: Objective function value.
        normal: n, the number of observations that enter by a normal density.
        log_y: Sum of log y over those with log-normal residual error.

    Example:
        >>> round(minus_two_log_likelihood(121.892, normal=132), 2)
        364.49
    """
    return ofv + normal * LOG_2PI + 2.0 * log_y
