r"""A new cohort and the population: the likelihood of its patients at every draw, and the update.

For draw s of the population and a new patient with readings y,

    p(y | s) = integral p(y | x(s, e)) N(e; 0, I) de

over his random effects e. Points come from a t near where the readings pull e to, and a fifth of
them from N(0, I), so that no weight is large; every course is simulated. Where that is comes from
a parabola log p(y | x) ~ c + h'x - x'Hx / 2 on the scale of the links, by least squares at points
of the patient's own posterior. It only proposes. All draws use the same random points, so that
differences between them are known better than each. Patients are independent given the draw, so
their log-likelihoods add up.

Source:
    Tran, Scharth, Pitt and Kohn, Importance sampling squared (doi 10.48550/arXiv.1309.3339):
    weights with an unbiased estimate of the likelihood are valid weights.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln, logsumexp

from myelodose.errors import InputError
from myelodose.forecast.balance import systematic
from myelodose.forecast.coordinates import linked
from myelodose.forecast.course import NAMES
from myelodose.forecast.individual import Individual, Prior, prior_of
from myelodose.forecast.likelihood import Task, task_of, try_values
from myelodose.forecast.people import Correlated, People, patients_at, spread_at
from myelodose.forecast.proposal import FREEDOM
from myelodose.forecast.psis import Weights, smoothed
from myelodose.forecast.sampling import Effort, individual_posterior
from myelodose.forecast.seen import ForecastWarning, Seen
from myelodose.forecast.status import possible
from myelodose.virtual.draws import Draws

PRIOR_SHARE = 0.2
"""Share of the points that come from N(0, I) all the same."""

WIDER = 1.2
"""Factor on the width of the t."""

_ROUGH = Effort(error=0.05, nuts=False)
_FITTED = 3000
_AT_ONCE = 20_000

type Tell = Callable[[str], None]


class CohortLikelihood(NamedTuple):
    """Of new patients at every draw of the population.

    Attributes:
        log_likelihood: Random effects integrated out, (patient, draw).
        error: Monte Carlo standard errors of them, (patient, draw).
    """

    log_likelihood: Float[np.ndarray, "patient draw"]
    error: Float[np.ndarray, "patient draw"]


class UpdatedPeople(NamedTuple):
    """A population after a new cohort.

    Attributes:
        people: As many equally weighted draws as before.
        weights: The smoothed weights of the draws before.
        likelihood: Of every new patient at every draw before.
    """

    people: People
    weights: Weights
    likelihood: CohortLikelihood


def update_people(
    people: People,
    cohort: Sequence[Seen],
    *,
    seed: int,
    points: int = 128,
    tell: Tell | None = None,
) -> UpdatedPeople:
    """What patients are like, after those of a new cohort were seen.

    Args:
        people: What they were like before: literature priors, a calibration or a posterior.
        cohort: The new patients, each as far as he is known.
        seed: Seed of all randomness.
        points: Points for each patient and draw.
        tell: Called with one line after every patient, such as `print`.

    Raises:
        InputError: If there is no patient, or the draws do not cover what the cohort says: Pareto
            k above 0.7, or fewer than 50 effective draws.

    Example:
        >>> from myelodose.forecast import Given, Reading
        >>> from myelodose.virtual import prior_draws
        >>> him = Seen((Given(0, "azacitidine", 135),), (Reading(0, "ANC", 2.0),))
        >>> found = update_people(People(prior_draws(1, 400)), [him], seed=1, points=16)
        >>> found.people.number, found.weights.reliable
        (400, True)
    """
    likelihood = cohort_likelihood(people, cohort, seed=seed, points=points, tell=tell)
    weights = smoothed(likelihood.log_likelihood.sum(0))
    if not weights.cover:
        found = f"{people.number} draws do not cover what {len(cohort)} new patients say"
        raise InputError(
            "update_people",
            f"found {weights.told}: {found}",
            "give more draws, fewer patients at a time, or fit old and new data together",
        )
    random = np.random.default_rng([seed, 5])
    return UpdatedPeople(_chosen(people, weights, random, len(cohort)), weights, likelihood)


def cohort_likelihood(
    people: People,
    cohort: Sequence[Seen],
    *,
    seed: int,
    points: int = 128,
    tell: Tell | None = None,
) -> CohortLikelihood:
    """Log-likelihood of every new patient at every draw, his random effects integrated out.

    Where TP53 or 17p is not known, it is the mean over the possibilities by their prevalence.

    Args:
        people: What patients are like.
        cohort: The new patients.
        seed: Seed of all randomness.
        points: Points for each patient and draw.
        tell: Called with one line after every patient.

    Raises:
        InputError: If there is no patient, or too few points.
    """
    if not cohort:
        raise InputError("cohort_likelihood, cohort", "found no patient", "give one or more")
    if points < 16:
        raise InputError("cohort_likelihood, points", f"found {points}", "give 16 or more")
    logs, errors = [], []
    for number, one in enumerate(cohort):
        found = _of_patient(people, one, [seed, number], points)
        logs.append(found[0])
        errors.append(found[1])
        if tell:
            tell(f"patient {number + 1} of {len(cohort)}: error {np.median(errors[-1]):.2f}")
    return CohortLikelihood(np.stack(logs), np.stack(errors))


def _of_patient(
    people: People, seen: Seen, seed: Sequence[int], points: int
) -> tuple[np.ndarray, np.ndarray]:
    """Log-likelihood and its error at every draw."""
    whole = int(np.random.SeedSequence(seed).generate_state(1)[0])
    prior = prior_of(people, seen, whole)
    cases = possible(seen, people)
    logs, errors = [], []
    for case in cases:
        own = prior.of(case.seen)
        with warnings.catch_warnings():
            # A rough posterior will do for a proposal.
            warnings.simplefilter("ignore", ForecastWarning)
            near = individual_posterior(case.seen, people, whole, prior=own, effort=_ROUGH)
        log, error = _integrated(people, case.seen, own, near, np.random.default_rng(seed), points)
        logs.append(log + np.log(case.probability))
        errors.append(error)
    total = logsumexp(logs, axis=0)
    share = np.exp(np.stack(logs) - total)
    return total, np.sqrt(((share * np.stack(errors)) ** 2).sum(0))


class _Pull(NamedTuple):
    """A parabola for the log-likelihood of the parameters that vary: precision H and score h."""

    precision: Float[np.ndarray, "parameter parameter"]
    score: Float[np.ndarray, " parameter"]


def _pull(prior: Prior, near: Individual, task: Task, random: np.random.Generator) -> _Pull:
    """By least squares at points of his posterior."""
    values, weight = near.weighted
    some = values[:, random.choice(len(weight), _FITTED, p=weight)]
    log = try_values(some, task).log_likelihood
    x = linked(prior.coordinates, some)
    mean, sd = x.mean(1), np.maximum(x.std(1), 1e-9)
    u = (x - mean[:, None]) / sd[:, None]
    first, second = np.triu_indices(len(u))
    features = np.vstack([np.ones_like(u[:1]), u, u[first] * u[second]]).T
    found = np.linalg.lstsq(features, log, rcond=1e-8)[0]
    bend = np.zeros((len(u), len(u)))
    bend[first, second] = -found[1 + len(u) :]
    value, vector = np.linalg.eigh(bend + bend.T)
    precision = (vector * np.maximum(value, 0)) @ vector.T / np.outer(sd, sd)
    return _Pull(precision, found[1 : 1 + len(u)] / sd + precision @ mean)


class _Near(NamedTuple):
    """The t of every draw: centres (draw, effect), roots of the scales (draw, effect, effect)."""

    centre: Float[np.ndarray, "draw effect"]
    root: Float[np.ndarray, "draw effect effect"]

    def at(self, step: Float[np.ndarray, "point effect"]) -> Float[np.ndarray, "draw point effect"]:
        """Points from those of a standard t."""
        return self.centre[:, None] + np.einsum("sij,mj->smi", self.root, step)

    def log_density(self, e: Float[np.ndarray, "draw point effect"]) -> np.ndarray:
        """Log density of the t at points, (draw, point)."""
        size = e.shape[-1]
        away = np.linalg.solve(self.root, np.moveaxis(e - self.centre[:, None], 1, 2))
        log = gammaln((FREEDOM + size) / 2) - gammaln(FREEDOM / 2)
        log -= size / 2 * np.log(FREEDOM * np.pi)
        log = log - np.log(np.abs(np.diagonal(self.root, axis1=1, axis2=2))).sum(1)
        return log[:, None] - (FREEDOM + size) / 2 * np.log1p((away**2).sum(1) / FREEDOM)


def _integrated(
    people: People,
    seen: Seen,
    prior: Prior,
    near: Individual,
    random: np.random.Generator,
    points: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The integral over the effects at every draw, and the error of its logarithm."""
    draws = np.arange(people.number)
    varying = [NAMES[k] for k in np.asarray(prior.coordinates.place)]
    sd = np.stack([spread_at(people, name, draws) for name in varying], 1)
    held = np.flatnonzero((sd > 0).any(0))
    names = [varying[k] for k in held]
    typical = linked(prior.coordinates, _at(people, seen, draws, {}))
    task = task_of(seen, people.errors)
    pull = _pull(prior, near, task, random)
    where = _near(pull, typical.T, held, _roots(people, names, sd[:, held]))
    safe = round(PRIOR_SHARE * points)
    step = random.standard_normal((points - safe, len(names)))
    step *= np.sqrt(FREEDOM / random.chisquare(FREEDOM, len(step)))[:, None]
    usual = random.standard_normal((safe, len(names)))
    usual = np.broadcast_to(usual, (len(draws), *usual.shape))
    e = np.concatenate([where.at(step), usual], 1)
    log = _courses(people, seen, task, names, e)
    normal = -0.5 * (e**2).sum(-1) - 0.5 * len(names) * np.log(2 * np.pi)
    share = safe / points
    mixed = np.logaddexp(where.log_density(e) + np.log1p(-share), normal + np.log(share))
    weight = log + normal - mixed
    weight = np.where(np.isnan(weight), -np.inf, weight)
    total = logsumexp(weight, 1) - np.log(points)
    relative = np.exp(weight - total[:, None])
    return total, relative.std(1) / np.sqrt(points)


