"""Groups that may or may not belong together (EXNEX); model and sources in `borrowing`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import expit, logit, softmax

from myelodose.dose_models.borrowing import (
    WEAK,
    Hierarchy,
    hierarchy_nodes,
    log_binomial,
    log_marginal,
)
from myelodose.errors import check_numbers


class Exnex(NamedTuple):
    """Posterior of each group's risk in the EXNEX model.

    Attributes:
        mean: Mean risk, (group,).
        sd: Its standard deviation.
        exceed: P(risk > t), (group, threshold).
        exchangeable: Posterior probability that the group is exchangeable.
    """

    mean: Float[np.ndarray, " group"]
    sd: Float[np.ndarray, " group"]
    exceed: Float[np.ndarray, "group threshold"]
    exchangeable: Float[np.ndarray, " group"]


def exnex(
    n: ArrayLike,
    r: ArrayLike,
    *,
    probability: float | Sequence[float] = 0.5,
    prior: Hierarchy = WEAK,
    own_mean: float = 0.0,
    own_sd: float = 2.0,
    thresholds: Sequence[float] = (),
) -> Exnex:
    """Risks of groups that may or may not belong together.

    Args:
        n: Patients of each group; 0 for a group without data.
        r: Patients with the event.
        probability: Prior probability to be exchangeable, one for all or one a group; 1 is the
            fully exchangeable model, 0 separate analyses.
        prior: Priors of mu and tau of the exchangeable part.
        own_mean: Mean of the logit of a group that is not exchangeable.
        own_sd: Its standard deviation.
        thresholds: Risks t for which P(risk > t) is wanted.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> exnex([10, 10, 10], [1, 1, 6]).exchangeable.argmin()
        np.int64(2)
    """
    n, r = np.asarray(n, float), np.asarray(r, float)
    share = np.broadcast_to(np.asarray(probability, float), n.shape)
    check_numbers("exnex, r", r, (r >= 0) & (r <= n), "give 0 to n")
    check_numbers("exnex, probability", share, (share >= 0) & (share <= 1), "give 0 to 1")
    # Groups are small in such trials, so their posteriors are wide and fewer nodes suffice.
    mu, tau, log_mass, _ = hierarchy_nodes(prior, 0.3)
    near = log_mass > log_mass.max() - 25
    mu, tau, log_mass = mu[near], tau[near], log_mass[near]
    together = np.stack([log_marginal(b, a, mu, tau) for a, b in zip(n, r, strict=True)])
    one, spread = np.array([own_mean]), np.array([own_sd])
    alone = np.array([log_marginal(b, a, one, spread)[0] for a, b in zip(n, r, strict=True)])
    with np.errstate(divide="ignore"):
        either = np.logaddexp(
            np.log(share)[:, None] + together, (np.log1p(-share) + alone)[:, None]
        )
        joined = np.exp(np.log(share)[:, None] + together - either)
    mass = softmax(log_mass + either.sum(0))
    results = [
        _group(n[i], r[i], mu, tau, mass * joined[i], own_mean, own_sd, thresholds)
        for i in range(len(n))
    ]
    mean, square, exceed = (np.array(x) for x in zip(*results, strict=True))
    return Exnex(mean, np.sqrt(square - mean**2), exceed, joined @ mass)


def _group(n, r, mu, tau, mass, own_mean, own_sd, thresholds):
    """Mean, mean square and exceedance of one group: exchangeable nodes and its own part."""
    z = np.arange(own_mean - 6 * own_sd - 6, own_mean + 6 * own_sd + 6, 0.05)
    like = log_binomial(r, n, z)
    kernel = -0.5 * ((z - mu[:, None]) / np.maximum(tau, 0.03)[:, None]) ** 2 + like
    density = mass @ softmax(kernel, axis=1)
    own = softmax(like - 0.5 * ((z - own_mean) / own_sd) ** 2)
    density = density + (1 - mass.sum()) * own
    risk = expit(z)
    below = np.cumsum(density) - density / 2
    exceed = [1 - float(np.interp(logit(t), z, below)) for t in thresholds]
    return float(density @ risk), float(density @ risk**2), exceed
