"""Escalation with overdose control on any model that gives P(risk > t)."""

import abc
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from myelodose.decision.rule import DecisionRule
from myelodose.designs.base import STOP, UNDECIDED, Design, Reason
from myelodose.designs.look import POSTERIOR, TARGET, Look, look_of
from myelodose.designs.model_based.beliefs import ModelBeliefs, Quantiles, known
from myelodose.designs.model_based.overdose_words import overdose_reasons
from myelodose.designs.model_based.risks import Risks
from myelodose.designs.rules import Rule
from myelodose.designs.states import once_each
from myelodose.designs.verdict import after_rule


def choose(
    risks: Risks,
    reachable: np.ndarray,
    rule: DecisionRule,
    order: np.ndarray,
    *,
    order_error: float = 0.0,
) -> tuple[Int[np.ndarray, " state"], np.ndarray]:
    """The level of the rule (`STOP` if none is admissible), and where the error leaves it open.

    Args:
        risks: Posterior; thresholds are `target_low` and `target_dlt` first.
        reachable: Levels that may be given, (state, level).
        rule: Limit, and which admissible level is chosen.
        order: What "highest" means: one number a level.
        order_error: Numerical error of these numbers.
    """
    over, error = risks.exceed[:, :, 1], risks.exceed_error[:, :, 1]
    target = risks.exceed[:, :, 0] - over
    limit = rule.overdose_limit
    surely = reachable & (over + error < limit)
    perhaps = reachable & (over - error < limit)
    if rule.choose == "highest":
        rank = np.broadcast_to(np.asarray(order, float), over.shape)
        margin = np.full_like(over, order_error)
    else:
        rank, margin = target, risks.exceed_error[:, :, 0] + error
    best, other = (np.where(s, rank, -np.inf).argmax(1) for s in (surely, perhaps))
    best = np.where(surely.any(1), best, STOP)
    other = np.where(perhaps.any(1), other, STOP)
    at = np.arange(len(best))
    gap = rank[at, other][:, None] - np.where(perhaps, rank, -np.inf)
    rivals = (gap < margin + margin[at, other][:, None]).sum(1)
    return best, (best != other) | (rivals > 1)


def tested(n: np.ndarray) -> Int[np.ndarray, " state"]:
    """The highest level at which anyone was treated, -1 for none."""
    return np.where(n > 0, np.arange(n.shape[1]), -1).max(1)


class OverdoseDesign(Design):
    """What all designs with overdose control share; a subclass gives the posterior.

    A dose is admissible if P(risk > target_dlt) is strictly below the limit; of the admissible
    doses in reach the rule takes the highest, or the one most likely on target. The trial stops
    if there is none.
    """

    # Fields of the subclasses, read-only; see `Design`.
    if TYPE_CHECKING:

        @property
        def rule(self) -> DecisionRule:
            """Target interval, limit, which admissible dose, levels a step."""
            ...

        @property
        def stop(self) -> Rule | None:
            """When the trial stops besides."""
            ...

        @property
        def only_tried(self) -> bool:
            """Whether the final dose must have been given."""
            ...

    @abc.abstractmethod
    def fit(self, n, y, thresholds: tuple[float, ...] | None = None) -> Risks:
        """Posterior of the risks in many states, over `self.thresholds` if none are given."""

    def quantiles(self, n, y) -> Quantiles | None:
        """Quantiles of the risks in many states, if the model has them."""
        return None

    def improve(self, risks: Risks, rows: np.ndarray, n, y) -> Risks:
        """The same with a smaller error in some states, if the model has a finer way."""
        return risks

    @property
    def gives(self) -> frozenset[str]:
        """Its posterior and its target interval."""
        return frozenset({POSTERIOR, TARGET})

    @property
    def target_interval(self) -> tuple[float, float]:
        """That of its rule."""
        return self.rule.target_low, self.rule.target_dlt

    def posterior(self, n, y) -> ModelBeliefs:
        """See `Design.posterior`."""
        return ModelBeliefs(lambda ends: self.fit(n, y, ends), self.quantiles(n, y))

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Risks t for which P(risk > t) is needed: the target's ends first."""
        extra = () if self.stop is None else self.stop.thresholds
        target = self.target_interval
        return target + tuple(sorted(set(extra) - set(target)))

    def decide(self, n, y, level) -> Int[np.ndarray, " state"]:
        """See `Design.decide`."""
        return once_each(self._decide, n, y, level, self.levels)

    def pick(self, n, y) -> Int[np.ndarray, " state"]:
        """The dose that the rule gives at the end, or `NONE`; see `Design.pick`."""
        return once_each(self._pick, n, y, np.zeros(len(n), int), self.levels)

    def explain(self, n, y, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        n, y = np.asarray(n)[None], np.asarray(y)[None]
        return overdose_reasons(self, self.fit(n, y), n, y, level, chosen)

    def reach(self, n, level) -> Int[np.ndarray, " state"]:
        """The highest level that the steps allow."""
        return np.minimum(tested(n) + self.rule.max_step, self.levels - 1)

    def choose(self, risks: Risks, top: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The level of the rule up to `top`, and where the error leaves it open."""
        near = np.arange(self.levels) <= np.asarray(top)[:, None]
        return choose(risks, near, self.rule, np.arange(self.levels))

    def look(self, risks: Risks, n, y, proposed) -> Look:
        """What rules for stopping look at."""
        beliefs = ModelBeliefs(known(risks, self.thresholds), self.quantiles(n, y))
        return look_of(self, n, y, proposed, beliefs)

    def decide_from(self, risks: Risks, n, y, level) -> tuple[np.ndarray, np.ndarray]:
        """Decisions from a posterior, `UNDECIDED` where its error reaches across a limit.

        Returns:
            The next level of each state, and which of them are open.
        """
        best, unsure = self.choose(risks, self.reach(n, level))
        answer = np.where(unsure, UNDECIDED, best)
        if self.stop is not None:
            answer = after_rule(answer, self.stop(self.look(risks, n, y, answer)))
        begun = n.sum(1) > 0
        return np.where(begun, answer, self.start), (answer == UNDECIDED) & begun

    def _decide(self, n, y, level) -> Int[np.ndarray, " state"]:
        risks = self.fit(n, y)
        answer, open_ = self.decide_from(risks, n, y, level)
        if open_.any():
            risks = self.improve(risks, np.flatnonzero(open_), n, y)
            answer, _ = self.decide_from(risks, n, y, level)
        return answer

    def _pick(self, n, y, _) -> Int[np.ndarray, " state"]:
        highest = tested(n)
        top = np.minimum(highest + (0 if self.only_tried else self.rule.max_step), self.levels - 1)
        top = np.where(highest < 0, -1, top)
        risks = self.fit(n, y)
        picked = self._pick_from(risks, n, y, top)
        if (picked == UNDECIDED).any():
            risks = self.improve(risks, np.flatnonzero(picked == UNDECIDED), n, y)
            picked = self._pick_from(risks, n, y, top)
        return picked

    def _pick_from(self, risks: Risks, n, y, top) -> Int[np.ndarray, " state"]:
        best, unsure = self.choose(risks, top)
        # A level that is not there (`STOP`) and none selected (`NONE`) are the same number.
        picked = np.where(unsure, UNDECIDED, best)
        ending = None if self.stop is None else self.stop.ending
        if ending is None:
            return picked
        return after_rule(picked, ending(self.look(risks, n, y, picked)))
