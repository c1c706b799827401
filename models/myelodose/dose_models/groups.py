"""Exchangeable groups: the curve of each from one set of standardised parameters."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

HYPER = 5
"""Parameters above the groups: mu (2), log tau (2), correlation."""
STEEPEST = 30.0
"""Slopes beyond e^30 change nothing, and infinity times log 1 is no number."""

type Pair = Float[Array, " 2"] | Float[np.ndarray, " 2"]


def group_curves(
    z: Float[Array, " parameter"], mean: Pair, sd: Pair, tau_log_mean: Pair, tau_log_sd: Pair
) -> Float[Array, "group 2"]:
    """(log a, log b) of each group: Normal(mu, Sigma) with mu, tau and correlation from z.

    Args:
        z: Standard normals: mu, log tau, the correlation (uniform by its quantile), then two a
            group.
        mean: Means of mu.
        sd: Their standard deviations.
        tau_log_mean: Means of log tau.
        tau_log_sd: Their standard deviations.

    Example:
        >>> two = jnp.ones(2)
        >>> group_curves(jnp.zeros(9), 0 * two, two, 0 * two, two).shape
        (2, 2)
    """
    mu = jnp.asarray(mean) + sd * z[:2]
    tau = jnp.exp(tau_log_mean + tau_log_sd * z[2:4])
    rho = 2 * jax.scipy.special.ndtr(z[4]) - 1
    own = z[HYPER:].reshape(-1, 2)
    second = rho * own[:, 0] + jnp.sqrt(jnp.maximum(1 - rho**2, 1e-12)) * own[:, 1]
    return mu + tau * jnp.stack([own[:, 0], second], -1)
