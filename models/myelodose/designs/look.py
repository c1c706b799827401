"""What a rule looks at: counts, and beliefs about the DLT risk whatever model made them."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from myelodose.designs.base import NONE, UNDECIDED, Counts, Design, Levels
from myelodose.designs.beliefs import Beliefs
from myelodose.designs.verdict import MAYBE, NO
from myelodose.errors import InputError

POSTERIOR = "a posterior of the DLT risks"
QUANTILES = "quantiles of the posterior"
NORMAL = "a one-parameter posterior taken as normal"
TARGET = "a target interval"

NEEDS = {
    POSTERIOR: "wrap the design in StopWhen(..., beliefs=BetaBeliefs), or give a rule on counts",
    QUANTILES: "ask for precise(cv=...) or precise(sd=...)",
    NORMAL: "leave out by='normal', which only a CRM has",
    TARGET: "give probability_in_target(..., target=(low, high))",
}
"""What rules may need besides counts, and what to do where it is lacking."""


class Look(NamedTuple):
    """Trials, each at one moment; the first axis is the state.

    Attributes:
        n: Evaluable patients per level.
        y: Patients with a DLT per level.
        proposed: Level that would be given next; `NONE` or `UNDECIDED` if there is none.
        cohorts: Cohorts treated.
        beliefs: About the DLT risk; None if no model is used.
        target: The target interval of the DLT risk, or None.
    """

    n: Int[np.ndarray, "state level"]
    y: Int[np.ndarray, "state level"]
    proposed: Levels
    cohorts: Levels
    beliefs: Beliefs | None = None
    target: tuple[float, float] | None = None

    def at(
        self, table: Float[np.ndarray, "... level"], level: int | Literal["proposed"]
    ) -> Float[np.ndarray, " state"]:
        """Each state's number at a level; NaN where no dose is proposed.

        Args:
            table: Numbers per level, for every state or the same in all.
            level: Which, 0 for the lowest, or the proposed one.

        Raises:
            InputError: If there is no such level.
        """
        levels = self.n.shape[1]
        every = np.broadcast_to(table, self.n.shape)
        if level == "proposed":
            found = every[np.arange(len(every)), np.maximum(self.proposed, 0)]
            return np.where(self.proposed >= 0, found, np.nan)
        if level >= levels:
            found = f"found level {level + 1}"
            raise InputError("rule, level", found, f"give a level from 0 to {levels - 1}")
        return every[:, level]

    @property
    def no_proposal(self) -> Float[np.ndarray, " state"]:
        """What a rule about the proposed dose answers where there is none."""
        return np.where(self.proposed == UNDECIDED, MAYBE, NO)

    def needs_beliefs(self, rule: str) -> Beliefs:
        """The beliefs.

        Raises:
            InputError: If there are none.
        """
        if self.beliefs is None:
            raise InputError(f"rule '{rule}'", "found no beliefs", "give look(..., beliefs=...)")
        return self.beliefs

    def needs_normal(self, rule: str) -> Callable[[float], tuple[np.ndarray, np.ndarray]]:
        """P(p > t) and its error with the parameter of the model taken as normal.

        Raises:
            InputError: If the beliefs have no such thing.
        """
        found = getattr(self.needs_beliefs(rule), "exceed_by_normal", None)
        if found is None:
            raise InputError(f"rule '{rule}'", f"found no {NORMAL[2:]}", NEEDS[NORMAL])
        return found

    def needs_target(self, rule: str) -> tuple[float, float]:
        """The target interval.

        Raises:
            InputError: If there is none.
        """
        if self.target is None:
            raise InputError(f"rule '{rule}'", "found no target", "give look(..., target=...)")
        return self.target


def look(
    n: ArrayLike,
    y: ArrayLike,
    *,
    cohorts: ArrayLike,
    proposed: ArrayLike | None = None,
    beliefs: Beliefs | None = None,
    target: tuple[float, float] | None = None,
) -> Look:
    """A `Look` from counts of one trial, or of many.

    Args:
        n: Evaluable patients per level; of many trials, state x level.
        y: Patients with a DLT, likewise.
        cohorts: Cohorts treated, one number or one a state.
        proposed: Level that would be given next, likewise; None for none.
        beliefs: About the DLT risk.
        target: The target interval of the DLT risk.

    Example:
        >>> look([3, 0], [1, 0], proposed=0, cohorts=1).n
        array([[3, 0]])
    """
    counts, dlts = np.atleast_2d(np.asarray(n, int)), np.atleast_2d(np.asarray(y, int))
    given = NONE if proposed is None else proposed
    each = [np.broadcast_to(np.asarray(x, int), (len(counts),)) for x in (given, cohorts)]
    return Look(counts, dlts, each[0], each[1], beliefs, target)


def look_of(
    design: Design, n: Counts, y: Counts, proposed: Levels, beliefs: Beliefs | None
) -> Look:
    """What the rules of a design look at; cohorts are patients over cohort size, rounded up.

    Args:
        design: The design.
        n: Evaluable patients, state x level.
        y: Patients with a DLT, state x level.
        proposed: Levels that it would give, or selects.
        beliefs: About the DLT risk in these states.
    """
    cohorts = -(-n.sum(-1) // design.cohort_size)
    return Look(n, y, np.asarray(proposed), cohorts, beliefs, design.target_interval)
