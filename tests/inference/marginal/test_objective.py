"""Objective functions against closed forms, and against what NONMEM and others print."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from inference.marginal.examples import (
    REFERENCE,
    WANG_PATIENT,
    Phenobarbital,
    Theophylline,
    oral,
    phenobarbital,
    theophylline_by_sex,
    theophylline_run,
    wang,
)
from myelodose.errors import InputError
from myelodose.inference.marginal import (
    covariance_from_lower_triangle,
    objective,
    observed,
    parameters,
)

WANG = REFERENCE["wang2007"]
THEO = REFERENCE["theophylline"]
PHENO = REFERENCE["phenobarbital"]

PATIENT = np.repeat(np.arange(3), 4)
DESIGN = np.stack([np.ones(12), np.tile([0.0, 1.0, 2.0, 4.0], 3)], 1)
LINEAR_Y = np.array([1.0, 1.4, 2.5, 3.9, 0.2, 1.1, 1.9, 4.4, 1.6, 1.5, 1.7, 2.0])
OMEGA = np.array([[0.5, 0.1], [0.1, 0.3]])


def _linear(beta, eta):
    return (DESIGN * (beta + eta)[PATIENT]).sum(1)


SLOW = pytest.mark.slow
EACH = ["FO", "FOCEI", "quadrature", "importance"]
REST = ["FOCE", "Laplace", "Laplace-no-interaction"]


@pytest.mark.parametrize("method", [*EACH, *(pytest.param(m, marks=SLOW) for m in REST)])
def test_every_method_is_exact_for_a_linear_mixed_model(method):
    at = parameters(np.array([1.0, 0.6]), omega=OMEGA, sigma=0.4)
    got = objective(_linear, at, observed(LINEAR_Y, PATIENT), method=method, key=1)
    exact = 0.0
    for i in range(3):
        rows = i == PATIENT
        covariance = DESIGN[rows] @ OMEGA @ DESIGN[rows].T + 0.16 * np.eye(4)
        mean = DESIGN[rows] @ [1.0, 0.6]
        exact += -2.0 * stats.multivariate_normal(mean, covariance).logpdf(LINEAR_Y[rows])
    tolerance = 4.0 * got.mc_error if method == "importance" else 1e-9
    assert got.minus2ll == pytest.approx(exact, abs=tolerance)
    assert got.converged.all()


WANG_CASES = [
    pytest.param(kind, method, marks=() if (kind, method) in fast else SLOW)
    for fast in [{("proportional", "FOCE"), ("proportional", "FOCEI"), ("combined1", "FO")}]
    for kind, values in WANG["ofv"].items()
    for method in values
]


@pytest.mark.parametrize(("kind", "method"), WANG_CASES)
def test_objectives_of_wang_are_those_of_nonmem(kind, method):
    """Wang 2007, Table 2, as nlmixr2est checks it against NONMEM; three digits printed."""
    at = parameters(0.5, omega=[[0.04]], sigma=np.sqrt(0.1))
    got = objective(wang, at, observed(WANG["y"], WANG_PATIENT, kind=kind), method=method)
    assert got.ofv == pytest.approx(WANG["ofv"][kind][method], abs=6e-4)


@pytest.mark.slow
def test_a_log_normal_likelihood_of_y_holds_the_jacobian():
    """nlmixr2est, test-focei-wang2007.R: 40.039 is OFV + 2 sum log y; three digits printed."""
    at = parameters(0.5, omega=[[0.04]], sigma=np.sqrt(0.1))
    data = observed(WANG["y"], WANG_PATIENT, kind="log-normal")
    got = objective(wang, at, data, method="FOCE")
    assert got.ofv + 2 * data.log_y == pytest.approx(40.039, abs=6e-4)
    assert got.minus2ll == pytest.approx(got.ofv + 20 * np.log(2 * np.pi) + 2 * data.log_y)


def test_fo_is_that_of_nonmem_for_the_records_that_nonmem_read():
    """theo_withcov.lst: 103.962726 with 131 of the 132 observations, the last one missing."""
    case = THEO["fo"]

    def additive(theta, eta):
        ka, k = theta[0] + eta[:, 0], theta[1] + eta[:, 1]
        volume = (theta[2] * Theophylline.weight + eta[:, 2]) / k
        return oral(ka, k, volume, Theophylline.dose, rows=slice(131))

    data = observed(Theophylline.y[:131], Theophylline.patient[:131])
    printed = case["printed"]
    # Estimates with three digits, as printed, allow 0.01; those with five 0.001.
    for given, tolerance in ((printed, 0.01), (case, 0.001)):
        omega = covariance_from_lower_triangle(given["omega2_triangle"])
        sigma = np.sqrt(given["sigma2"])
        at = parameters(np.array(given["theta"]), omega=omega, sigma=sigma)
        got = objective(additive, at, data, method="FO")
        assert got.ofv == pytest.approx(case["ofv"], abs=tolerance)


RUNS = ["LaplaceI", *(pytest.param(name, marks=SLOW) for name in ("FOCE", "FOCEI", "Laplace"))]


@pytest.mark.parametrize("name", RUNS)
def test_objectives_of_theophylline_are_those_of_nonmem(name):
    """NONMEM's -2 log L at its estimates; source in the reference file."""
    run = THEO["runs"][name]
    at, data = theophylline_run(run)
    got = objective(theophylline_by_sex, at, data, method=run["method"])
    # Six digits of the estimates are printed, at a minimum: of second order.
    assert got.minus2ll == pytest.approx(run["minus2ll"], abs=1e-5)


