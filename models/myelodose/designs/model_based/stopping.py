"""When a trial stops: small rules that combine with `&` and `|` and say why.

Each rule looks at many states and answers 1 (yes), 0 (no) or 1/2: the numerical error reaches
across its limit. "And" is the smaller answer and "or" the larger, so an undecided rule that cannot
change the whole does no harm.
"""

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

MAYBE = 0.5


class View(NamedTuple):
    """What a rule may look at; the first axis is the state.

    Attributes:
        n: Evaluable patients, (state, level).
        y: Patients with a DLT, (state, level).
        chosen: The level that would be given next, (state,).
        exceed: P(p_k > t) and its error, each (state, level), for a t and "exact" or "normal".
        sd: Posterior standard deviation of the risks, (state, level).
    """

    n: Int[np.ndarray, "state level"]
    y: Int[np.ndarray, "state level"]
    chosen: Int[np.ndarray, " state"]
    exceed: Callable[[float, str], tuple[np.ndarray, np.ndarray]]
    sd: Float[np.ndarray, "state level"]


class Verdict(NamedTuple):
    """A rule's answer for many states: `fires` 0, 1/2 or 1; what it compared; and in words."""

    fires: Float[np.ndarray, " state"]
    value: Float[np.ndarray, " state"]
    limit: float
    error: Float[np.ndarray, " state"]
    words: str
    parts: tuple["Verdict", ...] = ()


def above(value: np.ndarray, limit: float, error: np.ndarray | float) -> np.ndarray:
    """Whether value > limit: 1, 0, or 1/2 where the error reaches across.

    Example:
        >>> above(np.array([0.1, 0.3, 0.25]), 0.25, 0.01).tolist()
        [0.0, 1.0, 0.5]
    """
    away = value - limit
    return np.where(away > error, 1.0, np.where((away <= -error) | (error == 0), 0.0, MAYBE))


class StopRule(abc.ABC):
    """A reason to stop."""

    @abc.abstractmethod
    def look(self, view: View) -> Verdict:
        """Answer for every state."""

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Risks t for which it asks P(p_k > t)."""
        return ()

    @property
    def no_dose(self) -> bool:
        """Whether a trial that it stops ends without a recommended dose."""
        return False

    def __and__(self, other: "StopRule") -> "StopRule":
        return Both(self, other)

    def __or__(self, other: "StopRule") -> "StopRule":
        return Either(self, other)


@dataclass(frozen=True)
class _Pair(StopRule):
    one: StopRule
    two: StopRule

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Those of both."""
        return self.one.thresholds + self.two.thresholds


class Both(_Pair):
    """Stops when both rules say so."""

    @property
    def no_dose(self) -> bool:
        """If either of them ends without a dose."""
        return self.one.no_dose or self.two.no_dose

    def look(self, view: View) -> Verdict:
        """The smaller answer."""
        a, b = self.one.look(view), self.two.look(view)
        fires = np.minimum(a.fires, b.fires)
        return Verdict(fires, fires, 1.0, 0 * fires, f"{a.words} and {b.words}", (a, b))


class Either(_Pair):
    """Stops when one of the rules says so."""

    def look(self, view: View) -> Verdict:
        """The larger answer."""
        a, b = self.one.look(view), self.two.look(view)
        fires = np.maximum(a.fires, b.fires)
        return Verdict(fires, fires, 1.0, 0 * fires, f"{a.words} or {b.words}", (a, b))


def unsafe_part(rule: StopRule | None) -> StopRule | None:
    """The part of a rule that ends a trial without a recommended dose.

    Example:
        >>> from myelodose.designs.model_based.stops import TooToxic, Treated
        >>> unsafe_part(TooToxic(0.3, 0.9) | Treated(30))
        TooToxic(threshold=0.3, probability=0.9, level=0, by='exact')
    """
    if isinstance(rule, Either):
        parts = [p for p in (unsafe_part(rule.one), unsafe_part(rule.two)) if p is not None]
        return Either(*parts) if len(parts) == 2 else (parts or [None])[0]
    return rule if rule is not None and rule.no_dose else None
