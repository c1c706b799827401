"""The posterior of one patient, by importance sampling first and by more work only if it fails.

In order: whole patients drawn from the population are weighted by the likelihood; points around the
mode in standard normal coordinates, adapted once to what was found; points where a polynomial
through all that was simulated is high; a short NUTS run. Rounds go on until every posterior mean is
known to a stated error, and weights are used only if Pareto k is at most 0.7.
"""

import warnings
from dataclasses import dataclass, field

import numpy as np

from myelodose.errors import InputError, check_fields
from myelodose.forecast.coordinates import inverse
from myelodose.forecast.earlier import Earlier, earlier_of
from myelodose.forecast.emulator import SAFE, SAFER, emulate
from myelodose.forecast.individual import (
    POPULATION,
    Attempt,
    Individual,
    Prior,
    Weighted,
    prior_of,
)
from myelodose.forecast.likelihood import Task, task_of, try_values
from myelodose.forecast.people import People
from myelodose.forecast.proposal import (
    Group,
    Student,
    adapted,
    around_mode,
    far_end,
    patched,
    widened,
)
from myelodose.forecast.psis import Weights, smoothed
from myelodose.forecast.rounds import Rounds, largest_error, log_mean
from myelodose.forecast.seen import ForecastWarning, Seen
from myelodose.forecast.status import mixed, possible

AROUND_MODE = 2
"""Rounds of t: the first sees the tails, the second reaches them, the polynomial needs both. No
posterior is taken after a single round."""


@dataclass(frozen=True)
class Effort:
    """How well a posterior is to be known, and what may be spent on it.

    Args:
        error: Largest Monte Carlo standard error of a posterior mean, in posterior sd, at which
            rounds end.
        points: Points of a round.
        rounds: Rounds at most.
        nuts: Whether a short NUTS run may follow where all else fails; it takes minutes.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Effort(error=0.05).points
        1500
    """

    error: float = 0.025
    points: int = 1500
    rounds: int = 14
    nuts: bool = True

    def __post_init__(self) -> None:
        """Check every value."""
        checks = {
            "error": (0.002 <= self.error <= 0.5, "0.002 to 0.5 posterior sd"),
            "points": (200 <= self.points <= 10_000, "200 to 10,000"),
            "rounds": (self.rounds >= 1, "1 or more"),
        }
        check_fields(self, checks)


def individual_posterior(
    seen: Seen,
    people: People,
    seed: int,
    *,
    prior: Prior | None = None,
    draws: int = 200,
    effort: Effort = Effort(),
    before: Individual | None = None,
) -> Individual:
    """Draws of a patient's parameters given what was seen of him.

    Where TP53 or 17p is not known, every possibility gets a posterior of its own, and they are
    mixed by their prevalence and by how well each explains the readings.

    Args:
        seen: The patient.
        people: What patients are like.
        seed: Seed of all randomness.
        prior: From `prior_of`, if there is one already.
        draws: Equally weighted draws to return.
        effort: How well, and at what cost.
        before: His posterior at an earlier day, with the same people and prior: the next one
            starts there and is found sooner. Not used where TP53 is not known, or where it came
            from the population's own draws or from NUTS.

    Returns:
        The draws, and every way that was tried with its Pareto k and its error.

    Raises:
        InputError: If no way gave draws that can be trusted and NUTS was not allowed, or `before`
            is of another patient.

    Warns:
        ForecastWarning: "error" if rounds ended before the error was reached.
    """
    used = prior or prior_of(people, seen, seed)
    random = np.random.default_rng([seed, 1])
    found, tried = [], []
    for case in possible(seen, people):
        own, task = used.of(case.seen), task_of(case.seen, people.errors)
        search = _Search(task, own, random, draws, effort)
        start = earlier_of(before, seen, people, own.coordinates, task) if before else None
        one, attempts = search.run(start), search.tried
        if one is None and effort.nuts and case.certain:
            # Only here: everything else runs without NumPyro.
            from myelodose.forecast.refit import refit

            return refit(seen, people, seed, prior=used, draws=draws, before=tuple(attempts))
        if one is None:
            last = attempts[-1]
            text = f"found Pareto k {last.pareto_k:.2f} and {last.ess:.0f} effective draws"
            remedy = "allow NUTS" if case.certain else f"say what is known ({case.label})"
            raise InputError("individual_posterior", text, f"{remedy}, or give more points")
        if attempts[-1].error > effort.error:
            text = f"error: {attempts[-1].error:.3f} posterior sd, {effort.error:g} was asked for"
            warnings.warn(text, ForecastWarning, stacklevel=2)
        found.append(one)
        tried += [one._replace(method=case.told(one.method)) for one in attempts]
    return mixed(seen, people, found, tuple(tried), used, random, draws)


