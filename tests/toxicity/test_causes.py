"""Causes of a DLT compete: none is lost, and none is needed."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.toxicity.causes import (
    DltProbability,
    Exposed,
    dlt_probability,
    exposed,
    sample_dlts,
)
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards, hazard_draws

FINE = np.full((57, 2, 1), [[2.0], [150.0]])


def test_any_is_what_no_cause_spares():
    p = DltProbability(np.array([0.2]), np.array([0.3]), np.array([0.1]))
    assert p.any == pytest.approx(1 - 0.8 * 0.7 * 0.9)


def test_infection_grows_with_the_days_of_few_neutrophils():
    hazards = Hazards(infection_per_d=0.02, infection_background_per_d=0.0, thrombosis=0.0)
    for days in (0, 5, 10):
        counts = FINE.copy()
        counts[10 : 10 + days, 0] = 0.3
        p = dlt_probability(counts, DltRule(), hazards, baseline=FINE[0])
        assert p.infection[0] == pytest.approx(1 - np.exp(-0.02 * days))


def test_the_cycle_at_risk_ends_where_the_next_one_can_start():
    counts = FINE.copy()
    counts[40:50, 0] = 0.3  # after day 29, on which the next cycle could start
    seen = exposed(counts, DltRule(), baseline=FINE[0])
    assert (seen.cycle_d[0], seen.few_d[0]) == (28, 0)


def test_without_hazards_only_counts_are_left():
    none = Hazards(0.0, 0.0, 0.0)
    counts = FINE.copy()
    counts[20:] = 0.1
    p = dlt_probability(counts, DltRule(), none, baseline=FINE[0])
    assert (p.recovery[0], p.any[0]) == (1, 1)
    assert dlt_probability(FINE, DltRule(), none).any[0] == 0


def test_hazards_one_for_each_draw_are_those_of_each_draw():
    seen = Exposed(np.zeros((2, 3)), np.full((2, 3), 28.0), np.full((2, 3), 4.0))
    each = [Hazards(0.01, 0.0, 0.1), Hazards(0.05, 0.001, 0.2)]
    together = seen.probability(each)
    for row, one in enumerate(each):
        alone = Exposed(*(x[row] for x in seen)).probability(one)
        assert together.any[row] == pytest.approx(alone.any)


def test_samples_have_the_frequency_of_their_probability():
    number = 40_000
    p = DltProbability(*(np.full(number, x) for x in (0.1, 0.25, 0.03)))
    found = sample_dlts(1, p)
    error = np.sqrt(0.25 / number)
    assert found.mean(1) == pytest.approx([0.1, 0.25, 0.03], abs=4 * error)
    assert found.any(0).mean() == pytest.approx(p.any[0], abs=4 * error)
    assert np.array_equal(found, sample_dlts(1, p))


def test_hazards_spread_around_their_typical_value():
    many = hazard_draws(1, 4000)
    assert np.median([h.infection_per_d for h in many]) == pytest.approx(0.01, rel=0.06)
    assert np.mean([h.thrombosis for h in many]) == pytest.approx(0.03, rel=0.06)


@pytest.mark.parametrize(
    "wrong", [{"infection_per_d": -0.1}, {"thrombosis": 1.0}, {"anc_below_1e9_per_l": 500.0}]
)
def test_hazards_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match="Hazards"):
        Hazards(**wrong)
