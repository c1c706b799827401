r"""Adaptive multiple importance sampling: points of all rounds, weighted as one mixture.

    w(z) = L(z) N(z; 0, I) / (1/T sum_t q_t(z))

over the proposals q_t of T rounds of equally many points. The mean of w estimates the probability
of the readings. A posterior mean sum w f / sum w has the standard error

    sqrt(sum w^2 (f - mean)^2) / sum w

Source:
    Cornuet, Marin, Mira and Robert, Scand J Stat 2012;39:798
    (doi 10.1111/j.1467-9469.2011.00756.x); Owen, Monte Carlo theory, methods and examples, 9.1.
"""

from typing import Protocol

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from myelodose.forecast.coordinates import Coordinates, linked
from myelodose.forecast.earlier import Earlier
from myelodose.forecast.emulator import Emulated, Simulated
from myelodose.forecast.likelihood import Task, try_points
from myelodose.forecast.psis import Weights


class Proposal(Protocol):
    """Where points are drawn from."""

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Log density at points, (point,)."""
        ...


class Rounds:
    """What has been simulated so far.

    Args:
        coordinates: Meaning of z.
        task: What was seen.
    """

    def __init__(self, coordinates: Coordinates, task: Task) -> None:
        self.coordinates, self.task = coordinates, task
        self.parts: list[Proposal | Earlier] = []
        self.known = Simulated(
            np.zeros((0, coordinates.size)),
            np.zeros((len(coordinates.fixed), 0)),
            np.zeros((len(task.readings.kind), 0)),
            np.zeros(0),
        )
        self._log_density = np.zeros((0, 0))

    def add(self, part: Proposal | Earlier, new: Float[np.ndarray, "point parameter"]) -> None:
        """One more round.

        Args:
            part: The proposal.
            new: Points drawn from it, as many as in every round.
        """
        tried, values = try_points(new, self.coordinates, self.task)
        more = Simulated(new, values, tried.expected, tried.log_likelihood)
        before = [_log_density(one, more) for one in self.parts]
        self.known = Simulated(
            np.concatenate([self.known.z, more.z]),
            np.concatenate([self.known.values, more.values], 1),
            np.concatenate([self.known.expected, more.expected], 1),
            np.concatenate([self.known.log_likelihood, more.log_likelihood]),
        )
        old = np.concatenate([self._log_density, np.reshape(before, (-1, len(new)))], 1)
        self._log_density = np.concatenate([old, _log_density(part, self.known)[None]])
        self.parts.append(part)

    @property
    def log_weight(self) -> Float[np.ndarray, " point"]:
        """Of every point."""
        return self.known.log_posterior - logsumexp(self._log_density, 0) + np.log(len(self.parts))

    @property
    def log_evidence(self) -> float:
        """Logarithm of the probability of the readings."""
        return log_mean(self.log_weight)

    def error(self, weights: Weights) -> float:
        """Largest standard error of a posterior mean, in posterior sd.

        Points of the polynomial and of an earlier posterior are drawn from pools, whose own error
        counts too.

        Args:
            weights: Of all points.
        """
        pools = sum(one.pool for one in self.parts if isinstance(one, Emulated | Earlier))
        own = largest_error(self.coordinates, self.known.values, weights.weight)
        return float(np.hypot(own, 1 / np.sqrt(pools))) if pools else own


def _log_density(part: Proposal | Earlier, known: Simulated) -> np.ndarray:
    of_course = isinstance(part, Earlier)
    return part.log_density_of(known) if of_course else part.log_density(known.z)


def largest_error(
    coordinates: Coordinates,
    values: Float[np.ndarray, "all point"],
    weight: Float[np.ndarray, " point"],
) -> float:
    """Largest standard error of a posterior mean on the scale of the link, in posterior sd.

    Args:
        coordinates: Which parameters vary, on which scale.
        values: Parameters.
        weight: Sums to 1.

    Example:
        >>> one = Coordinates(None, None, np.ones(1), np.array([False]), np.array([0]))
        >>> equal = np.full(400, 1 / 400)
        >>> round(largest_error(one, np.exp(np.linspace(-1, 1, 400))[None], equal), 3)
        0.05
    """
    x = linked(coordinates, values)
    away = x - (x @ weight)[:, None]
    sd = np.sqrt(away**2 @ weight)
    error = np.sqrt(away**2 @ weight**2)
    return float(np.max(error / np.where(sd > 0, sd, 1.0)))


def log_mean(log_weight: Float[np.ndarray, " point"]) -> float:
    """Logarithm of a mean weight.

    Args:
        log_weight: Logarithms; minus infinity for 0, and what is not a number counts as 0.

    Example:
        >>> round(log_mean(np.log([1.0, 3.0])), 4) == round(float(np.log(2)), 4)
        True
    """
    finite = np.nan_to_num(log_weight, nan=-np.inf, neginf=-np.inf)
    return float(logsumexp(finite) - np.log(len(finite)))
