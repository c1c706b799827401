"""The facts of the calibration are those of the data tables, and the held-out ones are apart."""

import re

import pandas as pd
import pytest

from myelodose.paths import data_folder
from myelodose.virtual.calibration.simulated import QUANTITIES
from myelodose.virtual.calibration.targets import DLTS, HELD_OUT, PATIENTS, TARGETS, described

FOLDER = data_folder() / "trials" / "platzbecker2013"
FACTS = pd.read_csv(FOLDER / "facts.csv", dtype=str).set_index("fact_id")


def test_dlts_and_patients_are_those_of_the_table():
    table = pd.read_csv(FOLDER / "dlt.csv")
    assert DLTS.sum(0).tolist() == table.dlt.tolist()
    assert PATIENTS.tolist() == table.n.tolist()
    events = " ".join(table.dlt_events.fillna(""))
    words = ("recovery", "sepsis|pneumonia", "thrombosis")
    assert DLTS.sum(1).tolist() == [len(re.findall(w, events)) for w in words]


@pytest.mark.parametrize("fact", ["F54", "F55", "F11", "F12"])
def test_printed_counts_are_the_numerators_of_the_facts(fact):
    (target,) = [one for one in TARGETS if one.fact == fact]
    assert target.printed == int(FACTS.numerator[fact])


def test_at_least_three_facts_are_held_out_and_none_is_used():
    assert len({fact for fact, _ in HELD_OUT}) >= 3
    used = {one.quantity for one in TARGETS}
    assert not used & {words for _, words in HELD_OUT}
    assert not {one.fact for one in TARGETS} & {fact for fact, _ in HELD_OUT}


def test_every_fact_is_one_that_a_replay_says():
    assert {words for _, words in HELD_OUT} <= set(QUANTITIES)
    assert {t.quantity for t in TARGETS if "nadir" not in t.quantity} <= set(QUANTITIES)


def test_provenance_names_every_fact_used():
    assert len(described()) == DLTS.size + len(TARGETS)
