"""A decision from simulated counts: numbers, rules, reasons, and the decision of the data alone."""

import dataclasses

import numpy as np
import pytest

from decision.made import FEW, few, with_overdose
from myelodose.decision import DecisionRule, decide
from myelodose.decision.choose import choose
from myelodose.decision.from_counts import decide_from_counts, draws_hash
from myelodose.decision.question import Observed, Question
from myelodose.decision.reasons import UNDECIDED
from myelodose.decision.utility import Utility
from myelodose.designs import Weighted, look, too_toxic
from myelodose.errors import InputError
from myelodose.virtual import joined, prior_draws


def changed(**values):
    """The decision with other rules on the same simulation."""
    made = few()
    question = dataclasses.replace(made.question, **values)
    return choose(question, made.estimates)


def test_every_quantity_has_a_mean_an_error_and_an_interval_at_every_dose():
    table = few().estimates.table
    assert table["mean"].notnull().all()
    assert table.error.notnull().all()
    spread = table.drop_sel(quantity=["over", "best"])
    assert (spread.low <= spread.high).all()
    assert table.attrs["status"].startswith("SIMULATED")


def test_the_probability_of_a_high_risk_is_that_of_the_rules_about_beliefs():
    """`p` goes unchanged into a rule of the dose-finding room: overdose control at 0.25."""
    made = few()
    over, _ = Weighted(made.estimates.p.values).prob(1 / 3, 1.0)
    np.testing.assert_allclose(
        over, made.estimates.table["mean"].sel(quantity="over").values, atol=1e-12
    )
    control, nobody = too_toxic(above=1 / 3, limit=0.25), [0, 0, 0]
    beliefs = Weighted(made.estimates.p.values)
    for level, verdict in enumerate(list(made.choice.verdicts.values())[:2]):
        seen = look(nobody, nobody, proposed=level, cohorts=0, beliefs=beliefs)
        assert (control(seen).fires, verdict) == (False, "admissible")


def test_the_joined_risk_is_that_of_the_virtual_room():
    made = few()
    question, found = made.question, made.estimates.simulated
    one = joined(found, question.counts, 1, doses=question.names, haematological={25.0: 1})
    mean = made.estimates.p.mean("draw")
    # 12 empirical draws against 240: the standard deviation of the risk is below 0.16.
    assert (abs(one.mean("draw") - mean) < 4 * 0.16 / np.sqrt(12)).all()


def test_the_same_question_gives_the_same_numbers():
    again = decide_from_counts(Question(seed=3, **FEW))
    assert again.estimates.table.equals(few().estimates.table)
    assert again.source["hash"] == few().source["hash"]


def test_draws_that_are_given_are_used_and_need_a_source():
    made, typical = few(), prior_draws(99, 15)
    other = decide_from_counts(made.question, draws=typical, source="a posterior")
    assert other.estimates.table.attrs["population"] == "a posterior"
    assert other.source["hash"] == draws_hash({k: v[:12] for k, v in typical.items()})
    assert not np.allclose(other.estimates.risk, made.estimates.risk)
    with pytest.raises(InputError, match="say where the draws are from"):
        decide_from_counts(made.question, draws=typical)


def test_the_maximum_tolerated_dose_is_the_highest_below_the_limit():
    choice = changed(overdose_limit=0.6)
    assert choice.mtd_mg == 25.0
    assert set(choice.verdicts.values()) == {"admissible"}
    assert changed(overdose_limit=0.15).mtd_mg == 20.0


def test_a_limit_within_the_error_is_undecided():
    at = few().estimates.table["mean"].sel(quantity="over", dose=25.0).item()
    choice = changed(overdose_limit=at + 1e-4)
    assert choice.verdicts[25.0] == UNDECIDED
    assert choice.mtd_undecided
    assert choice.mtd_mg is None


def test_a_dose_above_one_that_is_too_toxic_is_not_admissible():
    made = with_overdose(0.1, 0.9, 0.1)
    assert list(made.choice.verdicts.values()) == ["admissible", "too toxic", "too toxic"]
    assert made.recommended_dose_mg == 10.0


def test_where_no_dose_is_admissible_the_trial_stops():
    made = with_overdose(0.5, 0.9, 0.9)
    assert made.recommended_dose_mg is None
    assert not made.undecided
    assert made.sentence.startswith("Stop: no dose is admissible")
    assert made.conflicts


def test_no_level_is_skipped():
    seen = (Observed(10.0, 4, 0, 0),)
    assert changed(observed=seen, overdose_limit=0.9).verdicts[25.0] == "skips an untried level"
    assert changed(observed=seen, max_step=2, overdose_limit=0.9).verdicts[25.0] == "admissible"


def test_a_dlt_that_costs_more_never_raises_the_optimal_dose():
    by_cost = [dose for dose in few().by_cost().values() if dose is not None]
    assert by_cost == sorted(by_cost, reverse=True)
    assert len(set(by_cost)) > 1


def test_the_cost_of_the_question_gives_the_dose_of_the_question():
    made = with_overdose(0.0, 0.1, 0.9)
    assert made.by_cost()["1"] == made.recommended_dose_mg


def test_a_tie_in_utility_is_undecided():
    found = few().estimates
    same = np.broadcast_to(found.utility[:1], found.utility.shape) + 0.0
    random = np.random.default_rng(1).normal(0, 1, same.shape[1:])
    same[1] += random - random.mean()
    choice = choose(few().question, found._replace(utility=same))
    assert choice.undecided
    assert choice.optimal_mg is None


def test_the_toxicity_data_alone_are_decided_as_ever(counts):
    alone = few().alone
    rule = DecisionRule(target_dlt=1 / 3)
    assert alone is not None
    assert alone.recommended_dose_mg == decide(counts, rule=rule).recommended_dose_mg == 20.0


def test_a_conflict_is_said(monkeypatch):
    made = few()
    apart = dataclasses.replace(made, choice=made.choice._replace(mtd_mg=10.0, mtd_undecided=False))
    assert apart.conflicts
    assert apart.note.startswith("CONFLICT: the toxicity data alone allow up to 20 mg")
    same = dataclasses.replace(made, choice=made.choice._replace(mtd_mg=20.0, mtd_undecided=False))
    assert not same.conflicts
    assert same.note.startswith("No conflict")


def test_an_order_that_nobody_was_given_is_an_assumption():
    made = few()
    other = dataclasses.replace(made, question=dataclasses.replace(made.question, order="reverse"))
    assert any("given to nobody" in line for line in other.assumed)
    assert not any("given to nobody" in line for line in made.assumed)


def test_tables_for_people_have_a_row_for_every_quantity_and_step():
    made = few()
    assert made.frame().shape == (made.estimates.table.sizes["quantity"], 3)
    assert list(made.steps_frame().index) == ["10 to 20 mg", "20 to 25 mg"]
    assert "verdict" in str(made)


@pytest.mark.parametrize(
    "wrong",
    [
        {"doses_mg": (20.0, 10.0)},
        {"doses_mg": ()},
        {"draws": 1},
        {"risk": "guessed"},
        {"overdose_limit": 1.0},
        {"observed": ()},
        {"observed": (Observed(25.0, 6, 1, 2),)},
        {"gap_d": 40},
        {"seed": -1},
    ],
)
def test_a_question_that_cannot_be_is_refused(wrong):
    with pytest.raises(InputError):
        Question(**{"seed": 1} | wrong)


def test_a_question_goes_through_plain_numbers_and_back():
    question = Question(
        seed=7, order="reverse", gap_d=2, risk="simulated", observed=(), utility=Utility(dlt=3.0)
    )
    assert Question.from_dict(question.to_dict()) == question