def _near(pull: _Pull, typical: np.ndarray, held: np.ndarray, roots: np.ndarray) -> _Near:
    """Normal likelihood times N(0, I) in the effects, at every draw."""
    precision = pull.precision[np.ix_(held, held)]
    # Whatever does not differ between patients stands at its draw.
    score = (pull.score - typical @ pull.precision)[:, held]
    matrix = np.eye(len(held)) + np.einsum("sji,jk,skl->sil", roots, precision, roots)
    scale = np.linalg.inv(matrix)
    centre = np.einsum("sij,skj,sk->si", scale, roots, score)
    return _Near(centre, WIDER * np.linalg.cholesky(scale))


def _roots(people: People, names: Sequence[str], sd: np.ndarray) -> np.ndarray:
    """From independent effects to the scale of the links, (draw, effect, effect)."""
    roots = np.broadcast_to(np.eye(len(names)), (len(sd), len(names), len(names))).copy()
    if people.correlated is not None:
        own = [k for k, name in enumerate(people.correlated.names) if name in names]
        at = [names.index(people.correlated.names[k]) for k in own]
        roots[:, np.ix_(at, at)[0], np.ix_(at, at)[1]] = people.correlated.root[:, own][:, :, own]
    return sd[:, :, None] * roots


def _courses(
    people: People, seen: Seen, task: Task, names: Sequence[str], e: np.ndarray
) -> Float[np.ndarray, "draw point"]:
    """Log-likelihoods at effects (draw, point, effect), some draws at a time."""
    points = e.shape[1]
    each = max(1, _AT_ONCE // points)
    found = []
    for first in range(0, len(e), each):
        some = e[first : first + each]
        row = np.repeat(np.arange(first, first + len(some)), points)
        values = _at(
            people, seen, row, dict(zip(names, some.reshape(-1, len(names)).T, strict=True))
        )
        found.append(try_values(values, task).log_likelihood.reshape(len(some), points))
    return np.concatenate(found)


def _at(people: People, seen: Seen, row: np.ndarray, effects: dict) -> np.ndarray:
    values = patients_at(people, seen, row, effects)
    return np.stack([values[name] for name in NAMES])


def _chosen(people: People, weights: Weights, random: np.random.Generator, patients: int) -> People:
    """Draws as often as their weights ask for."""
    at = systematic(weights.weight, len(weights.weight), random)
    words = f"{people.source}, updated by {patients} new patient{'s' * (patients > 1)}"
    kept = getattr(people.draws, "attrs", {}) | {"source": words}
    draws = Draws({name: np.asarray(one)[at] for name, one in people.draws.items()}, kept)
    root = people.correlated
    return replace(
        people,
        draws=draws,
        source=words,
        correlated=Correlated(root.names, np.asarray(root.root)[at]) if root else None,
    )
