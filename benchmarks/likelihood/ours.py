"""Our solvers on the benchmark problem."""

import time

import jax
import jax.numpy as jnp
import numpy as np

from likelihood.model import LINEAGES, SIGMA, Individual, individual
from likelihood.problem import OBSERVATIONS, Problem, Trajectories, log_prior
from myelodose.blood.friberg import Friberg, simulate_friberg
from myelodose.effect import Linear
from myelodose.pk import OneCompartment
from myelodose.precision import float64
from myelodose.solve.cohort import sum_in_blocks
from myelodose.solve.plan import Plan, plan, stack
from myelodose.solve.settings import Solver
from myelodose.units import HOURS_PER_DAY


def plans(problem: Problem, *, longest_window_d: float = 1.25) -> Plan:
    """Windows of every patient, cut at the observations of both lineages, one after the other."""
    times_d = problem.time_h.reshape(-1, problem.patients) / HOURS_PER_DAY
    return stack(
        [
            plan(
                problem.dose_time_h[:, i] / HOURS_PER_DAY,
                problem.dose_mg[:, i],
                problem.dose_drug[:, i],
                drugs=2,
                times_d=times_d[:, i],
                longest_window_d=longest_window_d,
            )
            for i in range(problem.patients)
        ]
    )


def trajectories(problem: Problem, solver: Solver, *, single: bool = False) -> Trajectories:
    """The solver, for a log posterior.

    Args:
        problem: The problem.
        solver: `Fast` or `Reference`.
        single: Compute in float32.
    """
    windows = plans(problem)
    number = jnp.float32 if single else jnp.float64

    def solve(who: Individual):
        who = {name: values.astype(number) for name, values in who.items()}
        given = jax.tree.map(lambda x: _cast(x, number), windows)
        counts = simulate_friberg(*_models(who), given, solver=solver).counts
        return _own(counts).astype(jnp.float64)

    return solve


def _models(who: Individual) -> tuple[Friberg, tuple[OneCompartment, OneCompartment]]:
    chain = Friberg(
        baseline=who["baseline"],
        mtt_d=who["mtt"] / HOURS_PER_DAY,
        gamma=who["gamma"],
        effects=(Linear(who["slope_len"]), Linear(who["slope_aza"])),
    )
    return chain, (
        OneCompartment(CL=who["CL"], V=who["V"], ka=who["ka"]),
        OneCompartment(CL=who["CL_aza"], V=who["V_aza"], ka=who["ka_aza"]),
    )


def _own(counts):
    """Each lineage at its own times: (both lineages' times, lineage, patient) cut in two."""
    n = OBSERVATIONS
    return jnp.stack([counts[k * n : (k + 1) * n, k] for k in range(len(LINEAGES))])


def _cast(values: np.ndarray, number):
    return jnp.asarray(values, number if values.dtype == np.float64 else None)


def blocked(problem: Problem, solver: Solver, *, block: int = 20):
    """The same log posterior summed over blocks of patients; memory does not grow with them.

    Returns:
        The compiled value and gradient, and a function that times one evaluation [s].
    """
    windows = plans(problem)

    def log_likelihood(parameters, data):
        """Of the patients of a block, one by one."""
        (who, sigma), (given, count) = parameters, data
        counts = _own(simulate_friberg(*_models(who), given, solver=solver).counts)
        z = (jnp.log(count) - jnp.log(counts)) / sigma[:, None]
        return -(0.5 * z**2 + jnp.log(sigma[:, None]) + 0.5 * jnp.log(2 * jnp.pi)).sum((0, 1))

    def log_posterior_in_blocks(position):
        theta, etas = problem.split(position)
        sigma = jnp.exp(theta[-len(SIGMA) :])
        parameters = (
            {k: _wide(v, problem.patients) for k, v in individual(theta, etas).items()},
            jnp.broadcast_to(sigma[:, None], (len(SIGMA), problem.patients)),
        )
        likelihood = sum_in_blocks(
            log_likelihood, parameters, (windows, problem.count), block=block
        )
        return likelihood + log_prior(theta, etas)

    with float64():
        position = jnp.asarray(problem.truth)
        compiled = jax.jit(jax.value_and_grad(log_posterior_in_blocks)).lower(position).compile()

    def seconds() -> float:
        start = time.process_time()
        jax.block_until_ready(compiled(position))
        return time.process_time() - start

    return compiled, seconds


def _wide(values, patients: int):
    return jnp.broadcast_to(values, (*jnp.shape(values)[:-1], patients))
