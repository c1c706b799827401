"""P(DLT) in one cycle by causes that compete: counts, infection, thrombosis.

    P = 1 - (1 - p_recovery)(1 - p_infection)(1 - p_thrombosis)

Of the four DLTs of Platzbecker 2013 one was a missing recovery of counts, two were infections and
one a thrombosis (data/trials/platzbecker2013/dlt.csv): counts alone cannot explain them. Infection
has a hazard that rises while neutrophils are below 0.5e9/L,

    p_infection = 1 - exp(-(h0 days + h1 days with ANC < 0.5))

over the days of the cycle, which lasts until the next one can start.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.evaluate import cycle_end_d, dlt_by_counts
from myelodose.toxicity.hazards import Hazards

CAUSES = ("recovery", "infection", "thrombosis")
"""Recovery of counts, from the rule; the other two from hazards."""


class DltProbability(NamedTuple):
    """Of each patient, (...): by cause, and of any.

    Attributes:
        recovery: 1 where the rule finds a DLT in the counts, otherwise 0.
        infection: p_infection.
        thrombosis: p_thrombosis.
    """

    recovery: Float[np.ndarray, "..."]
    infection: Float[np.ndarray, "..."]
    thrombosis: Float[np.ndarray, "..."]

    @property
    def any(self) -> Float[np.ndarray, "..."]:
        """1 - (1 - p_recovery)(1 - p_infection)(1 - p_thrombosis)."""
        return 1 - (1 - self.recovery) * (1 - self.infection) * (1 - self.thrombosis)


class Exposed(NamedTuple):
    """What the counts of one cycle say, of each patient, (...).

    Attributes:
        recovery: 1 where the rule finds a DLT in the counts, otherwise 0.
        cycle_d: Days until the next cycle can start, at most the window of the rule [d].
        few_d: Of these, mornings with few neutrophils [d].
    """

    recovery: Float[np.ndarray, "..."]
    cycle_d: Float[np.ndarray, "..."]
    few_d: Float[np.ndarray, "..."]

    def probability(self, hazards: Hazards | Sequence[Hazards]) -> DltProbability:
        """P(DLT) by cause.

        Args:
            hazards: Of the causes that are not counts, one for all or one for each entry of the
                first axis; `anc_below_1e9_per_l` is not read again.
        """
        each = [hazards] if isinstance(hazards, Hazards) else hazards
        names = ("infection_background_per_d", "infection_per_d", "thrombosis")
        values = np.array([[getattr(one, name) for one in each] for name in names])
        one = (1,) * (np.ndim(self.recovery) - 1)
        background, few, clots = values.reshape(3, -1, *one) if self.recovery.ndim else values[:, 0]
        return DltProbability(
            recovery=self.recovery,
            infection=-np.expm1(-(background * self.cycle_d + few * self.few_d)),
            thrombosis=np.broadcast_to(clots, self.recovery.shape),
        )


def exposed(
    counts: ArrayLike,
    rule: DltRule,
    *,
    anc_below_1e9_per_l: float = 0.5,
    baseline: ArrayLike | None = None,
    next_start_d: ArrayLike | None = None,
    blasts: ArrayLike | None = None,
) -> Exposed:
    """What the counts of one cycle say about its DLTs, before any hazard is known.

    Args:
        counts: As in `dlt_by_counts` [1e9/L], (day, lineage, ...).
        rule: The rule for counts.
        anc_below_1e9_per_l: Few neutrophils: below this [1e9/L].
        baseline: As in `dlt_by_counts`.
        next_start_d: As in `dlt_by_counts`.
        blasts: As in `dlt_by_counts`.

    Raises:
        InputError: As `dlt_by_counts`.
    """
    found = dlt_by_counts(counts, rule, baseline=baseline, next_start_d=next_start_d, blasts=blasts)
    array = np.asarray(counts)[: rule.window_d]
    start = array[0] if baseline is None else np.asarray(baseline)
    end = cycle_end_d(array, rule, baseline=start, next_start_d=next_start_d)
    end = np.where(np.isnan(end), rule.window_d, end)
    day = np.arange(len(array)).reshape(-1, *(1,) * end.ndim)
    few = ((array[:, 0] < anc_below_1e9_per_l) & (day < end)).sum(0)
    return Exposed(found["any"].astype(float), end, few.astype(float))


def dlt_probability(
    counts: ArrayLike, rule: DltRule, hazards: Hazards, *, baseline: ArrayLike | None = None
) -> DltProbability:
    """P(DLT) in one cycle of each patient, by cause.

    Args:
        counts: As in `dlt_by_counts` [1e9/L], (day, lineage, ...).
        rule: The rule for counts.
        hazards: The rest.
        baseline: As in `dlt_by_counts`.

    Raises:
        InputError: As `dlt_by_counts`.

    Example:
        >>> fine = np.full((57, 2, 1), 100.0)
        >>> p = dlt_probability(fine, DltRule(), Hazards(infection_background_per_d=0.0))
        >>> float(p.any[0].round(3))
        0.03
    """
    below = hazards.anc_below_1e9_per_l
    return exposed(counts, rule, anc_below_1e9_per_l=below, baseline=baseline).probability(hazards)


def sample_dlts(seed: int, probability: DltProbability) -> Bool[np.ndarray, "cause ..."]:
    """Who has a DLT of which cause; more than one is possible.

    Args:
        seed: Seed; the same seed gives the same patients the same fate.
        probability: From `dlt_probability`.

    Returns:
        In the order of `CAUSES`.

    Example:
        >>> p = DltProbability(np.ones(3), np.zeros(3), np.zeros(3))
        >>> sample_dlts(1, p).sum(1).tolist()
        [3, 0, 0]
    """
    p = np.stack(probability)
    return np.random.default_rng(seed).random(p.shape) < p
