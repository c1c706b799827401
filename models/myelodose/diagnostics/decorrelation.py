"""Take the correlation within a patient out of its observations."""

import numpy as np
from jaxtyping import Float

from myelodose.errors import InputError

ROOTS = ("cholesky", "symmetric")


def whitened(
    residual: Float[np.ndarray, "*sample obs"],
    covariance: Float[np.ndarray, "obs obs"],
    *,
    root: str = "cholesky",
) -> Float[np.ndarray, "*sample obs"]:
    """V^(-1/2) r: residuals with unit variance and no correlation, where V is their covariance.

    The Cholesky root depends on the order of the observations (the first one stays alone), the
    symmetric root does not.

    Args:
        residual: Centred values of one patient.
        covariance: V, positive definite.
        root: "cholesky" (the npde package, Stan) or "symmetric" (NONMEM's WRES and CWRES).

    Raises:
        InputError: If V is not positive definite.

    Example:
        >>> whitened(np.array([2.0, 3.0]), np.diag([4.0, 9.0])).tolist()
        [1.0, 1.0]
    """
    if root == "cholesky":
        try:
            lower = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError as failed:
            raise _not_definite() from failed
        return np.linalg.solve(lower, np.atleast_2d(residual).T).T.reshape(residual.shape)
    values, vectors = np.linalg.eigh(covariance)
    if values[0] <= 0:
        raise _not_definite()
    return residual @ (vectors / np.sqrt(values)) @ vectors.T


def decorrelated(
    observed: Float[np.ndarray, " obs"],
    simulated: Float[np.ndarray, "simulation obs"],
    *,
    root: str = "cholesky",
) -> tuple[Float[np.ndarray, " obs"], Float[np.ndarray, "simulation obs"]]:
    """One patient's observations and simulations, both centred and decorrelated.

    Mean and covariance (with divisor K - 1) are those of the simulations.

    Args:
        observed: Observed values of one patient.
        simulated: Their simulations.
        root: As for `whitened`.

    Raises:
        InputError: If the covariance is not positive definite.
    """
    mean = simulated.mean(axis=0)
    covariance = np.atleast_2d(np.cov(simulated, rowvar=False))
    return (
        whitened(observed - mean, covariance, root=root),
        whitened(simulated - mean, covariance, root=root),
    )


def _not_definite() -> InputError:
    return InputError(
        "covariance of one patient's observations",
        "it is not positive definite",
        "give more simulations than observations, with residual error, and no row twice",
    )
