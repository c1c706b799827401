"""March through windows: solve each by collocation, hand its end to the next.

A `Scheme` says how one window is solved for one model. What is unknown in a window are functions
of time, held by their values Y at the nodes; they satisfy a fixed-point equation

    Y = sweep(Y, ready),   ready = prepare(start, coefficient, shared),

which is iterated. Derivatives do not run through the iteration: the tangent of the solved
equation is the linear fixed point

    dY = (d sweep / dY) dY + (d sweep / d ready) d ready,

iterated in the same way and linear in what comes in, so JAX can transpose it: forward and reverse
mode both work, and neither stores the iterates.

Every array ends in any number of axes that are never mixed (lineage, patient), patients last:
the code is written for one patient and runs for many.
"""

import math
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jax.lax import optimization_barrier as barrier
from jaxtyping import Array, Float

from myelodose.solve.rule import Rule

Tree = Any


class Scheme(Protocol):
    """One model's window; hashable, because it is a static argument of compiled code."""

    @property
    def sweeps(self) -> int:
        """Turns of the equation."""
        ...

    @property
    def turns(self) -> int:
        """Turns of its tangent."""
        ...

    def prepare(self, start: Tree, coefficient: Tree, shared: Tree, /) -> Tree:
        """All that does not change from sweep to sweep."""
        ...

    def predict(self, ready: Tree, /) -> Tree:
        """A first guess of Y."""
        ...

    def sweep(self, nodes: Tree, ready: Tree, /) -> Tree:
        """One turn of the fixed-point equation."""
        ...

    def close(self, nodes: Tree, ready: Tree, /) -> tuple[Tree, Tree]:
        """State at the end of the window, and what is recorded of it, read off Y."""
        ...

    def watched(self, nodes: Tree, /) -> Float[Array, "..."]:
        """The values whose relative change tells that the sweeps have converged."""
        ...


class March(NamedTuple):
    """What a march brings home.

    `state` is the state at the start of every window, before a dose, and at the end of the last;
    `record` what `close` recorded, window first; `change` the largest relative change of Y in the
    last sweep of any window: a measure of convergence, infinite where a number was lost.
    """

    state: Tree
    record: Tree
    change: Float[Array, ""]


def march(scheme: Scheme, start: Tree, coefficient: Tree, shared: Tree) -> March:
    """Solve all windows.

    Args:
        scheme: How one window is solved.
        start: State at the start of the first window.
        coefficient: What each window depends on, window first.
        shared: What all windows depend on.
    """
    end, record, (starts, _), change = _march(scheme, start, coefficient, shared)
    state = jax.tree.map(lambda a, b: jnp.concatenate([a, b[None]]), starts, end)
    return March(state, record, change)


def window(scheme: Scheme, start: Tree, coefficient: Tree, shared: Tree):
    """Solve one window.

    Returns:
        The state at its end, what is recorded, Y, and the largest relative change of what is
        watched in the last sweep, infinite where a number was lost.
    """
    # The barrier keeps the compiler from computing exponentials anew in every sweep.
    ready = barrier(scheme.prepare(start, coefficient, shared))
    nodes = scheme.predict(ready)
    before = nodes
    for _ in range(scheme.sweeps):
        before, nodes = nodes, scheme.sweep(nodes, ready)
    end, record = scheme.close(nodes, ready)
    old, new = scheme.watched(before), scheme.watched(nodes)
    # A clone that is not there does not change.
    worst = (jnp.abs(new - old) / (jnp.abs(new) + jnp.finfo(new.dtype).tiny)).max()
    return end, record, nodes, jnp.where(jnp.isnan(worst), jnp.inf, worst)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _march(scheme: Scheme, start: Tree, coefficient: Tree, shared: Tree):
    def one(carry, now):
        state, worst = carry
        end, record, nodes, change = window(scheme, state, now, shared)
        return (end, jnp.maximum(worst, change)), (record, (state, nodes))

    zero = jnp.zeros((), jax.tree.leaves(start)[0].dtype)
    (end, change), (record, solved) = jax.lax.scan(one, (start, zero), coefficient)
    return end, record, solved, change


@_march.defjvp
def _march_jvp(scheme: Scheme, primals, tangents):
    end, record, solved, change = _march(scheme, *primals)
    _, coefficient, shared = primals
    d_start, d_coefficient, d_shared = tangents

    # Checkpointed: the transposed march linearises each window again where it stands, which is
    # cheaper than to write the linearisation of all windows to memory and read it back.
    @partial(jax.checkpoint, prevent_cse=False)
    def one(d_state, now):
        (state, nodes), c, d_c = now
        # Linearised once and applied in every turn, so that nothing is stored twice.
        ready, prepare = jax.linearize(scheme.prepare, state, c, shared)
        _, by_ready = jax.linearize(partial(scheme.sweep, nodes), ready)
        _, by_nodes = jax.linearize(lambda y: scheme.sweep(y, ready), nodes)
        _, to_end = jax.linearize(scheme.close, nodes, ready)
        d_ready = _apart(prepare(d_state, d_c, d_shared))
        constant = _apart(by_ready(d_ready))
        d_nodes = constant
        for _ in range(scheme.turns):
            d_nodes = _apart(jax.tree.map(jnp.add, constant, by_nodes(d_nodes)))
        d_end, d_record = to_end(d_nodes, d_ready)
        return d_end, (d_record, (d_state, d_nodes))

    rows = (solved, coefficient, d_coefficient)
    d_end, (d_record, d_solved) = jax.lax.scan(one, d_start, rows)
    return (end, record, solved, change), (d_end, d_record, d_solved, jnp.zeros_like(change))


def _apart(tree: Tree) -> Tree:
    """Each array computed once and written down, and not anew wherever it is used."""
    return jax.tree.map(barrier, tree)


def integral(rule: Rule, values: Float[Array, "..."], axis: int = 0) -> Float[Array, "..."]:
    """Integral from the start of the window to the nodes and the end, per unit of its length.

    Args:
        rule: The collocation rule.
        values: A function of time at the nodes, along `axis`; a row for the end, if there is
            one, is left out. (Rows that never change in number spare the compiler cuts and pads.)
        axis: The axis of the nodes; it comes back with a row for the end.
    """
    with_end = values.shape[axis] > rule.nodes
    matrix = jnp.asarray(rule.padded if with_end else rule.integrate, values.dtype)
    if axis == 0:
        return jnp.tensordot(matrix, values, 1)
    return jnp.moveaxis(jnp.tensordot(matrix, values, ((1,), (axis,))), 0, axis)


def over_time(times: tuple[int, ...], values: Float[Array, "..."]) -> Float[Array, "..."]:
    """The same values at all times, which come first.

    Written as a product with ones, because the transpose is then a matrix product too; the sum
    over leading axes that a broadcast turns into is slow on a processor.

    Args:
        times: Shape of the new leading axes.
        values: What does not depend on time.
    """
    values = jnp.asarray(values)
    ones = jnp.ones((math.prod(times), 1), values.dtype)
    return (ones @ values.reshape(1, -1)).reshape(*times, *values.shape)
