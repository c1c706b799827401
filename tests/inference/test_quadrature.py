"""The exact posterior: published numbers, independent integration, identities and limits."""

import csv
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit

from conftest import ROOT
from myelodose.decision import risk_by_quadrature
from myelodose.decision.risk import quadrature_data
from myelodose.inference import quadrature
from myelodose.precision import float64
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior, logit, standard_prior
from myelodose.trial import dlt_table

REFERENCE = ROOT / "tests" / "reference"
PUBLISHED = json.loads((REFERENCE / "blrm_published.json").read_text())
PLATZBECKER = ([10, 15, 20, 25], [4, 4, 6, 6], [0, 0, 1, 3])


def reference_rows(name):
    with (REFERENCE / "dlt_posteriors.csv").open() as handle:
        return [row for row in csv.DictReader(handle) if row["id"] == name]


@pytest.mark.parametrize("name", ["B1", "B3"])
def test_mean_risk_of_the_trial_is_the_reference_to_three_decimals(name):
    rows = reference_rows(name)
    n, dlt = ([int(v) for v in rows[0][key].split()] for key in ("n", "dlt"))
    risk = risk_by_quadrature(dlt_table([10, 15, 20, 25], n, dlt), thresholds=[1 / 3])
    # The reference prints four decimals, so half a unit of the fourth is its own error.
    assert risk["mean"].values == pytest.approx([float(r["mean"]) for r in rows], abs=5.5e-5)


def test_intervals_of_the_trial_are_the_reference_to_three_decimals():
    rows = reference_rows("B1")
    risk = risk_by_quadrature(dlt_table(*PLATZBECKER), thresholds=[1 / 3])
    for end, level in (("q025", 0.025), ("q975", 0.975)):
        found = risk["quantile"].sel(level=level).values
        expected = np.array([float(row[end]) for row in rows])
        # At 20 mg the reference's quantile is a line of its grid, whose step in log a is 0.02
        # (see the test on counting grid cells): 0.02 p (1 - p) on the scale of the risk.
        grid_step = np.where(np.arange(4) == 2, 0.02 * found * (1 - found), 0)
        assert np.all(np.abs(found - expected) <= 5e-4 + 1e-5 + grid_step)


def test_probability_above_a_third_is_the_reference_to_three_decimals_but_at_20_mg():
    rows = reference_rows("B1")
    risk = risk_by_quadrature(dlt_table(*PLATZBECKER), thresholds=[1 / 3])
    above = 1 - risk.prob_at_most.values[:, 0]
    for row, value in zip(rows, above, strict=True):
        if row["dose_mg"] != "20":
            assert value == pytest.approx(float(row["prob_above_third"]), abs=5e-4)
    # At 20 mg the reference prints 0.1050; the tests below show that it is 0.1065.
    assert above[2] == pytest.approx(0.10652, abs=5e-6)


def log_posterior(u, v, data, prior):
    """Straight from the definition, in numpy: what everything else is held against."""
    dose, n, dlt = data
    x = np.log(np.asarray(dose) / prior.dose_reference_mg)
    eta = u[..., None] + np.exp(v)[..., None] * x
    log_p, log_q = -np.logaddexp(0, -eta), -np.logaddexp(0, eta)
    likelihood = (np.asarray(dlt) * log_p + (np.asarray(n) - dlt) * log_q).sum(-1)
    density = stats.multivariate_normal(prior.mean, prior.covariance)
    return likelihood + density.logpdf(np.stack([u, v], -1))


def probability_above(dose, threshold, data, prior):
    """P(risk > threshold), by Simpson's rule that starts at the threshold for every slope.

    The outer sum over log b is a trapezoidal rule that reaches where the density has vanished,
    which converges faster than any power of the step.
    """
    x = np.log(dose / prior.dose_reference_mg)
    (mean_u, mean_v), (sd_u, sd_v) = prior.mean, prior.sd
    v = np.linspace(mean_v - 9 * sd_v, mean_v + 9 * sd_v, 601)
    low, high = mean_u - 9 * sd_u, mean_u + 9 * sd_u

    def mass_from(start):
        u = start[:, None] + (high - start)[:, None] * np.linspace(0, 1, 3001)
        density = np.exp(log_posterior(u, np.broadcast_to(v[:, None], u.shape), data, prior))
        return integrate.simpson(density, x=u, axis=1).sum()

    cut = np.clip(logit(threshold) - np.exp(v) * x, low, high)
    return mass_from(cut) / mass_from(np.full_like(v, low))


