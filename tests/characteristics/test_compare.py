"""This trial under several designs, and VIOLA's pathways."""

import json

import pandas as pd
import pytest

from conftest import ROOT
from myelodose.characteristics import pathways
from myelodose.characteristics.compare import replay, usual_designs, viola_design
from myelodose.outcomes import Outcomes
from myelodose.priors import LENALIDOMIDE_PRIOR

DOSES = (10, 15, 20, 25)
# Order within the doses is inferred from the 3+3 rule (tests/reference/dosefinding.json, the case
# three_plus_three_rule.seed_trial_replay); counts by dose are those of the trial.
TRIAL = Outcomes.read("10:NNNN 15:NNNN 20:NNN 25:NNT 25:NTT 20:NNT", doses=DOSES)


@pytest.fixture(scope="module")
def replayed():
    return replay(usual_designs(DOSES, target=0.3, prior=LENALIDOMIDE_PRIOR), TRIAL)


def test_all_but_the_one_parameter_crm_select_what_the_trial_did(replayed):
    others = replayed.drop(index="CRM, one parameter")
    assert set(others.selected) == {"20"}
    assert replayed.loc["CRM, one parameter", "selected"] == "25"


def test_the_3_plus_3_design_follows_the_trial_cohort_by_cohort(replayed):
    said = replayed.loc["3+3"].iloc[:6].tolist()
    assert said == ["15", "20", "25", "25", "20", "stop at 20"]


def test_the_pathways_of_viola_are_those_published():
    cases = json.loads((ROOT / "tests" / "reference" / "dosefinding.json").read_text())["cases"]
    name = "dose_transition_pathways.viola_first3cohorts_64rows"
    rows = next(case for case in cases if case["id"] == name)["outputs"]["rows"]
    table = pathways(viola_design(), cohorts=3).table(repeat=True)
    ours = [[None if pd.isna(cell) else int(cell) for cell in row] for row in table.values]
    assert sorted(map(str, ours)) == sorted(map(str, rows))
    assert len(ours) == 64
