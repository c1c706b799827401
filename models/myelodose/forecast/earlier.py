"""What was known of a patient before his newest readings: where the next posterior starts from."""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Bool, Float

from myelodose.errors import InputError
from myelodose.forecast.balance import systematic
from myelodose.forecast.coordinates import Coordinates, inverse
from myelodose.forecast.emulator import Simulated
from myelodose.forecast.individual import POPULATION, Individual
from myelodose.forecast.likelihood import Task, log_likelihoods
from myelodose.forecast.people import People
from myelodose.forecast.seen import Seen
from myelodose.precision import float64


@dataclass(frozen=True)
class Earlier:
    """The posterior by the readings before, as a proposal for the one by all.

    Its density at a point is L_before(z) N(z; 0, I) / P(readings before), and L_before comes out of
    the same course as the likelihood of all readings.

    Args:
        task: What was seen, with only the readings before in use.
        log_evidence: Logarithm of the probability of the readings before.
        points: Its weighted points, (point, parameter).
        weight: Their weights.
    """

    task: Task
    log_evidence: float
    points: Float[np.ndarray, "point parameter"]
    weight: Float[np.ndarray, " point"]

    @property
    def pool(self) -> float:
        """Effective number of the points that others are drawn from."""
        return float(1 / (self.weight**2).sum())

    def draw(self, random: np.random.Generator, count: int) -> np.ndarray:
        """Points of it, (count, parameter)."""
        return self.points[systematic(self.weight, count, random)]

    def log_density_of(self, known: Simulated) -> Float[np.ndarray, " point"]:
        """Log density at points whose course is known.

        Args:
            known: The points.
        """
        with float64():
            log = np.asarray(_jitted(known.expected, self.task))
        return log + known.log_prior - self.log_evidence


_jitted = jax.jit(log_likelihoods)


def earlier_of(
    before: Individual, seen: Seen, people: People, coordinates: Coordinates, task: Task
) -> Earlier | None:
    """A posterior of fewer readings of the same patient.

    Args:
        before: The posterior.
        seen: The patient now.
        people: What patients are like.
        coordinates: Meaning of z.
        task: What is seen now.

    Returns:
        None where its density is not known: draws of the population itself, NUTS, unknown TP53.

    Raises:
        InputError: If it is not of this patient.
    """
    mask = _seen_before(before, seen, people)
    # Whole patients have the density of the population itself, not of its coordinates.
    if not np.isfinite(before.log_evidence) or before.method == POPULATION:
        return None
    used = np.zeros(len(task.readings.used), bool)
    used[: len(mask)] = mask
    values, weight = before.weighted
    fewer = task._replace(readings=task.readings._replace(used=used))
    return Earlier(fewer, before.log_evidence, inverse(coordinates, values), weight)


def _seen_before(before: Individual, seen: Seen, people: People) -> Bool[np.ndarray, " reading"]:
    """Which readings it knows."""
    old, place = before.seen, "individual_posterior, before"
    remedy = "give the posterior of the same patient at an earlier day, or none"
    until = old.now_d
    given = [[d for d in one.doses if d.day < until] for one in (old, seen)]
    known = [
        (one.creatinine_clearance_ml_per_min, one.tp53_mutated, one.loss_of_17p)
        for one in (old, seen)
    ]
    lost = set(old.readings) - set(seen.readings)
    problems = {
        "another population": before.people is not people,
        "other covariates": known[0] != known[1],
        f"other doses before day {until:g}": given[0] != given[1],
        f"{len(lost)} readings that are not there now": bool(lost),
    }
    for found, wrong in problems.items():
        if wrong:
            raise InputError(place, f"found {found}", remedy)
    return np.array([one in set(old.readings) for one in seen.readings])
