"""The posterior of one patient by NUTS: the last resort, and what the others are held against.

The only place in this room that loads NumPyro and ArviZ, and only when it is called. The sampler
moves in u, z = centre + root u, where centre and root are mean and root of the covariance that
importance sampling finds: a posterior that is nearly normal is nearly standard normal in u, and
trajectories are short. They change how fast it mixes, not what it converges to. Many chains side by
side cost little more than a few.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelodose.errors import check_fields
from myelodose.forecast.coordinates import Coordinates, inverse
from myelodose.forecast.individual import Attempt, Individual, Prior, prior_of
from myelodose.forecast.likelihood import Task, expected, log_likelihoods, task_of
from myelodose.forecast.people import People
from myelodose.forecast.proposal import Student, adapted, around_mode, widened
from myelodose.forecast.rounds import Rounds
from myelodose.forecast.seen import ForecastWarning, Seen
from myelodose.precision import float64

R_HAT_LIMIT = 1.01


@dataclass(frozen=True)
class RefitSettings:
    """Settings of the short run.

    Args:
        chains: Chains, in one program.
        warmup: Draws of the warm-up of a chain.
        draws: Kept draws of a chain.

    Raises:
        InputError: If a value cannot be.
    """

    chains: int = 16
    warmup: int = 150
    draws: int = 100

    def __post_init__(self) -> None:
        """Check every value."""
        checks = {
            "chains": (self.chains >= 2, "2 or more"),
            "warmup": (self.warmup >= 50, "50 or more"),
            "draws": (self.draws >= 50, "50 or more"),
        }
        check_fields(self, checks)


def refit(
    seen: Seen,
    people: People,
    seed: int,
    *,
    prior: Prior | None = None,
    draws: int = 200,
    settings: RefitSettings = RefitSettings(),
    before: tuple[Attempt, ...] = (),
    near: Individual | None = None,
) -> Individual:
    """Draws of a patient's parameters by NUTS, in the same coordinates and by the same likelihood.

    Args:
        seen: The patient.
        people: What patients are like.
        seed: Seed of all randomness.
        prior: From `prior_of`, if there is one already.
        draws: Draws to return, evenly from the chains.
        settings: Settings of the run.
        before: What was tried before.
        near: Another posterior of his, whose weighted points say where the sampler moves; two
            rounds of importance sampling do if not given.

    Warns:
        ForecastWarning: "nuts" if the chains have not converged, with the worst R-hat.
    """
    used = prior or prior_of(people, seen, seed)
    task = task_of(seen, people.errors)
    around = _where(used.coordinates, task, seed) if near is None else _around(used, near)
    with float64():
        data = jax.tree.map(jnp.asarray, (task, used.coordinates, around))
        leaves, kind = jax.tree.flatten(data)
        sampler = _sampler(settings, tuple(one.shape for one in leaves), kind)
        sampler.run(jax.random.key(seed), data)
        u = np.asarray(sampler.get_samples(group_by_chain=True)["u"])
        z = around.centre + u @ around.root.T
        flat = z.reshape(-1, z.shape[-1])
        values = np.asarray(used.coordinates.values(jnp.asarray(flat)))
    r_hat, ess = _convergence(u)
    if not r_hat <= R_HAT_LIMIT:
        text = f"nuts: the chains have not converged, R-hat {r_hat:.3f} above {R_HAT_LIMIT}"
        warnings.warn(text, ForecastWarning, stacklevel=2)
    pick = np.linspace(0, len(flat) - 1, draws).round().astype(int)
    attempt = Attempt(f"NUTS, R-hat {r_hat:.3f}", np.nan, ess, float(1 / np.sqrt(ess)))
    weight = np.full(len(flat), 1 / len(flat))
    return Individual(
        seen, people, values[:, pick], attempt.method, (*before, attempt), (values, weight)
    )


def _where(coordinates: Coordinates, task: Task, seed: int, points: int = 1500) -> Student:
    """Roughly mean and covariance of the posterior."""
    random, rounds = np.random.default_rng([seed, 4]), Rounds(coordinates, task)
    around = around_mode(np.zeros(coordinates.size), coordinates, task)
    for _ in range(2):
        group = widened(around)
        rounds.add(group, group.draw(random, points))
        around = adapted(rounds.known.z, rounds.log_weight)
    return around


def _around(prior: Prior, near: Individual) -> Student:
    """Mean and covariance of weighted points."""
    values, weight = near.weighted
    z = inverse(prior.coordinates, values)
    centre = weight @ z
    away = z - centre
    scatter = (weight[:, None] * away).T @ away
    return Student(centre, np.linalg.cholesky(scatter + 1e-6 * np.eye(len(centre))))


def patient_model(data: tuple[Task, Coordinates, Student]) -> None:
    """One patient as a NumPyro model; the density is that of z up to a constant.

    Args:
        data: Task, coordinates and the proposal whose centre and root make u.
    """
    import numpyro
    import numpyro.distributions as dist

    task, coordinates, around = data
    flat = dist.ImproperUniform(dist.constraints.real_vector, (), (coordinates.size,))
    u = numpyro.sample("u", flat)
    z = around.centre + around.root @ u
    predicted = expected(coordinates.values(z[None]), task)
    numpyro.factor("readings", log_likelihoods(predicted, task)[0] - 0.5 * z @ z)


@lru_cache(maxsize=4)
def _sampler(settings: RefitSettings, shapes: tuple, kind: Any) -> Any:
    """One object for all patients whose data have one shape: they compile nothing anew.

    Patients of another shape need another object, because NumPyro's vectorised kernel cannot be
    traced a second time.

    Args:
        settings: Settings of the run.
        shapes: Of every array of the data.
        kind: How they are put together.
    """
    import numpyro

    start = numpyro.infer.init_to_uniform(radius=0.5)
    return numpyro.infer.MCMC(
        numpyro.infer.NUTS(patient_model, init_strategy=start, max_tree_depth=6),
        num_warmup=settings.warmup,
        num_samples=settings.draws,
        num_chains=settings.chains,
        chain_method="vectorized",
        progress_bar=False,
        jit_model_args=True,
    )


def _convergence(u: np.ndarray) -> tuple[float, float]:
    """Worst R-hat and bulk ESS over the coordinates."""
    import arviz as az

    tree = az.from_dict({"posterior": {"u": u}})
    return float(az.rhat(tree)["u"].max()), float(az.ess(tree)["u"].min())
