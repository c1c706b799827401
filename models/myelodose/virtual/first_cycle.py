"""The mornings of cycle 1, simulated only as far as the DLT rule needs them.

Who could start the next cycle on the day it is due has recovered, and no later morning changes
that. In half of the patients this saves the second month.
"""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool

from myelodose.marrow.protocol.follow import Followed, Standing
from myelodose.marrow.protocol.written import Protocol
from myelodose.solve.settings import Fast
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.evaluate import at_least
from myelodose.virtual.follow import (
    BLOCK,
    Mornings,
    check_solved,
    keep_mornings,
    through_protocol,
)
from myelodose.virtual.population import Population

_MOST, _PARTS = 2000, 10


class _Begun(NamedTuple):
    mornings: Mornings
    end: Standing


def first_cycle(
    population: Population, protocol: Protocol, rule: DltRule, *, solver: Fast
) -> Mornings:
    """Mornings within the window of the rule; of the recovered, the due day's counts stay.

    The DLT rule, and the days until the next cycle, read the same from them as from a simulation
    of the whole window. A rule that counts days of grade 4 reads every morning, and gets them.

    Args:
        population: Virtual patients.
        protocol: The rules of treatment.
        rule: The DLT rule.
        solver: The fast solver.

    Raises:
        ArithmeticError: If the solver does not converge.
    """
    short = rule.cycle_d + 1
    if rule.grade4_over_d is not None or short >= rule.window_d:
        days = rule.window_d
        found = through_protocol(population, protocol, days=days, keep=keep_mornings, solver=solver)
        check_solved(found.counts)
        return found
    begun = through_protocol(population, protocol, days=short, keep=_keep_end, solver=solver)
    check_solved(begun.mornings.counts)
    left = np.flatnonzero(~_recovered(begun.mornings, population, rule))
    return _continued(population, protocol, rule, begun, left, solver)


def _keep_end(followed: Followed) -> _Begun:
    return _Begun(keep_mornings(followed), followed.end)


def _recovered(mornings: Mornings, population: Population, rule: DltRule) -> Bool[np.ndarray, "p"]:
    due, baseline = mornings.counts[rule.cycle_d], population.baseline[:2]
    ready = (at_least(due[None], baseline, limits) for limits in (rule.start, rule.recovered))
    return np.logical_and.reduce([one[0] for one in ready])


def _continued(
    population: Population,
    protocol: Protocol,
    rule: DltRule,
    begun: _Begun,
    left: np.ndarray,
    solver: Fast,
) -> Mornings:
    """The rest of the window for those who are left, in parts of one size: it compiles once."""
    more = rule.window_d - rule.cycle_d - 1
    total = begun.mornings.cycle.shape[-1]
    size = min(_MOST, BLOCK * max(1, total // (_PARTS * BLOCK)), total)
    counts, cycle = (np.concatenate([x, np.repeat(x[-1:], more, 0)], 0) for x in begun.mornings)
    for first in range(0, len(left), size):
        those = left[first : first + size]
        padded = np.resize(those, size)
        start: Any = jax.tree.map(lambda x, rows=padded: x[..., rows], begun.end)
        found = through_protocol(
            population.take(padded),
            protocol,
            days=more,
            keep=keep_mornings,
            solver=solver,
            start=start,
        )
        check_solved(found.counts)
        counts[-more:, :, those] = found.counts[..., : len(those)]
        cycle[-more:, those] = found.cycle[:, : len(those)]
    return Mornings(counts, cycle)
