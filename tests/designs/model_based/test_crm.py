"""CRM designs: published pathways and characteristics, rules, reasons, time to event."""

import numpy as np
import pytest

from designs.cases import case, family
from myelodose.characteristics import exact, path_counts, pathways
from myelodose.designs import (
    STOP,
    UNDECIDED,
    StopWhen,
    at_most,
    enough_at,
    precise,
    probability_in_target,
    too_toxic,
)
from myelodose.designs.model_based import Crm
from myelodose.designs.model_based.estimates import Estimates
from myelodose.dose_models.tite import tite_weights
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

SKELETON = (0.0954402672, 0.1860394943, 0.3, 0.4223562538)
SIX = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)
MG = (10, 15, 20, 25)


def viola() -> Crm:
    """The design of VIOLA (Craddock 2019, doi 10.1200/JCO.18.00889)."""
    inputs = case("dose_transition_pathways.viola_first3cohorts_64rows")["inputs"]
    return Crm(
        7,
        skeleton=tuple(inputs["skeleton"]),
        target=inputs["target"],
        prior_sd=0.75**0.5,
        start=inputs["start_level"] - 1,
        hold="above target",
        stop=too_toxic(above=0.3, limit=0.72, level=0, by="normal") | enough_at(patients=12),
    )


def test_violas_pathways_are_met_row_for_row():
    # dtpcrm 0.1.1, vignette.
    known = case("dose_transition_pathways.viola_first3cohorts_64rows")["outputs"]
    table = pathways(viola(), cohorts=known.get("cohorts", 3)).table(repeat=True)
    rows = [[None if v is None or v != v else v for v in row] for row in table_values(table)]
    # The published table repeats the counts of cohorts that were no longer needed as empty.
    assert rows == known["rows"]


def table_values(table):
    return table.astype(object).where(table.notna(), None).to_numpy().tolist()


def test_violas_next_dose_after_six_patients():
    known = case("dose_transition_pathways.viola_fit_after_6")
    seen = Outcomes.read("3NNN 4NNN", doses=7)
    assert viola().next(seen).level == known["outputs"]["next"] - 1


@pytest.mark.parametrize("known", family("complete_path_enumeration"))
def test_braun_2020s_paths_are_counted(known):
    # precautionary, vignette MCSE-Free.
    inputs = known["inputs"]
    design = Crm(
        6,
        skeleton=tuple(inputs["skeleton"]),
        target=inputs["target"],
        prior_sd=0.85,
        cohort_size=inputs["cohort_size"],
        stop=enough_at(patients=5, level=0) | enough_at(patients=10, level="any"),
    )
    assert path_counts(design, cohorts=inputs["cohorts"]) == known["outputs"]["paths"]


@pytest.mark.parametrize("known", family("exact_oc_paths"))
def test_exact_characteristics_of_a_crm(known):
    # escalation 0.2.3, vignette A600.
    inputs, out = known["inputs"], known["outputs"]
    design = Crm(
        5,
        skeleton=tuple(inputs["skeleton"]),
        target=inputs["target"],
        no_skip="none",
        stop=too_toxic(above=0.35, limit=0.9, level=0, by="normal"),
    )
    found = exact(design, inputs["truth"], cohorts=4)
    assert found.selected.values == pytest.approx(out["prob_recommend"]["d"], abs=2e-6)
    assert float(found.selected_none) == pytest.approx(out["prob_recommend"]["none"], abs=2e-6)
    assert float(found["size"]) == pytest.approx(out["expected_n"], abs=2e-6)
    assert float(found["size_dlts"]) == pytest.approx(out["expected_tox"], abs=2e-6)
    assert found.share.values == pytest.approx(out["mean_share_at_dose"], abs=2e-6)
    tree = pathways(design, cohorts=4)
    assert (tree.nodes, tree.terminal) == (out["nodes"], out["terminal"])


