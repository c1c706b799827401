"""The one-parameter CRM: dfcrm's numbers, posterior means, and limits."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate

from designs.cases import case, family
from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.crm_fit import (
    exceed_by_normal,
    fit_crm,
    fit_mle,
    plug_in_limits,
    risk_quantile,
)
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

SKELETON = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)


def patients(inputs) -> tuple[np.ndarray, np.ndarray]:
    """Counts per level from one level and outcome a patient."""
    levels = len(inputs["skeleton"])
    given = np.array(inputs["level"]) - 1
    n = np.bincount(given, minlength=levels)
    return n, np.bincount(given, weights=inputs["tox"], minlength=levels)


def test_dfcrm_bayes_is_met():
    # dfcrm 0.2-2.1, man/crm.Rd.
    known = case("crm.dfcrm_empiric_bayes")
    inputs, out = known["inputs"], known["outputs"]
    model = CrmModel(inputs["skeleton"])
    fit = fit_crm(model, *patients(inputs))
    assert fit.b_mean[0] == pytest.approx(out["beta_mean"], abs=1e-5)
    assert fit.b_var[0] == pytest.approx(out["beta_var"], abs=1e-5)
    assert fit.plug_in[0] == pytest.approx(out["ptox"], abs=1e-5)
    limits = plug_in_limits(model, fit, conf_level=0.9)[0]
    assert limits[:, 0] == pytest.approx(out["ptoxL"], abs=1e-4)
    assert limits[:, 1] == pytest.approx(out["ptoxU"], abs=1e-4)
    assert np.abs(fit.plug_in[0] - inputs["target"]).argmin() + 1 == out["mtd"]


def test_dfcrm_maximum_likelihood_is_met():
    # dfcrm 0.2-2.1, man/crm.Rd; its optimiser stops at 1e-4.
    known = case("crm_mle.dfcrm_empiric_mle")
    model = CrmModel(known["inputs"]["skeleton"])
    b = fit_mle(model, *patients(known["inputs"]))
    assert b[0] == pytest.approx(known["outputs"]["beta"], abs=2e-4)
    assert model.risk(b)[0] == pytest.approx(known["outputs"]["ptox"], abs=2e-4)


@pytest.mark.parametrize("curve", ["empiric", "logistic"])
def test_the_likelihood_is_flat_at_its_maximum(curve):
    model = CrmModel(SKELETON, curve)
    n, y = np.array([[3, 3, 6, 3, 0, 0]]), np.array([[0, 0, 2, 2, 0, 0]])
    b = fit_mle(model, n, y)

    def log_likelihood(b):
        log_p, log_q = model.log_chances(b)
        return (y * log_p + (n - y) * log_q).sum()

    assert log_likelihood(b) > max(log_likelihood(b - 1e-3), log_likelihood(b + 1e-3))


def test_maximum_likelihood_is_infinite_without_both_outcomes():
    model = CrmModel(SKELETON)
    n = np.array([[3, 0, 0, 0, 0, 0]])
    assert fit_mle(model, n, 0 * n)[0] == np.inf
    assert fit_mle(model, n, n)[0] == -np.inf


def test_plug_in_and_posterior_mean_differ_as_published():
    # Plug-in: dfcrm; posterior mean: bcrm's exact integration; Neuenschwander et al. 2008.
    known = case("crm.nbg_15dose_empiric")
    inputs, out = known["inputs"], known["outputs"]
    n, y = (
        [inputs[name].get(str(k), 0) for k in range(1, 16)] for name in ("n_at_dose", "tox_at_dose")
    )
    fit = fit_crm(CrmModel(inputs["skeleton"], prior_sd=1.34), n, y)
    assert fit.b_mean[0] == pytest.approx(out["beta_mean"], abs=2e-4)
    assert fit.plug_in[0] == pytest.approx(out["ptox_plugin"], abs=2e-4)
    assert fit.mean[0] == pytest.approx(out["posterior_mean_ptox_bcrm"], abs=2e-3)
    assert np.abs(fit.plug_in[0] - 0.3).argmin() + 1 == out["mtd"]


@pytest.mark.parametrize("step", range(6))
def test_every_step_of_the_trial_is_dfcrms(step):
    known = case("crm.seed_trial_replay_empiric")
    state = known["inputs"]["steps"][step]
    out = known["outputs"][state["step"]]
    fit = fit_crm(CrmModel(known["inputs"]["skeleton"]), state["n"], state["y"])
    assert fit.b_mean[0] == pytest.approx(out["beta_mean"], abs=1e-5)
    assert fit.b_var[0] == pytest.approx(out["beta_var"], abs=1e-5)
    assert fit.plug_in[0] == pytest.approx(out["ptox"], abs=1e-5)
    assert np.abs(fit.plug_in[0] - 0.3).argmin() + 1 == out["mtd"]


@pytest.mark.parametrize("known", family("crm_aml_levy2006"))
def test_levys_logistic_model_with_an_exponential_slope(known):
    # trialr 0.1.6, vignette A250 (Levy et al. 2006).
    model = CrmModel(known["inputs"]["skeleton"], "logistic", 1.0, slope_gamma=(1.0, 1.0))
    seen = Outcomes.read(known["inputs"]["outcomes"], doses=5)
    fit, out = fit_crm(model, seen.n, seen.y), known["outputs"]
    assert fit.mean[0] == pytest.approx(out["mean_ptox"], abs=2e-3)
    assert risk_quantile(model, seen.n, seen.y) == pytest.approx(out["median_ptox"], abs=2e-3)
    # The slope is the exponential of b: its mean from the same nodes, by the risk at one dose.
    slope = integrate_slope(model, seen.n, seen.y)
    assert slope == pytest.approx(out["slope_mean"], abs=2e-3)


def integrate_slope(model, n, y):
    """Posterior mean of the slope, by adaptive integration."""

    def density(slope):
        log_p, log_q = model.log_chances(np.log(slope))
        return np.exp(-slope + (y * log_p + (n - y) * log_q).sum())

    total = integrate.quad(density, 0, 40)[0]
    return integrate.quad(lambda s: s * density(s), 0, 40)[0] / total


def test_viola_after_six_patients():
    # dtpcrm 0.1.1 with dfcrm.
    known = case("dose_transition_pathways.viola_fit_after_6")
    inputs, out = known["inputs"], known["outputs"]
    model = CrmModel(inputs["skeleton"], prior_sd=0.75**0.5)
    fit = fit_crm(model, *patients(inputs))
    assert fit.b_mean[0] == pytest.approx(out["beta_mean"], abs=1e-5)
    assert fit.b_var[0] == pytest.approx(out["beta_var"], abs=1e-5)
    assert fit.plug_in[0] == pytest.approx(out["ptox"], abs=1e-5)
    upper = plug_in_limits(model, fit, conf_level=0.9)[0, :, 1]
    assert upper == pytest.approx(out["ptoxU"], abs=1e-5)


def test_without_data_the_exact_tail_is_the_normal_one():
    model = CrmModel(SKELETON)
    nobody = np.zeros((1, 6))
    fit = fit_crm(model, nobody, nobody, thresholds=(0.3,))
    assert fit.exceed[:, :, 0] == pytest.approx(exceed_by_normal(model, fit, 0.3), abs=1e-9)
    assert fit.plug_in[0] == pytest.approx(SKELETON, abs=1e-10)


@pytest.mark.parametrize("curve", ["empiric", "logistic"])
def test_random_states_are_those_of_adaptive_integration(curve):
    model = CrmModel(SKELETON, curve)
    draw = np.random.default_rng(5)
    n = draw.integers(0, 13, (25, 6))
    y = draw.binomial(n, 0.3)
    fit = fit_crm(model, n, y, thresholds=(0.3,))
    for i in range(len(n)):

        def density(b, i=i):
            log_p, log_q = model.log_chances(b)
            return np.exp((y[i] * log_p + (n[i] - y[i]) * log_q).sum() - 0.5 * b * b / 1.34 + 20)

        points = fit.b_mean[i] + np.sqrt(fit.b_var[i]) * np.array([-6, -3, -1, 0, 1, 3, 6])
        points = np.concatenate([[-9.0], points[np.abs(points) < 9], [9.0]])

        def total(f, cut=np.inf, points=points):
            edges = np.append(points[points < cut], min(cut, 9.0))
            return sum(
                integrate.quad(f, a, b, epsabs=0, epsrel=1e-10)[0] for a, b in pairwise(edges)
            )

        evidence = total(density)
        mean = total(lambda b: b * density(b)) / evidence
        assert fit.b_mean[i] == pytest.approx(mean, abs=1e-6)
        below = 1 - total(density, model.parameter_at(0.3)[2]) / evidence
        assert 1 - fit.exceed[i, 2, 0] == pytest.approx(below, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"skeleton": (0.2, 0.1)}, "increasing risks between 0 and 1"),
        ({"skeleton": (0.2, 1.0)}, "increasing risks between 0 and 1"),
        ({"skeleton": (0.2, 0.3), "prior_sd": 0.0}, "a number above 0"),
        ({"skeleton": (0.2, 0.99), "curve": "logistic"}, "give more than 4.6"),
    ],
)
def test_models_that_cannot_be_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        CrmModel(**change)
