"""Designs that need more than counts: ordinal grades, efficacy, schedules, two drugs."""

from typing import Any

import numpy as np
import pytest

from designs.cases import case
from myelodose.decision.rule import DecisionRule
from myelodose.designs.model_based import CombinationBlrm, EffTox, OrdinalBlrm, TitePk
from myelodose.dose_models.combination import Row
from myelodose.dose_models.combination_prior import DrugPrior, InteractionPrior
from myelodose.dose_models.tite_pk import EffectSite, TitePkPrior, cloglog, every
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def efftox(points: int = 16384) -> EffTox:
    inputs: dict[str, Any] = case("efftox.t1")["inputs"]
    priors: dict[str, Any] = {name: tuple(value) for name, value in inputs["priors"].items()}
    return EffTox(
        tuple(inputs["doses"]),
        **priors,
        eff_hurdle=inputs["eff_hurdle"],
        tox_hurdle=inputs["tox_hurdle"],
        points=points,
    )


@pytest.mark.parametrize("name", ["efftox.t1", "efftox.vignette"])
def test_efftox_recommends_as_trialr(name):
    known = case(name)
    design = efftox()
    text = known["inputs"]["outcomes"].replace("1", "1:").replace("2", " 2:").replace("  ", " ")
    call = design.next(Outcomes.read(text, doses=known["inputs"]["doses"]))
    level = known["outputs"].get("recommended", known["outputs"]["own_qmc"].get("recommended"))
    assert call.level == level - 1
    assert any(reason.rule.startswith("P(toxicity") for reason in call.reasons)


def test_efftox_starts_and_stops():
    design = efftox(points=2048)
    doses = design.labels
    assert design.next(Outcomes(doses)).level == 0
    toxic = design.next(Outcomes.read("1:TTT 1:TTT 1:TTT", doses=doses))
    assert toxic.stop
    assert toxic.level is None
    assert design.select(Outcomes(doses)).level is None


def test_efftox_needs_both_outcomes():
    design = efftox(points=2048)
    seen = Outcomes(design.labels, (0,), (0,), (0,), None, (None,))
    with pytest.raises(InputError, match="give both"):
        design.next(seen)


def ordinal() -> OrdinalBlrm:
    return OrdinalBlrm((10, 20, 40), 20.0, (0.0, -1.1), (1.5, 1.5))


def test_grades_that_are_known_change_what_is_believed():
    seen = Outcomes.read("10:NNN 20:NNN", doses=(10, 20, 40))
    design = ordinal()
    calls = [design.next(seen), design.next_graded(seen, [0] * 6)]
    over = [
        next(r.value for r in call.reasons if r.rule.startswith("P(risk of dose 20"))
        for call in calls
    ]
    # That nobody had even mild toxicity says more than that nobody had a DLT.
    assert over[1] < over[0]


def test_grades_that_contradict_the_dlt_are_refused():
    seen = Outcomes.read("10:NT", doses=(10, 20, 40))
    with pytest.raises(InputError, match="give 2 with a DLT"):
        ordinal().next_graded(seen, [2, 2])
    with pytest.raises(InputError, match="give one a patient"):
        ordinal().next_graded(seen, [0])


def everolimus(**change) -> TitePk:
    doses = (2.5, 5.0, 7.5, 10.0)
    settings: dict[str, Any] = {
        "doses": doses,
        "schedules": tuple(every(d, interval_h=24, until_h=504) for d in doses),
        "reference": every(5.0, interval_h=24, until_h=504),
        "site": EffectSite(np.log(2) / 30, np.exp(0.41)),
        "window_h": 504.0,
        "prior": TitePkPrior(cloglog(0.175), 1.25),
    }
    return TitePk(**(settings | change))


def test_daily_doses_have_proportional_exposure():
    assert everolimus().areas() == pytest.approx([0.5, 1.0, 1.5, 2.0])


def test_a_weekly_schedule_takes_its_place_by_exposure():
    weekly = every(30.0, interval_h=168, until_h=504)
    daily = every(2.5, interval_h=24, until_h=504)
    design = everolimus(doses=("2.5 daily", "30 weekly"), schedules=(daily, weekly))
    assert design.areas()[1] > design.areas()[0]
    with pytest.raises(InputError, match="increasing exposure"):
        everolimus(doses=("30 weekly", "2.5 daily"), schedules=(weekly, daily))


def test_partly_followed_patients_count_by_their_exposure():
    design = everolimus()
    none = Outcomes((2.5, 5, 7.5, 10), (0,) * 3, (0,) * 3, (0,) * 3, (0.0, 0.0, 0.0))
    half = Outcomes((2.5, 5, 7.5, 10), (0,) * 3, (0,) * 3, (0,) * 3, (0.5, 0.5, 0.5))
    whole = Outcomes((2.5, 5, 7.5, 10), (0,) * 3, (0,) * 3, (0,) * 3)
    mean = [design.fit_outcomes(seen).mean[0, 1] for seen in (none, half, whole)]
    assert mean[0] > mean[1] > mean[2]
    complete = design.fit(whole.n[None], whole.y[None])
    assert mean[2] == pytest.approx(complete.mean[0, 1], abs=1e-12)
    assert design.next(half).level in (0, 1)


def two_drugs() -> CombinationBlrm:
    aza = DrugPrior(75.0, (float(np.log(0.1 / 0.9)), 0.0), (1.0, 0.7))
    len_ = DrugPrior(20.0, (float(np.log(0.2 / 0.8)), 0.0), (1.0, 0.7))
    return CombinationBlrm(
        (50.0, 75.0),
        (10.0, 15.0, 20.0),
        (aza, len_),
        InteractionPrior(sequence_sd=0.5),
        group="together",
        rule=DecisionRule(),
        points=2048,
    )


def test_two_drugs_are_escalated_one_at_a_time():
    design = two_drugs()
    assert design.next([]).pair in {(50.0, 10.0), None}
    rows = [Row("together", 75.0, 10.0, 6, 0), Row("sequence", 75.0, 20.0, 6, 1, "after")]
    found = design.next(rows)
    verdict = {reason.rule: reason.verdict for reason in found.call.reasons}
    assert verdict["P(risk of 75 + 20 > 0.33) < 0.25"] == "out of reach"
    assert found.pair == (75.0, 15.0)
    assert design.select(rows).pair == (75.0, 10.0)
    with pytest.raises(InputError, match="another group"):
        design.next([Row("together", 60.0, 10.0, 3, 0)])
