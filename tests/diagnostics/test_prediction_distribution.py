"""npde are standard normal under the model that made the data, and are not under another."""

import numpy as np
import pytest
from scipy import stats

from myelodose.diagnostics.decorrelation import decorrelated, whitened
from myelodose.diagnostics.normality import normality_tests
from myelodose.diagnostics.prediction_distribution import npde
from myelodose.errors import InputError

PATIENTS, TIMES = 150, 4
PATIENT = np.repeat(np.arange(PATIENTS), TIMES)


def simulate(generator, count, omega=0.5, sigma=0.3):
    """A linear mixed model: between-patient and residual errors, both normal."""
    eta = omega * generator.normal(size=(count, PATIENTS))[:, PATIENT]
    return 3.0 + eta + sigma * generator.normal(size=(count, len(PATIENT)))


@pytest.fixture(scope="module")
def simulated():
    return simulate(np.random.default_rng(1), 1000)


@pytest.fixture(scope="module")
def observed():
    return simulate(np.random.default_rng(2), 1)[0]


def test_a_discrepancy_is_the_fraction_of_simulations_below(simulated, observed):
    found = npde(observed, simulated, PATIENT, seed=1)
    expected = (simulated < observed).mean(0)
    assert found.pd.values == pytest.approx(np.clip(expected, 1 / 2000, 1 - 1 / 2000))
    assert found.npd.values == pytest.approx(stats.norm.ppf(found.pd.values))


def test_one_patient_alone_gives_what_the_formula_says(simulated, observed):
    found = npde(observed, simulated, PATIENT, seed=1).npde.values[:TIMES]
    own = simulated[:, :TIMES]
    # Comets, Brendel and Mentré 2008: inverse of the lower Cholesky factor, covariance by n - 1.
    lower = np.linalg.inv(np.linalg.cholesky(np.cov(own.T)))
    white = lower @ (observed[:TIMES] - own.mean(0))
    fraction = ((own - own.mean(0)) @ lower.T < white).mean(0)
    assert found == pytest.approx(stats.norm.ppf(fraction))


def test_no_observation_is_further_out_than_half_a_simulation(simulated):
    found = npde(np.full(len(PATIENT), 99.0), simulated, PATIENT, seed=1)
    assert found.pd.values == pytest.approx(1 - 1 / 2000)
    assert np.isfinite(found.npde).all()


@pytest.mark.parametrize("root", ["cholesky", "symmetric"])
def test_npde_of_the_true_model_are_independent_standard_normals(simulated, observed, root):
    found = npde(observed, simulated, PATIENT, seed=1, root=root)
    assert normality_tests(found.npde.values).adjusted["all"] > 0.05
    correlation = np.corrcoef(found.npde.values.reshape(PATIENTS, TIMES).T)
    # Three standard errors of a correlation of 150 pairs; before it is 0.25 / 0.34 = 0.74.
    assert np.abs(correlation[np.triu_indices(TIMES, 1)]).max() < 3 / np.sqrt(PATIENTS)
    assert np.corrcoef(found.npd.values.reshape(PATIENTS, TIMES).T)[0, 1] > 0.6


@pytest.mark.parametrize(("omega", "sigma"), [(1.0, 0.3), (0.5, 0.5), (0.2, 0.3)])
def test_another_model_is_noticed(simulated, omega, sigma):
    data = simulate(np.random.default_rng(3), 1, omega, sigma)[0]
    found = npde(data, simulated, PATIENT, seed=1)
    assert normality_tests(found.npde.values).p["variance 1"] < 0.001


def test_a_shift_is_noticed(simulated, observed):
    found = npde(observed + 0.3, simulated, PATIENT, seed=1)
    assert normality_tests(found.npde.values).p["mean 0"] < 0.001


@pytest.mark.parametrize("limit", [2.6, 3.0])
def test_censoring_leaves_npde_of_the_true_model_standard_normal(simulated, observed, limit):
    found = npde(np.where(observed < limit, np.nan, observed), simulated, PATIENT, seed=1,
                 censored=(observed < limit).astype(int), lower_limit=limit)  # fmt: skip
    share = float((found.censored == 1).mean())
    assert 0.2 < share < 0.6
    assert normality_tests(found.npde.values).adjusted["all"] > 0.05
    censored = found.censored.values == 1
    below = (simulated < limit).mean(0)
    assert (found.pd.values[censored] <= below[censored] + 1 / 2000).all()
    assert (found.value.values[censored] < limit).all()


def test_right_censored_values_lie_above_their_limit(simulated, observed):
    found = npde(observed, simulated, PATIENT, seed=1, upper_limit=3.5)
    censored = found.censored.values == -1
    assert censored.sum() > 50
    assert (found.value.values[censored] > 3.5).all()
    assert normality_tests(found.npde.values).adjusted["all"] > 0.05


def test_smoothing_makes_pd_of_counts_uniform():
    generator = np.random.default_rng(4)
    simulated, data = generator.poisson(1.0, (500, 800)), generator.poisson(1.0, 800)
    patients = np.arange(800)
    smooth = npde(data, simulated, patients, seed=1, ties="smooth").pd.values
    kept = npde(data, simulated, patients, seed=1).pd.values
    assert stats.kstest(smooth, "uniform").pvalue > 0.01
    assert stats.kstest(kept, "uniform").pvalue < 1e-10


def test_the_seed_decides_alone(simulated, observed):
    first, again, other = (
        npde(observed, simulated, PATIENT, seed=seed, lower_limit=2.6).npde.values
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ties": "no"}, "ties='no'"),
        ({"root": "no"}, "root='no'"),
        ({"simulated": np.ones((3, 2))}, "give \\[obs\\]"),
        ({"simulated": np.ones((3, 4))}, "several hundred"),
        ({"observed": np.array([1.0, np.nan, 1.0, 1.0])}, "no number"),
        ({"censored": np.array([1, 0, 0, 0])}, "without its limit"),
        ({"simulated": np.ones((9, 4))}, "not positive definite"),
    ],
)
def test_what_cannot_be_is_refused(change, said):
    given = {
        "observed": np.ones(4),
        "simulated": np.random.default_rng(1).normal(size=(30, 4)),
        "patients": np.zeros(4, int),
    }
    with pytest.raises(InputError, match=said):
        npde(**(given | change), seed=1)


@pytest.mark.parametrize("root", ["cholesky", "symmetric"])
def test_whitened_simulations_have_unit_covariance(simulated, root):
    _, white = decorrelated(simulated[0, :TIMES], simulated[:, :TIMES], root=root)
    assert np.cov(white.T) == pytest.approx(np.eye(TIMES), abs=1e-9)


def test_roots_agree_on_the_length_of_a_residual():
    covariance = np.array([[2.0, 0.7], [0.7, 1.0]])
    residual = np.array([1.0, -2.0])
    exact = residual @ np.linalg.inv(covariance) @ residual
    for root in ("cholesky", "symmetric"):
        assert np.sum(whitened(residual, covariance, root=root) ** 2) == pytest.approx(exact)


def test_p_values_of_standard_normals_are_not_too_small_too_often():
    generator = np.random.default_rng(6)
    p = [normality_tests(generator.normal(size=100)).adjusted["all"] for _ in range(200)]
    # Bonferroni is conservative: at most 5 %, and of 200 at most 20 with probability 0.998.
    assert sum(value < 0.05 for value in p) <= 20
