"""One decision of a design: what, why, and what it would have been without each rule."""

import html
from typing import Any, NamedTuple

import pandas as pd


class Reason(NamedTuple):
    """One rule that was looked at for a decision.

    Attributes:
        rule: What the rule asks, in words.
        value: The number it looked at.
        limit: The number it was held against.
        error: Numerical error of the value, 0 if it is exact.
        verdict: What followed, in words.
        without: What the decision would have been without this rule; "" if the same.
    """

    rule: str
    value: float
    limit: float
    error: float
    verdict: str
    without: str


class Call(NamedTuple):
    """A decision with its reasons.

    Attributes:
        level: The level of the next cohort; if `stop`, the level that is recommended, or None for
            none; None without `stop` if the numerical error leaves the decision undecided.
        stop: Whether the trial ends.
        because: One sentence for people.
        reasons: The rules behind it, in the order in which they were looked at.
        wait: Whether enrolment waits for follow-up before `level` is given; time-to-event designs.
    """

    level: int | None
    stop: bool
    because: str
    reasons: tuple[Reason, ...] = ()
    wait: bool = False

    @property
    def undecided(self) -> bool:
        """Whether the numerical error reaches across a limit."""
        return self.level is None and not self.stop

    def frame(self) -> pd.DataFrame:
        """The reasons as a table: rule, value, limit, error, verdict, without.

        Example:
            >>> call = Call(1, False, "why", (Reason("DLTs", 0, 1, 0, "few enough", ""),))
            >>> call.frame().verdict.tolist()
            ['few enough']
        """
        return pd.DataFrame(list(self.reasons), columns=list(Reason._fields))

    def to_dict(self) -> dict[str, Any]:
        """The decision as plain numbers and text, ready for JSON.

        Example:
            >>> Call(None, True, "no dose is tolerable").to_dict()["stop"]
            True
        """
        known = self._asdict() | {"reasons": [reason._asdict() for reason in self.reasons]}
        return known | {"undecided": self.undecided}

    def __str__(self) -> str:
        """The sentence, and the reasons below it."""
        sentence = self.because[:1].upper() + self.because[1:] + "."
        if not self.reasons:
            return sentence
        shown = self.frame().to_string(index=False, float_format=lambda x: f"{x:.4g}")
        return f"{sentence}\n\n{shown}"

    def _repr_html_(self) -> str:
        """For notebooks."""
        table = self.frame().to_html(index=False, float_format=lambda x: f"{x:.4g}")
        return f"<p>{html.escape(self.because)}.</p>" + (table if self.reasons else "")
