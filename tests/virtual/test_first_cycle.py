"""Cycle 1 is simulated no further than the rule needs, and reads the same."""

from dataclasses import replace

import numpy as np
import pytest

from myelodose.regimen import platzbecker2013
from myelodose.toxicity.causes import exposed
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual import first_cycle as module
from myelodose.virtual.covariates import drawn_covariates
from myelodose.virtual.first_cycle import first_cycle
from myelodose.virtual.follow import QUICK, keep_mornings, through_protocol, trial_protocol
from myelodose.virtual.hyperprior import prior_draws
from myelodose.virtual.population import virtual_patients

# Slow: three programs are compiled. test_dlt_risk holds dlt_risk, which uses it, against a
# simulation of the whole window by default.
pytestmark = pytest.mark.slow

PROTOCOL = trial_protocol(platzbecker2013(25), cycles=1)


@pytest.fixture(scope="module")
def population():
    return virtual_patients(1, drawn_covariates(2, 30), draws=prior_draws(3, 10))


@pytest.fixture(scope="module")
def whole(population):
    return through_protocol(population, PROTOCOL, days=57, keep=keep_mornings)


@pytest.mark.parametrize(
    "rule",
    [DltRule(), replace(DltRule(), delay_over_d=7), replace(DltRule(), unrecovered_by_d=21)],
    ids=["default", "delay of 7 d", "not recovered by day 21"],
)
def test_every_dlt_and_every_day_counted_is_the_same(population, whole, rule):
    short = first_cycle(population, PROTOCOL, rule, solver=QUICK)
    one, other = (exposed(m.counts, rule, baseline=population.baseline) for m in (short, whole))
    for ours, theirs in zip(one, other, strict=True):
        assert np.array_equal(ours, theirs)


def test_who_has_recovered_is_followed_no_further(population, whole):
    short = first_cycle(population, PROTOCOL, DltRule(), solver=QUICK)
    still = (short.counts[29:] == short.counts[28]).all((0, 1))
    assert 0.3 < still.mean() < 0.95
    assert np.array_equal(short.counts[..., ~still], whole.counts[..., ~still])
    assert np.array_equal(short.counts[:29], whole.counts[:29])


def test_a_rule_that_counts_low_days_reads_every_morning(population, whole, monkeypatch):
    monkeypatch.setattr(module, "_continued", None)
    rule = DltRule(grade4_over_d=7)
    assert np.array_equal(
        first_cycle(population, PROTOCOL, rule, solver=QUICK).counts, whole.counts
    )
