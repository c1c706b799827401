"""A small hierarchical model with a known answer, for the tests of the driver.

mu ~ Normal(0, 3), log omega ~ Normal(-0.5, 0.7), eta_i ~ Normal(0, omega),
y_ij ~ Normal(mu + eta_i, 0.5). Given omega everything is normal, so the posterior of omega is one
integral over a line, and that of mu a mixture of normals.
"""

import numpy as np
import numpyro
import numpyro.distributions as dist

PATIENTS, EACH, SIGMA = 6, 3, 0.5


class Hierarchical:
    """The model, and how often it was traced."""

    def __init__(self):
        self.traces = 0

    def __call__(self, data, y=None):
        self.traces += 1
        mu = numpyro.sample("mu", dist.Normal(0.0, 3.0))
        omega = numpyro.sample("omega", dist.LogNormal(-0.5, 0.7))
        with numpyro.plate("patient", data["weight"].shape[0]):
            z = numpyro.sample("z_eta", dist.Normal(0.0, 1.0).expand([1]).to_event(1))
        eta = numpyro.deterministic("eta", omega * z)
        numpyro.sample("y", dist.Normal(mu + eta[data["who"], 0], SIGMA), obs=y)


def simulated(seed=1):
    """SIMULATED measurements."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(PATIENTS), EACH)
    y = 1 + random.normal(size=PATIENTS)[who] + SIGMA * random.normal(size=who.size)
    return {"who": who, "weight": np.ones(PATIENTS)}, y


def exact(data, y):
    """Mean and sd of mu and of log omega, by a sum over a fine grid of log omega."""
    grid = np.linspace(-5, 3, 4001)
    means = np.array([y[data["who"] == i].mean() for i in range(PATIENTS)])
    variance = np.exp(2 * grid) + SIGMA**2 / EACH
    precision = PATIENTS / variance + 1 / 9
    mu = PATIENTS * means.mean() / variance / precision
    log_weight = (
        -0.5 * ((grid + 0.5) / 0.7) ** 2
        - 0.5 * PATIENTS * np.log(variance)
        - 0.5 * ((means - mu[:, None]) ** 2).sum(1) / variance
        - 0.5 * mu**2 / 9
        - 0.5 * np.log(precision)
    )
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    def moments(mean, variance):
        overall = (weight * mean).sum()
        return overall, np.sqrt((weight * (variance + (mean - overall) ** 2)).sum())

    return {"mu": moments(mu, 1 / precision), "log_omega": moments(grid, 0.0)}


def assert_moments(tree):
    """Hold means and standard deviations against the exact posterior."""
    import arviz as az  # Late: imported before NumPyro it leaves a stand-in behind.

    draws = tree["posterior"].to_dataset()
    draws["log_omega"] = np.log(draws.omega)
    for name, (mean, sd) in exact(*simulated()).items():
        ess = float(az.ess(draws[name], method="bulk"))
        # A normal error passes 4.5 standard errors once in 150,000 draws.
        assert abs(float(draws[name].mean()) - mean) < 4.5 * sd / np.sqrt(ess), name
        # The sd of a standard deviation is about sd sqrt(kurtosis / 4 ess); 2 covers kurtosis 8.
        assert abs(float(draws[name].std()) / sd - 1) < 4.5 * np.sqrt(2 / ess), name