@pytest.mark.slow
def test_importance_sampling_is_right_where_the_posterior_is_far_from_normal():
    """Cubature of Pumas, 523.7605; absorption rates may be negative there. Quadrature is slow."""
    run = THEO["runs"]["LLQuad"]
    at, data = theophylline_run(run)
    settings = {"key": 1, "draws": 40_000, "freedom": 3.0}
    got = objective(theophylline_by_sex, at, data, method="importance", **settings)
    assert got.minus2ll == pytest.approx(run["minus2ll"], abs=4 * got.mc_error)
    assert got.pareto_k.max() > 0.7


@pytest.mark.slow
def test_importance_sampling_agrees_with_quadrature_within_its_error():
    case = PHENO["plain"]
    at = parameters(
        np.array(case["theta"]), omega=np.diag(case["omega2"]), sigma=np.sqrt(case["sigma2"])
    )
    data = observed(Phenobarbital.y, Phenobarbital.patient, kind="proportional")
    exact = objective(phenobarbital, at, data, method="quadrature", nodes=9)
    got = objective(phenobarbital, at, data, method="importance", key=3, draws=2000)
    assert got.mc_error < 0.2
    assert got.ofv == pytest.approx(exact.ofv, abs=4 * got.mc_error)
    assert got.pareto_k.max() < 0.7
    # NONMEM's own importance sampling, 300 draws a patient: 729.674 and 729.955 in two iterations.
    assert exact.ofv == pytest.approx(case["importance_ofv"], abs=0.5)


def test_a_censored_likelihood_is_that_of_brute_force():
    """Marginal M3 likelihood of a nonlinear model by a fine grid, against adaptive quadrature."""
    patient, time = np.repeat([0, 1], 3), np.tile([0.5, 2.0, 6.0], 2)
    y, censored = np.array([6.0, 3.0, 1.0, 8.5, 4.0, 1.0]), np.array([0, 0, 1, 0, 0, 1])

    def decay(theta, eta):
        return 10.0 * jnp.exp(-theta * jnp.exp(eta[patient, 0]) * time)

    at = parameters(0.5, omega=[[0.16]], sigma=0.8)
    data = observed(y, patient, censored=censored)
    eta = np.linspace(-4.0, 4.0, 20001)
    f = 10.0 * np.exp(-0.5 * np.exp(eta)[:, None] * time)
    each = np.where(censored, stats.norm.logcdf(y, f, 0.8), stats.norm.logpdf(y, f, 0.8))
    exact = 0.0
    for rows in (slice(0, 3), slice(3, 6)):
        density = np.exp(each[:, rows].sum(1)) * stats.norm.pdf(eta, 0.0, 0.4)
        exact += -2.0 * np.log(np.trapezoid(density, eta))
    got = objective(decay, at, data, method="quadrature", nodes=21)
    assert got.minus2ll == pytest.approx(exact, abs=1e-8)
    assert got.ofv == pytest.approx(exact - 4 * np.log(2 * np.pi), abs=1e-8)


def test_an_effect_without_variance_changes_nothing():
    data = observed(LINEAR_Y, PATIENT)
    both = parameters(np.array([1.0, 0.6]), omega=np.diag([0.5, 0.0]), sigma=0.4)
    one = parameters(np.array([1.0, 0.6]), omega=[[0.5]], sigma=0.4)

    def first(beta, eta):
        return _linear(beta, jnp.stack([eta[:, 0], 0.0 * eta[:, 0]], 1))

    got, want = (objective(p, a, data, method="FO") for p, a in ((_linear, both), (first, one)))
    assert got.ofv == pytest.approx(want.ofv, abs=1e-10)


def test_fo_refuses_censored_observations():
    at = parameters(np.array([1.0, 0.6]), omega=OMEGA, sigma=0.4)
    data = observed(LINEAR_Y, PATIENT, censored=[1] + [0] * 11)
    with pytest.raises(InputError, match="found 'FO' with censored"):
        objective(_linear, at, data, method="FO")


def test_importance_sampling_needs_a_seed_and_a_method_its_name():
    at = parameters(np.array([1.0, 0.6]), omega=OMEGA, sigma=0.4)
    data = observed(LINEAR_Y, PATIENT)
    with pytest.raises(InputError, match="give the seed"):
        objective(_linear, at, data, method="importance")
    with pytest.raises(InputError, match="found 'foce'"):
        objective(_linear, at, data, method="foce")  # pyrefly: ignore


def test_a_proportional_error_around_nothing_is_refused():
    at = parameters(np.zeros(2), omega=np.zeros((2, 2)), sigma=0.4)
    with pytest.raises(InputError, match="patient 0 with an objective function value of inf"):
        objective(_linear, at, observed(LINEAR_Y, PATIENT, kind="proportional"), method="FO")
