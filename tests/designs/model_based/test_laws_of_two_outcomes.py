"""EffTox and the combination BLRM keep the laws, too; they decide one trial at a time."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from designs.laws import LAWS
from designs.model_based.test_more_outcomes import efftox, two_drugs
from designs.promises import Promise, walk
from myelodose.designs import Call, DoseFinder
from myelodose.designs.model_based import CombinationBlrm
from myelodose.dose_models.combination import Row
from myelodose.outcomes import Outcomes


@dataclass(frozen=True)
class Pairs(DoseFinder):
    """The combination BLRM as a design over labelled pairs."""

    blrm: CombinationBlrm
    cohort_size: int = 3

    @property
    def doses(self) -> tuple[str, ...]:
        return tuple(f"{one:g}+{two:g}" for one, two in self.blrm.pairs)

    @property
    def start(self) -> int:
        return 0

    def rows(self, outcomes: Outcomes) -> list[Row]:
        self.check_doses(outcomes)
        counts = zip(self.blrm.pairs, outcomes.n, outcomes.y, strict=True)
        return [Row(self.blrm.group, *pair, int(n), int(y)) for pair, n, y in counts if n]

    def next(self, outcomes: Outcomes) -> Call:
        return self.blrm.next(self.rows(outcomes)).call

    def select(self, outcomes: Outcomes) -> Call:
        return self.blrm.select(self.rows(outcomes)).call


def _steps(design: Pairs, level: int) -> int:
    return sum(divmod(level, len(design.blrm.doses2)))


def _below_the_limit(design: DoseFinder, seen: Outcomes) -> np.ndarray:
    """P(toxicity < hurdle), or minus P(risk > limit), of every level."""
    rows = [r for r in design.next(seen).reasons if r.rule.startswith(("P(tox", "P(risk"))]
    sign = np.array([-1 if reason.rule.startswith("P(risk") else 1 for reason in rows])
    return sign * np.array([reason.value for reason in rows])


PROMISES = {
    "EffTox": Promise(
        efftox(points=512),
        monotone=False,
        efficacy=True,
        safety=_below_the_limit,
        cohorts=3,
        walks=2,
    ),
    "combination BLRM": Promise(
        Pairs(two_drugs()),
        height=_steps,
        safety=_below_the_limit,
        cohorts=3,
        walks=2,
    ),
}


@cache
def trials(name):
    return walk(PROMISES[name], seed=5)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", PROMISES)
def test_law_holds(name, law):
    law(PROMISES[name], trials(name))