def test_a_one_parameter_crm_goes_on_with_25_mg():
    # The declared MTD of the trial was 20 mg (Platzbecker 2013).
    design = Crm(MG, skeleton=SKELETON, target=0.3)
    seen = Outcomes.from_counts([4, 4, 6, 6], [0, 0, 1, 3], doses=MG)
    assert design.next(seen).level == 3
    assert design.select(seen).level == 3


def test_posterior_mean_risk_can_choose_a_lower_dose_than_the_plug_in():
    draw = np.random.default_rng(3)
    n = draw.integers(0, 7, (300, 4))
    y = draw.binomial(n, 0.3)
    level = np.zeros(300, int)
    by = {
        estimate: Crm(MG, skeleton=SKELETON, target=0.3, estimate=estimate, no_skip="none")
        for estimate in ("plug-in", "mean")
    }
    one, two = (design.decide(n, y, level) for design in by.values())
    assert (one != two).any()


def test_no_skipping_has_its_variants():
    n, y = np.array([[3, 3, 0, 0, 0, 0]]), np.zeros((1, 6), int)

    def next_level(no_skip, level):
        design = Crm(6, skeleton=SIX, target=0.35, no_skip=no_skip)
        return design.decide(n, y, np.array([level]))[0]

    assert next_level("none", 0) == 5
    assert next_level("above tested", 0) == 2
    assert next_level("above last", 0) == 1
    toxic_n, toxic_y = np.array([[0, 0, 0, 0, 3, 3]]), np.array([[0, 0, 0, 0, 3, 3]])
    free = Crm(6, skeleton=SIX, target=0.2, no_skip="above tested")
    assert free.decide(toxic_n, toxic_y, np.array([5]))[0] == 0
    stepwise = Crm(6, skeleton=SIX, target=0.2, no_skip="up and down")
    assert stepwise.decide(toxic_n, toxic_y, np.array([5]))[0] == 4


def test_hold_forbids_to_escalate_after_toxicity():
    seen = Outcomes.read("1NNN 1NNN 1NNN 2TNN", doses=6)
    free = Crm(6, skeleton=SIX, target=0.35)
    assert free.next(seen).level == 2
    call = Crm(6, skeleton=SIX, target=0.33, hold="at or above target").next(seen)
    assert call.level == 1
    held = next(reason for reason in call.reasons if reason.verdict == "holds")
    assert held.without == "level 3"


def test_two_stages_follow_the_plan_until_the_first_dlt():
    plan = (0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3)
    design = Crm(6, skeleton=SIX, target=0.2, estimate="mle", initial=plan)
    assert design.next(Outcomes.read("1NNN", doses=6)).level == 1
    assert design.next(Outcomes.read("1NNN 2NNN", doses=6)).level == 2
    # dfcrm: maximum likelihood once a DLT was seen.
    assert design.next(Outcomes.read("1NNN 2NNN 3NNT", doses=6)).level in (1, 2)
    # Nothing but DLTs: the lowest level; none: the highest that may be given.
    n = np.array([[3, 0, 0, 0, 0, 0], [3, 3, 3, 3, 0, 0]])
    assert design.pick(n, np.array([[3, 0, 0, 0, 0, 0], [0] * 6])).tolist() == [0, 4]


def test_reasons_name_the_rule_and_what_would_have_been_without_it():
    call = viola().next(Outcomes.read("3NNN", doses=7))
    assert call.level == 3
    skip = next(reason for reason in call.reasons if reason.rule.startswith("no skipping"))
    assert skip.without in {"level 5", "level 6", "level 7"}
    assert all(reason.error < 1e-6 for reason in call.reasons)
    stopped = viola().next(Outcomes.read("3TTT 1TTT", doses=7))
    assert stopped.stop
    assert stopped.level is None
    rule = next(reason for reason in stopped.reasons if reason.verdict == "yes")
    assert rule.without == "level 1"
    assert rule.value > rule.limit
    assert stopped.because.startswith("stop: P(risk > 0.3) of level 1 = 0.9")


