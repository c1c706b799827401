"""Every rule says of many states what it says of each; designs refuse rules they cannot serve."""

import numpy as np
import pytest

from myelodose.decision.rule import DecisionRule
from myelodose.designs import (
    AcceleratedTitration,
    BetaBeliefs,
    Boin,
    BoinCombination,
    StopWhen,
    ThreePlusThree,
    TiteBoin,
    at_least,
    at_most,
    enough_at,
    look,
    no_safe_dose,
    no_skipping,
    precise,
    probability_in_target,
    too_toxic,
)
from myelodose.designs.model_based import Blrm, Crm, OrdinalBlrm
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes
from myelodose.priors import LENALIDOMIDE_PRIOR

MG = (10, 15, 20, 25)
CRM = Crm(MG, skeleton=(0.1, 0.19, 0.3, 0.42), target=0.3)
BLRM = Blrm(MG, LENALIDOMIDE_PRIOR)
RULES = {
    "cohorts": at_least(cohorts=3),
    "patients": at_most(patients=9),
    "at the proposed dose": enough_at(patients=6),
    "at any dose": enough_at(patients=6, level="any"),
    "at a level": enough_at(patients=3, level=1),
    "no skipping": no_skipping(),
    "target": probability_in_target(0.4, target=(0.16, 0.33)),
    "overdose": too_toxic(above=0.33, limit=0.5),
    "overdose at a level": too_toxic(above=0.33, limit=0.3, level=0),
    "no safe dose": no_safe_dose(),
    "cv": precise(cv=0.5),
    "sd": precise(sd=0.1),
    "width": precise(width=0.6),
    "all together": (at_least(cohorts=2) & ~precise(cv=0.5)) | (no_safe_dose() & no_skipping()),
}


def _states(count=40):
    draw = np.random.default_rng(3)
    n = 3 * draw.integers(0, 4, (count, 4))
    y = draw.binomial(n, 0.3)
    return n, y, draw.integers(-2, 4, count)


@pytest.mark.parametrize("believed", [BetaBeliefs, CRM.posterior, BLRM.posterior])
@pytest.mark.parametrize("name", RULES)
def test_many_states_are_answered_as_each_of_them(name, believed):
    # Quantiles are found state by state.
    n, y, proposed = _states(14 if name == "width" else 40)
    cohorts = n.sum(1) // 3
    many = RULES[name](look(n, y, proposed=proposed, cohorts=cohorts, beliefs=believed(n, y)))
    assert len({*many.answer}) > 1
    for i in range(len(n)):
        beliefs = believed(n[i : i + 1], y[i : i + 1])
        one = RULES[name](
            look(n[i], y[i], proposed=proposed[i], cohorts=cohorts[i], beliefs=beliefs)
        )
        assert one.fires == many.at(i).fires
        assert one.because == many.at(i).because
        for mine, theirs in zip(one.reasons, many.at(i).reasons, strict=True):
            assert mine.rule == theirs.rule
            assert mine[1:4] == pytest.approx(theirs[1:4], abs=1e-10)


def test_a_verdict_of_many_states_has_no_single_answer():
    n, y, proposed = _states()
    many = at_most(patients=9)(look(n, y, proposed=proposed, cohorts=1))
    with pytest.raises(InputError, match=r"found 40 states; ask one of them"):
        _ = many.fires


def test_a_rule_inside_a_model_based_design_is_the_rule_around_it():
    n, y, _ = _states(400)
    level = np.where(n > 0, np.arange(4), 0).max(1)
    rule = too_toxic(above=0.3, limit=0.8, level=0) | (
        at_most(patients=24) & probability_in_target(0.4, target=(0.2, 0.4))
    )
    for plain, ruled in (
        (CRM, Crm(MG, skeleton=CRM.skeleton, target=0.3, stop=rule)),
        (BLRM, Blrm(MG, LENALIDOMIDE_PRIOR, stop=rule)),
    ):
        around = StopWhen(plain, rule)
        inside, outside = ruled.decide(n, y, level), around.decide(n, y, level)
        assert (inside == outside).mean() > 0.995
        # The rule inside a BLRM may use a finer posterior, where the coarser cannot tell.
        assert (outside[inside != outside] == -2).all()
        assert (inside != plain.decide(n, y, level)).sum() > 10
        assert (ruled.pick(n, y) == around.pick(n, y)).mean() > 0.995


