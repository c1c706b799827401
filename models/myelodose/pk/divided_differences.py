r"""Divided differences of the exponential function, also where the nodes coincide.

Every solution of a linear compartment model is a sum of divided differences of exp at the nodes
-k dt, one for each rate constant k on the way:

    exp[x]           = e^x
    exp[x, y]        = (e^x - e^y) / (x - y)                  e^x      where x = y
    exp[S + p + q]   = (exp[S + q] - exp[S + p]) / (q - p)    e^x / n! where all n + 1 are x

The quotient loses digits where nodes are close, and is 0 / 0 where they coincide (ka = ke). There
the Taylor series about one node takes over, with the complete homogeneous polynomials h_j:

    exp[c, c + d_1, ..., c + d_n] = e^c sum_j h_j(d_1, ..., d_n) / (n + j)!

Both are smooth in the nodes, so values are right at, near and far from equality. The derivative by
a node is the divided difference with that node once more,

    d exp[S] / dx = m exp[S + x],   m = how often x stands in S,

which holds everywhere and costs no walk back through series and branches.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations
from math import comb, factorial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jax.typing import ArrayLike
from jaxtyping import Array, Float

# With n + 1 nodes spread over less than n / 2, a term is less than half the one before it, soon
# much less: so many terms reach rounding. Beyond n / 2 the quotient keeps its digits.
_NEAR = 0.5


def _terms(order: int) -> int:
    return 15 + (5 * order) // 4


Names = tuple[str, ...]
"""The nodes of one divided difference in alphabetical order; a name may stand there repeatedly."""


def divided_differences(
    nodes: Mapping[str, ArrayLike], wanted: Iterable[Sequence[str]]
) -> dict[Names, Float[Array, "..."]]:
    """Divided differences of exp over named nodes; what they share is computed once.

    Args:
        nodes: Value of each node, at most 0 where overflow shall be impossible; shapes that
            broadcast.
        wanted: The nodes of each divided difference; a name may stand there more than once.

    Returns:
        Each divided difference under its names in alphabetical order.

    Example:
        >>> found = divided_differences({"a": -1.0, "b": -1.0}, [("b", "a")])
        >>> round(float(found["a", "b"]), 4)
        0.3679
    """
    keys = tuple(dict.fromkeys(tuple(sorted(names)) for names in wanted))
    used = tuple(sorted({name for key in keys for name in key}))
    values = tuple(jnp.asarray(nodes[name]) * 1.0 for name in used)
    return dict(zip(keys, _differences(keys, used, values), strict=True))


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _differences(keys: tuple[Names, ...], used: Names, values: tuple[Array, ...]):
    table = _Table(dict(zip(used, values, strict=True)))
    return tuple(table(key) for key in keys)


def _differences_jvp(keys: tuple[Names, ...], used: Names, primals, tangents):
    moving = {
        name: tangent
        for name, tangent in zip(used, tangents[0], strict=True)
        if not isinstance(tangent, SymbolicZero)
    }
    more = {(key, name): tuple(sorted((*key, name))) for key in keys for name in {*key} & {*moving}}
    every = tuple(dict.fromkeys((*keys, *more.values())))
    found = dict(zip(every, _differences(every, used, *primals), strict=True))
    slopes = dict.fromkeys(keys, 0.0)
    for (key, name), raised in more.items():
        slopes[key] = slopes[key] + key.count(name) * found[raised] * moving[name]
    values = tuple(found[key] for key in keys)
    return values, tuple(
        jnp.broadcast_to(slopes[key], jnp.shape(value)).astype(value.dtype)
        for key, value in zip(keys, values, strict=True)
    )


_differences.defjvp(_differences_jvp, symbolic_zeros=True)


class _Table:
    """Divided differences of exp over named nodes; each is computed once."""

    def __init__(self, nodes: Mapping[str, Array]) -> None:
        self._nodes = nodes
        self._known: dict[Names, Array] = {}

    def __call__(self, key: Names) -> Float[Array, "..."]:
        """The divided difference over these nodes."""
        if key not in self._known:
            self._known[key] = self._compute(key)
        return self._known[key]

    def _compute(self, names: Names) -> Float[Array, "..."]:
        order = len(names) - 1
        distinct = sorted(set(names))
        if len(distinct) == 1:
            if order == 0:
                return jnp.exp(self._nodes[names[0]])
            return self(names[:1]) / factorial(order)
        gap, difference = self._widest(names, distinct)
        near = jnp.abs(gap) < _NEAR * order
        # Each branch gets harmless values where the other is used: no 0 / 0 reaches a gradient.
        far = difference / jnp.where(near, 1.0, gap)
        return jnp.where(near, self._series(names, near), far)

    def _widest(self, names: Names, distinct: list[str]):
        """Gap and numerator for the pair of nodes that are furthest apart."""
        (gap, difference), *others = (
            (
                self._nodes[q] - self._nodes[p],
                self(_without(names, p)) - self(_without(names, q)),
            )
            for p, q in combinations(distinct, 2)
        )
        for new_gap, new in others:
            wider = jnp.abs(new_gap) > jnp.abs(gap)
            gap = jnp.where(wider, new_gap, gap)
            difference = jnp.where(wider, new, difference)
        return gap, difference

    def _series(self, names: Names, near: Array) -> Float[Array, "..."]:
        """The Taylor series about the node that stands there most often."""
        ((centre, _),) = Counter(names).most_common(1)
        order = len(names) - 1
        others = [name for name in names if name != centre]
        away = [jnp.where(near, self._nodes[n] - self._nodes[centre], 0.0) for n in others]
        weights = [1.0 / factorial(order + j) for j in range(_terms(order))]
        if len(set(others)) == 1:
            # h_j of one distance m times is that many products of j factors: no loop is needed.
            many = len(others) - 1
            total = _horner(away[0], [w * comb(j + many, many) for j, w in enumerate(weights)])
        else:
            total = _homogeneous(away, tuple(weights))
        return self((centre,)) * total


def _horner(away: Array, weights: list[float]) -> Array:
    """The sum of weights_j away^j."""
    total = jnp.full_like(away, weights[-1])
    for weight in reversed(weights[:-1]):
        total = weight + away * total
    return total


@partial(jax.jit, static_argnames=("weights",))
def _homogeneous(away: Sequence[Array], weights: tuple[float, ...]) -> Array:
    """The sum of weights_j h_j(away); a loop, since spelled out it would compile slowly.

    One node more adds to h_j, the polynomial of degree j, the new node times its h_(j - 1).
    """
    away = jnp.broadcast_arrays(*away)

    def add(carried, weight):
        total, degree = carried
        total, below, raised = total + weight * degree[-1], jnp.zeros_like(total), []
        for distance, polynomial in zip(away, degree, strict=True):
            below = below + distance * polynomial
            raised.append(below)
        return (total, raised), None

    ones = [jnp.ones_like(distance) for distance in away]
    start = (jnp.zeros_like(away[0]), ones)
    (total, _), _ = jax.lax.scan(add, start, jnp.asarray(weights, away[0].dtype))
    return total


def _without(names: Names, name: str) -> Names:
    at = names.index(name)
    return names[:at] + names[at + 1 :]
