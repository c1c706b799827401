"""What a design is: a rule from what was seen to the next dose, and to the dose selected."""

import abc
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from myelodose.designs.beliefs import Beliefs
from myelodose.designs.call import Call, Reason
from myelodose.designs.finder import DoseFinder
from myelodose.errors import InputError, check_fields
from myelodose.outcomes import Outcomes, dose_labels

STOP = -1
"""What `Design.decide` gives for a trial that ends."""
NONE = -1
"""What `Design.pick` gives if no dose is selected."""
UNDECIDED = -2
"""What both give where the numerical error reaches across a limit."""

type Counts = Int[np.ndarray, "state level"]
type Levels = Int[np.ndarray, " state"]


class Design(DoseFinder):
    """A design that decides on counts of DLTs.

    A subclass gives `decide` and `pick`, vectorised over states, and `explain` and
    `explain_choice` for people; `next` and `select` follow, so that the two ways cannot disagree.
    A state is what was seen: evaluable patients `n` and DLTs `y` per level, and the level given
    last.
    """

    @property
    def ends(self) -> bool:
        """Whether every trial ends without a planned number of patients."""
        return False

    @abc.abstractmethod
    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """The level of the next cohort, `STOP` or `UNDECIDED`, for many states at once.

        Args:
            n: Evaluable patients, state x level.
            y: Patients with a DLT, state x level.
            level: The level given last; not looked at in a state without patients.

        Returns:
            The next level of each state; `start` if nobody was treated.
        """

    @abc.abstractmethod
    def pick(self, n: Counts, y: Counts) -> Levels:
        """The level selected at the end of the trial, or `NONE`, for many states at once.

        Args:
            n: Evaluable patients, state x level.
            y: Patients with a DLT, state x level.
        """

    @abc.abstractmethod
    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """Why `decide` chose, in words and numbers.

        Args:
            n: Evaluable patients per level.
            y: Patients with a DLT per level.
            level: The level given last.
            chosen: What `decide` gave.
        """

    @property
    def gives(self) -> frozenset[str]:
        """What its rules may look at besides counts, in the words of `look.NEEDS`."""
        return frozenset()

    @property
    def target_interval(self) -> tuple[float, float] | None:
        """Target interval of the DLT risk, if the design has one."""
        return None

    def posterior(self, n: Counts, y: Counts) -> Beliefs:
        """What the design believes about the DLT risk, for rules that ask.

        Args:
            n: Evaluable patients, state x level.
            y: Patients with a DLT, state x level.

        Raises:
            InputError: If it decides without a posterior.
        """
        raise InputError(type(self).__name__, "found no posterior", "give StopWhen beliefs")

    def explain_choice(self, n: Levels, y: Levels, chosen: int) -> tuple[str, list[Reason]]:
        """Why `pick` chose, in words and numbers; see `explain`."""
        if chosen == NONE:
            return "no dose can be selected", []
        return f"{self.name(chosen)}: {y[chosen]} DLTs in {n[chosen]} patients", []

    def size(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """Patients of the next cohort in each state; `cohort_size` unless a subclass differs.

        Args:
            n: Evaluable patients, state x level.
            y: Patients with a DLT, state x level.
            level: The level that the cohort will get, as `decide` gave it.
        """
        return np.full(np.shape(level), self.cohort_size)

    def next(self, outcomes: Outcomes) -> Call:
        """See `DoseFinder.next`."""
        n, y = self.counts(outcomes)
        level = self.start if outcomes.last_level is None else outcomes.last_level
        chosen = int(self.decide(n[None], y[None], np.array([level]))[0])
        if not n.any() and chosen == self.start:
            return self.starts()
        because, reasons = self.explain(n, y, level, chosen)
        if chosen == UNDECIDED:
            return Call(None, False, because, tuple(reasons))
        if chosen == STOP:
            return Call(self.select(outcomes).level, True, because, tuple(reasons))
        return Call(chosen, False, because, tuple(reasons))

    def select(self, outcomes: Outcomes) -> Call:
        """See `DoseFinder.select`."""
        n, y = self.counts(outcomes)
        chosen = int(self.pick(n[None], y[None])[0])
        because, reasons = self.explain_choice(n, y, chosen)
        return Call(chosen if chosen >= 0 else None, chosen != UNDECIDED, because, tuple(reasons))

    def counts(self, outcomes: Outcomes) -> tuple[Levels, Levels]:
        """`n` and `y` of outcomes over the doses of this design.

        Raises:
            InputError: If they are over other doses.
        """
        self.check_doses(outcomes)
        return outcomes.n, outcomes.y


def check_design(design: Design) -> None:
    """Refuse a design whose doses, cohort size or start cannot be.

    Raises:
        InputError: Naming class, field, value and remedy.
    """
    levels = len(dose_labels(design.doses, f"{type(design).__name__}, doses"))
    checks = {
        "cohort_size": (1 <= design.cohort_size <= 100, "a whole number from 1 to 100"),
        "start": (0 <= design.start < levels, f"a level from 0 to {levels - 1}"),
    }
    check_fields(design, checks)


def check_states(
    n: Sequence | np.ndarray, y: Sequence | np.ndarray, levels: int
) -> tuple[Counts, Counts]:
    """States as arrays of whole numbers.

    Raises:
        InputError: If the shapes do not fit, or a count cannot be.

    Example:
        >>> check_states([[3, 0]], [[4, 0]], 2)
        Traceback (most recent call last):
        myelodose.errors.InputError: states, y: found 4; give 0 to n
    """
    counts, dlts = np.atleast_2d(np.asarray(n)), np.atleast_2d(np.asarray(y))
    if counts.shape != dlts.shape or counts.shape[1] != levels:
        found = f"found n of shape {counts.shape} and y of shape {dlts.shape}"
        raise InputError("states", found, f"give both as state x {levels} levels")
    if not ((counts >= 0) & (counts == np.floor(counts))).all():
        bad = counts[~((counts >= 0) & (counts == np.floor(counts)))][0]
        raise InputError("states, n", f"found {bad:g}", "give whole numbers of at least 0")
    fine = (dlts >= 0) & (dlts <= counts) & (dlts == np.floor(dlts))
    if not fine.all():
        raise InputError("states, y", f"found {dlts[~fine][0]:g}", "give 0 to n")
    return counts.astype(int), dlts.astype(int)
