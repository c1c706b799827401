"""The models of a dose-finding trial: NUTS against the exact posterior."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from conftest import run_python
from myelodose.decision import risk_by_quadrature, risk_from_draws
from myelodose.errors import InputError
from myelodose.inference.fit import DEFAULT_SETTINGS, fit_dlt, fit_response
from myelodose.posterior import DLT_LOGISTIC, content_hash, provenance
from myelodose.priors import LogisticPrior
from myelodose.trial import dlt_table

FEW = replace(DEFAULT_SETTINGS, warmup=300, draws=300)


def compare(counts, posterior, prior=None):
    """Distance of NUTS from the exact posterior in standard errors, per dose and threshold."""
    asked = {"thresholds": [0.16, 1 / 3], "doses": counts.dose.values}
    exact = risk_by_quadrature(counts, **asked, **({"prior": prior} if prior else {}))
    drawn = risk_from_draws(posterior, **asked)
    gap = np.abs(drawn.prob_at_most - exact.prob_at_most)
    return exact, drawn, gap / np.maximum(drawn.error, 1e-4)


def test_nuts_and_quadrature_agree_within_the_standard_error(counts, dlt_posterior):
    exact, drawn, distance = compare(counts, dlt_posterior)
    # Eight comparisons; a normal error passes 4.5 standard errors once in 20,000 runs.
    assert float(distance.max()) < 4.5
    # ESS of the mean risk is above 3000; sd / sqrt(3000) times 4.5.
    assert np.all(np.abs(drawn["mean"] - exact["mean"]) < 4.5 * exact["sd"] / np.sqrt(3000))
    assert float(drawn.error.max()) < 0.01


@pytest.mark.slow
def test_they_agree_with_a_correlated_prior_and_another_reference_dose():
    prior = LogisticPrior((-0.7, 0.3), (1.2, 0.6), 25, "made up for this test", correlation=0.6)
    counts = dlt_table([10, 25], [6, 6], [1, 4])
    settings = replace(DEFAULT_SETTINGS, draws=1500)
    _, _, distance = compare(counts, fit_dlt(counts, seed=3, prior=prior, settings=settings), prior)
    assert float(distance.max()) < 4.5


def test_the_same_seed_gives_the_same_draws_and_another_gives_others(counts):
    one, same, other = (fit_dlt(counts, seed=seed, settings=FEW) for seed in (5, 5, 6))
    xr.testing.assert_equal(one["posterior"].to_dataset(), same["posterior"].to_dataset())
    assert content_hash(one) == content_hash(same)
    assert content_hash(one) != content_hash(other)


def test_a_fit_says_what_it_was_made_of(counts, dlt_posterior):
    record = provenance(dlt_posterior)
    assert record.model == DLT_LOGISTIC
    assert record.data_name == "platzbecker2013"
    assert record.data_hash == content_hash(counts)
    assert record.seed == 1
    assert record.sampler["algorithm"] == "NUTS"
    assert record.sampler["chain_method"] == "parallel"
    assert set(record.packages) >= {"myelodose", "jax", "numpyro", "arviz", "xarray"}
    assert record.logistic_prior().dose_reference_mg == 20
    assert record.diagnostics.failures() == {}
    assert dlt_posterior["posterior"].log_alpha.dtype == np.float64


def test_the_response_fit_is_labelled_and_hides_its_helpers(response_posterior):
    draws = response_posterior["posterior"].to_dataset()
    assert draws.outcome.values.tolist() == ["haem", "cyto"]
    assert draws.cohort.values.tolist() == [10, 15, 20, 25]
    assert draws.haem_category.values.tolist() == ["PD", "SD", "PR", "CRi", "CR"]
    assert not [name for name in draws if str(name).startswith("z_")]
    assert set(response_posterior["prior"].to_dataset()) == set(draws)
    assert np.allclose(draws.share_haem.sum("haem_category"), 1)


def test_a_dose_outside_the_range_of_the_prior_is_refused():
    with pytest.raises(InputError, match="fit_dlt, counts: found a dose of 200 mg outside"):
        fit_dlt(dlt_table([20, 200], [3, 3], [0, 0]), seed=1)


def test_an_unknown_word_in_the_trial_is_refused(trial):
    wrong = trial.copy(deep=True)
    wrong["best_haem_response"].loc[{"patient": 7}] = "mCR"
    with pytest.raises(InputError, match="patient 7, best_haem_response: found 'mCR'; use PD, SD"):
        fit_response(wrong, seed=1)


@pytest.mark.slow
def test_chains_run_one_after_another_where_jax_has_started_with_one_device():
    done = run_python(
        "import myelodose as md, jax\n"
        "from myelodose.inference.settings import FitSettings\n"
        "from myelodose.posterior import provenance\n"
        "jax.numpy.ones(1)\n"
        "counts = md.dlt_counts(md.load_trial())\n"
        "few = dict(chains=2, warmup=50, draws=50)\n"
        "fit = md.fit_dlt(counts, seed=1, settings=FitSettings(**few))\n"
        "print(provenance(fit).sampler['chain_method'])\n"
        "try:\n"
        "    md.fit_dlt(counts, seed=1, settings=FitSettings(**few, chain_method='parallel'))\n"
        "except RuntimeError as problem:\n"
        "    print(problem)",
    )
    assert done.stdout.startswith("sequential\n2 chains in parallel need 2 CPU devices"), (
        done.stderr
    )
