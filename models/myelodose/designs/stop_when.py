"""Any design with a rule for stopping added."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from myelodose.designs.base import STOP, UNDECIDED, Counts, Design, Levels, Reason, check_states
from myelodose.designs.beta_beliefs import BetaBeliefs
from myelodose.designs.look import Beliefs, Look
from myelodose.designs.rules import Rule, Verdict
from myelodose.outcomes.labels import Doses


@dataclass(frozen=True)
class StopWhen(Design):
    """A design that also stops when a rule fires.

    Args:
        design: The design; it proposes the next dose, and selects the MTD.
        rule: Looked at after every cohort, with the proposed dose. Where it cannot tell, the
            decision is undecided. It counts cohorts as patients over cohort size, rounded up.
        beliefs: What is believed after n patients and y DLTs per level, for rules that ask;
            Beta(1, 1) at every level if not given.
        target: Target interval, for rules that ask.
        safety: Whether a trial that the rule ends selects no dose. The rule is then looked at
            once more at the end, with the selected dose as the proposed one.

    Example:
        >>> from myelodose.designs import Boin, at_most, enough_at
        >>> from myelodose.outcomes import Outcomes
        >>> design = StopWhen(Boin(4, 0.3), at_most(patients=24) | enough_at(patients=9))
        >>> print(design.next(Outcomes.read("1NNN 2NNT 2NNT 2NNT", doses=4)).because)
        stop: patients at the proposed dose = 9 is >= 9
    """

    design: Design
    rule: Rule
    beliefs: Callable[[Levels, Levels], Beliefs] = BetaBeliefs
    target: tuple[float, float] | None = None
    safety: bool = False

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

    def size(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.size`; what the design says."""
        return self.design.size(n, y, level)

    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.decide`."""
        n, y = check_states(n, y, self.levels)
        proposed = self.design.decide(n, y, level)
        chosen = proposed.copy()
        for k in np.flatnonzero((proposed >= 0) & (n.sum(-1) > 0)):
            fires = self.look(n[k], y[k], int(np.asarray(level)[k]), int(proposed[k])).fires
            chosen[k] = UNDECIDED if fires is None else STOP if fires else proposed[k]
        return chosen

    def pick(self, n: Counts, y: Counts) -> Levels:
        """See `Design.pick`; what the design says, or nothing if `safety` forbids it."""
        n, y = check_states(n, y, self.levels)
        chosen = self.design.pick(n, y)
        if self.safety:
            for k in np.flatnonzero(chosen >= 0):
                fires = self.look(n[k], y[k], int(chosen[k]), int(chosen[k])).fires
                chosen[k] = UNDECIDED if fires is None else STOP if fires else chosen[k]
        return chosen

    def look(self, n: Levels, y: Levels, level: int, proposed: int) -> Verdict:
        """What the rule says of one state.

        Args:
            n: Evaluable patients per level.
            y: Patients with a DLT per level.
            level: The level given last.
            proposed: The level that the design would give.
        """
        cohorts = -(-int(n.sum()) // self.cohort_size)
        beliefs = self.beliefs(n, y)
        return self.rule(Look(n, y, level, proposed, cohorts, beliefs, self.target))

    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        proposed = int(self.design.decide(n[None], y[None], np.array([level]))[0])
        because, reasons = self.design.explain(n, y, level, proposed)
        if proposed < 0 or not n.any():
            return because, reasons
        verdict = self.look(n, y, level, proposed)
        without = self.name(proposed) if chosen != proposed else ""
        mine = [reason._replace(without=without) for reason in verdict.reasons]
        if chosen == proposed:
            return because, [*reasons, *mine]
        word = "stop" if chosen == STOP else "undecided"
        return f"{word}: {verdict.because}", [*reasons, *mine]

    def explain_choice(self, n: Levels, y: Levels, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain_choice`."""
        return self.design.explain_choice(n, y, chosen)
