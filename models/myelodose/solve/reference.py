"""The slow and sure way: an adaptive eighth-order solver, restarted in every window.

Nothing is shared with the fast way but the vector field: what the two agree on is right.
"""

from collections.abc import Callable
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

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
        max_steps: Most steps in one window.

    Returns:
        The states, window first, and whether any window failed (0.0 or 1.0).
    """
    method = diffrax.Dopri8() if solver is None else solver

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
            max_steps=max_steps,
            throw=False,
        )
        end = jax.tree.map(lambda values: values[-1], solution.ys)
        bad = solution.result != diffrax.RESULTS.successful
        return (end, jnp.maximum(failed, bad.astype(failed.dtype))), end

    zero = jnp.zeros((), jax.tree.leaves(start)[0].dtype)
    (_, failed), ends = jax.lax.scan(one, (start, zero), (length, window))
    return ends, failed
