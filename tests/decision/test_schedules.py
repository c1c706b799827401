"""Sentences about orders and schedules tell what is known from what the model assumes."""

import pytest

from decision.compared import grid, maintained, schedules_compared
from myelodose.decision.schedules import answer
from myelodose.errors import InputError


def test_the_answer_names_what_was_given_and_what_is_assumed():
    text = answer(grid(), schedules_compared(), maintained(), 3e-7)
    assert text.startswith("SIMULATED")
    assert "Known: trial: azacitidine, lenalidomide and VIOLA were given to patients." in text
    assert "Everything else is the model's assumption" in text
    assert "relative difference 3e-07" in text


def test_a_comparison_without_the_order_of_the_trial_is_refused():
    without = grid().sel(arrangement=["concurrent"])
    with pytest.raises(InputError, match="compare with a gap of 0 days"):
        answer(without, schedules_compared(), maintained(), 0.0)
