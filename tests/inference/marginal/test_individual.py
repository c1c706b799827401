"""Individual estimates as NONMEM prints them."""

import numpy as np
import pytest

from inference.marginal.examples import (
    REFERENCE,
    WANG_PATIENT,
    Phenobarbital,
    phenobarbital_by_weight,
    theophylline_by_sex,
    theophylline_run,
    wang,
)
from myelodose.errors import InputError
from myelodose.inference.marginal import individual_estimates, observed, parameters

CASE = REFERENCE["phenobarbital"]["with_covariates"]
OMEGA2 = np.array(CASE["omega2"])


@pytest.fixture(scope="module")
def estimates():
    sigma = np.sqrt(CASE["sigma2"])
    at = parameters(np.array(CASE["theta"]), omega=np.diag(OMEGA2), sigma=sigma)
    data = observed(Phenobarbital.y, Phenobarbital.patient, kind="proportional")
    return individual_estimates(phenobarbital_by_weight, at, data, method="FOCEI")


def test_etas_are_those_of_nonmem(estimates):
    """pheno.phi, ETA(1), ETA(2); six digits printed."""
    np.testing.assert_allclose(estimates.eta, CASE["eta"], rtol=1e-5, atol=2e-6)
    assert estimates.converged.all()


def test_covariances_of_etas_are_those_of_nonmem(estimates):
    """pheno.phi, ETC: from the first-order Hessian; six digits printed."""
    got = estimates.covariance[:, [0, 1, 1], [0, 0, 1]]
    np.testing.assert_allclose(got, CASE["etc"], rtol=2e-5)


def test_objectives_of_patients_are_those_of_nonmem(estimates):
    """pheno.phi, OBJ, and #OBJV 586.276; estimates have six digits."""
    np.testing.assert_allclose(estimates.objective, CASE["objective"], atol=5e-5)
    assert estimates.objective.sum() == pytest.approx(CASE["ofv"], abs=1e-5)


def test_individual_and_population_predictions_are_those_of_nonmem(estimates):
    """pheno.tab, CIPREDI and PRED; five digits printed."""
    np.testing.assert_allclose(estimates.ipred, CASE["cipredi"], rtol=6e-5)
    np.testing.assert_allclose(estimates.pred, CASE["pred"], rtol=6e-5)


def test_residuals_are_scaled_by_the_individual_prediction(estimates):
    sd = np.sqrt(CASE["sigma2"]) * estimates.ipred
    np.testing.assert_allclose(estimates.iwres, (Phenobarbital.y - estimates.ipred) / sd)


@pytest.mark.slow
def test_etas_of_theophylline_are_those_of_nonmem():
    """FOCEI with combined error (run4.mod); six digits printed."""
    run = REFERENCE["theophylline"]["runs"]["FOCEI"]
    at, data = theophylline_run(run)
    got = individual_estimates(theophylline_by_sex, at, data, method="FOCEI")
    np.testing.assert_allclose(got.eta, run["eta"], rtol=2e-5, atol=1e-5)


def test_wang_is_that_of_nonmem_patient_by_patient():
    """ETA1, OBJI and IWRES of the first patient; five digits printed."""
    case = REFERENCE["wang2007"]
    at = parameters(0.5, omega=[[0.04]], sigma=np.sqrt(0.1))
    data = observed(case["y"], WANG_PATIENT, kind="proportional")
    got = individual_estimates(wang, at, data)
    np.testing.assert_allclose(got.eta[:, 0], case["focei_proportional"]["eta"], atol=6e-7)
    np.testing.assert_allclose(got.objective, case["focei_proportional"]["objective"], atol=6e-5)
    np.testing.assert_allclose(got.iwres[:2], case["focei_proportional"]["iwres_first"], atol=6e-5)


def test_shrinkage_is_that_of_sd_of_etas_over_omega(estimates):
    want = 1.0 - np.std(np.array(CASE["eta"]), axis=0, ddof=1) / np.sqrt(OMEGA2)
    np.testing.assert_allclose(estimates.eta_shrinkage(np.sqrt(OMEGA2)), want, atol=1e-5)


def test_importance_sampling_has_no_modes_of_its_own():
    at = parameters(0.5, omega=[[0.04]], sigma=0.1)
    data = observed(REFERENCE["wang2007"]["y"], WANG_PATIENT)
    with pytest.raises(InputError, match="found 'importance'"):
        individual_estimates(wang, at, data, method="importance")
