"""A parameter above a rate: draws follow the density that is fitted."""

import jax
import numpy as np
import numpyro
import pytest

from myelodose.population import (
    AboveRate,
    OneCompartmentPk,
    Parameter,
    PopulationModel,
    Prior,
    RandomEffects,
    Residual,
)
from myelodose.population.above import MOST_TRIES
from myelodose.population.sample import sample_population
from myelodose.precision import float64

PRIORS = {"CL": (np.log(10.0), 0.6), "V": (np.log(40.0), 0.6), "ka": (np.log(0.25), 0.5)}


def model(**priors):
    given = {name: Prior("LogNormal", *numbers) for name, numbers in (PRIORS | priors).items()}
    return PopulationModel(
        "flip-flop",
        OneCompartmentPk(oral=True),
        tuple(Parameter(name, prior, random=False) for name, prior in given.items()),
        RandomEffects(),
        {"": Residual("log-normal", Prior("HalfNormal", 0.3))},
        AboveRate("ka", "ke"),
    )


def draws(of, count):
    def one(key):
        return numpyro.handlers.seed(lambda: sample_population(of), key)()

    with float64():
        return jax.device_get(jax.vmap(one)(jax.random.split(jax.random.key(3), count)))


def test_draws_are_those_of_all_priors_of_which_disordered_ones_are_thrown_away():
    count, random = 4000, np.random.default_rng(4)
    every = {name: random.normal(*numbers, 400_000) for name, numbers in PRIORS.items()}
    ordered = every["ka"] > every["CL"] - every["V"]
    # Half of all draws are thrown away, so order moves every mean.
    assert 0.45 < ordered.mean() < 0.55
    drawn = draws(model(), count)
    assert np.all(drawn["ka"] > drawn["CL"] / drawn["V"])
    for name in PRIORS:
        wanted, found = every[name][ordered], np.log(drawn[name])
        # Three means and three sd; a normal error passes 4.5 standard errors once in 150,000.
        assert abs(found.mean() - wanted.mean()) < 4.5 * wanted.std() / np.sqrt(count), name
        assert abs(found.std() / wanted.std() - 1) < 4.5 / np.sqrt(2 * count), name
    assert abs(every["CL"][ordered].mean() - PRIORS["CL"][0]) > 10 * 0.6 / np.sqrt(count)


@pytest.mark.slow
def test_priors_that_contradict_the_order_end_all_the_same():
    drawn = draws(model(ka=(-40.0, 0.1)), 1)
    assert MOST_TRIES < 1e5
    assert np.isfinite(drawn["CL"]).all()


@pytest.mark.slow
def test_a_model_with_an_order_is_calibrated():
    """SIMULATED: four patients whose absorption is about as fast as their elimination."""
    from inference.calibration_designs import oral_design
    from myelodose.diagnostics.ranks import calibration_table
    from myelodose.inference.calibration_model import ShortNuts, calibrate_model

    of = model()
    found = calibrate_model(
        of.as_numpyro(), of.prepare(oral_design(4)), seed=5, simulations=256, batch=32,
        names=[*PRIORS, "sigma", "log_likelihood"], nuts=ShortNuts(300, 31, 4),
    )  # fmt: skip
    table = calibration_table(found)
    assert table.fits.all(), table
