"""Decisions: this trial's, and the laws that every decision keeps."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelodose.decision import DecisionRule, decide
from myelodose.decision.words import percent
from myelodose.errors import InputError
from myelodose.posterior import PosteriorError, posterior_hash
from myelodose.priors import LENALIDOMIDE_PRIOR, standard_prior
from myelodose.trial import dlt_counts, dlt_table

DOSES = [10.0, 15.0, 20.0, 25.0]


def failing(tree, **diagnostics):
    """The posterior with other diagnostics written into its provenance."""
    changed = tree.copy()
    record = json.loads(tree.attrs["provenance"])
    record["diagnostics"] |= diagnostics
    changed.attrs["provenance"] = json.dumps(record)
    return changed


def test_the_trial_is_answered_with_its_own_mtd(trial, counts):
    decision = decide(counts)
    assert decision.recommended_dose_mg == 20 == trial.attrs["reported_mtd_mg"]
    assert decision.table.admissible.values.tolist() == [True, True, True, False]


def test_stored_draws_give_the_same_decision(counts, dlt_posterior):
    exact, drawn = decide(counts), decide(counts, posterior=dlt_posterior)
    assert drawn.recommended_dose_mg == exact.recommended_dose_mg == 20
    for name in ("prob_under", "prob_target", "prob_over", "prob_mtd"):
        # The standard error of each is below 0.008.
        assert drawn.table[name].values == pytest.approx(exact.table[name].values, abs=0.03)
    assert drawn.table.prob_next.values == pytest.approx(exact.table.prob_next.values, abs=0.02)


def test_fewest_patients_at_the_low_doses_change_nothing(trial):
    decision = decide(dlt_counts(trial, denominators="n_lowest"))
    assert decision.recommended_dose_mg == 20


def test_the_reason_gives_the_numbers(counts):
    decision = decide(counts)
    assert decision.sentence.startswith("Give the next 3 patients 20 mg. After 4 DLTs in 20")
    for part in ("under 25 %", "exceeds 33 % (11 %)", "At 25 mg: overdose probability", "(50 %)"):
        assert part in decision.sentence
    text = str(decision)
    for part in ("20 mg   1 / 6", "recommended: admissible", "Basis: method exact quadrature"):
        assert part in text
    assert max(len(line) for line in text.splitlines()) < 140


def test_a_decision_cites_its_posterior_and_data(counts, dlt_posterior):
    basis = decide(counts, posterior=dlt_posterior).basis
    assert basis["posterior"] == posterior_hash(dlt_posterior)[:12]
    assert basis["method"] == "10000 stored draws"
    assert basis["myelodose"] == "0.1.0"
    assert len(basis["data"]) == 12


def test_a_trial_that_is_too_toxic_is_stopped():
    decision = decide(dlt_table([10, 15], [3, 0], [3, 0]))
    assert decision.recommended_dose_mg is None
    assert decision.sentence.startswith("Stop. After 3 DLTs in 3 patients no dose is admissible")
    assert "already at 10 mg" in decision.reason


def test_no_level_is_skipped():
    decision = decide(dlt_table([10], [3], [0]), doses=DOSES)
    assert decision.recommended_dose_mg == 15
    assert decision.table.why.sel(dose=20) == "would skip a level that was not tried"
    farther = decide(dlt_table([10], [3], [0]), doses=DOSES, rule=DecisionRule(max_step=2))
    assert farther.recommended_dose_mg == 20


def test_before_the_first_patient_only_the_lowest_level_is_open():
    prior = standard_prior(20, median_risk=0.05)
    decision = decide(dlt_table(DOSES, [0] * 4, [0] * 4), prior=prior)
    assert decision.recommended_dose_mg == 10


def test_the_other_choice_is_the_dose_most_likely_on_target():
    # 3 of 12 at 10 mg: 15 mg is admissible for a generous limit but 10 mg is likelier on target.
    counts = dlt_table([10, 15, 20], [12, 0, 0], [3, 0, 0])
    rule = {"overdose_limit": 0.6, "max_step": 1}
    highest = decide(counts, rule=DecisionRule(**rule))
    likeliest = decide(counts, rule=DecisionRule(choose="most likely on target", **rule))
    best = likeliest.table.prob_target.where(likeliest.table.admissible).argmax("dose")
    assert highest.recommended_dose_mg == 15
    assert likeliest.recommended_dose_mg == float(likeliest.table.dose[best]) == 10


def test_a_target_of_33_per_cent_and_25_per_cent_differ(counts):
    assert decide(counts, rule=DecisionRule(target_dlt=0.25)).recommended_dose_mg == 15


def test_a_posterior_that_did_not_converge_decides_nothing(counts, dlt_posterior):
    bad = failing(dlt_posterior, r_hat=1.2, divergences=7)
    with pytest.raises(PosteriorError) as caught:
        decide(counts, posterior=bad)
    for part in ("r_hat = 1.200, above 1.01", "divergences = 7, above 0", "accept_failed=["):
        assert part in str(caught.value)
    with pytest.raises(PosteriorError, match="divergences = 7"):
        decide(counts, posterior=bad, accept_failed=["r_hat"])


def test_a_failure_is_accepted_by_its_name_and_told(counts, dlt_posterior):
    bad = failing(dlt_posterior, r_hat=1.2, divergences=7)
    decision = decide(counts, posterior=bad, accept_failed=["r_hat", "divergences"])
    assert decision.recommended_dose_mg == 20
    assert "Accepted although it failed: r_hat = 1.200" in decision.sentence
    assert "divergences = 7" in decision.sentence


def test_an_unknown_check_cannot_be_accepted(counts, dlt_posterior):
    with pytest.raises(InputError, match="found 'rhat'; use r_hat, ess_bulk, ess_tail"):
        decide(counts, posterior=dlt_posterior, accept_failed=["rhat"])


def test_a_posterior_of_other_data_decides_nothing(trial, dlt_posterior, response_posterior):
    fewest = dlt_counts(trial, denominators="n_lowest")
    with pytest.raises(PosteriorError, match="fitted to other data"):
        decide(fewest, posterior=dlt_posterior)
    with pytest.raises(PosteriorError):
        decide(fewest, posterior=response_posterior)


def test_levels_not_tried_may_be_asked_of_a_stored_posterior(counts, dlt_posterior):
    decision = decide(counts, posterior=dlt_posterior, doses=[10, 15, 20, 25, 30])
    assert decision.table.dose.values.tolist() == [10, 15, 20, 25, 30]
    assert int(decision.table.n.sel(dose=30)) == 0
    assert decision.recommended_dose_mg == 20


def test_a_posterior_and_a_prior_at_once_are_refused(counts, dlt_posterior):
    with pytest.raises(InputError, match="the posterior brings its own prior"):
        decide(counts, posterior=dlt_posterior, prior=LENALIDOMIDE_PRIOR)


def test_a_dose_outside_the_modelled_range_is_refused(counts):
    with pytest.raises(InputError, match="found a dose of 250 mg outside the modelled range"):
        decide(dlt_table([10, 250], [3, 3], [0, 0]))
    with pytest.raises(InputError, match="outside the modelled range"):
        decide(counts, doses=[10, 15, 20, 25, 100])
    assert decide(dlt_table([10, 250], [3, 3], [0, 0]), prior=standard_prior(100)) is not None


def test_a_whole_trial_decides_as_its_counts(trial, counts, dlt_posterior):
    assert decide(trial).table.identical(decide(counts).table)
    assert decide(trial, posterior=dlt_posterior).recommended_dose_mg == 20


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.drop_vars("n"), "decide: found no 'n' over the dimension 'dose'; give counts"),
        (lambda c: c.rename(dose="level"), "decide: found no 'dose'"),
        (lambda c: c.assign(dlt=c.dlt + 5), "decide, row 1, column 'dlt': found 5 DLTs in 4"),
        (lambda c: c.assign(n=-c.n), "decide, row 1, column 'n': found '-4'"),
        (lambda c: c.assign_coords(dose=[10, 10, 20, 25]), "decide, row 2, column 'dose'"),
    ],
)
def test_counts_made_by_hand_are_checked(counts, change, says):
    with pytest.raises(InputError) as caught:
        decide(change(counts))
    assert says in str(caught.value)


def test_a_verdict_within_the_monte_carlo_error_says_so(counts, dlt_posterior):
    exact = decide(counts).table
    limit = float(exact.prob_over.sel(dose=20)) + 0.001
    near = DecisionRule(overdose_limit=limit)
    drawn = decide(counts, posterior=dlt_posterior, rule=near)
    assert "At 20 mg the overdose probability lies within its numerical error" in drawn.sentence
    assert decide(counts, rule=near).cautions == ()


tables = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=4, max_size=4).map(
    lambda rows: dlt_table(DOSES, [n for n, _ in rows], [min(k, n) for n, k in rows])
)


@settings(deadline=None, max_examples=40)
@given(tables)
def test_every_decision_keeps_the_laws(counts):
    decision = decide(counts)
    t, rule = decision.table, decision.rule
    assert (t.prob_under + t.prob_target + t.prob_over).values == pytest.approx(1, abs=1e-12)
    assert float(t.prob_mtd.sum() + t.prob_mtd_none) == pytest.approx(1, abs=1e-12)
    assert np.all(t.prob_mtd.values > -1e-9)
    assert t.prob_next.sum("count").values == pytest.approx(1, abs=1e-9)
    # Risk and overdose probability rise with the dose.
    assert np.all(np.diff(t["mean"]) > 0)
    assert np.all(np.diff(t.prob_over) > -1e-9)
    assert np.all((t["quantile"].diff("level") > 0).values)
    admissible = t.dose.values[t.admissible.values]
    if decision.recommended_dose_mg is None:
        assert admissible.size == 0
    else:
        assert decision.recommended_dose_mg == admissible.max()
        assert float(t.prob_over.sel(dose=decision.recommended_dose_mg)) < rule.overdose_limit
        tried = np.flatnonzero(counts.n.values)
        highest = tried[-1] + 1 if tried.size else 0
        assert DOSES.index(decision.recommended_dose_mg) <= highest


@settings(deadline=None, max_examples=25)
@given(tables, st.integers(0, 3))
def test_one_more_dlt_never_raises_the_dose(counts, index):
    """A DLT in place of none at one dose raises the risk at that dose."""
    if int(counts.dlt[index]) == int(counts.n[index]):
        return
    more = counts.assign(dlt=counts.dlt + (np.arange(4) == index))
    before, after = decide(counts), decide(more)
    dose = counts.dose.values[index]
    assert float(after.table["mean"].sel(dose=dose)) > float(before.table["mean"].sel(dose=dose))
    over = "prob_over"
    assert float(after.table[over].sel(dose=dose)) > float(before.table[over].sel(dose=dose)) - 1e-9


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.002, "<1 %"), (0.1149, "11 %"), (0.998, ">99 %"), (1, "100 %")],
)
def test_probabilities_in_words(share, text):
    assert percent(share) == text
