"""The benchmark problem: SIMULATED patients, their schedules and counts, and the log posterior.

Lenalidomide 10/15/20/25 mg po on days 6-19 and azacitidine 75 mg/m2 sc on days 1-5, 28-day
cycles, each later cycle delayed by 0-10 days: 19 dose events a cycle, no two schedules alike.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from likelihood.model import (
    GLOBALS,
    LINEAGES,
    OMEGA,
    PRIOR_MEDIAN,
    PRIOR_SD,
    SIGMA,
    Individual,
    individual,
)
from myelodose.errors import InputError
from myelodose.precision import float64

OBSERVATIONS = 20
_LENALIDOMIDE_MG = (10.0, 15.0, 20.0, 25.0)

Trajectories = Callable[[Individual], Float[Array, "lineage obs patient"]]
"""What a solver is here: parameters of all patients to their counts at the observation times."""


@dataclass(frozen=True)
class Problem:
    """SIMULATED patients with known truth; patients are the last axis of every array.

    Args:
        dose_time_h: Times of the doses, ascending, the first at 0 [h], shape (dose, patient).
        dose_mg: Their amounts [mg].
        dose_drug: Index into `model.DRUGS`.
        time_h: Times of the observations, ascending [h], shape (lineage, obs, patient).
        count: Observed counts [1e9/L], same shape.
        truth: Position from which the counts were simulated, shape (dimension,): the
            logarithms of the globals, then the random effects (effect, patient) row by row.
        seed: What the random numbers started from.

    Raises:
        InputError: If shapes do not fit or times do not ascend.
    """

    dose_time_h: np.ndarray
    dose_mg: np.ndarray
    dose_drug: np.ndarray
    time_h: np.ndarray
    count: np.ndarray
    truth: np.ndarray
    seed: int

    def __post_init__(self) -> None:
        """Check shapes and order while the values are concrete."""
        for name in ("dose_time_h", "time_h"):
            if not (np.diff(getattr(self, name), axis=-2) > 0).all():
                raise InputError(f"Problem, {name}", "found times out of order", "sort them")
        shapes = {field.name: np.shape(getattr(self, field.name)) for field in fields(self)}
        expected = {
            "dose_mg": shapes["dose_time_h"],
            "dose_drug": shapes["dose_time_h"],
            "time_h": (len(LINEAGES), OBSERVATIONS, self.patients),
            "count": shapes["time_h"],
            "truth": (len(GLOBALS) + len(OMEGA) * self.patients,),
        }
        for name, shape in expected.items():
            if shapes[name] != shape:
                raise InputError(f"Problem, {name}", f"found shape {shapes[name]}", f"give {shape}")

    @property
    def patients(self) -> int:
        """Number of patients."""
        return self.dose_time_h.shape[-1]

    def split(self, position: Float[Array, " dimension"] | np.ndarray):
        """Position as logarithms of globals and random effects (effect, patient)."""
        whole = jnp.asarray(position)
        return whole[: len(GLOBALS)], whole[len(GLOBALS) :].reshape(-1, self.patients)


def log_posterior(
    problem: Problem, position: Float[Array, " dimension"], trajectories: Trajectories
) -> Float[Array, ""]:
    """Log density of globals, random effects and log counts, with all its constants."""
    theta, etas = problem.split(position)
    circulating = trajectories(individual(theta, etas))
    sigma = jnp.exp(theta[-len(SIGMA) :])[:, None, None]
    misfit = (np.log(problem.count) - jnp.log(circulating)) / sigma
    return log_prior(theta, etas) + _log_normal(misfit, sigma)


def log_prior(theta, etas) -> Float[Array, ""]:
    """Log density of the logarithms of the globals and of the random effects."""
    away = (theta - np.log(PRIOR_MEDIAN)) / PRIOR_SD
    return _log_normal(away, PRIOR_SD) + _log_normal(etas, 1.0)


def _log_normal(z, sd) -> Float[Array, ""]:
    """Summed log density of a normal variable with standardised value z."""
    return (-0.5 * z**2 - jnp.log(sd) - 0.5 * np.log(2 * np.pi)).sum()


def benchmark_problem(patients: int, *, cycles: int = 4, seed: int = 1) -> Problem:
    """Draw schedules, parameters and counts.

    Args:
        patients: Number of patients; 20, 100 and 1,000 in the report.
        cycles: Number of cycles, 1 to 8; 4 is the standard.
        seed: Seed of every random number.

    Raises:
        InputError: If a number cannot be.
    """
    if patients < 1 or not 1 <= cycles <= 8:
        raise InputError(
            "benchmark_problem, patients and cycles",
            f"found {patients} and {cycles}",
            "give at least 1 patient and 1 to 8 cycles",
        )
    random = np.random.default_rng(seed)
    dose_time_h, dose_mg, dose_drug = _doses(random, patients, cycles)
    end = dose_time_h[-1] + 10 * 24.0  # the last cycle, too, ends with day 28
    time_h = np.sort(random.uniform(0, end, (len(LINEAGES), OBSERVATIONS, patients)), axis=1)
    theta = np.log(PRIOR_MEDIAN)
    etas = random.standard_normal((len(OMEGA), patients))
    noise = random.standard_normal(time_h.shape)
    draft = Problem(
        dose_time_h,
        dose_mg,
        dose_drug,
        time_h,
        count=np.ones_like(time_h),
        truth=np.concatenate([theta, etas.ravel()]),
        seed=seed,
    )
    sigma = np.array([*SIGMA.values()])[:, None, None]
    return _replace_count(draft, _simulated(draft) * np.exp(sigma * noise))


def _doses(random: np.random.Generator, patients: int, cycles: int):
    """Times, amounts and drugs of all doses, each (dose, patient)."""
    day = np.concatenate([np.arange(1, 6), np.arange(6, 20)]) - 1.0
    drug = np.repeat([1, 0], [5, 14])
    delay_d = random.uniform(0, 10, (cycles, patients))
    delay_d[0] = 0
    start_d = np.cumsum(delay_d + 28.0, axis=0) - 28.0
    # Guglieri-Lopez 2017, doi 10.1007/s00280-016-3228-y: 1.8 +/- 0.2 (1.5-2.3) m2.
    surface_m2 = np.clip(random.normal(1.8, 0.2, patients), 1.5, 2.3)
    lenalidomide = np.resize(_LENALIDOMIDE_MG, patients)
    times = (start_d[:, None] + day[:, None]).reshape(-1, patients) * 24
    drugs = np.broadcast_to(np.tile(drug, cycles)[:, None], times.shape)
    return times, np.where(drugs == 1, 75.0 * surface_m2, lenalidomide), drugs


def _simulated(problem: Problem) -> np.ndarray:
    """Noise-free counts; the grid's error of 0.1 % is far below the noise that is added."""
    from likelihood.grid_rk4 import trajectories

    with float64():
        return np.asarray(trajectories(problem)(individual(*problem.split(problem.truth))))


def _replace_count(draft: Problem, count: np.ndarray) -> Problem:
    kept = {field.name: getattr(draft, field.name) for field in fields(draft)}
    # Six digits: the same data whatever the last bits of a machine's exponential are.
    digits = np.round(count, 6)
    return Problem(**(kept | {"count": digits}))


def positions(problem: Problem, *, count: int = 3, seed: int = 2) -> np.ndarray:
    """Random positions around the truth at which solvers are compared, (count, dimension).

    Globals move by 0.1 on the log scale and random effects by 0.3, so that every parameter
    differs and counts stay within the range that a sampler visits.
    """
    random = np.random.default_rng(seed)
    step = np.where(np.arange(problem.truth.size) < len(GLOBALS), 0.1, 0.3)
    return problem.truth + step * random.standard_normal((count, problem.truth.size))
