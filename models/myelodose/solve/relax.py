"""Equations that are linear in what they solve for: an integrating factor instead of sweeps."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.solve.march import integral
from myelodose.solve.rule import Rule


class Relaxation(NamedTuple):
    """y = gain + decay y(0), at the nodes and the end of a window, (node + 1, ...)."""

    gain: Float[Array, "node ..."]
    decay: Float[Array, "node ..."]


def relax(
    rule: Rule,
    length: Float[Array, "..."],
    loss: Float[Array, "node ..."],
    source: Float[Array, "node ..."],
    *,
    level: Float[Array, "..."] | float = 0.0,
) -> Relaxation:
    """Solve y' = source - loss y in one window by an integrating factor.

    With K = integral of loss and any constant q, the level,

        y = q + exp(-K) (y(0) - q + integral of (source - loss q) exp(K)).

    A level of source / loss at the end takes out the part that a fast loss squeezes into the last
    moments of the window, and leaves a steady state exactly where it is.

    Args:
        rule: The collocation rule.
        length: Length of the window.
        loss: At the nodes, at or above 0.
        source: At the nodes.
        level: q, around which the equation is solved.

    Example:
        >>> from myelodose.solve.rule import Rule
        >>> solved = relax(Rule(8), jnp.ones(()), jnp.full(8, 3.0), jnp.full(8, 6.0), level=2.0)
        >>> [round(float(x[-1]), 4) for x in solved]  # 2 (1 - exp(-3)) and exp(-3)
        [1.9004, 0.0498]
    """
    passed = length * integral(rule, loss)
    inner = length * integral(rule, (source - loss * level) * jnp.exp(passed[:-1]))
    decay = jnp.exp(-passed)
    return Relaxation(decay * inner - level * jnp.expm1(-passed), decay)


def relax_all(
    rule: Rule,
    length: Float[Array, "window ..."],
    loss: Float[Array, "window node ..."],
    source: Float[Array, "window node ..."],
    level: Float[Array, "window ..."],
) -> Relaxation:
    """`relax` in every window at once; window first.

    Args:
        rule: The collocation rule.
        length: Lengths of the windows.
        loss: At the nodes of each window.
        source: At the nodes of each window.
        level: q of each window.
    """
    one = lambda *now: relax(rule, *now[:-1], level=now[-1])  # noqa: E731
    return jax.vmap(one)(jnp.asarray(length), loss, source, level)


def through(solved: Relaxation, start: Float[Array, "..."]) -> Float[Array, "window+1 ..."]:
    """States at the starts of windows and the end of the last, from each window's solution.

    Args:
        solved: From `relax_all`.
        start: y at the start of the first window.
    """
    ends = (solved.gain[:, -1], solved.decay[:, -1])
    first = jnp.broadcast_to(jnp.asarray(start, ends[0].dtype), ends[0].shape[1:])

    def window(state, now):
        after = now[0] + now[1] * state
        return after, after

    return jnp.concatenate([first[None], jax.lax.scan(window, first, ends)[1]])
