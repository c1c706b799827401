"""Rules about counts: how many patients and cohorts, which levels were tried."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from myelodose.designs.look import Look
from myelodose.designs.rules import Rule
from myelodose.designs.verdict import Verdict, judged
from myelodose.errors import InputError


@dataclass(frozen=True)
class AtLeast(Rule):
    """Fires from a number of cohorts or patients on; see `at_least`."""

    what: Literal["cohorts", "patients"]
    limit: int

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        value = look.cohorts if self.what == "cohorts" else look.n.sum(1)
        return judged(self.what, value, ">=", self.limit)


def at_least(*, cohorts: int | None = None, patients: int | None = None) -> Rule:
    """Fires once so many cohorts, or patients, were treated; if both are given, both.

    Args:
        cohorts: Number of cohorts.
        patients: Number of evaluable patients.

    Raises:
        InputError: If none is given, or one is not positive.

    Example:
        >>> from myelodose.designs.look import look
        >>> at_least(cohorts=3)(look([6, 3], [0, 1], cohorts=3)).because
        'cohorts = 3 is >= 3'
    """
    rules = _counted("at_least", cohorts, patients)
    return rules[0] if len(rules) == 1 else rules[0] & rules[1]


@dataclass(frozen=True)
class EnoughAt(Rule):
    """Fires from a number of patients at one level on; see `enough_at`."""

    patients: int
    level: int | Literal["proposed", "any"]

    @property
    def levels(self) -> tuple[int, ...]:
        """The level, if it is named."""
        return (self.level,) if isinstance(self.level, int) else ()

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        if self.level == "any":
            return judged("most patients at a dose", look.n.max(1), ">=", self.patients)
        proposed = self.level == "proposed"
        name = "the proposed dose" if proposed else f"level {int(self.level) + 1}"
        value = look.at(look.n, self.level)
        missing = look.no_proposal
        return judged(f"patients at {name}", value, ">=", self.patients, missing=missing)


def enough_at(*, patients: int, level: int | Literal["proposed", "any"] = "proposed") -> Rule:
    """Fires once so many patients were treated at one level.

    Args:
        patients: Number of evaluable patients.
        level: Which level, 0 for the lowest; the one that would be given next; or any.

    Raises:
        InputError: If the number is not positive, or there is no such level.

    Example:
        >>> from myelodose.designs.look import look
        >>> seen = look([6, 3], [0, 1], proposed=1, cohorts=3)
        >>> enough_at(patients=6)(seen).fires, enough_at(patients=6, level="any")(seen).fires
        (False, True)
    """
    _check_counts("enough_at", {"patients": patients})
    check_level("enough_at, level", level, ("proposed", "any"))
    return EnoughAt(patients, level)


def at_most(*, cohorts: int | None = None, patients: int | None = None) -> Rule:
    """Ends a trial that may have at most so many cohorts or patients.

    As a rule for stopping it fires once the number is reached, so that it is not exceeded; of
    two numbers, once one is.

    Args:
        cohorts: Number of cohorts.
        patients: Number of evaluable patients.

    Raises:
        InputError: If none is given, or one is not positive.

    Example:
        >>> from myelodose.designs.look import look
        >>> at_most(patients=9)(look([6, 3], [0, 1], cohorts=3)).fires
        True
    """
    rules = _counted("at_most", cohorts, patients)
    return rules[0] if len(rules) == 1 else rules[0] | rules[1]


@dataclass(frozen=True)
class NoSkipping(Rule):
    """Fires if the proposed level skips one that was not tried; see `no_skipping`."""

    step: int = 1

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        highest = np.where(look.n > 0, np.arange(1, look.n.shape[1] + 1), 0).max(1)
        above = np.where(look.proposed >= 0, look.proposed + 1.0 - highest, np.nan)
        above = np.where(highest > 0, above, 0.0)
        rule = "levels of the proposed dose above the highest tried"
        return judged(rule, above, ">", self.step, missing=look.no_proposal)


def no_skipping(*, step: int = 1) -> Rule:
    """Fires if the proposed level lies more than `step` above the highest level tried.

    Meanings of "no skipping" differ: here, and in dtpcrm, it counts from the highest level ever
    tried, and only upwards; elsewhere it counts from the level given last.

    Args:
        step: Most levels above the highest level tried.

    Raises:
        InputError: If `step` is not positive.

    Example:
        >>> from myelodose.designs.look import look
        >>> no_skipping()(look([3, 0, 0], [0, 0, 0], proposed=2, cohorts=1)).fires
        True
    """
    _check_counts("no_skipping", {"step": step})
    return NoSkipping(step)


def check_level(place: str, level: int | str, words: tuple[str, ...]) -> None:
    """Refuse what is no level.

    Raises:
        InputError: Naming what would do.
    """
    fine = level in words if isinstance(level, str) else level >= 0
    if not fine:
        names = ", ".join(f"'{word}'" for word in words)
        raise InputError(place, f"found {level!r}", f"give {names} or a level from 0")


def _counted(place: str, cohorts: int | None, patients: int | None) -> list[Rule]:
    _check_counts(place, {"cohorts": cohorts, "patients": patients})
    rules: list[Rule] = [] if cohorts is None else [AtLeast("cohorts", cohorts)]
    return rules + ([] if patients is None else [AtLeast("patients", patients)])


def _check_counts(place: str, counts: dict[str, int | None]) -> None:
    given = {name: count for name, count in counts.items() if count is not None}
    if not given:
        names = " or ".join(counts)
        raise InputError(place, "found no number", f"give {names}")
    for name, count in given.items():
        if count < 1:
            raise InputError(f"{place}, {name}", f"found {count}", "give 1 or more")