@pytest.mark.parametrize(("dose", "index"), [(10, 0), (15, 1), (20, 2), (25, 3)])
def test_independent_integration_agrees(dose, index):
    exact = probability_above(dose, 1 / 3, PLATZBECKER, LENALIDOMIDE_PRIOR)
    risk = risk_by_quadrature(dlt_table(*PLATZBECKER), thresholds=[1 / 3])
    assert 1 - float(risk.prob_at_most[index, 0]) == pytest.approx(exact, abs=1e-7)


def test_the_reference_at_20_mg_is_what_counting_grid_cells_gives():
    """The event {risk at 20 mg > 1/3} is a half-plane with an edge along the grid's lines.

    A grid of 1601 x 1601 points over 8 standard deviations, counting points, prints the
    reference's 0.1050 and 0.4953; the edge lies between two lines of the grid, and the whole
    strip up to the next line is counted or not.
    """
    prior = LENALIDOMIDE_PRIOR
    u = np.linspace(prior.mean[0] - 16, prior.mean[0] + 16, 1601)
    v = np.linspace(-8, 8, 1601)
    grid_u, grid_v = np.meshgrid(u, v, indexing="ij")
    weight = log_posterior(grid_u, grid_v, PLATZBECKER, prior)
    weight = np.exp(weight - weight.max())
    counted = [
        (weight * (expit(grid_u + np.exp(grid_v) * np.log(dose / 20)) > 1 / 3)).sum() / weight.sum()
        for dose in (20, 25)
    ]
    assert [round(value, 4) for value in counted] == [0.1050, 0.4953]


def published(name):
    case = PUBLISHED[name]
    given = case["inputs"]
    if "x" in given:
        doses, n = np.unique(given["x"], return_counts=True)
        dlt = [int(np.sum(np.array(given["y"])[np.array(given["x"]) == d])) for d in doses]
    elif isinstance(given["n"], dict):
        doses = [float(dose) for dose in given["n"]]
        n = list(given["n"].values())
        dlt = [given["y"].get(dose, 0) for dose in given["n"]]
    else:
        doses, n, dlt = given["doses"], given["n"], given["y"]
    prior = given["prior"]
    sd = prior.get("sd") or [np.sqrt(prior["cov"][i][i]) for i in (0, 1)]
    shared = prior["cov12"] if "cov12" in prior else prior["cov"][0][1]
    mean = [logit(0.33) if value == "logit(0.33)" else value for value in prior["mean"]]
    return (
        case,
        dlt_table(doses, n, dlt),
        LogisticPrior(
            (mean[0], mean[1]),
            tuple(sd),
            given["dref"],
            case["source"],
            correlation=shared / (sd[0] * sd[1]),
        ),
    )


@pytest.mark.parametrize("name", ["nbg2008", "crmpack_example", "platzbecker_dref25"])
def test_published_analyses_are_met(name):
    """Sources beside the numbers in tests/reference/README.md."""
    case, counts, prior = published(name)
    rows = case["outputs"]["rows"]
    doses = [row["dose"] for row in rows]
    cuts = case["inputs"]["intervals"][1:-1]
    risk = risk_by_quadrature(counts, prior=prior, doses=doses, thresholds=cuts)
    edges = np.pad(risk.prob_at_most.values, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))
    assert risk["mean"].values == pytest.approx([row["mean"] for row in rows], abs=1e-5)
    assert risk["sd"].values == pytest.approx([row["sd"] for row in rows], abs=1e-5)
    # Five decimals of importance samples with an effective size of about a million.
    expected = np.array([row["interval_probs"] for row in rows])
    assert np.diff(edges, axis=1) == pytest.approx(expected, abs=1e-4)
    medians = risk["quantile"].sel(level=0.5).values
    assert medians == pytest.approx([row["q50"] for row in rows], abs=5e-5)
    found = [*risk.parameter_mean.values, *risk.parameter_sd.values]
    names = ("log_alpha_mean", "log_beta_mean", "log_alpha_sd", "log_beta_sd")
    assert found == pytest.approx([case["outputs"]["param"][key] for key in names], abs=2e-4)


