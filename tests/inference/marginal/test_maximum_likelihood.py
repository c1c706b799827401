"""Fits against closed forms, NONMEM, nlme and saemix."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from inference.marginal.examples import (
    REFERENCE,
    SEX,
    WANG_PATIENT,
    Phenobarbital,
    Theophylline,
    boluses,
    oral,
    phenobarbital_by_weight,
    theophylline_by_sex,
    wang,
)
from myelodose.errors import InputError
from myelodose.inference.marginal import maximum_likelihood, objective, observed
from myelodose.inference.marginal.maximum_likelihood import without_data
from myelodose.inference.marginal.search import _evaluate, _modes
from myelodose.inference.marginal.unknowns import Unknowns
from myelodose.precision import float64

NLME = REFERENCE["other_software"]
ONE_WAY = observed([1.0, 2.5, 3.1, 4.4, 0.2, 1.3], np.repeat([0, 1, 2], 2))


def _one_way(theta, eta):
    return (theta["mean"] + eta[:, 0])[ONE_WAY.patient]


def _fit_one_way(**settings):
    start: dict[str, Any] = {"theta": {"mean": 1.0}, "omega": {"mean": 1.0}, "sigma": 1.0}
    return maximum_likelihood(_one_way, ONE_WAY, **start | {"method": "FO"} | settings)


@pytest.fixture(scope="module")
def one_way():
    return _fit_one_way(covariance="hessian")


def test_a_balanced_one_way_layout_has_its_closed_form(one_way):
    """ML: sigma^2 = SSW / (N (n - 1)); omega^2 = (SSB / N - sigma^2) / n; mean of all."""
    y = ONE_WAY.y.reshape(3, 2)
    within = ((y - y.mean(1, keepdims=True)) ** 2).sum() / 3
    between = (2 * (y.mean(1) - y.mean()) ** 2).sum() / 3
    want = [y.mean(), np.sqrt((between - within) / 2), np.sqrt(within)]
    np.testing.assert_allclose(one_way.estimate, want, rtol=1e-6)
    assert one_way.converged


def test_the_error_of_the_mean_is_that_of_a_one_way_layout(one_way):
    """Var(mean) = (omega^2 + sigma^2 / n) / N, of the information at the estimates."""
    values = one_way.values
    want = np.sqrt((values["omega_mean"] ** 2 + values["sigma"] ** 2 / 2) / 3)
    assert one_way.se["mean"] == pytest.approx(want, rel=1e-4)


def test_information_criteria_count_what_other_software_counts(one_way):
    assert one_way.aic == pytest.approx(one_way.objective.minus2ll + 6)
    assert one_way.bic == pytest.approx(one_way.objective.minus2ll + 3 * np.log(6))
    assert one_way.bic_patients == pytest.approx(one_way.objective.minus2ll + 3 * np.log(3))
    assert one_way.log_likelihood == pytest.approx(-one_way.objective.minus2ll / 2)


def test_the_table_has_a_row_for_each_estimate(one_way):
    frame = one_way.to_frame()
    assert list(frame.index) == ["mean", "omega_mean", "sigma"]
    row = frame.loc["omega_mean"]
    omega = one_way.values["omega_mean"]
    assert row.cv_percent == pytest.approx(100 * np.sqrt(np.exp(omega**2) - 1))
    assert row.rse_percent == pytest.approx(100 * row.se / row.estimate)
    assert row.shrinkage_percent == pytest.approx(100 * one_way.shrinkage()["omega_mean"])


def test_a_fixed_parameter_keeps_its_start():
    fit = _fit_one_way(fixed=["omega_mean"])
    assert fit.names == ("mean", "sigma")
    np.testing.assert_allclose(fit.parameters.factor, [[1.0]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"theta": {"mean": -1.0}}, "start of mean: found -1 on the log scale"),
        ({"omega": {"mean": 0.0}}, "start of omega_mean: found 0"),
        ({"fixed": ["CL"]}, "fixed: found 'CL'"),
        ({"correlated": ["CL", "V"]}, "correlated: found 'CL'"),
        ({"method": "SAEM"}, "method: found 'SAEM'"),
        ({"covariance": "S"}, "covariance: found 'S'"),
        ({"sigma": {"b": 1.0}}, "sigma: found none for ''"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        _fit_one_way(**change)


def test_nlme_linearises_additive_errors_only():
    data = observed(ONE_WAY.y, ONE_WAY.patient, kind="proportional")
    with pytest.raises(InputError, match="found 'Lindstrom-Bates' with proportional"):
        maximum_likelihood(
            _one_way,
            data,
            theta={"mean": 1.0},
            omega={"mean": 1.0},
            sigma=0.1,
            method="Lindstrom-Bates",
        )


def _wang(theta, eta):
    return wang(theta["k"], eta)


def test_the_gradient_of_focei_is_that_of_finite_differences():
    """Through the modes as well: they are found anew at every step of the differences."""
    data = observed(REFERENCE["wang2007"]["y"], WANG_PATIENT, kind="proportional")
    unknowns = Unknowns(
        theta={"k": 0.45},
        omega={"omega_k": 0.3},
        sigma={"sigma": 0.25},
        effects=("omega_k",),
        residual=(("sigma", "sigma"),),
        links={},
    )
    predict, u = without_data(_wang), np.zeros((10, 1))

    def at(x):
        modes = _modes(predict, unknowns, x, u, None, data, method="FOCEI")
        (value, _), slope = _evaluate(predict, unknowns, x, modes, None, data, method="FOCEI")
        return float(value), np.asarray(slope)

    with float64():
        x = unknowns.start()
        slope = at(x)[1]
        differences = [(at(x + h)[0] - at(x - h)[0]) / 2e-5 for h in 1e-5 * np.eye(3)]
    np.testing.assert_allclose(slope, differences, rtol=1e-6)


def test_a_correlation_is_carried_from_the_real_line():
    unknowns = Unknowns(
        theta={"a": 1.0},
        omega={"omega_a": 0.5, "omega_b": 0.2, "omega_c": 0.3},
        sigma={"sigma": 1.0},
        effects=("omega_a", "omega_b", "omega_c"),
        residual=(("sigma", "sigma"),),
        links={},
        blocks=((0, 1, 2),),
    )
    x = unknowns.start()
    x[-3:] = [0.5, -0.3, 0.8]
    with float64():
        factor = np.asarray(unknowns.parameters(jnp.asarray(x)).factor)
        natural = np.asarray(unknowns.natural(jnp.asarray(x)))
    covariance = factor @ factor.T
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [0.5, 0.2, 0.3])
    assert unknowns.names[-3:] == ("corr_a_b", "corr_a_c", "corr_b_c")
    np.testing.assert_allclose(natural[-3], covariance[0, 1] / 0.1)
    np.testing.assert_allclose(natural[-1], covariance[1, 2] / 0.06)


def _by_sex(theta, eta):
    return theophylline_by_sex(jnp.stack([theta[n] for n in ("ka0", "k", "slope", "ka1")]), eta)


@pytest.mark.slow
def test_foce_estimates_and_errors_are_those_of_nonmem():
    """run3.mod: estimates with six, sandwich errors with three digits; NONMEM stops at 3 digits."""
    run = REFERENCE["theophylline"]["runs"]["FOCE"]
    assert SEX.sum() == 6
    fit = maximum_likelihood(
        _by_sex,
        observed(Theophylline.y, Theophylline.patient),
        theta={"ka0": 2.77, "k": 0.0781, "slope": 0.0363, "ka1": 1.5},
        omega={"ka": np.sqrt(5.55), "CL": np.sqrt(0.515)},
        sigma=np.sqrt(0.388),
        method="FOCE",
    )
    assert fit.converged
    assert fit.objective.minus2ll == pytest.approx(run["minus2ll"], abs=2e-6)
    sd = np.sqrt([*run["omega2"], run["add2"]])
    np.testing.assert_allclose(fit.estimate, [*run["theta"], *sd], rtol=3e-4)
    # NONMEM gives errors of variances: se(sd) = se(variance) / (2 sd).
    variance_errors = np.array([*run["se_omega2"], run["se_add2"]])
    np.testing.assert_allclose(
        list(fit.se.values()), [*run["se"], *(variance_errors / (2 * sd))], rtol=1e-2
    )


@pytest.mark.slow
def test_focei_estimates_and_errors_of_phenobarbital_are_those_of_nonmem():
    """pheno.ext: estimates, and sandwich errors of variances."""
    case = REFERENCE["phenobarbital"]["with_covariates"]

    def predict(theta, eta):
        return phenobarbital_by_weight([theta["CL"], theta["V"], theta["apgar"]], eta)

    fit = maximum_likelihood(
        predict,
        observed(Phenobarbital.y, Phenobarbital.patient, kind="proportional"),
        theta={"CL": 0.0047, "V": 1.0, "apgar": 0.1},
        links={"apgar": "identity"},
        omega={"CL": 0.18, "V": 0.18},
        sigma=0.11,
    )
    assert fit.ofv == pytest.approx(case["ofv"], abs=1e-4)
    sd = np.sqrt([*case["omega2"], case["sigma2"]])
    # NONMEM stopped with three significant digits.
    np.testing.assert_allclose(fit.estimate, [*case["theta"], *sd], rtol=1e-3)
    errors = np.array([*case["se_omega2"], case["se_sigma2"]]) / (2 * sd)
    np.testing.assert_allclose(list(fit.se.values()), [*case["se_theta"], *errors], rtol=1e-2)


def _ssfol(theta, eta):
    ka, CL = theta["ka"] * jnp.exp(eta[:, 0]), theta["CL"] * jnp.exp(eta[:, 1])
    return oral(ka, theta["ke"], CL / theta["ke"], Theophylline.dose_per_kg)


def _pheno(theta, eta):
    return boluses(theta["CL"] * jnp.exp(eta[:, 0]), theta["V"] * jnp.exp(eta[:, 1]))


NLME_FITS: dict[str, Any] = {
    "theophylline": (
        _ssfol,
        observed(Theophylline.y, Theophylline.patient),
        {
            "theta": {"ke": 0.08, "ka": 1.5, "CL": 0.04},
            "omega": {"ka": 0.6, "CL": 0.2},
            "sigma": 0.7,
        },
    ),
    "phenobarbital": (
        _pheno,
        observed(Phenobarbital.y, Phenobarbital.patient),
        {"theta": {"CL": 0.006, "V": 1.4}, "omega": {"CL": 0.4, "V": 0.4}, "sigma": 2.5},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NLME_FITS)
def test_lindstrom_bates_is_nlme(name):
    """nlme stops when estimates change by less than 1e-3 of themselves or so."""
    predict, data, start = NLME_FITS[name]
    want = NLME[name]
    fit = maximum_likelihood(predict, data, **start, method="Lindstrom-Bates")
    assert fit.converged
    for key, value in want["log_theta"].items():
        assert np.log(fit.values[key]) == pytest.approx(value, abs=5e-4)
    for key, value in want["omega"].items():
        assert fit.values[f"omega_{key}"] == pytest.approx(value, rel=1e-3)
    assert fit.values["sigma"] == pytest.approx(want["sigma"], rel=1e-3)
    assert fit.log_likelihood == pytest.approx(want["log_likelihood"], abs=0.01)


@pytest.mark.slow
def test_saemix_estimates_are_those_of_laplace_and_its_likelihood_that_of_quadrature():
    """saemix 3 user guide, pp. 64-65: SAEM estimates, -2 log L by importance sampling 344.89."""
    case = NLME["saemix"]
    rows = Theophylline.time > 0

    def predict(theta, eta):
        ka, V = theta["ka"] * jnp.exp(eta[:, 0]), theta["V"] * jnp.exp(eta[:, 1])
        CL = theta["CL"] * jnp.exp(theta["beta"] * Theophylline.weight + eta[:, 2])
        return oral(ka, CL / V, V, Theophylline.dose, rows=rows)

    fit = maximum_likelihood(
        predict,
        observed(Theophylline.y[rows], Theophylline.patient[rows]),
        theta={"ka": 1.5, "V": 32.0, "CL": 1.5, "beta": 0.008},
        links={"beta": "identity"},
        omega={"ka": 0.6, "V": 0.12, "CL": 0.26},
        sigma=0.7,
        method="Laplace",
    )
    for name, value in case["theta"].items():
        assert fit.values[name] == pytest.approx(value, rel=0.05)
    exact = objective(fit.predict, fit.parameters, fit.observed, method="quadrature", nodes=9)
    assert exact.minus2ll == pytest.approx(case["minus2ll_importance"], abs=0.3)


@pytest.mark.slow
def test_an_unbalanced_cohort_gives_back_what_it_was_simulated_with():
    """Simulated; 200 patients with correlated random effects, estimates within 4 errors."""
    key = np.random.default_rng(7)
    patient = np.repeat(np.arange(200), 6)
    time = np.tile([0.25, 0.5, 1.0, 2.0, 4.0, 8.0], 200)
    truth = {"CL": 2.0, "V": 10.0, "omega_CL": 0.4, "omega_V": 0.25, "sigma": 0.1, "corr": 0.5}
    covariance = [[0.16, 0.05], [0.05, 0.0625]]
    eta = key.multivariate_normal([0.0, 0.0], covariance, 200)

    def predict(theta, eta):
        V = (theta["V"] * jnp.exp(eta[:, 1]))[patient]
        CL = (theta["CL"] * jnp.exp(eta[:, 0]))[patient]
        return 100.0 / V * jnp.exp(-CL / V * time)

    f = np.asarray(predict(truth, eta))
    y = f * np.exp(0.1 * key.standard_normal(f.shape))
    fit = maximum_likelihood(
        predict,
        observed(y, patient, kind="log-normal"),
        theta={"CL": 1.0, "V": 20.0},
        omega={"CL": 0.3, "V": 0.3},
        sigma=0.2,
        correlated=["CL", "V"],
    )
    assert fit.converged
    for name, value in zip(fit.names, truth.values(), strict=True):
        assert abs(fit.values[name] - value) < 4 * fit.se[name]
