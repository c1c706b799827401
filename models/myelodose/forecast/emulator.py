"""A cheap stand-in for the course: every reading as a polynomial in the coordinates of a patient.

Once some thousand patients near this one have been simulated, least squares give

    g(expected_r) ~ a_r + b_r' z + z' C_r z + d_r' v,   g = log of a count, logit of a share

with v the parameters themselves over those of the centre, because the course of a clone is linear
in a growth that may be next to nothing, whose logarithm runs off to minus infinity. The likelihood
of these predictions costs a twentieth of the true one and has its shape: bent ridges, flat sides.
It only proposes. The course is simulated at every point that is proposed, and weights correct
whatever the polynomial misses.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import logsumexp

from myelodose.forecast.coordinates import Coordinates
from myelodose.forecast.likelihood import Task, log_likelihoods
from myelodose.forecast.proposal import Group, Student, adapted, widened
from myelodose.forecast.seen import COUNTS

POOLS = (6_000, 20_000)
"""Points at which the polynomial is evaluated: first to find where it is high, then to draw."""

SAFE, SAFER = 0.25, 0.6
"""Share of the points that is drawn from the t all the same: no weight can become large. More of
them where the polynomial has left out so much that the weights cannot be trusted."""

_BLOCK = 2000
_NARROW_FREEDOM = 30.0
_TEMPER, _RIDGE = 0.1, 1e-6
_MOST_LINK, _MOST_VALUE = 30.0, 20.0
_LOG_2PI = float(np.log(2 * np.pi))


class Terms(NamedTuple):
    """Coefficients of all readings, the last axis of each, and the centre that v is relative to."""

    constant: Any
    slope: Any
    bend: Any
    own: Any
    centre: Any


class Simulated(NamedTuple):
    """Points where the course is known.

    Attributes:
        z: Points, (point, parameter).
        values: Parameters there, (all, point).
        expected: Of every reading, (reading, point).
        log_likelihood: Of all readings, (point,).
    """

    z: Float[np.ndarray, "point parameter"]
    values: Float[np.ndarray, "all point"]
    expected: Float[np.ndarray, "reading point"]
    log_likelihood: Float[np.ndarray, " point"]

    @property
    def log_prior(self) -> Float[np.ndarray, " point"]:
        """Of every point."""
        return -0.5 * (self.z**2).sum(1) - 0.5 * self.z.shape[1] * _LOG_2PI

    @property
    def log_posterior(self) -> Float[np.ndarray, " point"]:
        """Of every point, up to a constant."""
        return self.log_likelihood + self.log_prior


@dataclass(frozen=True)
class Emulated:
    """The posterior by the polynomial and, for the share `safe`, the t around it.

    Args:
        terms: The polynomial.
        coordinates: Meaning of z.
        task: What was seen.
        around: The t.
        safe: Share of the points that is from the t.
        log_constant: Logarithm of the integral of the polynomial's unnormalised posterior.
        pool: Effective number of draws that the points were drawn from.
    """

    terms: Terms
    coordinates: Coordinates
    task: Task
    around: Group
    safe: float = SAFE
    log_constant: float = 0.0
    pool: float = np.inf

    def log_density(self, z: Float[np.ndarray, "point parameter"]) -> np.ndarray:
        """Log density at points, (point,).

        Args:
            z: Points.
        """
        bent = self.unnormalised(z) - self.log_constant + np.log1p(-self.safe)
        return np.logaddexp(bent, self.around.log_density(z) + np.log(self.safe))

    def unnormalised(self, z: Float[np.ndarray, "point parameter"]) -> np.ndarray:
        """Log posterior by the polynomial, (point,); single precision will do for a proposal.

        Args:
            z: Points.
        """
        count = len(z)
        index = np.minimum(np.arange(count + -count % _BLOCK), count - 1).reshape(-1, _BLOCK)
        given = jax.tree.map(jnp.asarray, (self.terms, self.coordinates, self.task))
        log = np.concatenate(
            [np.asarray(_likelihoods(jnp.asarray(z[own]), *given)) for own in index]
        )
        return log[:count].astype(float) - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * _LOG_2PI


def emulate(
    known: Simulated,
    coordinates: Coordinates,
    task: Task,
    around: Group,
    random: np.random.Generator,
    count: int,
    safe: float = SAFE,
) -> tuple[Emulated, np.ndarray]:
    """The polynomial through what was simulated, and points where it is high.

    Args:
        known: What was simulated.
        coordinates: Meaning of z.
        task: What was seen.
        around: Where to look.
        random: Source of randomness.
        count: How many points.
        safe: Share of them that is drawn from `around`.

    Returns:
        The proposal, and points drawn from it, (count, parameter).
    """
    terms = fitted(known, coordinates, task)
    found = Emulated(terms, coordinates, task, around)
    pool, log = _pool(found, around, random, POOLS[0])
    pool, log = _pool(found, _mostly_narrow(adapted(pool, log)), random, POOLS[1])
    total = float(logsumexp(log))
    share = np.exp(log - total)
    most = count - int(safe * count)
    at = np.searchsorted(np.cumsum(share), (random.random() + np.arange(most)) / most)
    new = [pool[np.minimum(at, len(pool) - 1)], around.draw(random, count - most)]
    ess, constant = float(1 / (share**2).sum()), total - float(np.log(len(pool)))
    return Emulated(terms, coordinates, task, around, safe, constant, ess), np.concatenate(new)


def _mostly_narrow(one: Student) -> Group:
    """A t that is nearly the polynomial's posterior, and wider ones, so that no weight is large."""
    near = Student(one.centre, 1.05 * one.root, _NARROW_FREEDOM)
    wide = widened(one).members
    return Group((near, *wide), (len(wide), *np.ones(len(wide))))


