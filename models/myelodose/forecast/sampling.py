"""The posterior of one patient, by importance sampling first and by more work only if it fails.

In order: whole patients drawn from the population are weighted by the likelihood; points around the
mode in standard normal coordinates, adapted once to what was found; points where a polynomial
through all that was simulated is high; a short NUTS run. Rounds go on until every posterior mean is
known to a stated error, and weights are used only if Pareto k is at most 0.7.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from myelodose.errors import InputError, check_fields
from myelodose.forecast.coordinates import inverse
from myelodose.forecast.emulator import SAFE, SAFER, emulate
from myelodose.forecast.individual import Attempt, Individual, Prior, Weighted, prior_of
from myelodose.forecast.likelihood import Task, task_of, try_values
from myelodose.forecast.people import People
from myelodose.forecast.proposal import adapted, around_mode, patched, widened
from myelodose.forecast.psis import Weights, smoothed
from myelodose.forecast.rounds import Rounds, largest_error, log_mean
from myelodose.forecast.seen import ForecastWarning, Seen
from myelodose.forecast.status import mixed, possible

AROUND_MODE = 2
"""Rounds of t: the first sees the tails, the second reaches them, the polynomial needs both."""


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
    rounds: int = 8
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

    Returns:
        The draws, and every way that was tried with its Pareto k and its error.

    Raises:
        InputError: If no way gave draws that can be trusted and NUTS was not allowed.

    Warns:
        ForecastWarning: "error" if rounds ended before the error was reached.
    """
    used = prior or prior_of(people, seen, seed)
    random = np.random.default_rng([seed, 1])
    found, tried = [], []
    for case in possible(seen, people):
        own, attempts = used.of(case.seen), []
        task = task_of(case.seen, people.errors)
        one = _weighted(task, own, random, draws, effort, attempts)
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


def _weighted(
    task: Task,
    prior: Prior,
    random: np.random.Generator,
    draws: int,
    effort: Effort,
    attempts: list[Attempt],
) -> Weighted | None:
    """Weighted points, and every way that was tried; None where no weights can be trusted."""

    def enough(weights: Weights, method: str, error: float) -> bool:
        attempts.append(Attempt(method, weights.k, weights.ess, error))
        fine = weights.reliable and weights.ess >= 2 * draws
        return fine and error <= effort.error

    first, log = _of_population(task, prior, random, effort)
    weights = smoothed(log)
    error = largest_error(prior.coordinates, first, weights.weight)
    if enough(weights, "draws of the population", error):
        return Weighted(first, weights.weight, log_mean(log))
    start = inverse(prior.coordinates, first[:, [int(np.argmax(weights.weight))]])[0]
    around = widened(around_mode(start, prior.coordinates, task))
    rounds = Rounds(prior.coordinates, task)
    for turn in range(effort.rounds):
        if turn < AROUND_MODE:
            method, part, new = "around the mode", around, around.draw(random, effort.points)
        else:
            method = "by a polynomial"
            given = (rounds.known, prior.coordinates, task, around, random, effort.points)
            part, new = emulate(*given, SAFE if weights.reliable else SAFER)
        rounds.add(part, new)
        weights = smoothed(rounds.log_weight)
        words = f"{method}, round {turn + 1}"
        if enough(weights, words, rounds.error(weights)) and turn + 1 >= AROUND_MODE:
            break
        log = rounds.log_weight
        around = widened(adapted(rounds.z, log))
        if turn + 1 >= AROUND_MODE:
            around = patched(around, rounds.z, log)
    if weights.cover:
        return Weighted(rounds.values, weights.weight, rounds.log_evidence)
    return None


def _of_population(
    task: Task, prior: Prior, random: np.random.Generator, effort: Effort
) -> tuple[np.ndarray, np.ndarray]:
    """Whole patients and their log-likelihoods: more of them where that will do."""
    order = random.permutation(prior.draws.shape[1])
    first = prior.draws[:, order[: effort.points]]
    log = try_values(first, task).log_likelihood
    weights = smoothed(log)
    error = largest_error(prior.coordinates, first, weights.weight)
    # The error falls with the root of their number; a tenth more, because it is a guess.
    needed = 1.1 * (error / effort.error) ** 2 * effort.points
    if not weights.reliable or not effort.points < needed <= len(order):
        return first, log
    chunks = np.array_split(order, max(1, len(order) // effort.points))
    taken = chunks[: int(np.ceil(needed / effort.points))]
    logs = [try_values(prior.draws[:, own], task).log_likelihood for own in taken]
    return prior.draws[:, np.concatenate(taken)], np.concatenate(logs)