def test_a_design_gives_its_rules_what_it_has():
    seen = Outcomes.read("10:NNN 15:NNN 20:NNN 20:NNT", doses=MG)
    target = probability_in_target(0.3)
    assert StopWhen(BLRM, target).next(seen).stop
    other = Blrm(MG, LENALIDOMIDE_PRIOR, DecisionRule(target_low=0.001, target_dlt=0.002))
    assert not StopWhen(BLRM, target, target=other.target_interval).next(seen).stop
    beta = BetaBeliefs(seen.n[None], seen.y[None]).prob(0.3, 1)[0]
    for design in (Boin(MG, 0.3), TiteBoin(Boin(MG, 0.3)), AcceleratedTitration(Boin(MG, 0.3))):
        assert design.posterior(seen.n[None], seen.y[None]).prob(0.3, 1)[0] == pytest.approx(beta)


UNSERVED = {
    "3+3 has no posterior": (
        lambda: StopWhen(ThreePlusThree(MG), no_safe_dose()),
        "StopWhen, rule: found a rule that needs a posterior of the DLT risks",
    ),
    "nor after a titration": (
        lambda: StopWhen(AcceleratedTitration(ThreePlusThree(MG)), too_toxic(above=0.3, limit=0.9)),
        "beliefs=BetaBeliefs",
    ),
    "BOIN has no target interval": (
        lambda: StopWhen(Boin(MG, 0.3), probability_in_target(0.5)),
        "needs a target interval; give probability_in_target(..., target=(low, high))",
    ),
    "a CRM neither": (
        lambda: Crm(MG, skeleton=CRM.skeleton, stop=~probability_in_target(0.5)),
        "Crm, stop: found a rule that needs a target interval",
    ),
    "a BLRM has two parameters": (
        lambda: Blrm(
            MG, LENALIDOMIDE_PRIOR, stop=too_toxic(above=0.3, limit=0.9, level=0, by="normal")
        ),
        "leave out by='normal'",
    ),
    "so have beliefs that are given": (
        lambda: StopWhen(CRM, too_toxic(above=0.3, limit=0.9, by="normal"), BetaBeliefs),
        "a one-parameter posterior taken as normal",
    ),
    "the ordinal model has no quantiles": (
        lambda: OrdinalBlrm(
            (10, 20), 20.0, (0.0, -1.0), (1.0, 1.0), stop=at_least(cohorts=2) & precise(width=0.3)
        ),
        "ask for precise(cv=...) or precise(sd=...)",
    ),
    "a level that is not there": (
        lambda: StopWhen(BoinCombination(2, 2, 0.3), enough_at(patients=3, level=4)),
        "StopWhen, rule: found a rule about level 5; give a level from 0 to 3",
    ),
    "a level below the lowest": (
        lambda: enough_at(patients=3, level=-1),
        "enough_at, level: found -1; give 'proposed', 'any' or a level from 0",
    ),
    "nothing known of this": (
        lambda: too_toxic(above=0.3, limit=0.9, by="eye"),  # type: ignore[arg-type]
        "found 'eye'; give 'exact' or 'normal'",
    ),
}


@pytest.mark.parametrize("name", UNSERVED)
def test_a_rule_that_a_design_cannot_serve_is_refused(name):
    make, says = UNSERVED[name]
    with pytest.raises(InputError) as caught:
        make()
    assert says in str(caught.value)


def test_a_crm_with_pending_patients_has_no_quantiles():
    design = Crm(MG, skeleton=CRM.skeleton, target=0.3, stop=precise(width=0.3))
    pending = Outcomes(MG, (0, 0, 0), (0, 0, 0), (0, 0, 0), (1.0, 0.5, 0.5))
    with pytest.raises(InputError, match="found no quantiles of the posterior; ask for precise"):
        design.next(pending)
