"""Our fast solver on the benchmark problem: one plan for each chain, cut at its own observations."""

import jax
import jax.numpy as jnp
import numpy as np

from likelihood.model import LINEAGES, Individual
from likelihood.problem import Problem, Trajectories
from myelodose.blood.friberg import Friberg, simulate_friberg
from myelodose.effect import Linear
from myelodose.pk import OneCompartment
from myelodose.solve.plan import Plan, plan, stack
from myelodose.solve.settings import Solver
from myelodose.units import HOURS_PER_DAY


def plans(problem: Problem, *, longest_window_d: float = 1.25) -> Plan:
    """Windows of every (lineage, patient), flattened, patients innermost."""
    return stack(
        [
            plan(
                problem.dose_time_h[:, i] / HOURS_PER_DAY,
                problem.dose_mg[:, i],
                problem.dose_drug[:, i],
                drugs=2,
                times_d=problem.time_h[lineage, :, i] / HOURS_PER_DAY,
                longest_window_d=longest_window_d,
            )
            for lineage in range(len(LINEAGES))
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
        flat = {name: _chains(values, problem.patients, number) for name, values in who.items()}
        chain = Friberg(
            baseline=flat["baseline"][None],
            mtt_d=flat["mtt"][None] / HOURS_PER_DAY,
            gamma=flat["gamma"][None],
            effects=(Linear(flat["slope_len"][None]), Linear(flat["slope_aza"][None])),
        )
        drugs = (
            OneCompartment(CL=flat["CL"], V=flat["V"], ka=flat["ka"]),
            OneCompartment(CL=flat["CL_aza"], V=flat["V_aza"], ka=flat["ka_aza"]),
        )
        given = jax.tree.map(lambda x: _cast(x, number), windows)
        counts = simulate_friberg(chain, drugs, given, solver=solver).counts[:, 0]
        counts = counts.reshape(len(counts), len(LINEAGES), problem.patients)
        return counts.transpose(1, 0, 2).astype(jnp.float64)

    return solve


def _chains(values, patients: int, number):
    """A parameter of patients or of lineages and patients, for every chain."""
    return jnp.broadcast_to(values, (len(LINEAGES), patients)).ravel().astype(number)


def _cast(values: np.ndarray, number):
    return jnp.asarray(values, number if values.dtype == np.float64 else None)
