"""The two-parameter logistic model on a lattice: published analyses, and adapted nodes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logit

from designs.cases import case
from myelodose.designs.model_based.adapted import adapted_exceed
from myelodose.dose_models.logistic import (
    LogisticModel,
    fit_logistic,
    logistic_lattice,
    predictive,
    risk_quantile,
)

SEED_PRIOR_A = {"mean": (float(logit(0.33)), 0.0), "sd": (2.0, 1.0), "reference": 25.0}


def model_of(doses, mean, sd, reference, correlation=0.0) -> LogisticModel:
    log_dose = np.log(np.asarray(doses, float) / reference)
    return LogisticModel(tuple(log_dose), tuple(mean), tuple(sd), correlation)


def counts_of(doses, inputs) -> tuple[list[int], list[int]]:
    n, y = ([inputs[key].get(f"{d:g}", 0) for d in doses] for key in ("n", "y"))
    return n, y


def check_rows(model, n, y, out, intervals):
    fit = fit_logistic(model, [n], [y], thresholds=tuple(intervals[1:-1]))
    below = np.concatenate([np.ones((len(n), 1)), fit.exceed[0], np.zeros((len(n), 1))], 1)
    probabilities = below[:, :-1] - below[:, 1:]
    assert fit.mean[0] == pytest.approx([row["mean"] for row in out], abs=5e-4)
    assert fit.sd[0] == pytest.approx([row["sd"] for row in out], abs=5e-4)
    expected = np.array([row["interval_probs"] for row in out])
    assert probabilities == pytest.approx(expected, abs=1e-3)
    median = risk_quantile(model, n, y, 0.5)
    assert median == pytest.approx([row["q50"] for row in out], abs=5e-4)


def test_neuenschwander_2008_is_met():
    # Neuenschwander, Branson and Gsponer 2008 (doi 10.1002/sim.3230); importance sample of 4.2 M.
    known = case("blrm_single.nbg2008")
    inputs, prior = known["inputs"], known["inputs"]["prior"]
    rho = prior["cov12"] / (prior["sd"][0] * prior["sd"][1])
    model = model_of(inputs["doses"], prior["mean"], prior["sd"], inputs["dref"], rho)
    n, y = counts_of(inputs["doses"], inputs)
    check_rows(model, n, y, known["outputs"]["rows"], inputs["intervals"])


def test_crmpacks_example_is_met():
    # crmPack 2.2.1.9000, examples/Rules-class-NextBestNCRM.R; importance sample.
    known = case("blrm_single.crmpack_example")
    inputs, out = known["inputs"], known["outputs"]
    doses = [row["dose"] for row in out["rows"]]
    n = [inputs["x"].count(d) for d in doses]
    y = [sum(b for a, b in zip(inputs["x"], inputs["y"], strict=True) if a == d) for d in doses]
    model = model_of(doses, inputs["prior"]["mean"], (1.0, 1.0), inputs["dref"], -0.5)
    check_rows(model, n, y, out["rows"], inputs["intervals"])


def test_the_trial_with_another_prior_is_met_at_every_step():
    # OncoBayes2 0.8-9 and an importance sample.
    known = case("blrm_single.seed_trial_prior_a")
    inputs, out = known["inputs"], known["outputs"]
    model = model_of([*inputs["doses"], 30], **SEED_PRIOR_A)
    n, y = [*inputs["n"], 0], [*inputs["y"], 0]
    check_rows(model, n, y, out["rows"], inputs["intervals"])
    sizes = ((4, 0, 0, 0), (4, 4, 0, 0), (4, 4, 3, 0), (4, 4, 3, 3), (4, 4, 3, 6), (4, 4, 6, 6))
    dlts = ((0, 0), (0, 0), (0, 0), (0, 1), (0, 3), (1, 3))
    for step, size, (at20, at25) in zip(out["steps"].values(), sizes, dlts, strict=True):
        fit = fit_logistic(model, [[*size, 0]], [[0, 0, at20, at25, 0]], thresholds=(0.16, 0.33))
        assert fit.mean[0, :4] == pytest.approx([row["mean"] for row in step], abs=5e-4)
        expected = [row["probs"][2] for row in step]
        assert fit.exceed[0, :4, 1] == pytest.approx(expected, abs=1e-3)


def test_predictive_of_the_next_cohort_is_met():
    # OncoBayes2 0.8-9 and an importance sample.
    known = case("blrm_predictive.seed_20mg_next3")
    inputs = known["inputs"]
    model = model_of(inputs["doses"], **SEED_PRIOR_A)
    found = predictive(model, inputs["n"], inputs["y"], level=2, patients=3)
    assert found == pytest.approx(known["outputs"]["prob_k"], abs=1e-3)
    assert found.sum() == pytest.approx(1.0, abs=1e-6)


def random_states(count: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(7)
    n = 3 * draw.multinomial(10, [0.2] * 5, size=count)
    risk = np.sort(draw.random((count, 5)) ** 2, 1)
    return n, draw.binomial(n, risk)


def test_lattice_and_adapted_nodes_agree_within_the_reported_error():
    model = model_of([5, 10, 15, 20, 25], (-0.85, 0.0), (2.0, 1.0), 25.0)
    n, y = random_states(16)
    cuts = (0.16, 0.33)
    fit = fit_logistic(model, n, y, thresholds=cuts)
    exact, error = adapted_exceed(model, n, y, cuts)
    assert error.max() < 1e-7
    assert (np.abs(fit.exceed - exact) <= fit.exceed_error + error).all()
    assert np.abs(fit.exceed - exact).max() < 5e-6


def test_the_batch_of_adapted_states_is_padded_and_cut():
    model = model_of([5, 10, 15, 20, 25], (-0.85, 0.0), (2.0, 1.0), 25.0)
    n, y = random_states(3)
    whole, _ = adapted_exceed(model, n, y, (0.16, 0.33))
    alone, _ = adapted_exceed(model, n[1:2], y[1:2], (0.16, 0.33))
    assert whole[1] == pytest.approx(alone[0], abs=1e-12)
    # The precision of the process is as before.
    assert jnp.ones(1).dtype == jax.numpy.float32


def test_without_data_the_reference_dose_has_the_prior():
    model = model_of([25], (0.3, 0.0), (1.5, 1.0), 25.0)
    found = fit_logistic(model, [[0]], [[0]], thresholds=(0.4,))
    from scipy.stats import norm

    expected = norm.sf((logit(0.4) - 0.3) / 1.5)
    assert found.exceed[0, 0, 0] == pytest.approx(expected, abs=1e-7)
    assert len(logistic_lattice(model, (0.4,)).edge) < 6000
