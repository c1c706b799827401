r"""Posterior expectations of many trial states at once, on nodes that all of them share.

The parameters z sit on a regular lattice of spacing h with prior density f(z). A state is a vector
of counts c of the possible outcomes; its likelihood is prod_j q_j(z)^c_j, so

    log posterior(z) = log f(z) + sum_j c_j log q_j(z) + constant

is one matrix product for all states, and every expectation is a second one. On a regular lattice
the trapezoidal sum of an analytic density that vanishes at both ends converges exponentially in
1/h. So does the integral of the sinc interpolant up to any bound c,

    integral to c of g  =  h sum_j g(z_j) [1/2 + Si(pi (c - z_j) / h) / pi],

which makes probabilities of an event {z <= c} smooth in c: no cell for the edge to fall into.

Source:
    Trefethen and Weideman, SIAM Review 2014;56:385 (doi 10.1137/130932132; trapezoidal sums);
    Stenger, Numerical methods based on sinc and analytic functions, 1993 (indefinite integrals).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import sici

# Multiply-adds of one product. BLAS hands larger ones to several threads, which costs more than it
# gains at these shapes, and the block would leave the cache.
_BLOCK_WORK = 250_000


class Lattice(NamedTuple):
    """Nodes of a prior and what is read off the posterior there.

    Shapes: `log_prior` (node,), `log_chance` (outcome, node): log q_j; `read` (node, reading):
    each column is a function whose expectation is wanted. The first `coarse` nodes are the
    lattice of twice the spacing; `read_coarse` (coarse, reading) are the same readings there.
    `edge` (node,) marks the outermost nodes, and `floor` is the error of leaving out the rest.
    """

    log_prior: Float[np.ndarray, " node"]
    log_chance: Float[np.ndarray, "outcome node"]
    read: Float[np.ndarray, "node reading"]
    read_coarse: Float[np.ndarray, "coarse reading"]
    edge: Float[np.ndarray, " node"]
    floor: float = 1e-13

    @property
    def coarse(self) -> int:
        """Number of nodes of the coarser lattice; they stand first."""
        return len(self.read_coarse)


class Readings(NamedTuple):
    """Posterior expectations of the readings, and their numerical errors.

    Shapes: `value` and `error` (state, reading), `log_evidence` (state,).
    """

    value: Float[np.ndarray, "state reading"]
    error: Float[np.ndarray, "state reading"]
    log_evidence: Float[np.ndarray, " state"]


class Axis(NamedTuple):
    """Regular nodes of one parameter: `node` (n,), spacing, and which are on the coarser one."""

    node: Float[np.ndarray, " n"]
    spacing: float
    coarse: np.ndarray
    edge: np.ndarray


def axis(low: float, high: float, spacing: float) -> Axis:
    """Regular nodes from `low` to at least `high`.

    Example:
        >>> axis(0.0, 1.0, 0.5).node.tolist()
        [0.0, 0.5, 1.0]
    """
    count = int(np.ceil((high - low) / spacing - 1e-9)) + 1
    at = np.arange(count)
    return Axis(low + spacing * at, spacing, at % 2 == 0, (at < 2) | (at >= count - 2))


def step_weight(bound: ArrayLike, node: ArrayLike, spacing: float) -> Float[np.ndarray, "..."]:
    """The reading whose expectation is P(z <= bound): 1/2 + Si(pi (bound - z) / h) / pi.

    Args:
        bound: The bound c, infinite allowed; broadcast against `node`.
        node: Where it is read.
        spacing: h.

    Example:
        >>> step_weight(np.inf, 0.0, 0.1).item(), step_weight(0.0, 0.0, 0.1).item()
        (1.0, 0.5)
    """
    away = (np.asarray(bound, float) - np.asarray(node, float)) * (np.pi / spacing)
    return 0.5 + sici(away)[0] / np.pi


def expectations(lattice: Lattice, counts: ArrayLike) -> Readings:
    """Expectations of every reading in every state.

    The error is the square of the state's largest difference to the lattice of twice the spacing,
    plus ten times the mass on the outermost nodes. For a normal density, halving the spacing takes
    the error to its fourth power, so the square is on the safe side.

    Args:
        lattice: Nodes and readings.
        counts: How often each outcome was seen, state x outcome.

    Returns:
        Value and error of each reading in each state.
    """
    counts = np.atleast_2d(np.asarray(counts, float))

    def log_likelihood(rows: slice, out: np.ndarray) -> None:
        np.matmul(counts[rows], lattice.log_chance, out=out)

    return expectations_of(lattice, log_likelihood, len(counts))


def expectations_of(
    lattice: Lattice, log_likelihood: Callable[[slice, np.ndarray], None], states: int
) -> Readings:
    """As `expectations`, for a likelihood that is no product of counts.

    Args:
        lattice: Nodes and readings.
        log_likelihood: Called with the rows of a block of states and an array (state, node) to
            fill.
        states: Number of states.

    Returns:
        Value and error of each reading in each state.
    """
    nodes = lattice.log_prior.size
    value = np.empty((states, lattice.read.shape[1]))
    error = np.empty_like(value)
    log_evidence = np.empty(states)
    widest = max(len(lattice.log_chance), lattice.read.shape[1])
    block = max(1, _BLOCK_WORK // (nodes * widest))
    buffer = np.empty((block, nodes))
    for start in range(0, states, block):
        rows = slice(start, min(start + block, states))
        mass = buffer[: rows.stop - start]
        log_likelihood(rows, mass)
        mass += lattice.log_prior
        top = mass.max(1, keepdims=True)
        mass -= top
        np.exp(mass, out=mass)
        total = mass.sum(1, keepdims=True)
        thin = mass[:, : lattice.coarse]
        value[rows] = mass @ lattice.read / total
        coarser = thin @ lattice.read_coarse / thin.sum(1, keepdims=True)
        outside = 10 * (mass @ lattice.edge)[:, None] / total
        # One reading may agree by chance, so the largest difference of the state counts for all.
        away = np.abs(value[rows] - coarser).max(1, keepdims=True, initial=0.0)
        error[rows] = away**2 + outside + lattice.floor
        log_evidence[rows] = (np.log(total) + top)[:, 0]
    return Readings(value, error, log_evidence)