@pytest.mark.parametrize(
    ("name", "key", "rows_of", "tolerance"),
    [
        # JAGS, Stan and other samplers: their own Monte Carlo error.
        ("nbg2008", "bcrm_rjags_mean", lambda case: case["bcrm_rjags_mean"], 0.005),
        ("crmpack_example", "mean", lambda case: case["crmpack_jags_100k"]["mean"], 0.001),
        ("platzbecker_dref25", "mean", lambda case: case["oncobayes2_80k"]["mean"], 0.001),
    ],
)
def test_samplers_of_other_packages_are_met(name, key, rows_of, tolerance):
    case, counts, prior = published(name)
    outputs = case["outputs"]
    peer = outputs.get("crmpack_jags_100k") or outputs.get("oncobayes2_80k") or {}
    doses = peer.get("dose") or [row["dose"] for row in outputs["rows"]]
    risk = risk_by_quadrature(counts, prior=prior, doses=doses, thresholds=[1 / 3])
    assert risk["mean"].values == pytest.approx(rows_of(outputs), abs=tolerance)


def test_every_interim_step_of_the_trial_is_met():
    """After each cohort, as OncoBayes2 and importance sampling have it."""
    case, _, prior = published("platzbecker_dref25")
    so_far = {
        "c1": ([4, 0, 0, 0], [0, 0, 0, 0]),
        "c2": ([4, 4, 0, 0], [0, 0, 0, 0]),
        "c3": ([4, 4, 3, 0], [0, 0, 0, 0]),
        "c4": ([4, 4, 3, 3], [0, 0, 0, 1]),
        "c5": ([4, 4, 3, 6], [0, 0, 0, 3]),
        "c6": ([4, 4, 6, 6], [0, 0, 1, 3]),
    }
    for step, (n, dlt) in so_far.items():
        expected = case["outputs"]["steps"][step]
        counts = dlt_table([10, 15, 20, 25], n, dlt)
        risk = risk_by_quadrature(counts, prior=prior, thresholds=[0.16, 0.33])
        assert risk["mean"].values == pytest.approx([r["mean"] for r in expected], abs=2e-5), step
        over = 1 - risk.prob_at_most.values[:, 1]
        assert over == pytest.approx([r["probs"][2] for r in expected], abs=2e-4), step


def test_predicted_dlts_of_the_next_cohort_are_met():
    case = PUBLISHED["platzbecker_dref25_next3"]
    _, counts, prior = published("platzbecker_dref25")
    risk = risk_by_quadrature(counts, prior=prior, thresholds=[0.33], next_n=3)
    expected = case["outputs"]["prob_k"]
    assert risk.prob_next.sel(dose=20).values == pytest.approx(expected, abs=1e-5)


def test_without_data_the_posterior_is_the_prior():
    prior = LogisticPrior((0.4, -0.3), (1.5, 0.7), 20, "made up for this test", correlation=-0.5)
    counts = dlt_table([10, 20], [0, 0], [0, 0])
    risk = risk_by_quadrature(counts, prior=prior, thresholds=[0.2, 0.5])
    assert risk.parameter_mean.values == pytest.approx(prior.mean, abs=1e-9)
    assert risk.parameter_sd.values == pytest.approx(prior.sd, abs=1e-9)
    assert float(risk.log_evidence) == pytest.approx(0, abs=1e-10)
    # At the reference dose logit p = log a is normal.
    at_reference = stats.norm.cdf([logit(0.2), 0.0], *(prior.mean[0], prior.sd[0]))
    assert risk.prob_at_most.sel(dose=20).values == pytest.approx(at_reference, abs=1e-10)


def test_thousands_of_patients_give_the_observed_share():
    n, dlt = [4000, 4000], [400, 1600]
    risk = risk_by_quadrature(dlt_table([10, 20], n, dlt), thresholds=[0.1, 0.4])
    assert risk["mean"].values == pytest.approx([0.1, 0.4], abs=1e-3)
    # Two parameters, two doses: the posterior sd is the binomial one.
    expected = np.sqrt(np.array([0.1 * 0.9, 0.4 * 0.6]) / 4000)
    assert risk["sd"].values == pytest.approx(expected, rel=5e-3)
    assert float(risk.error.max()) < 1e-6