@dataclass
class _Search:
    """The search for weighted points of one possibility, and every way that was tried."""

    task: Task
    prior: Prior
    random: np.random.Generator
    draws: int
    effort: Effort
    tried: list[Attempt] = field(default_factory=list)

    def run(self, earlier: Earlier | None) -> Weighted | None:
        """Weighted points; None where no weights can be trusted."""
        if earlier is not None:
            return self._in_rounds(earlier, "his posterior before", 1)
        first, log = self._of_population()
        weights = smoothed(log)
        error = largest_error(self.prior.coordinates, first, weights.weight)
        if self._enough(weights, POPULATION, error):
            return Weighted(first, weights.weight, log_mean(log))
        best = first[:, [int(np.argmax(weights.weight))]]
        start = inverse(self.prior.coordinates, best)[0]
        mode = around_mode(start, self.prior.coordinates, self.task)
        far = far_end(mode, self.prior.coordinates, self.task)
        around = Group((*widened(mode).members, far))
        return self._in_rounds(around, "around the mode", AROUND_MODE, (far,))

    def _enough(self, weights: Weights, method: str, error: float) -> bool:
        self.tried.append(Attempt(method, weights.k, weights.ess, error))
        fine = weights.reliable and weights.ess >= 2 * self.draws
        return fine and error <= self.effort.error

    def _in_rounds(
        self, first: Earlier | Group, method: str, without: int, always: tuple[Student, ...] = ()
    ) -> Weighted | None:
        """Rounds, so many of them without the polynomial; `always` has a part in all of them."""
        coordinates, count = self.prior.coordinates, self.effort.points
        rounds = Rounds(coordinates, self.task)
        rounds.add(first, first.draw(self.random, count))
        while True:
            turn, log = len(rounds.parts), rounds.log_weight
            weights = smoothed(log)
            fine = self._enough(weights, f"{method}, round {turn}", rounds.error(weights))
            if turn >= self.effort.rounds or (fine and turn >= AROUND_MODE):
                break
            around = Group((*widened(adapted(rounds.known.z, log)).members, *always))
            if turn < without:
                rounds.add(around, around.draw(self.random, count))
                continue
            method, around = "by a polynomial", patched(around, rounds.known.z, log)
            given = (rounds.known, coordinates, self.task, around, self.random, count)
            rounds.add(*emulate(*given, SAFE if weights.reliable else SAFER))
        if weights.cover:
            return Weighted(rounds.known.values, weights.weight, rounds.log_evidence)
        return None

    def _of_population(self) -> tuple[np.ndarray, np.ndarray]:
        """Whole patients and their log-likelihoods: more of them where that will do."""
        everyone, count = self.prior.draws, self.effort.points
        order = self.random.permutation(everyone.shape[1])
        # A part of them tells whether all would do, and mostly they would not.
        few = count // 3
        first = everyone[:, order[:few]]
        log = try_values(first, self.task).log_likelihood
        weights = smoothed(log)
        error = largest_error(self.prior.coordinates, first, weights.weight)
        # The error falls with the root of their number; a tenth more, because it is a guess.
        needed = 1.1 * (error / self.effort.error) ** 2 * few
        if not weights.reliable or not few < needed <= len(order):
            return first, log
        chunks = np.array_split(order, max(1, len(order) // count))
        taken = chunks[: int(np.ceil(needed / count))]
        logs = [try_values(everyone[:, own], self.task).log_likelihood for own in taken]
        return everyone[:, np.concatenate(taken)], np.concatenate(logs)
