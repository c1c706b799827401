"""Rules that combine with `&`, `|` and `~`, look at many states at once, and say why."""

import abc
from dataclasses import dataclass

from myelodose.designs.base import Design
from myelodose.designs.look import NEEDS, Look
from myelodose.designs.verdict import Verdict, combined
from myelodose.errors import InputError


class Rule(abc.ABC):
    """A question about a trial at one moment, or about many trials.

    `a & b` fires if both do, `a | b` if one does, `~a` if a does not. Undecided is a third answer:
    false & undecided is false, true | undecided is true, the rest stays undecided.
    """

    @abc.abstractmethod
    def __call__(self, look: Look) -> Verdict:
        """Look at trials.

        Args:
            look: The trials, each at one moment.

        Raises:
            InputError: If the look lacks what the rule needs.
        """

    @property
    def needs(self) -> frozenset[str]:
        """What it needs besides counts, in the words of `look.NEEDS`."""
        return frozenset()

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Risks t for which it asks P(p > t), besides the ends of the design's target interval."""
        return ()

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels that it names."""
        return ()

    @property
    def ending(self) -> "Rule | None":
        """The part of it that ends a trial without a recommended dose."""
        return None

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
class _Pair(Rule):
    one: Rule
    two: Rule

    @property
    def needs(self) -> frozenset[str]:
        """What both need."""
        return self.one.needs | self.two.needs

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Those of both."""
        return self.one.thresholds + self.two.thresholds

    @property
    def levels(self) -> tuple[int, ...]:
        """Those of both."""
        return self.one.levels + self.two.levels


class Both(_Pair):
    """Fires if both rules do."""

    @property
    def ending(self) -> Rule | None:
        """All of it, if one of the two ends a trial without a dose."""
        return None if self.one.ending is None and self.two.ending is None else self

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        return combined((self.one(look), self.two(look)), every=True)


class Either(_Pair):
    """Fires if one of two rules does."""

    @property
    def ending(self) -> Rule | None:
        """The parts of the two."""
        one, two = self.one.ending, self.two.ending
        return one if two is None else two if one is None else Either(one, two)

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        return combined((self.one(look), self.two(look)), every=False)


@dataclass(frozen=True)
class Not(Rule):
    """Fires if a rule does not; it never ends a trial without a dose."""

    rule: Rule

    @property
    def needs(self) -> frozenset[str]:
        """What the rule needs."""
        return self.rule.needs

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Those of the rule."""
        return self.rule.thresholds

    @property
    def levels(self) -> tuple[int, ...]:
        """Those of the rule."""
        return self.rule.levels

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        found = self.rule(look)
        return Verdict(1 - found.answer, (found,))


def check_rule(design: Design, field: str, rule: Rule | None) -> None:
    """Refuse a rule that a design cannot serve.

    Args:
        design: The design; `gives` says what its rules may look at.
        field: Its field that has the rule.
        rule: The rule, or None.

    Raises:
        InputError: Naming what the rule needs and what would do.
    """
    if rule is None:
        return
    place = f"{type(design).__name__}, {field}"
    for need in sorted(rule.needs - design.gives):
        raise InputError(place, f"found a rule that needs {need}", NEEDS[need])
    high = [level for level in rule.levels if level >= design.levels]
    if high:
        found = f"found a rule about level {high[0] + 1}"
        raise InputError(place, found, f"give a level from 0 to {design.levels - 1}")