def test_evidence_is_the_probability_of_the_data():
    """Summed over every possible outcome of a small trial it is one."""
    total = 0.0
    for first in range(3):
        for second in range(3):
            counts = dlt_table([10, 20], [2, 2], [first, second])
            ways = [1, 2, 1][first] * [1, 2, 1][second]
            total += ways * np.exp(float(risk_by_quadrature(counts, thresholds=[0.3]).log_evidence))
    assert total == pytest.approx(1, abs=1e-10)


def test_quantiles_invert_the_distribution():
    counts = dlt_table(*PLATZBECKER)
    quantile = risk_by_quadrature(counts, thresholds=[0.3])["quantile"]
    for i, dose in enumerate(counts.dose.values):
        back = risk_by_quadrature(counts, doses=[dose], thresholds=quantile.values[i])
        assert back.prob_at_most.values[0] == pytest.approx([0.025, 0.5, 0.975], abs=1e-9)


def at_most(doses, thresholds, **nodes):
    """P(risk <= t) of the trial at any doses and thresholds, with a choice of nodes."""
    with float64():
        data = quadrature_data(dlt_table(*PLATZBECKER), LENALIDOMIDE_PRIOR)
        asked = jnp.log(jnp.asarray(doses, float) / 20), jnp.asarray(thresholds, float)
        return np.asarray(quadrature.probabilities_at_most(data, *asked, **nodes))


def test_probabilities_are_smooth_in_dose_and_threshold():
    """No cell to fall into: second differences of a fine sweep are as small as the curve is."""
    swept = at_most(np.linspace(19, 21, 201), [1 / 3])[:, 0]
    assert np.all(np.diff(swept) < 0)
    assert np.abs(np.diff(swept, 2)).max() < 2e-5
    row = at_most([20.0], np.linspace(0.3, 0.36, 121))[0]
    assert np.all(np.diff(row) > 0)
    assert np.abs(np.diff(row, 2)).max() < 2e-5


def test_the_stated_error_covers_the_difference_to_a_much_finer_run():
    counts = dlt_table(*PLATZBECKER)
    risk = risk_by_quadrature(counts, thresholds=[0.16, 1 / 3])
    fine = at_most(counts.dose.values, [0.16, 1 / 3], panels=48)
    assert np.all(np.abs(fine - risk.prob_at_most.values) <= risk.error.values + 1e-12)
    assert risk.error.values.max() < 1e-6


def test_it_is_deterministic():
    counts = dlt_table(*PLATZBECKER)
    one, other = (risk_by_quadrature(counts, thresholds=[0.33]) for _ in range(2))
    assert one.identical(other)


def test_the_posterior_is_calibrated_over_its_prior():
    """Simulation-based calibration, exactly: the posterior distribution function at the truth.

    Truths are drawn from the prior and data from the truth; then P(p(20 mg) <= truth | data) and
    the same at 10 mg are uniform. The Kolmogorov-Smirnov limit has a chance of 1e-4 to fail, and
    the seed is fixed.
    """
    rng = np.random.default_rng(20130227)
    prior, simulations = standard_prior(20.0), 1500
    dose, n = np.array([10.0, 15.0, 20.0, 25.0]), np.array([3, 3, 6, 6])
    truth = rng.multivariate_normal(prior.mean, prior.covariance, simulations)
    x = np.log(dose / 20)
    eta = truth[:, :1] + np.exp(truth[:, 1:]) * x
    dlt = rng.binomial(n, expit(eta))

    def at_truth(dlt, eta):
        data = quadrature.LogisticData(
            jnp.asarray(x),
            jnp.asarray(n, float),
            dlt,
            jnp.asarray(prior.mean),
            jnp.linalg.inv(jnp.asarray(prior.covariance)),
        )
        nodes = quadrature.posterior_nodes(data, panels=10, order=8)
        return jnp.stack([quadrature.probability_at_most(nodes, x[i], eta[i]) for i in (0, 2)])

    with float64():
        step = jax.jit(lambda rows: jax.lax.map(lambda row: at_truth(*row), rows, batch_size=50))
        level = np.asarray(step((jnp.asarray(dlt, float), jnp.asarray(eta))))
    for column in level.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
