"""What interval designs share: a decision table at the current dose, exclusion, selection."""

import abc
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from jaxtyping import Bool

from myelodose.designs.base import (
    NONE,
    STOP,
    Counts,
    Design,
    Levels,
    Reason,
    check_design,
    check_states,
)
from myelodose.designs.beta_beliefs import BetaBeliefs
from myelodose.designs.decision_table import decision_boundaries, decision_table
from myelodose.designs.look import POSTERIOR, QUANTILES
from myelodose.designs.posterior_beta import closed_from_first, prob_above
from myelodose.designs.select_mtd import isotonic_rates, nearest_to_target
from myelodose.errors import InputError, check_fields

UP, STAY, DOWN = 1, 0, -1
LETTER = {UP: "E", STAY: "S", DOWN: "D"}
WORD = {UP: "escalate", STAY: "stay", DOWN: "de-escalate"}

# DLT rates are fractions of small numbers; a rate this near an end of an interval is on it.
ON_THE_END = 1e-9


class IntervalDesign(Design):
    """A design that compares the current dose with an interval around the target.

    Fields that every subclass has: `target`; `exclude_above`, a dose is excluded, with all higher
    ones, if P(p > target) > exclude_above; `exclude_from`, and at least so many patients were
    treated there; `stop_at`, the trial ends once so many patients were treated at the current
    dose and the next cohort would get it again (None: never).

    The trial stops without an MTD if the lowest dose is excluded. Escalation to an excluded dose
    becomes a stay. Moves are by one level, so no untried level is skipped either way.
    """

    if TYPE_CHECKING:  # Fields of the subclasses, as in `Design`.

        @property
        def target(self) -> float:
            """Target DLT risk."""
            ...

        @property
        def exclude_above(self) -> float:
            """Certainty that excludes a dose."""
            ...

        @property
        def exclude_from(self) -> int:
            """Patients from which a dose can be excluded."""
            ...

        @property
        def stop_at(self) -> int | None:
            """Patients at the current dose that end the trial."""
            ...

    exclusion_prior: ClassVar[tuple[float, float]] = (1.0, 1.0)
    selection_prior: ClassVar[tuple[float, float]] = (0.05, 0.05)

    @abc.abstractmethod
    def step(self, n: Levels, y: Levels) -> Levels:
        """`UP`, `STAY` or `DOWN` for `y` DLTs in `n` patients at the current dose.

        Args:
            n: Patients at the current dose.
            y: DLTs there.
        """

    @abc.abstractmethod
    def interval_words(self, n: int, y: int) -> tuple[str, list[Reason]]:
        """Where the current dose lies, in words and numbers."""

    @property
    def gives(self) -> frozenset[str]:
        """The posterior by which doses are excluded."""
        return frozenset({POSTERIOR, QUANTILES})

    def posterior(self, n: Counts, y: Counts) -> BetaBeliefs:
        """See `Design.posterior`; that of each dose by its own data, as for exclusion."""
        return BetaBeliefs(n, y, self.exclusion_prior)

    def exclude(self, n: Counts, y: Counts) -> Bool[np.ndarray, "state level"]:
        """Whether a dose is overly toxic by its own data."""
        above = prob_above(self.target, n, y, prior=self.exclusion_prior)
        return (n >= self.exclude_from) & (n > 0) & (above > self.exclude_above)

    def closed(self, n: Counts, y: Counts) -> Bool[np.ndarray, "state level"]:
        """Levels that may not be given any more."""
        return closed_from_first(self.exclude(n, y))

    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.decide`."""
        n, y = check_states(n, y, self.levels)
        level = np.asarray(level)
        rows = np.arange(len(n))
        closed = self.closed(n, y)
        top = self.levels - 1
        blocked = closed[rows, np.minimum(level + 1, top)] & (level < top)
        move = self.step(n[rows, level], y[rows, level])
        move = np.where((move == UP) & (blocked | (level == top)), STAY, move)
        chosen = np.maximum(level + move, 0)
        # Below the lowest closed level, wherever the trial stands.
        open_levels = np.where(closed.any(-1), closed.argmax(-1), self.levels)
        chosen = np.minimum(chosen, open_levels - 1)
        if self.stop_at is not None:
            chosen = np.where(self.enough(n[rows, level], chosen, level), STOP, chosen)
        chosen = np.where(closed[:, 0], STOP, chosen)
        return np.where(n.sum(-1) == 0, self.start, chosen)

    def enough(self, n: Levels, chosen: Levels, level: Levels) -> Bool[np.ndarray, " state"]:
        """Whether the current dose has had `stop_at` patients and would be given again."""
        return (n >= (self.stop_at or 0)) & (chosen == level)

    def pick(self, n: Counts, y: Counts) -> Levels:
        """See `Design.pick`; `nearest_to_target` says how."""
        n, y = check_states(n, y, self.levels)
        return nearest_to_target(
            n, y, self.closed(n, y), target=self.target, prior=self.selection_prior
        )

    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        closed = self.closed(n[None], y[None])[0]
        seen = f"{y[level]}/{n[level]} DLTs at {self.name(level)}"
        safety = [self._safety(n, y, k, level, chosen) for k in sorted({0, level}) if n[k]]
        if closed[0]:
            because = f"stop: {self.name(0)} is overly toxic, P(risk > {self.target:g}) is "
            return because + f"{safety[0].value:.3f} > {self.exclude_above:g}", safety
        if n[level] == 0:
            return f"no evaluable patient at {self.name(level)} yet", safety
        words, reasons = self.interval_words(int(n[level]), int(y[level]))
        if self.stop_at is not None:
            stays = f"stay at {self.name(level)}" if chosen == STOP else ""
            verdict = "stop" if chosen == STOP else "go on"
            count = f"patients at {self.name(level)}, if it would be given again"
            reasons.append(Reason(count, int(n[level]), self.stop_at, 0, verdict, stays))
        if chosen == STOP:
            return f"stop: {n[level]} patients at {self.name(level)}; {words}", [*safety, *reasons]
        move = int(np.sign(chosen - level))
        text = f"{WORD[move]} to {self.name(chosen)}: {seen}; {words}"
        if closed[level]:
            text = f"{WORD[move]} to {self.name(chosen)}: {seen}; {self.name(level)} is excluded"
        elif move == STAY:
            text = f"stay at {self.name(level)}: {seen}; {words}{self._held(n, y, level, closed)}"
        return text, [*safety, *reasons]

    def explain_choice(self, n: Levels, y: Levels, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain_choice`."""
        if chosen == NONE:
            return "no dose can be selected: none was tried that is not overly toxic", []
        rate = isotonic_rates(n[None], y[None], self.selection_prior)[0]
        reason = Reason(
            "isotonic DLT rate nearest the target",
            float(rate[chosen]),
            self.target,
            0,
            "selected",
            "",
        )
        text = f"{self.name(chosen)}: its isotonic DLT rate {rate[chosen]:.3f} is nearest the "
        return text + f"target {self.target:g}", [reason]

    def table(self, most: int = 12, *, sizes: tuple[int, ...] | None = None) -> pd.DataFrame:
        """The decision table at a middle dose; see `decision_table`.

        Args:
            most: Patients up to this many.
            sizes: Only these numbers of patients, if given.
        """
        return decision_table(self.letters, sizes or tuple(range(1, most + 1)))

    def boundaries(self, most: int = 30) -> pd.DataFrame:
        """The decision table as limits; see `decision_boundaries`.

        Args:
            most: Patients up to this many.
        """
        return decision_boundaries(self.letters, most)

    def letters(self, n: int) -> list[str]:
        """The decision for 0, 1, ... n DLTs in n patients: E, S, D or DU."""
        y = np.arange(n + 1)
        count = np.full(n + 1, n)
        moves = self.step(count, y)
        out = self.exclude(count[:, None], y[:, None])[:, 0]
        return ["DU" if o else LETTER[int(m)] for o, m in zip(out, moves, strict=True)]

    def _safety(self, n: Levels, y: Levels, k: int, level: int, chosen: int) -> Reason:
        above = float(prob_above(self.target, n[k], y[k], prior=self.exclusion_prior))
        out = bool(self.exclude(n[None], y[None])[0, k])
        rule = f"P(risk at {self.name(k)} > {self.target:g}), from {self.exclude_from} patients"
        without = ""
        if out and n[level]:
            move = int(self.step(n[[level]], y[[level]])[0])
            other = min(max(level + move, 0), self.levels - 1)
            without = "" if other == chosen else f"{WORD[move]} to {self.name(other)}"
        verdict = "excluded" if out else "not excluded"
        return Reason(rule, above, self.exclude_above, 1e-14, verdict, without)

    def _held(self, n: Levels, y: Levels, level: int, closed: Bool[np.ndarray, " level"]) -> str:
        move = int(self.step(n[[level]], y[[level]])[0])
        if move == UP:
            return (
                ", but it is the highest dose"
                if level + 1 == self.levels
                else (f", but {self.name(level + 1)} is excluded")
            )
        return ", but it is the lowest dose" if move == DOWN else ""


def check_interval_design(design: IntervalDesign) -> None:
    """Refuse an interval design whose common fields cannot be.

    Raises:
        InputError: Naming class, field, value and remedy.
    """
    check_design(design)
    stop = design.stop_at
    checks = {
        "target": (0 < design.target < 1, "a probability between 0 and 1"),
        "exclude_above": (0 < design.exclude_above <= 1, "a probability; 1 excludes no dose"),
        "exclude_from": (design.exclude_from >= 0, "0 or more patients"),
        "stop_at": (stop is None or stop >= 1, "1 or more patients, or None"),
    }
    check_fields(design, checks)


def check_margins(design: IntervalDesign, low: float, high: float) -> None:
    """Refuse an interval that does not hold the target or leaves (0, 1).

    Raises:
        InputError: Naming class, interval and remedy.
    """
    if not 0 < low < design.target < high < 1:
        place = f"{type(design).__name__}, interval"
        remedy = f"give 0 < lower end < target {design.target:g} < upper end < 1"
        raise InputError(place, f"found {low:g} to {high:g}", remedy)
