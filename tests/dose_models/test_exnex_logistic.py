"""Strata with curves of their own that may belong together: limits, and independent samples."""

import numpy as np
import pytest
from scipy.special import expit

from myelodose.dose_models.combination_prior import DrugPrior
from myelodose.dose_models.exnex_logistic import fit_exnex_logistic
from myelodose.dose_models.logistic import LogisticModel, fit_logistic
from myelodose.errors import InputError

MG = (10.0, 15.0, 20.0, 25.0)
LOG_DOSE = tuple(np.log(np.array(MG) / 20))
N = [[3, 3, 6, 0], [3, 6, 6, 3], [0, 0, 3, 3]]
Y = [[0, 0, 1, 0], [0, 1, 3, 2], [0, 0, 0, 0]]
PRIOR = DrugPrior(20, (-1.1, 0.0), (2.0, 1.0))
SHARES = (0.5, 0.7, 0.3)


def fit(n=N, y=Y, *, prior=PRIOR, **options):
    return fit_exnex_logistic(n, y, doses=MG, together=prior, **options)


@pytest.fixture(scope="module")
def mixed():
    return fit(probability=SHARES)


def test_strata_that_never_borrow_are_analysed_alone():
    found = fit(probability=0.0)
    model = LogisticModel(LOG_DOSE, PRIOR.mean, PRIOR.sd)
    expected = fit_logistic(model, N, Y, thresholds=(0.16, 0.33))
    assert found.mean.value == pytest.approx(expected.mean, abs=1e-12)
    assert found.exceed.value == pytest.approx(expected.exceed, abs=1e-12)
    assert found.exchangeable.value.tolist() == [0, 0, 0]


def test_without_any_spread_strata_pool():
    tight = DrugPrior(20, PRIOR.mean, PRIOR.sd, (-9.0, -9.0), (0.01, 0.01))
    found = fit(prior=tight, probability=1.0)
    model = LogisticModel(LOG_DOSE, PRIOR.mean, PRIOR.sd)
    pooled = fit_logistic(model, np.sum(N, 0), np.sum(Y, 0), thresholds=(0.16, 0.33))
    for stratum in range(3):
        assert found.mean.value[stratum] == pytest.approx(pooled.mean[0], abs=1e-3)
        assert found.exceed.value[stratum] == pytest.approx(pooled.exceed[0], abs=4e-3)


def test_a_sample_from_the_prior_weighted_by_the_likelihood_agrees(mixed):
    # Plain Monte Carlo: nothing of the lattice or of the quasi-random points is shared.
    draw, size = np.random.default_rng(5), 600_000
    mu = np.array(PRIOR.mean) + np.array(PRIOR.sd) * draw.standard_normal((size, 2))
    tau = np.exp(
        np.array(PRIOR.tau_log_mean) + np.array(PRIOR.tau_log_sd) * draw.standard_normal((size, 2))
    )
    rho = draw.uniform(-1, 1, size)
    log_weight, risks, joins = np.zeros(size), [], []
    for n, y, share in zip(N, Y, SHARES, strict=True):
        first, other = draw.standard_normal((2, size))
        second = rho * first + np.sqrt(1 - rho**2) * other
        inside = draw.random(size) < share
        spread = np.where(inside[:, None], tau, PRIOR.sd)
        centre = np.where(inside[:, None], mu, PRIOR.mean)
        second = np.where(inside, second, other)
        theta = centre + spread * np.stack([first, second], 1)
        risk = expit(theta[:, :1] + np.exp(theta[:, 1:]) * LOG_DOSE)
        risk = np.clip(risk, 1e-15, 1 - 1e-15)
        log_weight += np.log(risk) @ y + np.log1p(-risk) @ (np.array(n) - y)
        risks.append(risk)
        joins.append(inside)
    w = np.exp(log_weight - log_weight.max())
    w /= w.sum()
    # Effective size about 12,000: errors of 0.0023 in a mean, 0.005 in a probability.
    assert 1 / (w @ w) > 8_000
    for stratum, (risk, inside) in enumerate(zip(risks, joins, strict=True)):
        assert mixed.mean.value[stratum] == pytest.approx(w @ risk, abs=0.008)
        assert mixed.exceed.value[stratum, :, 1] == pytest.approx(w @ (risk > 0.33), abs=0.017)
        assert mixed.exchangeable.value[stratum] == pytest.approx(w @ inside, abs=0.017)


