"""A DLT rule is data: it says what it is, and every part that is on must be able to fire."""

import dataclasses

import pytest

from myelodose.errors import InputError
from myelodose.marrow.protocol.limits import Limits
from myelodose.toxicity.dlt_rule import DltRule


def test_the_default_says_what_it_assumes():
    assert DltRule().describe() == (
        "DLT by counts: not recovered by day 42 (ANC < 0.5 or PLT < 25); or next cycle delayed by "
        "more than 28 d (ANC < 1 or PLT < 50)"
    )


def test_each_part_can_be_switched_off():
    only = DltRule(unrecovered_by_d=None, delay_over_d=None, grade4_over_d=7)
    assert only.parts == ("grade 4 too long",)
    assert DltRule(delay_over_d=None).parts == ("not recovered",)


def test_blasts_are_named_where_they_count():
    assert "blasts below 5%" in DltRule(blasts_below=0.05).describe()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"window_d": 40}, "unrecovered_by_d"),
        ({"window_d": 56}, "delay_over_d"),
        ({"grade4_over_d": 57}, "grade4_over_d"),
        ({"recovered": Limits(0, 0)}, "unrecovered_by_d"),
        ({"unrecovered_by_d": None, "delay_over_d": None}, "DltRule"),
        ({"blasts_below": 5.0}, "blasts_below"),
        ({"cycle_d": 0}, "cycle_d"),
        ({"unrecovered_by_d": 41.5}, "unrecovered_by_d"),
    ],
)
def test_a_rule_that_can_never_fire_or_cannot_be_is_refused(changes, place):
    with pytest.raises(InputError, match=place):
        DltRule(**changes)


def test_a_window_that_just_suffices_is_taken():
    assert DltRule(window_d=42, delay_over_d=None).window_d == 42
    assert dataclasses.replace(DltRule(), window_d=57).window_d == 57
