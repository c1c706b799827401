"""Published posteriors, met by our own fit of the same model and data (slow)."""

import jax
import numpy as np
import pytest
from numpyro.infer import MCMC, NUTS
from numpyro.infer.initialization import init_to_median

from myelodose.precision import float64
from population import reference_models

# stan-dev/posteriordb at 28f8d3d6, one_comp_mm_elim_abs: quantiles of 10 x 1000 draws of rstan.
ELIMINATION = {
    "ka": (0.00779, {0.05: 0.64600, 0.25: 0.70880, 0.5: 0.75503, 0.75: 0.80583, 0.95: 0.89642}),
    "Km": (0.516, {0.05: 0.08591, 0.25: 0.40834, 0.5: 0.97954, 0.75: 2.25388, 0.95: 8.68520}),
    "Vm": (0.05633, {0.05: 0.64897, 0.25: 0.79247, 0.5: 0.89730, 0.75: 1.02564, 0.95: 1.47506}),
    "sigma": (0.00234, {0.05: 0.09668, 0.25: 0.11236, 0.5: 0.12545, 0.75: 0.14209, 0.95: 0.17158}),
}

# metrumresearchgroup/Torsten, example-models/FribergKarlsson/summary_pars.csv: mean and sd.
FRIBERG = {
    "CL": (9.53883, 0.52201),
    "Q": (15.40110, 1.01765),
    "V1": (37.39576, 2.24372),
    "V2": (101.69796, 6.50328),
    "ka": (1.99655, 0.07425),
    "mtt": (113.68149, 11.50618),
    "circ0": (4.75994, 0.24071),
    "slope": (2.23556e-4, 3.97066e-5),
    "gamma": (0.17132, 0.03451),
    "sigma_conc": (0.096578, 0.0025162),
    "sigma_neut": (0.105960, 0.0116856),
    "omega_CL": (0.22338, 0.047311),
    "omega_Q": (0.33885, 0.072556),
    "omega_V1": (0.26419, 0.057367),
    "omega_V2": (0.25728, 0.055988),
    "omega_mtt": (0.17677, 0.11214),
    "omega_circ0": (0.18849, 0.044359),
    "omega_slope": (0.40910, 0.25623),
}


def sample(problem, *, warmup: int, draws: int, accept: float) -> dict[str, np.ndarray]:
    """Draws by chain from a published problem."""
    model, records = problem
    data = model.prepare(records)
    above = model.constraint.parameter if model.constraint else None
    sites = tuple(f"{name}_above" if name == above else name for name in model.sites())
    with float64():
        kernel = NUTS(
            model.as_numpyro(),
            init_strategy=init_to_median,
            target_accept_prob=accept,
            # The population's numbers depend on each other, patients' effects hardly.
            dense_mass=[sites],
        )
        mcmc = MCMC(
            kernel,
            num_warmup=warmup,
            num_samples=draws,
            num_chains=2,
            chain_method="sequential",
            progress_bar=False,
        )
        mcmc.run(jax.random.key(1), data, data.y)
        return jax.device_get(mcmc.get_samples(group_by_chain=True))


@pytest.mark.slow
def test_quantiles_of_saturable_elimination_are_those_of_posteriordb():
    drawn = sample(reference_models.elimination(), warmup=1000, draws=5000, accept=0.95)
    for name, (tolerance, quantiles) in ELIMINATION.items():
        got = np.quantile(drawn[name], list(quantiles))
        np.testing.assert_allclose(
            got, list(quantiles.values()), rtol=0, atol=tolerance, err_msg=name
        )


@pytest.mark.slow
def test_friberg_population_posterior_is_torstens():
    drawn = sample(reference_models.friberg(), warmup=500, draws=1000, accept=0.8)
    for name, (mean, sd) in FRIBERG.items():
        assert abs(drawn[name].mean() - mean) < 0.15 * sd, name
        assert abs(drawn[name].std() / sd - 1) < 0.15, name