def test_errors_are_small_and_said(mixed):
    coarse = fit(probability=SHARES, points=512)
    assert mixed.mean.error.max() < 1e-3
    assert mixed.mean.error.max() < coarse.mean.error.max()
    assert np.abs(coarse.mean.value - mixed.mean.value).max() < 4 * coarse.mean.error.max()


def test_a_stratum_in_conflict_borrows_less():
    n, y = [[0, 0, 10, 0]] * 3, [[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 8, 0]]
    found = fit(n, y, points=1024)
    assert found.exchangeable.value.argmin() == 2
    spread = [np.ptp(fit(n, y, probability=p, points=1024).mean.value[:, 2]) for p in (0.0, 1.0)]
    assert spread[0] > np.ptp(found.mean.value[:, 2]) > spread[1]


def test_a_stratum_without_patients_learns_from_the_others():
    n, y = [[3, 6, 6, 0], [0, 0, 0, 0]], [[0, 0, 0, 0], [0, 0, 0, 0]]
    alone, joined = (fit(n, y, probability=p, points=1024) for p in (0.0, 1.0))
    assert (joined.mean.value[1, :3] < alone.mean.value[1, :3] - 0.05).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"y": [[4, 0, 0, 0], *Y[1:]]}, "give 0 to n"),
        ({"probability": 1.5}, "give 0 to 1"),
        ({"n": [[3] * 4] * 7, "y": [[0] * 4] * 7}, "at most 6"),
        ({"n": [[3, 3]], "y": [[0, 0]]}, "stratum x dose"),
        ({"alone": LogisticModel((0.0,), (0.0, 0.0), (1.0, 1.0))}, "log doses"),
    ],
)
def test_impossible_input_is_refused(change, says):
    with pytest.raises(InputError, match=says):
        fit(change.pop("n", N), change.pop("y", Y), **change)


@pytest.mark.slow
def test_nuts_agrees(mixed):
    # The mixture over sets summed inside the density; four chains of 4,000 draws.
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer import MCMC, NUTS

    from myelodose.precision import float64

    n, y, shares = (np.array(v, float) for v in (N, Y, SHARES))

    def model():
        mu = numpyro.sample("mu", dist.Normal(np.array(PRIOR.mean), np.array(PRIOR.sd)).to_event())
        scale = (np.array(PRIOR.tau_log_mean), np.array(PRIOR.tau_log_sd))
        tau = numpyro.sample("tau", dist.LogNormal(*scale).to_event())
        rho = numpyro.sample("rho", dist.Uniform(-1, 1))
        spread = jnp.diag(tau**2) + rho * tau.prod() * (1 - jnp.eye(2))
        own = dist.Normal(np.array(PRIOR.mean), np.array(PRIOR.sd)).to_event(1)
        wide = dist.Normal(0.0, 5.0).expand([3, 2]).to_event(2)
        theta = numpyro.sample("theta", wide)
        numpyro.factor("undo", -wide.log_prob(theta))
        joint = dist.MultivariateNormal(mu, spread).log_prob(theta) + jnp.log(shares)
        alone = own.log_prob(theta) + jnp.log1p(-shares)
        numpyro.factor("mixture", jnp.logaddexp(joint, alone).sum())
        numpyro.deterministic("joins", jax.nn.sigmoid(joint - alone))
        eta = theta[:, :1] + jnp.exp(theta[:, 1:]) * np.array(LOG_DOSE)
        numpyro.deterministic("risk", jax.nn.sigmoid(eta))
        numpyro.factor("y", -(y * jax.nn.softplus(-eta) + (n - y) * jax.nn.softplus(eta)).sum())

    with float64():
        kernel = NUTS(model, target_accept_prob=0.95)
        mcmc = MCMC(
            kernel,
            num_warmup=1500,
            num_samples=4000,
            num_chains=4,
            chain_method="sequential",
            progress_bar=False,
        )
        mcmc.run(jax.random.key(8))
        draws = {name: np.asarray(v) for name, v in mcmc.get_samples().items()}
    assert mixed.mean.value == pytest.approx(draws["risk"].mean(0), abs=0.008)
    over = (draws["risk"] > 0.33).mean(0)
    assert mixed.exceed.value[..., 1] == pytest.approx(over, abs=0.02)
    assert mixed.exchangeable.value == pytest.approx(draws["joins"].mean(0), abs=0.02)
