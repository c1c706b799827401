"""Meta-analytic priors and exchangeable-or-not groups."""

import numpy as np
import pytest
from scipy.special import expit

from designs.cases import case
from myelodose.dose_models.borrowing import Hierarchy, fit_beta_mixture, map_prior
from myelodose.dose_models.exnex import exnex
from myelodose.errors import InputError

# RBesT's data set AS: placebo responders in eight trials of ankylosing spondylitis.
AS_N = (107, 44, 51, 39, 139, 20, 78, 35)
AS_R = (23, 12, 19, 9, 39, 6, 9, 10)


@pytest.fixture(scope="module")
def spondylitis():
    return map_prior(AS_N, AS_R)


def test_rbests_map_prior_is_met_where_its_draws_can_say(spondylitis):
    # RBesT 1.6-6, gMAP with 4 x 1,000 stored draws. Not compared: sd and median of tau and the
    # upper quantile. There the draws' own error (2 standard errors: 0.008 and 0.012) exceeds the
    # 0.006 of the case, and RBesT's 0.459 for the quantile is off; the next test settles them.
    out = case("map_binomial.AS")["outputs"]
    assert spondylitis.tau_summary()["mean"] == pytest.approx(out["tau"]["mean"], abs=0.006)
    assert spondylitis.mean == pytest.approx(out["map"]["mean"], abs=0.006)
    assert spondylitis.sd == pytest.approx(out["map"]["sd"], abs=0.006)
    assert spondylitis.quantile(0.025) == pytest.approx(out["map"]["q025"], abs=0.006)
    assert spondylitis.quantile(0.5) == pytest.approx(out["map"]["q50"], abs=0.006)


def test_an_independent_importance_sample_agrees(spondylitis):
    draw = np.random.default_rng(3)
    mu = draw.normal(-1.1, 0.4, 60_000)
    tau = np.abs(draw.standard_t(3, 60_000)) * 0.4
    x, weight = np.polynomial.hermite_e.hermegauss(41)
    log_weight = -0.5 * (mu / 2) ** 2 - 0.5 * tau**2
    log_weight += 0.5 * ((mu + 1.1) / 0.4) ** 2 + 2 * np.log1p((tau / 0.4) ** 2 / 3)
    for n, r in zip(AS_N, AS_R, strict=True):
        eta = mu[:, None] + tau[:, None] * x
        like = -r * np.logaddexp(0, -eta) - (n - r) * np.logaddexp(0, eta)
        log_weight += np.log(np.exp(like - like.max()) @ weight)
    w = np.exp(log_weight - log_weight.max())
    w /= w.sum()
    # Effective size about 25,000: errors of 0.21 / 158 and 0.09 / 158.
    found = spondylitis.tau_summary()
    assert found["mean"] == pytest.approx(w @ tau, abs=0.005)
    assert found["sd"] == pytest.approx(np.sqrt(w @ tau**2 - (w @ tau) ** 2), abs=0.005)
    assert w @ (tau <= found["q50"]) == pytest.approx(0.5, abs=0.01)
    risk = expit(mu + tau * draw.normal(size=mu.size))
    assert spondylitis.mean == pytest.approx(w @ risk, abs=0.002)
    assert spondylitis.at_most(0.4714) == pytest.approx(w @ (risk <= 0.4714), abs=0.004)


def test_reported_error_is_small(spondylitis):
    assert spondylitis.error < 1e-6


def test_beta_mixture_has_the_moments_of_the_map_prior(spondylitis):
    found = fit_beta_mixture(spondylitis, 2)
    assert found.mean == pytest.approx(spondylitis.mean, abs=2e-3)
    assert found.sd == pytest.approx(spondylitis.sd, abs=5e-3)
    for q in (0.1, 0.5, 0.9):
        assert found.at_most(spondylitis.quantile(q)) == pytest.approx(q, abs=0.01)


def test_with_no_heterogeneity_studies_pool():
    one = map_prior([60], [15], Hierarchy(tau_scale=1e-3))
    two = map_prior([20, 40], [5, 10], Hierarchy(tau_scale=1e-3))
    assert one.mean == pytest.approx(two.mean, abs=1e-5)


def test_groups_that_never_borrow_are_analysed_alone():
    found = exnex([10, 12], [1, 6], probability=0.0, thresholds=(0.3,))
    z = np.linspace(-14, 14, 40001)
    for k, (n, r) in enumerate(((10, 1), (12, 6))):
        weight = np.exp(-r * np.logaddexp(0, -z) - (n - r) * np.logaddexp(0, z) - z**2 / 8)
        weight /= weight.sum()
        assert found.mean[k] == pytest.approx(weight @ expit(z), abs=1e-6)
        assert found.exceed[k, 0] == pytest.approx(weight @ (expit(z) > 0.3), abs=2e-3)


def test_borrowing_pulls_together_and_robust_borrowing_less():
    n, r = [10, 10, 10], [1, 1, 6]
    spread = [np.ptp(exnex(n, r, probability=p).mean) for p in (0.0, 0.5, 1.0)]
    assert spread[0] > spread[1] > spread[2]
    assert exnex(n, r).exchangeable.argmin() == 2


def test_impossible_counts_are_refused():
    with pytest.raises(InputError, match="give 0 to n"):
        map_prior([10], [11])
    with pytest.raises(InputError, match="give both for every study"):
        map_prior([10, 10], [1])
    with pytest.raises(InputError, match="give 0 to 1"):
        exnex([10], [1], probability=1.5)
