"""Cross-validation over patients agrees with the exact answer of a normal model."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from myelodose.diagnostics.folds import k_fold, patient_folds
from myelodose.diagnostics.loo import by_patient, compare, leave_one_patient_out, loo
from myelodose.errors import InputError

OMEGA, SIGMA, PATIENTS, EACH = 1.0, 0.3, 20, 5


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(1)
    eta = OMEGA * generator.normal(size=(PATIENTS, 1))
    return eta + SIGMA * generator.normal(size=(PATIENTS, EACH))


def covariance():
    return OMEGA**2 + SIGMA**2 * np.eye(EACH)


def posterior_of_mean(means):
    """Flat prior of the mean: normal around the mean of patients' means."""
    return means.mean(), np.sqrt((OMEGA**2 + SIGMA**2 / EACH) / len(means))


def draws_given(means, count, generator):
    centre, sd = posterior_of_mean(means)
    return centre + sd * generator.normal(size=count)


def log_marginal(mu, patient):
    return stats.multivariate_normal(np.zeros(EACH), covariance()).logpdf(patient - mu[:, None])


def exact(data):
    """log p(y_i | others), patient by patient."""
    total = []
    for i, own in enumerate(data):
        centre, sd = posterior_of_mean(np.delete(data, i, 0).mean(1))
        total.append(
            stats.multivariate_normal(np.full(EACH, centre), covariance() + sd**2).logpdf(own)
        )
    return np.array(total)


@pytest.fixture(scope="module")
def drawn(data):
    """Draws of the mean and, given it, of every random effect."""
    generator = np.random.default_rng(2)
    mu = draws_given(data.mean(1), 4000, generator)
    precision = 1 / OMEGA**2 + EACH / SIGMA**2
    centre = (data.sum(1) - EACH * mu[:, None]) / SIGMA**2 / precision
    return mu, centre + generator.normal(size=centre.shape) / np.sqrt(precision)


def test_leaving_out_a_patient_by_marginal_likelihood_is_the_exact_answer(data, drawn):
    mu, _ = drawn
    values = np.stack([log_marginal(mu, own) for own in data], 1).reshape(2, 2000, PATIENTS)
    found = leave_one_patient_out(
        values, marginal=True, patients=[f"p{i}" for i in range(PATIENTS)]
    )
    assert found.elpd_i.values == pytest.approx(exact(data), abs=0.02)
    assert float(found.elpd_i.sel(patient="p3")) == pytest.approx(exact(data)[3], abs=0.02)


def test_conditional_likelihoods_are_refused_with_the_reason(data, drawn):
    mu, eta = drawn
    centre = (mu[:, None] + eta)[:, np.repeat(np.arange(PATIENTS), EACH)]
    each = stats.norm.logpdf(data.ravel(), centre, SIGMA)
    values = by_patient(each[None], np.repeat(np.arange(PATIENTS), EACH))
    with pytest.raises(InputError, match=r"Pareto k above 0.7 .* patient's own data.*marginal"):
        leave_one_patient_out(values, marginal=False)


def test_folds_of_one_patient_are_the_exact_answer(data):
    generator = np.random.default_rng(3)

    def refit(train, test):
        mu = draws_given(data[train].mean(1), 4000, generator)
        return np.stack([log_marginal(mu, data[i]) for i in test], 1)

    found = k_fold(refit, patient_folds(PATIENTS, PATIENTS, seed=1))
    assert found.elpd_i.values == pytest.approx(exact(data), abs=0.02)
    assert found.n_folds == PATIENTS


def test_folds_hold_every_patient_once_and_alike_many():
    folds = patient_folds(23, 5, seed=4)
    assert sorted(np.bincount(folds)) == [4, 4, 5, 5, 5]
    assert (folds == patient_folds(23, 5, seed=4)).all()
    assert (folds != patient_folds(23, 5, seed=5)).any()


def test_the_better_model_is_ranked_first(data, drawn):
    mu, _ = drawn
    good = np.stack([log_marginal(mu, own) for own in data], 1)[None]
    models = {
        "shifted": leave_one_patient_out(good - 0.5, marginal=True),
        "good": leave_one_patient_out(good, marginal=True),
    }
    table = compare(models)
    assert table.index.tolist() == ["good", "shifted"]
    assert table.elpd_diff["shifted"] == pytest.approx(-0.5 * PATIENTS, abs=0.1)


def test_unlike_results_are_not_compared(data, drawn):
    mu, _ = drawn
    values = np.stack([log_marginal(mu, own) for own in data], 1)[None]
    one = leave_one_patient_out(values, marginal=True)
    other = k_fold(lambda _, test: values[0][:, test], patient_folds(PATIENTS, 4, seed=1))
    with pytest.raises(InputError, match="of one kind"):
        compare({"one": one, "other": other})
    with pytest.raises(InputError, match="two or more"):
        compare({"one": one})


def test_loo_of_measurements_has_a_pareto_k_for_each(data, drawn):
    mu, eta = drawn
    centre = (mu[:, None] + eta)[:, np.repeat(np.arange(PATIENTS), EACH)]
    each = stats.norm.logpdf(data.ravel(), centre, SIGMA).reshape(2, 2000, -1)
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"mu": (("chain", "draw"), mu.reshape(2, 2000))}),
            "log_likelihood": xr.Dataset({"y": (("chain", "draw", "obs"), each)}),
        }
    )
    found = loo(tree)
    assert found.pareto_k.sizes == {"obs": PATIENTS * EACH}
    # One of five measurements less: the patient's mean is known with sd 0.15 in place of 0.13.
    assert found.elpd < each.mean(axis=(0, 1)).sum()


@pytest.mark.parametrize("folds", [1, 21])
def test_too_few_or_too_many_folds_are_refused(folds):
    with pytest.raises(InputError, match="folds"):
        patient_folds(20, folds, seed=1)


def test_a_likelihood_that_is_not_finite_is_refused():
    values = np.zeros((1, 9, 2))
    values[0, 3, 1] = -np.inf
    with pytest.raises(InputError, match="1 not finite"):
        leave_one_patient_out(values, marginal=True)


def test_a_refit_of_another_shape_is_refused():
    with pytest.raises(InputError, match="return \\[draw, test patient\\]"):
        k_fold(lambda _, test: np.zeros(len(test)), patient_folds(6, 2, seed=1))
