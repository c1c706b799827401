"""What a rule says: yes, no or undecided, for one trial or for many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from myelodose.designs.base import STOP, UNDECIDED, Levels, Reason
from myelodose.errors import InputError

# In this order "and" is the smaller answer, "or" the larger one, and "not" 1 minus the answer.
NO, MAYBE, YES = 0.0, 0.5, 1.0

type Sign = Literal[">", ">=", "<", "<="]


class Compared(NamedTuple):
    """One comparison of many states.

    Attributes:
        rule: What is asked, in words.
        value: The number looked at; NaN where there is none because no dose is proposed.
        sign: The rule fires if the value is so.
        limit: The number it is held against.
        error: Numerical error of the value.
    """

    rule: str
    value: Float[np.ndarray, " state"]
    sign: Sign
    limit: float
    error: Float[np.ndarray, " state"]


@dataclass(frozen=True)
class Verdict:
    """What a rule says of many states; `at` gives that of one, which has words.

    Args:
        answer: `YES`, `NO` or `MAYBE`: the numerical error reaches across a limit.
        parts: Verdicts of the rules that it combines.
        compared: What was compared, if it combines none.
    """

    answer: Float[np.ndarray, " state"]
    parts: tuple["Verdict", ...] = ()
    compared: Compared | None = None

    def at(self, state: int) -> "Verdict":
        """The verdict of one state."""
        one, was = slice(state, state + 1), self.compared
        if was is not None:
            was = was._replace(value=was.value[one], error=was.error[one])
        return Verdict(self.answer[one], tuple(part.at(state) for part in self.parts), was)

    @property
    def fires(self) -> bool | None:
        """Whether the rule does in this one state; None if that is undecided."""
        return {YES: True, NO: False, MAYBE: None}[self._one()]

    @property
    def because(self) -> str:
        """Why, in words: the parts that decided."""
        answer = self._one()
        if self.compared is not None:
            return _words(self.compared, answer)
        telling = [p for p in self.parts if p.answer[0] == answer or len(self.parts) == 1]
        return " and ".join(part.because for part in telling)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The single comparisons with their numbers."""
        answer, was = self._one(), self.compared
        if was is None:
            return tuple(reason for part in self.parts for reason in part.reasons)
        if np.isnan(was.value[0]):
            return ()
        word = {YES: "yes", NO: "no", MAYBE: "undecided"}[answer]
        numbers = float(was.value[0]), was.limit, float(was.error[0])
        return (Reason(was.rule, *numbers, word, ""),)

    def explain(self, without: str) -> list[Reason]:
        """The reasons, with what the decision would have been without the rule.

        Args:
            without: That decision in words; "" if it is the same.
        """
        return [reason._replace(without=without) for reason in self.reasons]

    def _one(self) -> float:
        if self.answer.shape != (1,):
            found = f"found {len(self.answer)} states"
            raise InputError("Verdict", found, "ask one of them, such as verdict.at(0)")
        return float(self.answer[0])


def judged(
    rule: str,
    value: ArrayLike,
    sign: Sign,
    limit: float,
    *,
    error: ArrayLike = 0.0,
    missing: ArrayLike = NO,
) -> Verdict:
    """The verdict of one comparison; nearer to the limit than its error is undecided.

    Args:
        rule: What is asked, in words.
        value: The number of each state; NaN for none.
        sign: How it is compared.
        limit: The number it is held against.
        error: Numerical error of the value.
        missing: The answer where the value is NaN.

    Example:
        >>> judged("dose", [1.0, 3.0, 2.01], ">", 2.0, error=0.02).answer
        array([0. , 1. , 0.5])
    """
    number = np.asarray(value, float)
    margin = np.broadcast_to(np.asarray(error, float), number.shape)
    gap = number - limit if sign in (">", ">=") else limit - number
    fires = gap >= 0 if sign in (">=", "<=") else gap > 0
    answer = np.where((margin > 0) & (np.abs(gap) <= margin), MAYBE, fires)
    answer = np.where(np.isnan(number), missing, answer)
    return Verdict(answer, (), Compared(rule, number, sign, limit, margin))


def after_rule(proposed: Levels, verdict: Verdict) -> Levels:
    """Proposed levels after a rule for stopping was looked at.

    Args:
        proposed: A level, `STOP` or `UNDECIDED`.
        verdict: What the rule says; where it fires the trial stops, and where it cannot tell the
            decision is undecided.

    Example:
        >>> after_rule(np.array([1, 1, -1]), Verdict(np.array([YES, MAYBE, MAYBE])))
        array([-1, -2, -1])
    """
    stops, unsure = verdict.answer == YES, (verdict.answer == MAYBE) & (proposed != STOP)
    return np.where(stops, STOP, np.where(unsure, UNDECIDED, proposed))


def combined(verdicts: Sequence[Verdict], *, every: bool) -> Verdict:
    """All of the verdicts if `every`, else any of them."""
    answers = np.stack([verdict.answer for verdict in verdicts])
    return Verdict(answers.min(0) if every else answers.max(0), tuple(verdicts))


def _words(was: Compared, answer: float) -> str:
    value = was.value[0]
    if np.isnan(value):
        return "the proposed dose is undecided" if answer == MAYBE else "no dose is proposed"
    if answer == MAYBE:
        return f"{was.rule} = {value:.4g} is within {was.error[0]:.1g} of {was.limit:.4g}"
    return f"{was.rule} = {value:.4g} is {'' if answer else 'not '}{was.sign} {was.limit:.4g}"
