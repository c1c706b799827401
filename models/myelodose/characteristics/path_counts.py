"""How many paths a trial can take, without listing them."""

from collections.abc import Sequence

import numpy as np

from myelodose.characteristics.states import merged, no_patients, treated
from myelodose.designs.base import Design


def path_counts(design: Design, *, cohorts: Sequence[int] | int, **settings) -> list[int]:
    """Different paths to the end, after each of these numbers of cohorts.

    A path is the sequence of doses and DLT counts; equal states are merged, so counting needs no
    tree.

    Args:
        design: The design.
        cohorts: Numbers of cohorts, or one.
        settings: `cohort_size` and `start`, as in `pathways`.

    Example:
        >>> from myelodose.designs.three_plus_three import ThreePlusThree
        >>> path_counts(ThreePlusThree(doses=2, fill_the_top=True), cohorts=9)
        [46]
    """
    wanted = [cohorts] if isinstance(cohorts, int) else list(cohorts)
    return [_count(design, number, **settings) for number in wanted]


def _count(
    design: Design, cohorts: int, *, cohort_size: int | None = None, start: int | None = None
) -> int:
    begin = design.start if start is None else start
    states = no_patients(design, begin, 1)
    ways, total, done = np.ones(1), 0.0, 0
    half = np.full((1, design.levels), 0.5)
    while len(states.level):
        decided = np.array([begin])
        if done:
            decided = design.decide(states.n, states.y, states.level)
        ends = (decided < 0) | (done >= cohorts)
        total += ways[ends].sum()
        go = states.take(~ends)
        given = decided[~ends]
        size = np.asarray(design.size(go.n, go.y, given))
        if cohort_size is not None:
            size = np.full(len(given), cohort_size)
        spread = treated(go, given, size, half)
        # The number of ways takes the place of the probability.
        states = merged(spread._replace(prob=np.repeat(ways[~ends], size + 1)[:, None]))
        ways, done = states.prob[:, 0], done + 1
    return round(total)
