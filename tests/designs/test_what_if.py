"""What a design would do: the calls it would give, a rule left out, another design."""

import json

import numpy as np
import pytest

from myelodose.characteristics import pathways
from myelodose.designs import STOP, Boin, ThreePlusThree, TiteBoin
from myelodose.designs.model_based import Blrm
from myelodose.designs.what_if import NOW, THIS, what_if
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes
from myelodose.priors import LENALIDOMIDE_PRIOR

MG = (10, 15, 20, 25)
SEEN = Outcomes.read("10:NNN 15:NNT", doses=MG)
BLRM = Blrm(MG, LENALIDOMIDE_PRIOR)


@pytest.mark.parametrize("design", [Boin(MG, 0.3), ThreePlusThree(MG), BLRM])
def test_the_next_cohort_is_every_branch_of_the_pathways(design):
    found = what_if(design, SEEN)
    leaves = pathways(design, cohorts=1, previous=SEEN).layers[1]
    calls = found.dataset().sel(design=THIS).isel({"if": slice(1, None)})
    # A call that stops gives the dose recommended.
    goes = ~calls.stop.values
    assert goes.tolist() == (leaves.next != STOP).tolist()
    assert calls.level.values[goes].tolist() == leaves.next[goes].tolist()
    assert found.frame().dlts.tolist()[1:] == (1 + leaves.dlts).tolist()


def test_every_call_is_the_one_that_the_design_gives():
    found = what_if(BLRM, SEEN, ["15:NTT", "20:NN- 20:TT", "10:NNN"], others={"b": Boin(MG, 0.3)})
    for text, call in zip(("15:NTT", "20:NN- 20:TT", "10:NNN"), found.calls[0][1:], strict=True):
        assert call == BLRM.next(Outcomes.read(f"{SEEN} {text}", doses=MG))
    assert found.cases[0].name == NOW
    assert found.calls[1][0] == Boin(MG, 0.3).next(SEEN)
    assert found.dataset().level.shape == (2, 4)


def test_chances_are_those_of_the_predictive_distribution():
    rows = what_if(BLRM, SEEN).frame()
    level = BLRM.next(SEEN).level
    assert level is not None
    assert rows.probability.iloc[1:].tolist() == BLRM.predictive(SEEN, level, 3).tolist()
    assert rows.probability.iloc[1:].sum() == pytest.approx(1)
    assert what_if(Boin(MG, 0.3), SEEN).frame().probability.isna().all()


def test_a_field_is_left_out_and_the_difference_said():
    steps = Blrm(MG, LENALIDOMIDE_PRIOR, increments=((0, 0.4),))
    begun = Outcomes.read("10:NNN", doses=MG)
    found = what_if(steps, begun, [], without=["increments"])
    free = Blrm(MG, LENALIDOMIDE_PRIOR).next(begun)
    assert found.calls[1][0] == free
    assert found.calls[0][0].level == 0
    assert free.level == 1
    assert "Now [without increments]: escalate to dose 15." in str(found)
    assert any(line.startswith("Without '") for line in what_if(BLRM, SEEN, []).words())


def test_stopping_starting_and_waiting_are_said():
    boin = Boin(MG, 0.3)
    empty = Outcomes.read("", doses=MG)
    assert str(what_if(boin, empty, [])) == "Now: start at dose 10."
    stopped = what_if(boin, Outcomes.read("10:TTT", doses=MG))
    assert stopped.words()[0] == "Now: stop, with no dose recommended."
    assert stopped.dataset().stop.values.tolist() == [[True]]
    waits = Outcomes.read("10:NNN", doses=MG, weight=[0.2, 0.3, 0.4])
    assert str(what_if(TiteBoin(boin), waits, [])) == "Now: wait before dose 10."


def test_level_numbers_and_efficacy_are_read():
    seen = Outcomes.read("1NNN", doses=3)
    assert what_if(Boin(3, 0.3), seen, ["2NNT 2TTT"]).calls[0][1].level == 0
    assert what_if(Boin(3, 0.3), seen, ["2:EBN"]).cases[1].seen.efficacy == (0, 0, 0, 1, 1, 0)


def test_it_is_shown_and_written():
    found = what_if(BLRM, SEEN)
    assert "<table" in found._repr_html_()
    assert "<li>Now: " in found._repr_html_()
    written = json.loads(json.dumps(found.to_dict()))
    assert written["rows"][0]["probability"] is None
    assert written["rows"][1]["if"].endswith(":NNN")
    assert np.isnan(found.dataset().probability.values[0])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cohorts": ["30:N"]}, "30"),
        ({"cohorts": [""]}, "give a cohort"),
        ({"without": ["target"]}, "give one of .*increments"),
    ],
)
def test_impossible_questions_are_refused(options, says):
    with pytest.raises(InputError, match=says):
        what_if(BLRM, SEEN, **options)
