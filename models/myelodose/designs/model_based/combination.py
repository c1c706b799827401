"""Overdose control for two drugs given together (azacitidine and lenalidomide, say)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from myelodose.decision.rule import DecisionRule
from myelodose.designs.base import STOP, Call, Reason
from myelodose.designs.model_based.overdose import choose
from myelodose.designs.model_based.risks import Risks
from myelodose.dose_models.combination import CombinationFit, Row, fit_combination
from myelodose.dose_models.combination_prior import DrugPrior, InteractionPrior
from myelodose.errors import InputError, check_fields

NO_INTERACTION_KNOWN = InteractionPrior()
"""eta ~ Normal(0, 1.121), its spread between groups log-normal around 1/8."""
ON_TARGET = DecisionRule(choose="most likely on target")
"""Target 16 to 33 %, overdose limit 25 %."""


@dataclass(frozen=True)
class CombinationCall:
    """A decision over pairs of doses; `pair` is None if `call` stops or is undecided."""

    pair: tuple[float, float] | None
    call: Call
    fit: CombinationFit


@dataclass(frozen=True)
class CombinationBlrm:
    """The combination BLRM with interaction and exchangeable groups.

    A pair is in reach if one drug is at most `max_step` levels above a pair tried and the other not
    above it; the first cohort gets `start`. Of the admissible pairs in reach
    the rule takes the one most likely on target, or the highest: largest mean risk.

    Args:
        doses1: Levels of the first drug, increasing.
        doses2: Levels of the second drug.
        drugs: Priors of the two drugs.
        interaction: Prior of the interaction, and of the effects of other sequences.
        group: Name of this trial among the groups of the data.
        rule: Target interval, limit, which admissible pair.
        start: Levels of the first cohort.
        sequence: That of the next cohort, "" for the usual one; rows of others may stand beside.
        points: Points of each scramble of the integration, a power of 2.

    Raises:
        InputError: If a value cannot be.
    """

    doses1: tuple[float, ...]
    doses2: tuple[float, ...]
    drugs: tuple[DrugPrior, DrugPrior]
    interaction: InteractionPrior = NO_INTERACTION_KNOWN
    group: str = "trial"
    rule: DecisionRule = ON_TARGET
    start: tuple[int, int] = (0, 0)
    sequence: str = ""
    points: int = 16384

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""

        def rising(doses: tuple[float, ...]) -> bool:
            return len(doses) > 0 and doses[0] > 0 and bool(np.all(np.diff(doses) > 0))

        first, second = self.start
        inside = 0 <= first < len(self.doses1) and 0 <= second < len(self.doses2)
        checks = {
            "doses1": (rising(self.doses1), "increasing doses above 0"),
            "doses2": (rising(self.doses2), "increasing doses above 0"),
            "start": (inside, "a level of each drug"),
        }
        check_fields(self, checks)

    @property
    def pairs(self) -> tuple[tuple[float, float], ...]:
        """All pairs of doses, the second drug changing fastest."""
        return tuple((one, two) for one in self.doses1 for two in self.doses2)

    def fit(self, rows: Sequence[Row]) -> CombinationFit:
        """Posterior of the risk at every pair."""
        return fit_combination(
            rows,
            drugs=self.drugs,
            interaction=self.interaction,
            group=self.group,
            pairs=self.pairs,
            thresholds=(self.rule.target_low, self.rule.target_dlt),
            sequence=self.sequence,
            points=self.points,
        )

    def next(self, rows: Sequence[Row]) -> CombinationCall:
        """The pair of the next cohort, with reasons.

        Args:
            rows: What was seen in every group; those of this trial's `group` say what was tried.

        Raises:
            InputError: If a row of this trial is at a pair that it has not.
        """
        return self._call(rows, self._reachable(self._tried(rows)), ends=False)

    def select(self, rows: Sequence[Row]) -> CombinationCall:
        """The pair recommended if the trial ends now, of those that were tried; see `next`."""
        tried = np.zeros((len(self.doses1), len(self.doses2)), bool)
        for levels in self._tried(rows):
            tried[levels] = True
        return self._call(rows, tried.ravel(), ends=True)

    def _call(self, rows: Sequence[Row], reachable: np.ndarray, *, ends: bool) -> CombinationCall:
        fit = self.fit(rows)
        error = 2 * fit.exceed.error
        risks = Risks(fit.mean.value[None], fit.sd[None], fit.exceed.value[None], error[None])
        best, unsure = choose(
            risks,
            reachable[None],
            self.rule,
            fit.mean.value,
            order_error=2 * float(fit.mean.error.max()),
        )
        chosen, reasons = int(best[0]), self._reasons(fit, reachable)
        if unsure[0]:
            words = "the numerical error reaches across a limit"
            return CombinationCall(None, Call(None, False, words, reasons), fit)
        if chosen == STOP:
            return CombinationCall(None, Call(None, True, "no pair is admissible", reasons), fit)
        words = f"{self._name(chosen)} is {self.rule.choose} of the admissible pairs in reach"
        return CombinationCall(self.pairs[chosen], Call(chosen, ends, words, reasons), fit)

    def _tried(self, rows: Sequence[Row]) -> list[tuple[int, int]]:
        return [self._levels(row) for row in rows if row.group == self.group and row.n > 0]

    def _reachable(self, tried: list[tuple[int, int]]) -> np.ndarray:
        shape = (len(self.doses1), len(self.doses2))
        near = np.zeros(shape, bool)
        if not tried:
            near[self.start] = True
            return near.ravel()
        step = self.rule.max_step
        for one, two in tried:
            near[: one + 1, : two + step + 1] = True
            near[: one + step + 1, : two + 1] = True
        return near.ravel()

    def _levels(self, row: Row) -> tuple[int, int]:
        if row.dose1 not in self.doses1 or row.dose2 not in self.doses2:
            found = f"found {row.dose1:g} and {row.dose2:g} in group '{row.group}'"
            remedy = f"give doses of {self.doses1} and {self.doses2}, or another group"
            raise InputError("CombinationBlrm, rows", found, remedy)
        return self.doses1.index(row.dose1), self.doses2.index(row.dose2)

    def _name(self, pair: int) -> str:
        one, two = self.pairs[pair]
        return f"{one:g} + {two:g}"

    def _reasons(self, fit: CombinationFit, reachable: np.ndarray) -> tuple[Reason, ...]:
        limit = self.rule.overdose_limit
        over, error = fit.exceed.value[:, 1], 2 * fit.exceed.error[:, 1]

        def verdict(k: int) -> str:
            if not reachable[k]:
                return "out of reach"
            if abs(over[k] - limit) <= error[k]:
                return "undecided"
            return "admissible" if over[k] < limit else "too toxic"

        return tuple(
            Reason(
                f"P(risk of {self._name(k)} > {self.rule.target_dlt:g}) < {limit:g}",
                float(over[k]), limit, float(error[k]), verdict(k), "",
            )
            for k in range(len(self.pairs))
        )  # fmt: skip
