"""Overdose control: the foundation's decision, exact characteristics, steps and reasons."""

import time

import numpy as np
import pytest

from designs.cases import case, family
from myelodose.characteristics import exact
from myelodose.decision import decide
from myelodose.decision.rule import DecisionRule
from myelodose.designs import STOP, UNDECIDED, StopWhen, enough_at, too_toxic
from myelodose.designs.model_based import Blrm
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior, standard_prior
from myelodose.trial import dlt_table

MG = (10, 15, 20, 25)
SEEN = Outcomes.from_counts([4, 4, 6, 6], [0, 0, 1, 3], doses=MG)


def five_doses() -> Blrm:
    prior = LogisticPrior(mean=(-0.85, 0.0), sd=(2.0, 1.0), dose_reference_mg=25.0, source="case")
    return Blrm((5, 10, 15, 20, 25), prior, DecisionRule(choose="most likely on target"))


@pytest.mark.parametrize("target", [0.33, 1 / 3])
def test_the_real_data_are_decided_as_by_the_foundation(target):
    rule = DecisionRule(target_dlt=target)
    call = Blrm(MG, LENALIDOMIDE_PRIOR, rule).next(SEEN)
    known = decide(dlt_table(MG, SEEN.n, SEEN.y), rule=rule)
    assert call.level == 2
    assert known.recommended_dose_mg == MG[2] == 20
    fit = Blrm(MG, LENALIDOMIDE_PRIOR, rule).fit(SEEN.n[None], SEEN.y[None])
    assert fit.mean[0] == pytest.approx(known.table["mean"].values, abs=1e-6)
    assert fit.exceed[0, :, 1] == pytest.approx(known.table.prob_over.values, abs=1e-6)
    assert fit.sd[0] == pytest.approx(known.table.sd.values, abs=1e-6)


def test_the_reference_posterior_of_the_model_is_met():
    # model.md, section 9; at 20 mg its grid gave 0.1050 for 0.1065 (docs/dose-toxicity.md).
    fit = Blrm(MG, LENALIDOMIDE_PRIOR, DecisionRule(target_dlt=1 / 3)).fit(
        SEEN.n[None], SEEN.y[None]
    )
    assert fit.mean[0] == pytest.approx([0.0634, 0.1160, 0.2098, 0.3511], abs=5.1e-5)
    assert fit.exceed[0, :, 1] == pytest.approx([0.0041, 0.0155, 0.10652, 0.4954], abs=1.3e-4)


@pytest.mark.parametrize("counts", [((4, 0, 0, 0), (0,) * 4), ((3, 3, 0, 0), (0, 2, 0, 0))])
def test_earlier_states_are_decided_as_by_the_foundation(counts):
    n, y = counts
    call = Blrm(MG, LENALIDOMIDE_PRIOR).next(Outcomes.from_counts(n, y, doses=MG))
    known = decide(dlt_table(MG, n, y)).recommended_dose_mg
    assert (None if call.level is None else MG[call.level]) == known


@pytest.mark.parametrize("known", family("exact_oc_blrm"))
def test_exact_characteristics_are_met_within_a_second(known):
    # Forward dynamic programming on grids of 192 x 192 and 256 x 256 points.
    inputs, out = known["inputs"], known["outputs"]
    design = five_doses()
    design.decide(np.zeros((1, 5), int), np.zeros((1, 5), int), np.array([0]))
    begin = time.process_time()
    found = exact(design, inputs["truth"], cohorts=inputs["cohorts"])
    assert time.process_time() - begin < 5
    assert found.selected.values == pytest.approx(out["prob_select"], abs=0.004)
    assert float(found.selected_none) == pytest.approx(out["prob_none"], abs=0.004)
    assert found.patients.values == pytest.approx(out["expected_n"], abs=0.02)
    assert float(found.undecided) == 0


def test_crmpacks_example_goes_to_20():
    # crmPack 2.2.1.9000: +100 % below 20, +33 % from 20; overdose limit 0.25 for (0.35, 1].
    known = case("blrm_single.crmpack_example")
    inputs = known["inputs"]
    doses = (0.1, 0.5, 1.5, 3, 6, *range(10, 82, 2))
    prior = LogisticPrior(
        mean=(-0.85, 1.0), sd=(1.0, 1.0), correlation=-0.5, dose_reference_mg=56.0, source="crmPack"
    )
    seen = Outcomes(doses)
    for dose, dlt in zip(inputs["x"], inputs["y"], strict=True):
        seen = seen.add(doses.index(dose), [dlt])
    for choose in ("highest", "most likely on target"):
        design = Blrm(
            doses,
            prior,
            DecisionRule(target_low=0.2, target_dlt=0.35, choose=choose, max_step=99),
            increments=((0, 1.0), (20, 0.33)),
        )
        assert design.next(seen).level == doses.index(known["outputs"]["ncrm_next"])


