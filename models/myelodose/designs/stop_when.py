"""Any design with a rule for stopping added."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from myelodose.designs.base import STOP, Counts, Design, Levels, Reason
from myelodose.designs.beliefs import Beliefs
from myelodose.designs.look import POSTERIOR, QUANTILES, TARGET, look_of
from myelodose.designs.rules import Rule, check_rule
from myelodose.designs.states import once_each
from myelodose.designs.verdict import Verdict, after_rule
from myelodose.outcomes.labels import Doses


@dataclass(frozen=True)
class StopWhen(Design):
    """A design that also stops when a rule fires.

    Args:
        design: The design; it proposes the next dose, and selects the MTD.
        rule: Looked at after every cohort, with the proposed dose. Where it cannot tell, the
            decision is undecided. The part of it that ends a trial without a dose is looked at
            once more before a dose is selected, which is then the proposed one.
        beliefs: What is believed after n patients and y DLTs, each state x level, for rules that
            ask; the design's own posterior if not given.
        target: Target interval, for rules that ask; the design's own if not given.

    Raises:
        InputError: If the rule needs what the design does not give.

    Example:
        >>> from myelodose.designs import Boin, at_most, enough_at
        >>> from myelodose.outcomes import Outcomes
        >>> design = StopWhen(Boin(4, 0.3), at_most(patients=24) | enough_at(patients=9))
        >>> print(design.next(Outcomes.read("1NNN 2NNT 2NNT 2NNT", doses=4)).because)
        stop: patients at the proposed dose = 9 is >= 9
    """

    design: Design
    rule: Rule
    beliefs: Callable[[Counts, Counts], Beliefs] | None = None
    target: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Check the rule against what the design gives."""
        check_rule(self, "rule", self.rule)

    @property
    def doses(self) -> Doses:
        """Doses of the design."""
        return self.design.doses

    @property
    def cohort_size(self) -> int:
        """Cohort size of the design."""
        return self.design.cohort_size

    @property
    def start(self) -> int:
        """Start of the design."""
        return self.design.start

    @property
    def ends(self) -> bool:
        """Whether the design ends by itself."""
        return self.design.ends

    @property
    def gives(self) -> frozenset[str]:
        """What the design gives, and what was given here."""
        theirs, own = self.design.gives, frozenset() if self.target is None else {TARGET}
        if self.beliefs is not None:
            return (theirs & {TARGET}) | {POSTERIOR, QUANTILES} | own
        return theirs | own

    @property
    def target_interval(self) -> tuple[float, float] | None:
        """The one given, or that of the design."""
        return self.target or self.design.target_interval

    def posterior(self, n: Counts, y: Counts) -> Beliefs:
        """See `Design.posterior`; the beliefs given, or those of the design."""
        return self.design.posterior(n, y) if self.beliefs is None else self.beliefs(n, y)

    def size(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.size`; what the design says."""
        return self.design.size(n, y, level)

    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.decide`."""
        return once_each(self._decide, n, y, level, self.levels)

    def pick(self, n: Counts, y: Counts) -> Levels:
        """See `Design.pick`; what the design says, or nothing if the rule forbids it."""
        return once_each(self._pick, n, y, np.zeros(len(n), int), self.levels)

    def verdict(
        self, n: Counts, y: Counts, proposed: Levels, *, rule: Rule | None = None
    ) -> Verdict:
        """What the rule says of states.

        Args:
            n: Evaluable patients, state x level.
            y: Patients with a DLT, state x level.
            proposed: The levels that the design would give.
            rule: Another rule than `rule`.
        """
        asked = self.rule if rule is None else rule
        beliefs = self.posterior(n, y) if POSTERIOR in asked.needs else None
        return asked(look_of(self, n, y, proposed, beliefs))

    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        proposed = int(self.design.decide(n[None], y[None], np.array([level]))[0])
        because, reasons = self.design.explain(n, y, level, proposed)
        if proposed == STOP or not n.any():
            return because, reasons
        verdict = self.verdict(n[None], y[None], np.array([proposed]))
        if chosen == proposed:
            return because, [*reasons, *verdict.reasons]
        word = "stop" if chosen == STOP else "undecided"
        without = self.name(proposed) if proposed >= 0 else "undecided"
        return f"{word}: {verdict.because}", [*reasons, *verdict.explain(without)]

    def explain_choice(self, n: Levels, y: Levels, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain_choice`."""
        picked = int(self.design.pick(n[None], y[None])[0])
        if picked == chosen:
            return self.design.explain_choice(n, y, chosen)
        verdict = self.verdict(n[None], y[None], np.array([picked]), rule=self.rule.ending)
        word = "no dose" if chosen == STOP else "undecided"
        return f"{word}: {verdict.because}", verdict.explain(self.name(picked))

    def _decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        chosen = self.design.decide(n, y, level).copy()
        rows = np.flatnonzero((chosen != STOP) & (n.sum(-1) > 0))
        n, y, proposed = n[rows], y[rows], chosen[rows]
        if len(rows):
            chosen[rows] = after_rule(proposed, self.verdict(n, y, proposed))
        return chosen

    def _pick(self, n: Counts, y: Counts, _level: Levels) -> Levels:
        chosen = self.design.pick(n, y).copy()
        rows = np.flatnonzero(chosen != STOP)
        if self.rule.ending is not None and len(rows):
            n, y, picked = n[rows], y[rows], chosen[rows]
            chosen[rows] = after_rule(picked, self.verdict(n, y, picked, rule=self.rule.ending))
        return chosen
