"""The slow and sure way: an adaptive eighth-order solver, restarted in every window.

Nothing is shared with the fast way but the vector field: what the two agree on is right.
"""

from collections.abc import Callable
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.solve.settings import Reference

Tree = Any


def integrate(
    field: Callable[[Float[Array, "..."], Tree, Tree], Tree],
    jump: Callable[[Tree, Tree], Tree],
    start: Tree,
    length: Float[Array, "window ..."],
    window: Tree,
    *,
    rtol: float = 1e-11,
    atol: float = 1e-13,
    solver: diffrax.AbstractSolver | None = None,
    adjoint: diffrax.AbstractAdjoint | None = None,
    max_steps: int = 4096,
) -> tuple[Tree, Float[Array, ""]]:
    """States at the ends of all windows.

    Args:
        field: dy/dt as a function of the time since the start of the window, the state and the
            window's own arguments; patients last, all integrated with one step size.
        jump: The state after what is given at the start of a window.
        start: State at the start of the first window.
        length: Lengths of the windows, in the unit of time of `field`.
        window: Arguments of each window, window first.
        rtol: Relative tolerance of a step.
        atol: Absolute tolerance of a step.
        solver: A solver of diffrax; Dopri8 if not given.
        adjoint: How diffrax differentiates; if not given so that grad works, which jvp does not.
        max_steps: Most steps in one window.

    Returns:
        The states, window first, and whether any window failed (0.0 or 1.0).
    """
    method = diffrax.Dopri8() if solver is None else solver
    backward = diffrax.RecursiveCheckpointAdjoint() if adjoint is None else adjoint

    def scaled(share, state, args):
        h, now = args
        return jax.tree.map(lambda slope: slope * h, field(share * h, state, now))

    def one(carry, args):
        state, failed = carry
        h, now = args
        state = jump(state, now)
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(scaled),
            method,
            0.0,
            1.0,
            0.05,
            state,
            (h, now),
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
            saveat=diffrax.SaveAt(t1=True),
            adjoint=backward,
            max_steps=max_steps,
            throw=False,
        )
        end = jax.tree.map(lambda values: values[-1], solution.ys)
        bad = solution.result != diffrax.RESULTS.successful
        return (end, jnp.maximum(failed, bad.astype(failed.dtype))), end

    zero = jnp.zeros((), jax.tree.leaves(start)[0].dtype)
    (_, failed), ends = jax.lax.scan(one, (start, zero), (length, window))
    return ends, failed


def trajectory(
    field: Callable[[Float[Array, "..."], Tree, Tree], Tree],
    jump: Callable[[Tree, Tree], Tree],
    start: Tree,
    length: Float[Array, "window ..."],
    window: Tree,
    *,
    settings: Reference,
) -> tuple[Tree, Float[Array, ""]]:
    """States at the starts of all windows and at the end of the last, and the `change` of a course.

    Args:
        field: As for `integrate`.
        jump: As for `integrate`.
        start: As for `integrate`.
        length: As for `integrate`.
        window: As for `integrate`.
        settings: Tolerances, and the mode of derivatives.

    Returns:
        The states, window first, NaN where a window failed; and 0, or infinity if one did.
    """
    ends, failed = integrate(
        field,
        jump,
        start,
        length,
        window,
        rtol=settings.rtol,
        atol=settings.atol,
        adjoint=settings.adjoint,
    )
    lost = jnp.where(failed > 0, jnp.nan, 0.0)
    states = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]) + lost, start, ends)
    return states, jnp.where(failed > 0, jnp.inf, 0.0)
