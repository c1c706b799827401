"""Counts of two outcomes, toxicity and efficacy, per level."""

from typing import NamedTuple

import numpy as np

from myelodose.designs.base import Counts
from myelodose.outcomes import Outcomes


class Seen(NamedTuple):
    """Counts per level with both outcomes, each state x level.

    Attributes:
        n: Patients with both outcomes known.
        y: Patients with toxicity.
        e: Patients with efficacy.
        both: Patients with efficacy and toxicity.
    """

    n: Counts
    y: Counts
    e: Counts
    both: Counts


def seen_so_far(outcomes: Outcomes) -> Seen:
    """Counts of the patients whose toxicity and efficacy are both known, as one state.

    Where no efficacy is recorded at all, nobody has responded.

    Example:
        >>> seen_so_far(Outcomes.read("1NEB", doses=1)).e
        array([[2]])
    """
    efficacy = outcomes.efficacy
    if efficacy is None:
        efficacy = tuple(None if t is None else 0 for t in outcomes.dlt)
    table = np.zeros((4, len(outcomes.doses)), int)
    for level, t, e in zip(outcomes.level, outcomes.dlt, efficacy, strict=True):
        if t is not None and e is not None:
            table[:, level] += (1, t, e, t * e)
    return Seen(*(row[None] for row in table))
