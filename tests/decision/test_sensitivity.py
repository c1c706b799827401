"""Sensitivity: one thing changed at a time."""

import pytest

from myelodose.decision import DecisionRule, decide, scenarios, sensitivity
from myelodose.decision.sensitivity import with_dlt
from myelodose.trial import dlt_counts, dlt_table


@pytest.fixture(scope="module")
def table(trial):
    counts = dlt_counts(trial)
    fewest = {"denominators 3, 3, 6, 6": dlt_counts(trial, denominators="n_lowest")}
    return sensitivity(scenarios(counts, rule=DecisionRule(), other_counts=fewest))


def test_the_first_row_is_the_decision_itself(table, counts):
    row = table.loc["as published"]
    assert row.recommended == "20 mg"
    assert not row.changes
    over = decide(counts).table.prob_over
    assert row["P(over) 25 mg"] == pytest.approx(float(over.sel(dose=25)))


def test_inferred_denominators_and_the_prior_do_not_move_the_dose(table):
    kept = [name for name in table.index if name.startswith(("denominators", "prior"))]
    assert len(kept) == 6
    assert (table.recommended[kept] == "20 mg").all()


def test_what_moves_it_is_named(table):
    moving = table.recommended[table.changes].to_dict()
    assert moving == {
        "one DLT fewer at 25 mg": "25 mg",
        "one DLT more at 10 mg": "15 mg",
        "one DLT more at 15 mg": "15 mg",
        "one DLT more at 20 mg": "15 mg",
        "target 25 %": "15 mg",
    }


def test_no_scenario_has_an_impossible_count(counts):
    for case in scenarios(dlt_table([10, 20], [3, 3], [0, 3]), rule=DecisionRule()):
        assert (case.counts.dlt >= 0).all()
        assert (case.counts.dlt <= case.counts.n).all()
    assert with_dlt(counts, 20, 1).dlt.values.tolist() == [0, 0, 2, 3]


def test_stopping_is_a_recommendation_too():
    table = sensitivity(scenarios(dlt_table([10], [3], [2]), rule=DecisionRule()))
    assert table.recommended["as published"] == "stop"
