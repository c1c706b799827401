"""The response model: its likelihood from the definition, its simulator, its calibration."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro import handlers
from numpyro.infer.util import log_density
from scipy import stats
from scipy.special import expit

from myelodose.population.ordinal_response import ordinal_response
from myelodose.precision import float64

LOG_DOSE = np.log(np.array([10, 15, 20, 25, 25]) / 20)
COHORT = np.array([0, 1, 2, 3, 3])
TP53 = np.array([0, 1, -1, 1, -1])
HAEM = np.array([0, 1, 4, 2, 3])
CYTO = np.array([0, 1, 3, 2, 1])


def values(rng):
    """One value of every site."""
    return {
        "slope_mean": rng.normal(),
        "slope_sd": rng.gamma(2) / 4,
        "z_slope": rng.normal(size=2),
        "tp53_effect_mean": rng.normal(),
        "tp53_effect_sd": rng.gamma(2) / 4,
        "z_tp53_effect": rng.normal(size=2),
        "cohort_sd": rng.gamma(2) / 4,
        "patient_sd": rng.gamma(2),
        "tp53_prevalence": rng.beta(2, 2),
        "share_haem": rng.dirichlet(np.ones(5)),
        "share_cyto": rng.dirichlet(np.ones(4)),
        "z_cohort": rng.normal(size=4),
        "z_patient": rng.normal(size=5),
    }


def log_likelihood_by_hand(v):
    """The formulas of the docstring, patient by patient, in plain numpy."""
    c = 16 * np.sqrt(3) / (15 * np.pi)
    scale = np.sqrt(1 + c**2 * v["patient_sd"] ** 2)
    slope = v["slope_mean"] + v["slope_sd"] * v["z_slope"]
    effect = v["tp53_effect_mean"] + v["tp53_effect_sd"] * v["z_tp53_effect"]
    total = 0.0
    for i in range(len(TP53)):
        mixture = 0.0
        for mutated in (0, 1):
            if TP53[i] not in (-1, mutated):
                continue
            p = v["tp53_prevalence"] if mutated else 1 - v["tp53_prevalence"]
            for r, (share, seen) in enumerate(
                ((v["share_haem"], HAEM[i]), (v["share_cyto"], CYTO[i]))
            ):
                edge = np.cumsum(share)[:-1]
                cut = np.concatenate([[-np.inf], np.log(edge / (1 - edge)), [np.inf]])
                eta = slope[r] * LOG_DOSE[i] + effect[r] * (mutated - 0.5)
                eta += v["cohort_sd"] * v["z_cohort"][COHORT[i]]
                z = v["patient_sd"] * v["z_patient"][i]
                upper, lower = scale * (cut[seen + 1] - eta) - z, scale * (cut[seen] - eta) - z
                p *= expit(upper) - expit(lower)
            mixture += p
        total += np.log(mixture)
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_likelihood_is_the_one_of_the_docstring(seed):
    site_values = values(np.random.default_rng(seed))
    with float64(), np.errstate(divide="ignore"):
        arguments = (LOG_DOSE, COHORT, TP53, HAEM, CYTO)
        _, trace = log_density(
            ordinal_response,
            arguments,
            {"cohorts": 4},
            {name: jnp.asarray(value) for name, value in site_values.items()},
        )
        found = float(trace["response"]["fn"].log_factor.sum())
        assert found == pytest.approx(log_likelihood_by_hand(site_values), rel=1e-9)


def simulate(seed, tp53, patients=5):
    with float64():
        model = handlers.seed(ordinal_response, seed)
        repeat = patients // 5
        arguments = (np.tile(LOG_DOSE, repeat), np.tile(COHORT, repeat), np.tile(tp53, repeat))
        trace = handlers.trace(model).get_trace(*arguments, cohorts=4)
    return {name: site["value"] for name, site in trace.items() if "value" in site}


def test_simulated_shares_of_reference_patients_are_the_parameters():
    """At the reference dose without cohort or TP53 effects, over many patients."""
    fixed = values(np.random.default_rng(11)) | {
        "cohort_sd": 0.0,
        "tp53_effect_mean": 0.0,
        "tp53_effect_sd": 0.0,
        "patient_sd": 2.0,
    }
    patients = 40_000
    del fixed["z_patient"]
    with float64():
        model = handlers.seed(handlers.condition(ordinal_response, fixed), 3)
        zeros = np.zeros(patients, int)
        trace = handlers.trace(model).get_trace(np.zeros(patients), zeros, zeros, cohorts=4)
    haem = np.bincount(np.asarray(trace["haem"]["value"]), minlength=5) / patients
    # The marginal scale errs by up to 0.011, twice for a category; 4 Monte Carlo errors are 0.01.
    assert haem == pytest.approx(fixed["share_haem"], abs=0.025)


def test_outcomes_of_one_patient_go_together_and_unknown_tp53_is_drawn():
    sites = simulate(2, np.full(5, -1), patients=500)
    assert set(np.asarray(sites["tp53_drawn"]).tolist()) == {0, 1}
    assert sites["haem"].shape == sites["cyto"].shape == (500,)
    with float64():
        model = handlers.seed(handlers.condition(ordinal_response, {"patient_sd": 5.0}), 4)
        zeros = np.zeros(2000, int)
        trace = handlers.trace(model).get_trace(np.zeros(2000), zeros, zeros, cohorts=1)
    together = stats.kendalltau(trace["haem"]["value"], trace["cyto"]["value"]).statistic
    assert together > 0.3


@pytest.mark.slow
def test_the_posterior_is_calibrated_over_the_prior():
    """Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788), 160 trials.

    Ranks of the truth among 63 thinned draws are uniform on 0..63. For each parameter a chi-square
    test in 8 bins of 20 expected counts; the smallest of 8 P values is held against 1e-3 / 8.
    """
    simulations, kept, thin, warmup = 160, 63, 8, 400
    names = ("slope", "tp53_effect", "cohort_sd", "patient_sd", "tp53_prevalence", "share_haem")
    log_dose = np.log(np.repeat([10, 15, 20, 25], 5) / 20)
    cohort = np.repeat(np.arange(4), 5)
    not_evaluable = np.tile([False, False, True, False, False], 4)
    kernel = numpyro.infer.NUTS(ordinal_response, target_accept_prob=0.95)

    def ranks(key):
        key_truth, key_share, key_tp53, key_chain = jax.random.split(key, 4)
        # TP53 is data too: without it the prevalence would be learnt from fixed numbers.
        prevalence = jax.random.beta(key_share, 1.0, 1.0)
        status = jax.random.bernoulli(key_tp53, prevalence, log_dose.shape).astype(int)
        tp53 = jnp.where(not_evaluable, -1, status)
        known = handlers.condition(ordinal_response, {"tp53_prevalence": prevalence})
        seeded = handlers.seed(known, key_truth)
        truth = handlers.trace(seeded).get_trace(log_dose, cohort, tp53, cohorts=4)
        data = (log_dose, cohort, tp53, truth["haem"]["value"], truth["cyto"]["value"])
        state = kernel.init(key_chain, warmup, None, data, {"cohorts": 4})

        def step(state, _):
            return kernel.sample(state, data, {"cohorts": 4}), None

        def draw(state, _):
            state, _ = jax.lax.scan(step, state, None, length=thin)
            return state, kernel.postprocess_fn(data, {"cohorts": 4})(state.z)

        state, _ = jax.lax.scan(step, state, None, length=warmup)
        _, draws = jax.lax.scan(draw, state, None, length=kept)
        below = {name: (draws[name] < truth[name]["value"]).sum(0) for name in names}
        return jnp.stack(
            [
                below["slope"][0],
                below["slope"][1],
                below["tp53_effect"][0],
                below["tp53_effect"][1],
                below["cohort_sd"],
                below["patient_sd"],
                below["tp53_prevalence"],
                below["share_haem"][1],
            ]
        )

    with float64():
        run = jax.jit(lambda keys: jax.lax.map(ranks, keys))
        found = np.asarray(run(jax.random.split(jax.random.key(20130227), simulations)))
    assert found.shape == (simulations, 8)
    for column in found.T:
        counts = np.histogram(column, bins=np.arange(0, kept + 2, 8))[0]
        assert counts.sum() == simulations
        assert stats.chisquare(counts).pvalue > 1e-3 / 8, counts
