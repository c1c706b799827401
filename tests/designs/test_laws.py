"""Every rule-based and interval design keeps the laws; so would a broken one not."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from designs.laws import LAWS, one_more_toxicity_never_raises_the_next_level
from designs.promises import Promise, walk
from myelodose.designs import (
    AcceleratedTitration,
    BackfillBoin,
    BetaBeliefs,
    Boin,
    Boin12,
    BoinCombination,
    Design,
    I3Plus3,
    Keyboard,
    Mtpi,
    Mtpi2,
    StopWhen,
    ThreePlusThree,
    TiteBoin,
    Tpi,
    at_least,
    at_most,
    enough_at,
    no_safe_dose,
    no_skipping,
    precise,
    too_toxic,
)
from myelodose.outcomes import Outcomes

MG = (10, 15, 20, 25)


def _drug_steps(design: Design, level: int) -> int:
    assert isinstance(design, BoinCombination)
    return sum(design.cell(level))


def _admissible(design: Boin12, seen: Outcomes) -> np.ndarray:
    return design.admissible(design.counts(seen))[0]


PROMISES = {
    "3+3": Promise(ThreePlusThree(MG)),
    "3+3 escalation only": Promise(ThreePlusThree(MG, de_escalate=False)),
    "3+3 Korn": Promise(ThreePlusThree(MG, fill_the_top=True)),
    "3+3 from the middle": Promise(ThreePlusThree(MG, start=2)),
    "4+4": Promise(ThreePlusThree(MG, first=4, second=4, escalate=0, expand=2, accept=2)),
    "titration": Promise(AcceleratedTitration(ThreePlusThree(MG))),
    "titration to BOIN": Promise(AcceleratedTitration(Boin(MG, 0.25), up_to=2)),
    "BOIN": Promise(Boin(MG, 0.3)),
    "BOIN with every option": Promise(Boin(MG, 0.25, extra_safe=0.05, stop_at=9, bound=True)),
    "BOIN one by one": Promise(Boin(5, 0.3, cohort_size=1), cohorts=20),
    "keyboard": Promise(Keyboard(MG, 0.3, stop_at=12)),
    "keyboard without edges": Promise(Keyboard(MG, 0.2, edges="left out")),
    "TPI": Promise(Tpi(MG, 0.3)),
    "mTPI": Promise(Mtpi(MG, 0.3)),
    "mTPI-2": Promise(Mtpi2(MG, 0.3)),
    "i3+3": Promise(I3Plus3(MG, 0.25)),
    "TITE-BOIN": Promise(TiteBoin(Boin(MG, 0.3))),
    "BF-BOIN": Promise(BackfillBoin(Boin(MG, 0.25, stop_at=9))),
    "BOIN of two drugs": Promise(BoinCombination(3, 4, 0.3), height=_drug_steps),
    "BOIN with rules": Promise(
        StopWhen(
            Boin(MG, 0.3),
            (at_most(patients=21) & enough_at(patients=6)) | too_toxic(above=0.3, limit=0.9),
        )
    ),
    "keyboard with a safety rule": Promise(
        StopWhen(
            Keyboard(MG, 0.3),
            too_toxic(above=0.3, limit=0.8, level=0) | (at_least(cohorts=5) & precise(width=0.5)),
        )
    ),
    "3+3 with rules": Promise(
        StopWhen(
            ThreePlusThree(MG),
            (no_safe_dose(limit=0.6) & ~at_most(cohorts=2)) | no_skipping(),
            BetaBeliefs,
        )
    ),
    # One more toxicity makes the current dose less desirable, and the next one may then be better.
    "BOIN12": Promise(
        Boin12(MG, toxicity=0.35, efficacy=0.25), monotone=False, efficacy=True, safety=_admissible
    ),
}
WALKS = {name: walk(promise, seed=1) for name, promise in PROMISES.items()}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", PROMISES)
def test_the_design_keeps_the_law(name, law):
    law(PROMISES[name], WALKS[name])


@dataclass(frozen=True)
class _UpsideDown(Boin):
    """Goes up after DLTs."""

    def step(self, n, y):
        return -super().step(n, y)


def test_the_laws_catch_a_design_that_goes_up_after_toxicity():
    promise = Promise(_UpsideDown(MG, 0.3))
    with pytest.raises(AssertionError):
        one_more_toxicity_never_raises_the_next_level(promise, walk(promise, seed=1))


def test_a_walk_reaches_all_levels_and_both_ends():
    levels = {seen.last_level for seen in WALKS["BOIN"]}
    assert levels == {0, 1, 2, 3}
    design = PROMISES["BOIN"].design
    stops = [design.next(seen).stop for seen in WALKS["BOIN"]]
    assert any(stops)
    assert not all(stops)


@pytest.mark.parametrize("name", PROMISES)
def test_a_design_is_a_value(name):
    design: Any = PROMISES[name].design
    assert design == replace(design)
    assert hash(design) == hash(replace(design))


def test_a_decision_of_no_state_is_empty():
    for promise in PROMISES.values():
        if isinstance(promise.design, Design):
            nothing = np.zeros((0, promise.design.levels), int)
            assert promise.design.decide(nothing, nothing, np.zeros(0, int)).shape == (0,)
            assert promise.design.pick(nothing, nothing).shape == (0,)
