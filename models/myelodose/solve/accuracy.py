"""How wrong is the fast solver here? Asked after the fact, answered with a finer one."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from myelodose.solve.settings import Fast

Tree = Any

CHOICES = (8, 10, 12, 14, 16, 20, 24, 32)


def estimated_error(run: Callable[[Fast], Tree], solver: Fast) -> float:
    """Largest relative difference to a run with four more nodes and two more sweeps.

    Errors fall by about a factor of ten with every node, so the finer run stands for the truth.

    Args:
        run: Computes with the solver that it is given, for example
            `lambda solver: simulate(patient, plan, solver=solver).counts`.
        solver: The solver in question.

    Returns:
        The estimate; infinite where a number was lost.
    """
    return _difference(run(solver), run(solver.finer()))


def _difference(coarse: Tree, fine: Tree) -> float:
    pairs = zip(jax.tree.leaves(coarse), jax.tree.leaves(fine), strict=True)
    worst = 0.0
    for a, b in pairs:
        a, b = np.asarray(a), np.asarray(b)
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            return float("inf")
        size = np.maximum(np.abs(b), np.finfo(b.dtype).tiny)
        worst = max(worst, float((np.abs(a - b) / size).max(initial=0.0)))
    return worst


def tuned(run: Callable[[Fast], Tree], *, tolerance: float = 1e-6) -> Fast:
    """The fewest nodes with which the estimated error stays below a tolerance.

    Args:
        run: As for `estimated_error`.
        tolerance: Largest relative error.

    Raises:
        RuntimeError: If no choice reaches it.
    """
    error = float("inf")
    for nodes in CHOICES:
        error = estimated_error(run, Fast(nodes=nodes))
        if error <= tolerance:
            return Fast(nodes=nodes)
    raise RuntimeError(
        f"the fast solver reaches {error:.1e} with {CHOICES[-1]} nodes and not {tolerance:g}; "
        "plan shorter windows (longest_window_d, after_dose_d) or use Reference"
    )
