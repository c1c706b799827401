"""Rules: what they ask, how they combine, and when they cannot tell."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from myelodose.designs import (
    BetaBeliefs,
    Boin,
    StopWhen,
    Verdict,
    Weighted,
    at_least,
    at_most,
    enough_at,
    look,
    no_safe_dose,
    no_skipping,
    precise,
    probability_in_target,
    too_toxic,
)
from myelodose.designs.rules import Rule
from myelodose.designs.verdict import MAYBE, NO, YES
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

NODES = np.array([[0.1, 0.2, 0.4], [0.2, 0.3, 0.6], [0.3, 0.5, 0.8], [0.4, 0.6, 0.9]])
EXACT = Weighted(NODES, error=0.0)


def _seen(**change):
    given: dict[str, Any] = {"proposed": 1, "cohorts": 3, "beliefs": EXACT, "target": (0.15, 0.35)}
    return look([3, 6, 0], [0, 1, 0], **(given | change))


class _Says(Rule):
    def __init__(self, fires):
        self.fires = fires

    def __call__(self, look):
        return Verdict(np.array([{True: YES, False: NO, None: MAYBE}[self.fires]]))


@pytest.mark.parametrize(("a", "b"), [*itertools.product([True, False, None], repeat=2)])
def test_rules_combine_by_three_valued_logic(a, b):
    both, either = (_Says(a) & _Says(b))(_seen()).fires, (_Says(a) | _Says(b))(_seen()).fires
    assert both == (False if False in (a, b) else None if None in (a, b) else True)
    assert either == (True if True in (a, b) else None if None in (a, b) else False)
    assert (~_Says(a))(_seen()).fires == (None if a is None else not a)


def test_a_combination_gives_the_reason_that_decided():
    stop = (at_least(cohorts=3) & probability_in_target(0.5)) | at_most(patients=24)
    verdict = stop(_seen(proposed=0))
    assert verdict.fires
    assert verdict.because == (
        "cohorts = 3 is >= 3 and P(0.15 < risk <= 0.35) of the proposed dose = 0.5 is >= 0.5"
    )
    assert [reason.rule for reason in verdict.reasons] == [
        "cohorts",
        "P(0.15 < risk <= 0.35) of the proposed dose",
        "patients",
    ]
    assert "patients = 9 is not >= 24" in stop(_seen(proposed=2)).because


def test_at_most_fires_when_the_number_is_reached():
    assert at_most(patients=9)(_seen()).fires
    assert not at_most(patients=10)(_seen()).fires
    assert at_most(patients=10, cohorts=3)(_seen()).fires
    assert not at_least(patients=10, cohorts=3)(_seen()).fires


def test_enough_at_looks_where_it_is_told():
    assert enough_at(patients=6)(_seen()).fires
    assert not enough_at(patients=6)(_seen(proposed=0)).fires
    assert enough_at(patients=3, level=0)(_seen()).fires
    assert enough_at(patients=6, level="any")(_seen(proposed=0)).fires


def test_no_skipping_counts_from_the_highest_level_tried():
    assert not no_skipping()(_seen(proposed=2)).fires
    first = look([3, 0, 0], [0, 0, 0], proposed=2, cohorts=1)
    assert no_skipping()(first).fires
    assert not no_skipping(step=2)(first).fires


def test_overdose_rules_name_dose_and_probability():
    assert too_toxic(above=0.35, limit=0.4)(_seen()).fires
    assert not too_toxic(above=0.35, limit=0.5)(_seen()).fires
    assert not too_toxic(above=0.35, limit=0.4, level=0)(_seen()).fires
    verdict = no_safe_dose(above=0.25, limit=0.4)(_seen())
    assert verdict.fires
    assert verdict.because == "P(risk > 0.25) of the safest dose = 0.5 is > 0.4"
    assert not no_safe_dose(above=0.35, limit=0.25)(_seen()).fires


def test_precision_is_a_coefficient_of_variation_or_a_width():
    sd, mean = NODES[:, 1].std(), NODES[:, 1].mean()
    assert precise(cv=sd / mean + 0.01)(_seen()).fires
    assert not precise(cv=sd / mean - 0.01)(_seen()).fires
    assert precise(width=0.41)(_seen()).fires
    assert not precise(width=0.39)(_seen()).fires


def test_a_value_nearer_to_the_limit_than_its_error_is_undecided():
    near = Weighted(NODES, error=0.02)
    verdict = too_toxic(above=0.35, limit=0.49)(_seen(beliefs=near))
    assert verdict.fires is None
    assert "is within 0.02 of 0.49" in verdict.because
    assert verdict.reasons[0].verdict == "undecided"
    assert too_toxic(above=0.35, limit=0.47)(_seen(beliefs=near)).fires
    assert not too_toxic(above=0.35, limit=0.53)(_seen(beliefs=near)).fires


def test_draws_carry_their_monte_carlo_error():
    draws = Weighted(np.tile(NODES, (25, 1)))
    value, error = draws.prob(0.35, 1.0)
    assert value == pytest.approx([0.25, 0.5, 1.0])
    assert error[1] == pytest.approx(2 * np.sqrt(0.25 / 100))


def test_weights_count_and_need_not_add_up():
    one = Weighted(NODES, np.array([2.0, 2.0, 0.0, 0.0]), 0.0)
    two = Weighted(NODES[:2], None, 0.0)
    assert one.mean().tolist() == two.mean().tolist()
    assert one.prob(0.0, 0.25)[0].tolist() == [1.0, 0.5, 0.0]
    assert one.sd() == pytest.approx(two.sd())


def test_probabilities_of_intervals_add_up_also_at_a_node():
    for cut in (0.2, 0.25, 0.4):
        below, above = EXACT.prob(0.0, cut)[0], EXACT.prob(cut, 1.0)[0]
        assert below + above == pytest.approx(1.0)


def test_a_cycle_axis_becomes_the_risk_over_all_cycles():
    p = np.array([[[0.1, 0.2]], [[0.3, 0.0]]])
    assert Weighted(p).mean()[0] == pytest.approx((1 - 0.9 * 0.8 + 0.3) / 2)


def test_beta_beliefs_are_those_of_the_beta_distribution():
    from scipy.stats import beta

    beliefs = BetaBeliefs(np.array([6, 0]), np.array([1, 0]))
    posterior = beta(2, 6)
    assert beliefs.mean()[0] == pytest.approx(posterior.mean())
    assert beliefs.sd()[0] == pytest.approx(posterior.std())
    assert beliefs.prob(0.2, 0.4)[0][0] == pytest.approx(posterior.cdf(0.4) - posterior.cdf(0.2))
    assert beliefs.quantile(0.9)[0] == pytest.approx(posterior.ppf(0.9))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (lambda: at_least(), "at_least: found no number; give cohorts or patients"),
        (lambda: at_most(patients=0), "at_most, patients: found 0; give 1 or more"),
        (lambda: enough_at(patients=-1), "enough_at, patients: found -1"),
        (lambda: probability_in_target(1.5), "probability_in_target: found 1.5"),
        (lambda: too_toxic(above=0, limit=0.5), "too_toxic, above: found 0"),
        (lambda: precise(), "precise: found none of cv, sd and width; give one of them"),
        (lambda: precise(cv=0.1, sd=0.1), "precise: found cv and sd; give one of them"),
        (lambda: precise(cv=-1), "precise, cv: found -1"),
        (
            lambda: probability_in_target(0.5, target=(0.4, 0.2)),
            "probability_in_target, target: found 0.4 to 0.2",
        ),
        (
            lambda: too_toxic(above=0.3, limit=0.5)(_seen(beliefs=None)),
            "rule 'too_toxic': found no beliefs",
        ),
        (
            lambda: probability_in_target(0.5)(_seen(target=None)),
            "rule 'probability_in_target': found no target",
        ),
        (lambda: Weighted(NODES * 2).mean(), "Weighted, p: found p of shape (4, 3)"),
        (lambda: Weighted(NODES, np.zeros(4)).mean(), "give 4 weights with mass"),
    ],
)
def test_rules_that_cannot_be_asked_are_refused(rule, says):
    with pytest.raises(InputError) as caught:
        rule()
    assert says in str(caught.value)


RULED = StopWhen(Boin(4, 0.3), too_toxic(above=0.3, limit=0.6, level=0))
AFTER_TOXICITY = "1NNN 2NTT 1NTT"


def test_a_design_with_a_rule_says_what_it_would_have_done():
    assert not RULED.next(Outcomes.read("1NNN 2NTT", doses=4)).stop
    call = RULED.next(Outcomes.read(AFTER_TOXICITY, doses=4))
    assert call.stop
    assert call.because.startswith("stop: P(risk > 0.3) of level 1 = 0.647")
    assert call.reasons[-1].without == "level 1"


def test_a_safety_rule_selects_no_dose_unless_it_says_so():
    seen = Outcomes.read(AFTER_TOXICITY, doses=4)
    assert RULED.next(seen).level is None
    selected = RULED.select(seen)
    assert selected.level is None
    assert selected.because.startswith("no dose: P(risk > 0.3) of level 1 = 0.647")
    assert selected.reasons[0].without == "level 1"
    mild = too_toxic(above=0.3, limit=0.6, level=0, no_dose=False)
    assert replace(RULED, rule=mild).next(seen).level == 0


def test_a_rule_that_cannot_tell_leaves_the_design_undecided():
    def blurred(n, y):
        return Weighted(np.full((1, n.shape[-1]), 0.4), error=0.3)

    design = StopWhen(Boin(2, 0.3), too_toxic(above=0.3, limit=0.8), beliefs=blurred)
    call = design.next(Outcomes.read("1NNN", doses=2))
    assert call.undecided
    assert design.decide(np.array([[3, 0]]), np.array([[0, 0]]), np.array([0])).tolist() == [-2]