def test_an_error_across_the_limit_leaves_the_decision_open():
    design = Crm(MG, skeleton=SKELETON, target=0.3, no_skip="none")
    n, y = np.array([[3, 3, 0, 0]]), np.array([[0, 1, 0, 0]])
    exact_ = design.estimates(n, y)
    middle = np.array([[0.1, 0.25, 0.35, 0.5]])
    vague = Estimates(middle, np.full((1, 4), 1e-3), exact_.beliefs)
    assert design.decide_from(vague, n, y, np.array([1]))[0] == UNDECIDED
    sharp = Estimates(middle - 0.01, np.full((1, 4), 1e-3), exact_.beliefs)
    assert design.decide_from(sharp, n, y, np.array([1]))[0] == 2
    # Where the rules allow one of the two only, there is nothing to decide.
    near = Crm(MG, skeleton=SKELETON, target=0.3, no_skip="above last")
    assert near.decide_from(vague, n, y, np.array([0]))[0] == 1


def test_stopping_rules_combine():
    n, y = np.array([[6, 6, 0, 0]]), np.array([[0, 1, 0, 0]])
    level = np.array([1])

    def stops(rule):
        design = Crm(MG, skeleton=SKELETON, target=0.3, stop=rule)
        return design.decide(n, y, level)[0] == STOP

    assert stops(at_most(patients=12))
    assert not stops(at_most(patients=12) & enough_at(patients=7, level="any"))
    assert stops(at_most(patients=13) | enough_at(patients=6, level=1))
    assert stops(precise(sd=0.5))
    assert stops(~precise(sd=0.01))
    assert stops(precise(width=0.7))
    assert stops(probability_in_target(0.5, target=(0.05, 0.6)))
    assert not stops(too_toxic(above=0.3, limit=0.9, level=0))


def test_rules_of_any_model_read_a_crm():
    crm = Crm(MG, skeleton=SKELETON, target=0.3)
    rule = probability_in_target(0.3)
    design = StopWhen(crm, rule, target=(0.2, 0.4))
    seen = Outcomes.from_counts([4, 4, 6, 6], [0, 0, 1, 3], doses=MG)
    assert design.next(seen).stop
    beliefs = crm.posterior(seen.n[None], seen.y[None])
    inside, error = beliefs.prob(0.2, 0.4)
    assert error.max() < 1e-6
    assert inside + beliefs.prob(0, 0.2)[0] + beliefs.prob(0.4, 1)[0] == pytest.approx(1)
    assert beliefs.prob(0, beliefs.quantile(0.5)[0, 2])[0][0, 2] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("known", family("titecrm"))
def test_titecrm_chooses_as_dfcrm(known):
    inputs = known["inputs"]
    weight = tite_weights(inputs["followup"], inputs["tox"], window=inputs["obswin"])
    seen = Outcomes(
        tuple(range(1, 7)),
        tuple(k - 1 for k in inputs["level"]),
        tuple(inputs["tox"]),
        tuple(range(len(inputs["level"]))),
        tuple(weight.tolist()),
    )
    design = Crm(6, skeleton=SIX, target=inputs["target"], curve=inputs["model"], cohort_size=1)
    call = design.next(seen)
    assert call.level == known["outputs"]["mtd"] - 1
    assert "nearest to 0.2" in call.because
    assert design.select(seen).level == known["outputs"]["mtd"] - 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"skeleton": (0.1, 0.2)}, "one risk for each of 4 levels"),
        ({"skeleton": (0.3, 0.2, 0.4, 0.5)}, "increasing risks"),
        ({"target": 1.0}, "a risk between 0 and 1"),
        ({"cohort_size": 0}, "from 1 to 100"),
        ({"start": 4}, "from 0 to 3"),
        ({"estimate": "mle"}, "level of each patient"),
        ({"initial": (0, 7)}, "levels from 0 to 3"),
    ],
)
def test_designs_that_cannot_be_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        Crm(**({"doses": MG, "skeleton": SKELETON} | change))
