"""Rules that combine with `&` and `|` and say why they fire, fire not, or cannot tell."""

import abc
from dataclasses import dataclass
from typing import NamedTuple

from myelodose.designs.base import Reason
from myelodose.designs.look import Look


class Verdict(NamedTuple):
    """What a rule says.

    Attributes:
        fires: Whether it does; None if the numerical error reaches across its limit.
        because: Why, in words.
        reasons: The single rules with their numbers.
    """

    fires: bool | None
    because: str
    reasons: tuple[Reason, ...]


class Rule(abc.ABC):
    """A question about a trial at one moment.

    `a & b` fires if both do, `a | b` if one does. Undecided is a third answer: false & undecided
    is false, true | undecided is true, the rest stays undecided.
    """

    @abc.abstractmethod
    def __call__(self, look: Look) -> Verdict:
        """Look at a trial.

        Args:
            look: The trial at one moment.
        """

    def __and__(self, other: "Rule") -> "Rule":
        """Fires if both do."""
        return Both(self, other)

    def __or__(self, other: "Rule") -> "Rule":
        """Fires if one does."""
        return Either(self, other)

    def __invert__(self) -> "Rule":
        """Fires if this one does not."""
        return Not(self)


@dataclass(frozen=True)
class Both(Rule):
    """Fires if both rules do."""

    one: Rule
    two: Rule

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        found = (self.one(look), self.two(look))
        against = [v for v in found if v.fires is False]
        unsure = [v for v in found if v.fires is None]
        fires = False if against else None if unsure else True
        return _joined(fires, against or unsure or list(found), found, " and ")


@dataclass(frozen=True)
class Either(Rule):
    """Fires if one of two rules does."""

    one: Rule
    two: Rule

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        found = (self.one(look), self.two(look))
        with_it = [v for v in found if v.fires]
        unsure = [v for v in found if v.fires is None]
        fires = True if with_it else None if unsure else False
        return _joined(fires, with_it or unsure or list(found), found, " and ")


@dataclass(frozen=True)
class Not(Rule):
    """Fires if a rule does not."""

    rule: Rule

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        found = self.rule(look)
        return found._replace(fires=None if found.fires is None else not found.fires)


def _joined(
    fires: bool | None, telling: list[Verdict], found: tuple[Verdict, Verdict], word: str
) -> Verdict:
    because = word.join(verdict.because for verdict in telling)
    return Verdict(fires, because, found[0].reasons + found[1].reasons)


def judged(
    rule: str, value: float, limit: float, *, above: bool, strict: bool, error: float = 0.0
) -> Verdict:
    """The verdict of one comparison.

    Args:
        rule: What is asked, in words.
        value: The number looked at.
        limit: The number it is held against.
        above: Whether the rule fires for values above the limit, or below.
        strict: Whether it does not fire at the limit itself.
        error: Numerical error of the value; nearer to the limit than this is undecided.
    """
    gap = value - limit if above else limit - value
    fires: bool | None = gap > 0 if strict else gap >= 0
    if error > 0 and abs(gap) <= error:
        fires = None
    sign = {(True, True): ">", (True, False): ">=", (False, True): "<", (False, False): "<="}
    relation = sign[(above, strict)]
    word = {True: "yes", False: "no", None: "undecided"}[fires]
    because = f"{rule} = {value:.4g} is {'' if fires else 'not '}{relation} {limit:.4g}"
    if fires is None:
        because = f"{rule} = {value:.4g} is within {error:.1g} of {limit:.4g}"
    return Verdict(fires, because, (Reason(rule, value, limit, error, word, ""),))
