"""A call can be read by people, by notebooks and by other software."""

import json

from myelodose.designs import BackfillBoin, Boin, BoinCombination, ThreePlusThree, TiteBoin
from myelodose.outcomes import Outcomes

CALL = Boin(3, 0.3, stop_at=12).next(Outcomes.read("1NNN 2NNT", doses=3))


def test_a_call_goes_through_json():
    back = json.loads(json.dumps(CALL.to_dict()))
    assert back["level"] == 1
    assert back["stop"] is False
    assert [r["rule"] for r in back["reasons"]] == [r.rule for r in CALL.reasons]


def test_a_call_shows_its_reasons():
    text = str(CALL)
    assert text.startswith("Stay at level 2: 1/3 DLTs at level 2")
    assert "DLT rate to escalate" in text
    assert CALL.frame().shape == (5, 6)
    assert "<table" in CALL._repr_html_()
    start = Boin(3, 0.3).next(Outcomes((1, 2, 3)))
    assert str(start) == "The trial starts at level 1."
    assert "<table" not in start._repr_html_()


def test_every_count_design_has_a_decision_table():
    assert ThreePlusThree(3).table()[6].tolist()[:3] == ["E", "E", "DU"]
    boin = Boin(4, 0.3)
    for design in (TiteBoin(boin), BackfillBoin(boin), BoinCombination(2, 2, 0.3)):
        assert design.table(6).equals(boin.table(6))
