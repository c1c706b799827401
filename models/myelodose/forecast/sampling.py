"""The posterior of one patient, by importance sampling first and by more work only if it fails.

In order: whole patients drawn from the population are weighted by the likelihood; points around the
mode in standard normal coordinates; the same adapted to what was found, up to five times; a short
NUTS run. Each is used only if Pareto k is at most 0.7 and enough effective draws are left.
"""

import numpy as np

from myelodose.errors import InputError
from myelodose.forecast.coordinates import inverse
from myelodose.forecast.course import NAMES
from myelodose.forecast.individual import Attempt, Individual, Prior, prior_of
from myelodose.forecast.likelihood import task_of, try_points, try_values
from myelodose.forecast.people import People
from myelodose.forecast.proposal import Student, adapted, around_mode, widened
from myelodose.forecast.psis import Weights, smoothed
from myelodose.forecast.seen import Seen

LEAST_ESS = 50.0
"""Effective draws with which the last round is still used."""

_LOG_2PI = float(np.log(2 * np.pi))


def individual_posterior(
    seen: Seen,
    people: People,
    seed: int,
    *,
    prior: Prior | None = None,
    points: int = 1500,
    draws: int = 200,
    rounds: int = 5,
    nuts: bool = True,
) -> Individual:
    """Draws of a patient's parameters given what was seen of him.

    Args:
        seen: The patient.
        people: What patients are like.
        seed: Seed of all randomness.
        prior: From `prior_of`, if there is one already.
        points: Points of each round of importance sampling.
        draws: Equally weighted draws to return.
        rounds: Rounds of adaptation at most.
        nuts: Whether a short NUTS run may follow where all else fails; it takes a minute.

    Returns:
        The draws, and every way that was tried with its Pareto k.

    Raises:
        InputError: If no way gave draws that can be trusted and NUTS was not allowed.
    """
    used = prior or prior_of(people, seen, seed)
    task = task_of(seen, people.errors)
    random = np.random.default_rng([seed, 1])
    first = used.draws[:, random.choice(used.draws.shape[1], points, replace=False)]
    tried = try_values(first, task)
    weights = smoothed(tried.log_likelihood)
    attempts = [Attempt("draws of the population", weights.k, weights.ess)]
    if _enough(weights, 2 * draws):
        return _finished(seen, people, first, weights, attempts, random, draws)
    start = inverse(used.coordinates, first[:, [int(np.argmax(weights.weight))]])[0]
    parts: list[Student] = []
    ahead = around_mode(start, used.coordinates, task)
    z, log, values = np.zeros((0, len(start))), np.zeros(0), np.zeros((len(NAMES), 0))
    for turn in range(1 + rounds):
        group = widened(ahead)
        parts += group
        new = np.concatenate([one.draw(random, -(-points // len(group))) for one in group])
        there, those = try_points(new, used.coordinates, task)
        z, values = np.concatenate([z, new]), np.concatenate([values, those], 1)
        log = np.concatenate([log, there.log_likelihood])
        target = log - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * _LOG_2PI
        log_weight = target - _mixture(parts, z)
        weights = smoothed(log_weight)
        attempts.append(Attempt(f"around the mode, round {turn + 1}", weights.k, weights.ess))
        # The first round sees the tails, the second reaches them.
        if turn and _enough(weights, 2 * draws):
            return _finished(seen, people, values, weights, attempts, random, draws)
        ahead = adapted(z, log_weight)
    if weights.reliable and weights.ess >= LEAST_ESS:
        return _finished(seen, people, values, weights, attempts, random, draws)
    if not nuts:
        found = f"found Pareto k {weights.k:.2f} and {weights.ess:.0f} effective draws"
        raise InputError("individual_posterior", found, "allow nuts=True, or give more points")
    # Only here: everything else runs without NumPyro.
    from myelodose.forecast.refit import refit

    return refit(seen, people, seed, prior=used, draws=draws, before=tuple(attempts))


def _enough(weights: Weights, draws: int) -> bool:
    return weights.reliable and weights.ess >= draws


def _mixture(parts: list[Student], z: np.ndarray) -> np.ndarray:
    """All rounds as one mixture: what is far out in one is weighted by all."""
    return np.logaddexp.reduce([one.log_density(z) for one in parts]) - np.log(len(parts))


def _finished(seen, people, values, weights: Weights, attempts, random, draws) -> Individual:
    """Systematic resampling: as few copies as the weights allow."""
    edges = np.cumsum(weights.weight)
    at = np.searchsorted(edges, (random.random() + np.arange(draws)) / draws)
    at = random.permutation(np.minimum(at, len(edges) - 1))
    return Individual(
        seen,
        people,
        values[:, at],
        attempts[-1].method,
        tuple(attempts),
        (values, weights.weight),
    )
