"""The same numbers through an event table and a `PopulationModel`."""

import jax
import numpy as np
import pytest

from inference.marginal.examples import REFERENCE
from myelodose.errors import InputError
from myelodose.inference.marginal.population_model import (
    fit_maximum_likelihood,
    model_individual_estimates,
    model_objective,
    observed_of,
    parameters_of,
    unknowns_of,
)
from myelodose.inference.marginal.residual import log_likelihood
from myelodose.population import (
    OneCompartmentPk,
    Parameter,
    PopulationModel,
    Power,
    Prior,
    RandomEffects,
    Residual,
)
from myelodose.precision import float64
from myelodose.records import example_records

CASE = REFERENCE["phenobarbital"]["plain"]
THETA = {
    "CL": CASE["theta"][0],
    "V": CASE["theta"][1],
    "omega_CL": np.sqrt(CASE["omega2"][0]),
    "omega_V": np.sqrt(CASE["omega2"][1]),
    "sigma": np.sqrt(CASE["sigma2"]),
}


def _model(effects=None, **covariates):
    return PopulationModel(
        "phenobarbital",
        OneCompartmentPk(oral=False),
        (
            Parameter("CL", Prior("LogNormal", np.log(0.006), 1.0), **covariates),
            Parameter("V", Prior("LogNormal", np.log(1.4), 1.0)),
        ),
        effects or RandomEffects(),
        {"": Residual("proportional", Prior("HalfNormal", 0.2))},
    )


@pytest.fixture(scope="module")
def records():
    return example_records("phenobarbital")


@pytest.fixture(scope="module")
def model():
    return _model()


def test_etas_and_objectives_from_an_event_table_are_those_of_nonmem(model, records):
    """pheno_multEST.phi and .ext: six digits of estimates and ETAs."""
    got = model_individual_estimates(model, THETA, records, method="FOCEI")
    np.testing.assert_allclose(got.eta, CASE["eta"], rtol=2e-5, atol=1e-5)
    np.testing.assert_allclose(got.objective, CASE["objective"], atol=1e-4)
    assert got.objective.sum() == pytest.approx(CASE["ofv"], abs=1e-5)


@pytest.mark.slow
def test_estimates_from_an_event_table_are_those_of_nonmem(model, records):
    """pheno_multEST.ext; NONMEM stopped with 3.1 significant digits."""
    fit = fit_maximum_likelihood(model, records, method="FOCEI")
    assert fit.ofv == pytest.approx(CASE["ofv"], abs=1e-4)
    assert fit.converged
    for name, value in THETA.items():
        assert fit.values[name] == pytest.approx(value, rel=2e-3)
    again = model_objective(model, fit.values, records, method="FOCEI")
    assert again.ofv == pytest.approx(fit.ofv, abs=1e-6)


def test_the_likelihood_is_that_of_the_bayesian_model(model, records):
    """Residual error and censoring are written twice; both must say the same."""
    data = model.prepare(records)
    data = data._replace(censored=np.arange(len(data.y)) % 3 - 1, limit=np.asarray(data.y))
    eta = 0.1 * np.ones((len(data.patients), 2))
    sigma, seen = parameters_of(model, THETA, data).sigma, observed_of(model, data)

    @jax.jit
    def both(eta, data):
        f = model.predict(THETA, eta, data)
        ours = log_likelihood(f, f, sigma, seen)
        return ours, model.log_likelihood_of(THETA, f, data)

    with float64():
        got, want = (np.asarray(one) for one in both(eta, data))
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


def test_unknowns_are_the_sites_of_the_model(records):
    effects = RandomEffects(correlated=("CL", "V"))
    model = _model(effects, covariates=(Power("WT", 1.5, Prior("Normal", 0.75, 1.0)),))
    data = model.prepare(records)
    unknowns = unknowns_of(model, data, start={"CL": 0.01}, fixed=frozenset({"V"}))
    want = ("CL", "CL_WT", "omega_CL", "omega_V", "sigma", "corr_CL_V")
    assert unknowns.names == want
    assert unknowns.starts["CL"] == 0.01
    assert unknowns.starts["CL_WT"] == 0.75


def test_an_unknown_start_is_refused(model, records):
    with pytest.raises(InputError, match="start: found ka"):
        fit_maximum_likelihood(model, records, start={"ka": 1.0})
