"""Overdose control that borrows from other strata."""

import pytest

from myelodose.designs.model_based.blrm import Blrm
from myelodose.designs.model_based.exnex import ExnexBlrm
from myelodose.dose_models.combination_prior import DrugPrior
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes
from myelodose.priors import LogisticPrior

MG = (10, 15, 20, 25)
PRIOR = DrugPrior(20, (-1.1, 0.0), (2.0, 1.0))
SEEN = Outcomes.read("10:NNN 15:NNT", doses=MG)


def other(y):
    return Outcomes.from_counts([6, 6, 12, 6], y, doses=MG)


def design(*others, **options):
    return ExnexBlrm(MG, PRIOR, others, points=1024, **options)


def test_without_borrowing_it_is_the_blrm():
    plain = Blrm(MG, LogisticPrior(PRIOR.mean, PRIOR.sd, 20, "as here"))
    alone = design(other([0, 0, 0, 0]), probability=0.0)
    for text in ("10:NNN", "10:NNN 15:NNT", "10:NNN 15:NTT", "10:TTT"):
        seen = Outcomes.read(text, doses=MG)
        ours, theirs = alone.next(seen), plain.next(seen)
        assert (ours.level, ours.stop) == (theirs.level, theirs.stop)
        assert ours.reasons[1].value == pytest.approx(theirs.reasons[1].value, abs=1e-6)


def test_safe_strata_let_it_rise_and_toxic_ones_hold_it():
    safe, toxic = design(other([0, 0, 0, 0])), design(other([1, 3, 8, 6]))
    over = [d.fit_outcomes(SEEN).exceed.value[0, :, 1] for d in (safe, toxic)]
    assert (over[0] < over[1]).all()
    high, low = (d.next(SEEN).level for d in (safe, toxic))
    assert high is not None
    assert low is not None
    assert high > low
    joined = safe.fit_outcomes(SEEN).exchangeable.value
    assert joined.shape == (2,)
    assert design(other([0, 0, 0, 0])).next(SEEN) == safe.next(SEEN)


def test_the_explanation_is_that_of_overdose_control():
    call = design(other([0, 0, 1, 1])).next(SEEN)
    assert "highest of the admissible doses" in call.because
    assert call.frame().rule.str.startswith("P(risk of dose").sum() >= 3


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: design(other([0] * 4), probability=(0.5,) * 3), "one for all, or one a stratum"),
        (lambda: design(*[other([0] * 4)] * 6), "at most 5 other strata"),
        (lambda: design(Outcomes.read("1N", doses=2)), "found outcomes at the doses"),
        (
            lambda: design(alone=LogisticPrior((0, 0), (1, 1), 10, "none")),
            "give a prior at 20",
        ),
    ],
)
def test_impossible_settings_are_refused(make, says):
    with pytest.raises(InputError, match=says):
        make()