def test_predictive_of_the_next_cohort():
    # OncoBayes2 0.8-9.
    known = case("blrm_predictive.seed_20mg_next3")["outputs"]
    design = Blrm(MG, standard_prior(25.0, median_risk=0.33))
    found = design.predictive(SEEN, 2, 3)
    assert found == pytest.approx(known["prob_k"], abs=1e-3)


def test_reasons_say_what_overdose_control_changed():
    call = Blrm(MG, LENALIDOMIDE_PRIOR).next(SEEN)
    control = next(reason for reason in call.reasons if reason.rule == "overdose control")
    assert (control.verdict, control.without) == ("dose 20", "dose 25")
    over = [reason for reason in call.reasons if reason.rule.startswith("P(risk")]
    assert [reason.verdict for reason in over] == ["admissible"] * 3 + ["too toxic"]
    assert all(0 < reason.error < 1e-6 for reason in over)


def test_a_limit_at_the_probability_itself_is_undecided():
    design = Blrm(MG, LENALIDOMIDE_PRIOR)
    n, y = SEEN.n[None], SEEN.y[None]
    rows = np.array([0])
    exact_over = design.improve(design.fit(n, y), rows, n, y).exceed[0, 2, 1]
    on_the_edge = Blrm(MG, LENALIDOMIDE_PRIOR, DecisionRule(overdose_limit=float(exact_over)))
    assert on_the_edge.decide(n, y, np.array([3]))[0] == UNDECIDED
    assert on_the_edge.next(SEEN).undecided
    # A hundred-thousandth away it is decided, with adapted nodes if need be.
    for shift, expected in ((1e-5, 2), (-1e-5, 1)):
        rule = DecisionRule(overdose_limit=float(exact_over) + shift)
        assert Blrm(MG, LENALIDOMIDE_PRIOR, rule).decide(n, y, np.array([3]))[0] == expected


def test_it_stops_when_no_dose_is_admissible():
    call = Blrm(MG, LENALIDOMIDE_PRIOR).next(Outcomes.read("10:TTT", doses=MG))
    assert call.stop
    assert call.level is None
    assert "no dose has P(risk > 0.33) < 0.25" in call.because


def test_stopping_rules_and_beliefs_work_here_too():
    stop = enough_at(patients=6) | too_toxic(above=0.4, limit=0.9, level=0)
    design = Blrm(MG, LENALIDOMIDE_PRIOR, stop=stop)
    assert design.decide(SEEN.n[None], SEEN.y[None], np.array([3]))[0] == STOP
    plain = Blrm(MG, LENALIDOMIDE_PRIOR)
    wrapped = StopWhen(plain, too_toxic(above=0.33, limit=0.95))
    assert wrapped.next(SEEN).level == 2
    beliefs = plain.posterior(SEEN.n[None], SEEN.y[None])
    known = decide(dlt_table(MG, SEEN.n, SEEN.y)).table
    assert beliefs.quantile(0.5)[0] == pytest.approx(
        known["quantile"].sel(level=0.5).values, abs=1e-5
    )


def test_many_states_are_decided_in_about_a_second():
    draw = np.random.default_rng(0)
    n = 3 * draw.multinomial(10, [0.2] * 5, size=20_000)
    y = draw.binomial(n, np.sort(draw.random((20_000, 5)) ** 2, 1))
    begin = time.process_time()
    five_doses().decide(n, y, np.zeros(20_000, int))
    # 0.8 s on an idle core; the limit leaves room for a busy one.
    assert time.process_time() - begin < 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prior": None}, "a LogisticPrior"),
        ({"doses": 4}, "doses above 0"),
        ({"doses": (1, 20)}, "outside the modelled range"),
        ({"start": 9}, "from 0 to 3"),
        ({"increments": ((0, -1.0),)}, "relative step above 0"),
    ],
)
def test_designs_that_cannot_be_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        Blrm(**({"doses": MG, "prior": LENALIDOMIDE_PRIOR} | change))
