"""Regressions, synthetic likelihood and population Monte Carlo against what is known exactly."""

import numpy as np
import pytest
from scipy.special import expit

from myelodose.errors import InputError
from myelodose.virtual.calibration.check import self_check
from myelodose.virtual.calibration.emulator import DLT_FACT, fit_emulator
from myelodose.virtual.calibration.monte_carlo import population_monte_carlo
from myelodose.virtual.calibration.regression import features, least_squares, logistic
from myelodose.virtual.calibration.targets import TARGETS
from myelodose.virtual.calibration.uncertain import INFECTION, NAMES, THROMBOSIS
from virtual.calibration.toy import EXACT, NOISE, RISK, toy_trials

N = 4000


@pytest.fixture(scope="module")
def trials():
    return toy_trials(np.random.default_rng(1).standard_normal((N, len(NAMES))), 2)


@pytest.fixture(scope="module")
def emulator(trials):
    return fit_emulator(trials)


@pytest.fixture(scope="module")
def posterior(emulator):
    return population_monte_carlo(emulator.log_likelihood, len(NAMES), 6000, 3)


def test_features_are_orthonormal_under_the_prior():
    x = features(np.random.default_rng(1).standard_normal((100_000, 3)))
    # Products of fourth and sixth moments: standard errors up to 0.02.
    assert np.abs(x.T @ x / len(x) - np.eye(x.shape[1])).max() < 0.1


def test_least_squares_finds_coefficients_and_leaves_out_what_is_missing():
    random = np.random.default_rng(1)
    x = features(random.standard_normal((5000, 2)))
    beta = random.standard_normal(x.shape[1])
    y = x @ beta
    y[:500] = np.nan
    assert least_squares(x, y) == pytest.approx(beta, abs=0.02)


def test_logistic_regression_finds_coefficients_of_shares():
    random = np.random.default_rng(1)
    x = np.concatenate([np.ones((20_000, 1)), random.standard_normal((20_000, 2))], 1)
    beta = np.array([-3.0, 0.7, -0.4])
    share = random.binomial(6, expit(x @ beta)) / 6
    found = logistic(x, share, np.full(len(x), 6.0))
    # Standard errors are 0.02 and less: 120,000 patients, 5 % of them with an event.
    assert found == pytest.approx(beta, abs=0.06)


def test_the_emulator_knows_mean_spread_and_risk(emulator):
    z = np.random.default_rng(4).standard_normal((500, len(NAMES)))
    mean, sd = emulator.moments(z)
    slope = np.diff(mean[:, 0][np.argsort(z[:, 0])][[0, -1]]) / np.diff(np.sort(z[:, 0])[[0, -1]])
    assert slope == pytest.approx(NOISE, rel=0.1)
    assert sd.mean(0) == pytest.approx(NOISE, rel=0.05)
    # Half of the variance is the parameter's; a fit of so many features to four fifths of the
    # trials adds to the other half. Shares of 800 trials err by 0.025.
    more = features(z[:1]).shape[1] / (0.8 * N)
    assert emulator.explained == pytest.approx(1 - 0.5 * (1 + more), abs=0.08)
    yes, no = emulator.log_risk(z)
    assert np.exp(yes[:, :2]).mean() == pytest.approx(RISK, rel=0.02)
    assert np.exp(yes) + np.exp(no) == pytest.approx(np.ones(yes.shape))


def test_the_posterior_is_the_exact_one(posterior):
    middle = posterior.weight @ posterior.z
    sd = np.sqrt(posterior.weight @ (posterior.z - middle) ** 2)
    for name, exact in EXACT.items():
        # The emulated mean errs by up to NOISE sqrt(features / trials), which moves the posterior
        # by 0.11; three times that for the worst of ten.
        assert middle[NAMES.index(name)] == pytest.approx(exact, abs=0.33), name
        assert sd[NAMES.index(name)] == pytest.approx(np.sqrt(0.5), abs=0.12), name
    rest = NAMES.index(INFECTION)
    assert middle[rest] == pytest.approx(0, abs=0.15)
    assert sd[rest] == pytest.approx(1, abs=0.1)
    # One thrombosis in twenty, prior mean 0.03: a little up.
    assert 0 < middle[NAMES.index(THROMBOSIS)] < 1


def test_without_a_fact_its_parameter_stays_where_it_was(emulator):
    def one(z):
        return emulator.log_likelihood(z, without=TARGETS[0].quantity)

    found = population_monte_carlo(one, len(NAMES), 6000, 3)
    assert (found.weight @ found.z)[0] == pytest.approx(0, abs=0.2)
    assert (found.weight @ found.z)[1] == pytest.approx(-1, abs=0.33)


def test_an_unknown_fact_is_refused(emulator):
    with pytest.raises(InputError, match=DLT_FACT):
        emulator.log_likelihood(np.zeros((1, len(NAMES))), without="something else")


def test_ranks_of_the_truth_are_uniform(trials, emulator):
    checked = self_check(trials, emulator, 1, first=N, particles=4000, number=150)
    # 90 % of 150, standard error 2.4 %; the smallest of 17 lies three below.
    assert checked.inside.min() > 0.8
    assert checked.p_value.min() > 1e-3


def test_population_monte_carlo_reaches_a_posterior_far_out():
    def narrow(z):
        return -((z[:, 0] - 3) ** 2) / (2 * 0.2**2)

    found = population_monte_carlo(narrow, 3, 8000, 1)
    assert (found.weight @ found.z)[0] == pytest.approx(3 / (1 + 0.2**2), abs=0.03)
    assert found.effective > 500


def test_evidence_is_the_mean_likelihood_under_the_prior():
    found = population_monte_carlo(lambda z: -(z[:, 0] ** 2) / 2, 2, 20_000, 1)
    # Integral of exp(-z^2/2) Normal(z; 0, 1) = 1 / sqrt(2).
    assert found.log_evidence == pytest.approx(-np.log(2) / 2, abs=0.02)