def _pool(
    found: Emulated, where: Group, random: np.random.Generator, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Points and their weights under the polynomial."""
    pool = where.draw(random, size)
    log = found.unnormalised(pool) - where.log_density(pool)
    return pool, np.nan_to_num(log, nan=-np.inf, neginf=-np.inf)


def fitted(known: Simulated, coordinates: Coordinates, task: Task) -> Terms:
    """Least squares, points weighted by a tenth power of their posterior density.

    Args:
        known: What was simulated.
        coordinates: Meaning of z.
        task: What was seen.
    """
    counted = (np.asarray(task.readings.kind) >= len(COUNTS))[:, None]
    with np.errstate(all="ignore"):
        y = np.where(counted, np.log(known.expected / (1 - known.expected)), np.log(known.expected))
        root = np.exp(0.5 * _TEMPER * (known.log_posterior - np.nanmax(known.log_posterior)))
    use = np.isfinite(y).all(0) & (root > 1e-3)
    z, root = known.z[use], root[use, None]
    size, (first, second) = z.shape[1], np.triu_indices(z.shape[1])
    centre = _centre(coordinates)
    own = np.minimum(known.values[coordinates.place][:, use].T / centre, _MOST_VALUE)
    features = root * np.hstack([np.ones((len(z), 1)), z, own, z[:, first] * z[:, second]])
    square = features.T @ features
    ridge = _RIDGE * np.trace(square) / len(square) * np.eye(len(square))
    found = np.linalg.solve(square + ridge, features.T @ (root * y.T[use]))
    bend = np.zeros((size, size, len(y)))
    bend[first, second] = found[1 + 2 * size :]
    return Terms(found[0], found[1 : 1 + size], bend, found[1 + size : 1 + 2 * size], centre)


def _centre(coordinates: Coordinates) -> Float[np.ndarray, " parameter"]:
    """Medians of the parameters that vary."""
    middle = np.asarray(coordinates.quantile)[:, coordinates.quantile.shape[1] // 2]
    return np.where(coordinates.share, 1 / (1 + np.exp(-middle)), np.exp(middle))


@jax.jit
def _likelihoods(z: Array, terms: Terms, coordinates: Coordinates, task: Task) -> Array:
    bent = (z @ terms.bend.reshape(z.shape[1], -1)).reshape(*z.shape, -1)
    link = terms.constant + z @ terms.slope + (bent * z[..., None]).sum(1)
    own = coordinates.values(z)[coordinates.place].T / terms.centre
    link = link + jnp.minimum(own, _MOST_VALUE) @ terms.own
    link = jnp.clip(link, -_MOST_LINK, _MOST_LINK).T
    counted = task.readings.kind[:, None] >= len(COUNTS)
    return log_likelihoods(jnp.where(counted, jax.nn.sigmoid(link), jnp.exp(link)), task)
