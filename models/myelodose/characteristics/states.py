"""The reachable states of a trial, merged, with their probabilities."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import gammaln, xlog1py, xlogy

from myelodose.designs.base import Design


class States(NamedTuple):
    """Trials after the same number of cohorts, those with the same counts merged.

    Attributes:
        n: Evaluable patients, state x level.
        y: Patients with a DLT, state x level.
        level: The level given last.
        prob: Probability, state x scenario.
    """

    n: Int[np.ndarray, "state level"]
    y: Int[np.ndarray, "state level"]
    level: Int[np.ndarray, " state"]
    prob: Float[np.ndarray, "state scenario"]

    def take(self, which: Bool[np.ndarray, " state"]) -> "States":
        """Some of the states."""
        return States(*(part[which] for part in self))


class Round(NamedTuple):
    """States before one cohort.

    Attributes:
        states: The states.
        decided: What the design decides; in a full trial the level given last.
        ends: Whether the trial ends here.
    """

    states: States
    decided: Int[np.ndarray, " state"]
    ends: Bool[np.ndarray, " state"]


def no_patients(design: Design, start: int, scenarios: int) -> States:
    """The one state before the first patient."""
    zero = np.zeros((1, design.levels), int)
    return States(zero, zero, np.array([start]), np.ones((1, scenarios)))


def forward(
    design: Design,
    risk: Float[np.ndarray, "scenario level"],
    *,
    start: int,
    cohorts: int | None,
    patients: int | None,
    cohort_size: int | None,
) -> Iterator[Round]:
    """All reachable states, cohort after cohort, until every trial has ended.

    Args:
        design: The design.
        risk: True DLT risks.
        start: Level of the first cohort.
        cohorts: Most cohorts, or None.
        patients: Most patients, or None; the last cohort is cut to what is left.
        cohort_size: Patients in every cohort; what the design says if None.
    """
    states = no_patients(design, start, len(risk))
    done = 0
    while len(states.level):
        total = states.n.sum(-1)
        full = np.full(len(total), cohorts is not None and done >= cohorts)
        if patients is not None:
            full |= total >= patients
        decided = np.where(done == 0, start, states.level)
        if done and not full.all():
            # A full trial needs no next dose, and there are more of them than of all others.
            ask = states.take(~full)
            decided[~full] = design.decide(ask.n, ask.y, ask.level)
        ends = full | (decided < 0)
        yield Round(states, decided, ends)
        go = states.take(~ends)
        given = decided[~ends]
        if cohort_size is None:
            size = np.asarray(design.size(go.n, go.y, given))
        else:
            size = np.full(len(given), cohort_size)
        if patients is not None:
            size = np.minimum(size, patients - go.n.sum(-1))
        states = merged(treated(go, given, size, risk))
        done += 1


def treated(
    states: States,
    given: Int[np.ndarray, " state"],
    size: Int[np.ndarray, " state"],
    risk: Float[np.ndarray, "scenario level"],
) -> States:
    """Every state followed by every possible number of DLTs in its next cohort.

    Args:
        states: Before the cohort.
        given: Its level.
        size: Its patients.
        risk: True DLT risks.
    """
    source = np.repeat(np.arange(len(size)), size + 1)
    dlts = np.arange(len(source)) - np.repeat(np.cumsum(size + 1) - (size + 1), size + 1)
    level, count = given[source], size[source]
    rows = np.arange(len(source))
    n, y = states.n[source], states.y[source]
    n[rows, level] += count
    y[rows, level] += dlts
    chance = _binomial(count, dlts, risk.T[level])
    return States(n, y, level, states.prob[source] * chance)


def merged(states: States) -> States:
    """States with the same counts and level become one.

    A state's key is a sum of its numbers with fixed odd 64-bit factors. Should two different
    states share a key, they are told apart by their rows instead.
    """
    if not len(states.level):
        return states
    rows = np.concatenate([states.n, states.y, states.level[:, None]], 1)
    factors = np.random.default_rng(0).integers(
        1, 2**63, rows.shape[1], dtype=np.uint64
    ) | np.uint64(1)
    key = (rows.astype(np.uint64) * factors).sum(1, dtype=np.uint64)
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    if not np.array_equal(rows[first][group], rows):
        _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    prob = np.add.reduceat(states.prob[order], begins, axis=0)
    return States(states.n[first], states.y[first], states.level[first], prob)


def _binomial(
    n: Int[np.ndarray, " state"], k: Int[np.ndarray, " state"], p: Float[np.ndarray, "state x"]
) -> Float[np.ndarray, "state x"]:
    """P(k of n) with probability p, exact at p = 0 and 1."""
    ways = np.rint(np.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)))
    n, k, ways = n[:, None], k[:, None], ways[:, None]
    return ways * np.exp(xlogy(k, p) + xlog1py(n - k, -p))
