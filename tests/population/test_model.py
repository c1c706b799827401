"""The hierarchical model of a simple case: densities by hand, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro.infer import Predictive
from numpyro.infer.util import log_density
from scipy import stats

from myelodose.errors import InputError
from myelodose.population import (
    AboveRate,
    Categorical,
    CompartmentPk,
    LinearEffect,
    OneCompartmentPk,
    Parameter,
    PopulationModel,
    Power,
    Prior,
    RandomEffects,
    Residual,
)
from myelodose.precision import float64
from population.tables import dose, records, seen

PATIENTS, SEX, WEIGHT = (3, 7, 5), ("M", "F", "F"), (70.0, 50.0, 90.0)


def table(**more):
    rows = []
    for patient, sex, weight in zip(PATIENTS, SEX, WEIGHT, strict=True):
        known = {"SEX": sex, "WT": weight}
        rows.append(dose(patient, **known))
        rows += [seen(patient, t, 1.0 + 0.1 * t, **known, **more) for t in (1.0, 4.0, 9.0)]
    return records(rows)


def model(effects=None, *, residual=None, covariates=True, **settings) -> PopulationModel:
    flow = (Power("WT", 70.0, 0.75), Categorical("SEX", ("M", "F"))) if covariates else ()
    size = (LinearEffect("WT", 70.0, Prior("Normal", 0.0, 0.01)),) if covariates else ()
    return PopulationModel(
        "one",
        OneCompartmentPk(oral=False),
        (
            Parameter("CL", Prior("LogNormal", 1.5, 0.3), "L/h", covariates=flow),
            Parameter("V", Prior("LogNormal", 4.0, 0.3), "L", covariates=size),
        ),
        effects or RandomEffects(correlated=("CL", "V"), centred=False),
        {"": residual or Residual("log-normal", Prior("HalfNormal", 0.5))},
        **settings,
    )


THETA = {"CL": 5.0, "V": 50.0, "CL_SEX_F": -0.3, "V_WT": 0.01, "omega_CL": 0.3} | {
    "omega_V": 0.2,
    "sigma": 0.1,
}
ETA = np.array([[0.1, -0.2], [0.0, 0.3], [-0.4, 0.1]])


def values(one: PopulationModel, data, **changed) -> dict:
    with float64():
        theta = {name: jnp.asarray(value) for name, value in (THETA | changed).items()}
        return {k: np.asarray(v) for k, v in one.individual_values(theta, ETA, data).items()}


def test_individual_values_are_typical_times_covariates_times_exp_eta():
    one = model()
    got = values(one, one.prepare(table()))
    sex, weight = np.array([0.0, 1.0, 1.0]), np.array(WEIGHT)
    clearance = 5.0 * (weight / 70) ** 0.75 * np.exp(-0.3 * sex + ETA[:, 0])
    np.testing.assert_allclose(got["CL"], clearance, rtol=1e-12)
    volume = 50.0 * (1 + 0.01 * (weight - 70)) * np.exp(ETA[:, 1])
    np.testing.assert_allclose(got["V"], volume, rtol=1e-12)


def test_log_likelihood_is_that_of_a_decaying_bolus():
    one = model()
    data = one.prepare(table())
    own = values(one, data)
    i = data.patient_of_obs
    expected = 100 / own["V"][i] * np.exp(-own["CL"][i] / own["V"][i] * data.time_h)
    by_hand = stats.lognorm.logpdf(data.y, 0.1, scale=expected)
    np.testing.assert_allclose(one.log_likelihood(THETA, ETA, data), by_hand, rtol=1e-9)


def test_a_covariate_that_changes_with_time_makes_values_by_record():
    rows = table()
    rows["WT"] = rows.WT + np.arange(rows.sizes["record"])
    one = model()
    data = one.prepare(rows)
    assert values(one, data)["CL"].shape == (3, 4)
    assert np.isfinite(one.log_likelihood(THETA, ETA, data)).all()


def test_an_occasion_moves_only_its_own_records():
    rows = table()
    rows["occasion"] = ("record", np.tile([1, 1, 2, 2], 3))
    one = model(RandomEffects(occasion=("CL",)))
    data = one.prepare(rows)
    assert one.eta_names(data) == ("CL", "V", "CL@1", "CL@2")
    eta = np.zeros((3, 4))
    eta[1, 3] = 0.5
    with float64():
        moved = np.asarray(one.individual_values(THETA, eta, data)["CL"])
    ratio = moved / moved[:, :1]
    np.testing.assert_allclose(ratio[1], [1, 1, np.exp(0.5), np.exp(0.5)])
    np.testing.assert_allclose(ratio[[0, 2]], 1)


def test_covariance_is_made_of_standard_deviations():
    one = model(RandomEffects(correlated=("CL", "V"), occasion=("V",)))
    rho = 0.6
    lower = np.array([[1.0, 0.0], [rho, np.sqrt(1 - rho**2)]])
    theta = THETA | {"L": lower, "omega_V_occasion": 0.4}
    got = one.covariance(theta, one.prepare(table()))
    block = np.array([[0.09, 0.3 * 0.2 * rho], [0.3 * 0.2 * rho, 0.04]])
    np.testing.assert_allclose(got[:2, :2], block, rtol=1e-9)
    np.testing.assert_allclose(got[2, 2], 0.16, rtol=1e-9)
    np.testing.assert_allclose(got[2, :2], 0)


CENTRINGS = (False, True, {"CL": True}, {"V": True})


@pytest.mark.parametrize("centred", CENTRINGS)
def test_centred_and_non_centred_are_one_density_up_to_the_jacobian(centred):
    one = model(RandomEffects(correlated=("CL", "V"), centred=centred))
    data = one.prepare(table())
    rho, omega = 0.6, np.array([0.3, 0.2])
    names = one.random_effects.block
    flip = names != ("CL", "V")
    with float64():
        lower = jnp.array([[1.0, 0.0], [rho, np.sqrt(1 - rho**2)]])
        theta = {k: jnp.asarray(v) for k, v in THETA.items()} | {"L": lower}
        sites = theta | _sampled(one, theta, data, flip=flip)
        joint, trace = log_density(one.as_numpyro(), (data, data.y), {}, sites)
        np.testing.assert_allclose(trace["eta"]["value"], ETA, rtol=1e-8, atol=1e-10)
        covariance = np.outer(omega, omega) * np.array([[1, rho], [rho, 1]])
        priors = sum(float(one.sites()[k].log_density(theta[k])) for k in one.sites())
        priors += float(numpyro.distributions.LKJCholesky(2, 1.0).log_prob(lower))
        effects = stats.multivariate_normal(np.zeros(2), covariance).logpdf(ETA).sum()
        likelihood = float(one.log_likelihood(theta, ETA, data).sum())
    # Non-centred effects are standard normal: 3 patients times log |d eta / d z|.
    marginal = {"CL": omega[0], "V": omega[1]}
    stretch = np.log([marginal[n] for n in names]) + np.array([0.0, 0.5 * np.log(1 - rho**2)])
    free = [n for n, c in one.centring(data).items() if not c]
    jacobian = 3 * sum(stretch[names.index(n)] for n in free)
    np.testing.assert_allclose(joint, priors + effects + likelihood + jacobian, rtol=1e-9)


def _sampled(one: PopulationModel, theta: dict, data, *, flip: bool) -> dict:
    """The values of z_eta and phi that give ETA."""
    order = [1, 0] if flip else [0, 1]
    scale = one.random_effects.scale(theta, one.effects)[np.ix_(order, order)]
    z = np.linalg.solve(np.asarray(scale), ETA[:, order].T).T
    names = [one.effects[k] for k in order]
    count = sum(one.centring(data).values())
    shift = np.array([float(one.away(theta, name)) for name in names])
    sites = {"phi": jnp.asarray(ETA[:, order][:, :count] + shift[:count])} if count else {}
    return sites | ({"z_eta": jnp.asarray(z[:, count:])} if count < 2 else {})


def test_by_the_rule_rich_data_are_centred_and_sparse_data_are_not():
    effects = RandomEffects(centred="auto")
    for each, centred in ((60, True), (3, False)):
        got = effects.is_centred(("CL", "V"), observations=10 * each, patients=10)
        assert set(got.values()) == {centred}


def test_prior_predictive_has_a_measurement_for_each_observation_and_named_sites():
    one = model()
    data = one.prepare(table())
    with float64():
        drawn = Predictive(one.as_numpyro(), num_samples=5)(jax.random.key(1), data)
    assert drawn["y"].shape == (5, 9)
    assert drawn["eta"].shape == (5, 3, 2)
    assert drawn["correlation"].shape == (5, 2, 2)
    assert set(one.sites()) <= set(drawn)
    assert (np.asarray(drawn["y"]) > 0).all()


def test_measured_data_condition_and_no_data_simulate():
    one = model()
    data = one.prepare(table())
    with float64():
        seeded = numpyro.handlers.seed(one.as_numpyro(), jax.random.key(1))
        trace = numpyro.handlers.trace(seeded).get_trace(data, data.y)
    assert trace["y"]["is_observed"]
    np.testing.assert_array_equal(trace["y"]["value"], data.y)


def test_a_prediction_that_fails_has_likelihood_zero_and_a_finite_gradient_elsewhere():
    one = model()
    data = one.prepare(table())
    with float64():
        broken = one.log_likelihood(THETA | {"V_WT": -1.0}, ETA, data)
    assert np.isneginf(broken[6:]).all()
    assert np.isfinite(broken[:3]).all()
    assert not np.isnan(broken).any()


def test_log_likelihood_has_a_finite_gradient():
    one = model()
    data = one.prepare(table())
    with float64():
        theta = {name: jnp.asarray(value) for name, value in THETA.items()}
        slope = jax.grad(lambda t, e: one.log_likelihood(t, e, data).sum(), (0, 1))(theta, ETA)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))


def test_a_bound_keeps_absorption_above_elimination_and_adds_nothing_to_the_density():
    one = PopulationModel(
        "bounded",
        CompartmentPk(),
        tuple(Parameter(k, Prior("LogNormal", 0.0, 1.0), random=False) for k in ("CL", "V", "ka")),
        RandomEffects(),
        {"": Residual("log-normal", Prior("Fixed", 0.2))},
        AboveRate("ka", "ke"),
    )
    data = one.prepare(table())
    sites = {"CL": 2.0, "V": 4.0, "ka_above": 1.5}
    with float64():
        joint, trace = log_density(one.as_numpyro(), (data, data.y), {}, sites)
        assert float(trace["ka"]["value"]) == pytest.approx(2.0)
        prior = np.sum(stats.lognorm.logpdf([2.0, 4.0, 2.0], 1.0))
        theta = {"CL": 2.0, "V": 4.0, "ka": 2.0}
        likelihood = float(one.log_likelihood(theta, np.zeros((3, 0)), data).sum())
        drawn = Predictive(one.as_numpyro(), num_samples=200)(jax.random.key(0), data)
    assert float(joint) == pytest.approx(prior + likelihood)
    assert (drawn["ka"] > drawn["CL"] / drawn["V"]).all()


def test_what_is_censored_needs_a_limit_and_uses_it():
    rows = table()
    one = model(residual=Residual("additive", Prior("Fixed", 0.3)), covariates=False)
    mark = np.zeros(rows.sizes["record"], int)
    mark[-1] = 1
    rows["censored"] = ("record", mark)
    rows["value"] = rows.value.where(mark == 0)
    with pytest.raises(InputError, match="no limit"):
        one.prepare(rows)
    rows["limit"] = ("record", np.where(mark, 0.5, np.nan))
    data = one.prepare(rows)
    predicted = np.asarray(one.predict(THETA, ETA, data))
    got = one.log_likelihood(THETA, ETA, data)[-1]
    np.testing.assert_allclose(got, stats.norm.logcdf(0.5, predicted[-1], 0.3), rtol=1e-9)


def test_records_without_a_value_can_be_predicted_and_count_for_nothing():
    rows = table()
    rows["value"] = rows.value * np.nan
    one = model()
    with pytest.raises(InputError, match="no observation"):
        one.prepare(rows)
    data = one.prepare(rows, at="records")
    assert np.isfinite(one.predict(THETA, ETA, data)).all()
    np.testing.assert_array_equal(one.log_likelihood(THETA, ETA, data), 0)


@pytest.mark.parametrize(
    ("column", "said"),
    [("WT", "Power needs for CL"), ("SEX", "Categorical needs for CL"), ("evid", "an observation")],
)
def test_an_absent_column_is_named_with_the_reason(column, said):
    with pytest.raises(InputError, match=said) as caught:
        model().prepare(table().drop_vars(column))
    assert column in str(caught.value)


def test_a_missing_covariate_names_the_patients():
    rows = table()
    rows["WT"] = rows.WT.where(rows.patient != 7)
    with pytest.raises(InputError, match="patient 7"):
        model().prepare(rows)


def test_a_level_that_is_not_declared_is_refused():
    rows = table()
    rows["SEX"] = rows.SEX.astype("U7").where(rows.patient != 7, "unknown")
    with pytest.raises(InputError, match="unknown"):
        model().prepare(rows)


def test_a_label_without_residual_is_refused():
    rows = table()
    rows["observed"] = ("record", np.where(rows.evid == 0, "conc", ""))
    rows["observed"][-1] = "pd"
    with pytest.raises(InputError, match="'conc', 'pd'"):
        PopulationModel(
            "two",
            OneCompartmentPk(oral=False),
            model(covariates=False).parameters,
            RandomEffects(),
            {
                "a": Residual("additive", Prior("Fixed", 1.0)),
                "b": Residual("additive", Prior("Fixed", 1.0)),
            },
        ).prepare(rows)


def test_a_model_names_the_parameters_that_it_lacks_or_does_not_know():
    parts = model(covariates=False)
    with pytest.raises(InputError, match="no parameter ka"):
        PopulationModel("x", CompartmentPk(), parts.parameters, RandomEffects(), parts.residuals)
    more = (*parts.parameters, Parameter("ka", Prior("Fixed", 1.0)))
    with pytest.raises(InputError, match="'ka'"):
        PopulationModel("x", parts.structure, more, RandomEffects(), parts.residuals)
    with pytest.raises(InputError, match="correlated"):
        model(RandomEffects(correlated=("CL", "Q")))
