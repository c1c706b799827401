"""Residuals are those of the formulas, worked out by hand for an intravenous bolus."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import sqrtm

from myelodose.diagnostics.residuals import conditional_residuals, gradient_in_eta, residuals
from myelodose.population import (
    OneCompartmentPk,
    Parameter,
    PopulationModel,
    Prior,
    RandomEffects,
    Residual,
)
from myelodose.precision import float64
from population.tables import dose, records, seen

CL, V, OMEGA, SIGMA = 2.0, 20.0, np.array([0.3, 0.2]), 0.15
TIMES = np.array([1.0, 4.0, 9.0])
THETA = {"CL": CL, "V": V, "omega_CL": OMEGA[0], "omega_V": OMEGA[1], "sigma": SIGMA}
ETA = np.array([[0.2, -0.1], [-0.3, 0.15]])


def model(kind="proportional"):
    return PopulationModel(
        "bolus",
        OneCompartmentPk(oral=False),
        (
            Parameter("CL", Prior("LogNormal", 1.0, 1.0)),
            Parameter("V", Prior("LogNormal", 3.0, 1.0)),
        ),
        RandomEffects(),
        {"": Residual(kind, Prior("HalfNormal", 0.5))},
    )


def table(last=0.9):
    """SIMULATED: two patients, doses of 100 mg."""
    values = {1: (4.4, 3.0, 1.5), 2: (4.0, 3.6, last)}
    rows = []
    for patient, seen_there in values.items():
        rows.append(dose(patient))
        rows += [seen(patient, t, y) for t, y in zip(TIMES, seen_there, strict=True)]
    return records(rows)


def by_hand(eta, logarithmic=False):
    """Prediction and its gradient of one patient."""
    clearance, volume = CL * np.exp(eta[0]), V * np.exp(eta[1])
    k = clearance / volume
    f = 100 / volume * np.exp(-k * TIMES)
    slope = np.stack([-k * TIMES, k * TIMES - 1], 1)
    return (np.log(f), slope) if logarithmic else (f, f[:, None] * slope)


@pytest.mark.parametrize("kind", ["proportional", "log-normal", "additive"])
def test_every_column_is_that_of_its_formula(kind):
    population, data = model(kind), model(kind).prepare(table())
    found = residuals(population, THETA, ETA, data)
    log = kind == "log-normal"
    for i in range(2):
        own = found[found.patient == i]
        y = np.log(own.y.to_numpy()) if log else own.y.to_numpy()
        for name, eta in (("WRES", np.zeros(2)), ("CWRES", ETA[i])):
            f, slope = by_hand(eta, log)
            sd = SIGMA * np.abs(f) if kind == "proportional" else np.full(3, SIGMA)
            covariance = slope @ np.diag(OMEGA**2) @ slope.T + np.diag(sd**2)
            left = y - f + slope @ eta
            assert own[name].to_numpy() == pytest.approx(np.linalg.inv(sqrtm(covariance)) @ left)
        assert own.IWRES.to_numpy() == pytest.approx((y - f) / sd)
        assert own.PRED.to_numpy() == pytest.approx(by_hand(np.zeros(2))[0])
        assert own.IPRED.to_numpy() == pytest.approx(by_hand(ETA[i])[0])
        assert own.RES.to_numpy() == pytest.approx((own.y - own.PRED).to_numpy())


def test_what_is_censored_has_no_residual_and_leaves_the_others_alone():
    rows = table()
    rows["censored"][-1], rows["limit"][-1] = 1, 0.0
    whole = residuals(model(), THETA, ETA, model().prepare(table()))
    found = residuals(model(), THETA, ETA, model().prepare(rows))
    assert found[["RES", "IRES", "IWRES", "WRES", "CWRES"]].iloc[-1].isna().all()
    assert found.CWRES[:5].notna().all()
    assert found.CWRES[:3].to_numpy() == pytest.approx(whole.CWRES[:3].to_numpy())


def test_conditional_residuals_of_a_linear_model_do_not_depend_on_eta():
    generator = np.random.default_rng(1)
    slope, y = generator.normal(size=(6, 2)), generator.normal(size=6)
    given = {"covariance": np.diag([1.0, 0.5]), "sd": np.full(6, 0.3)}
    patients = np.array([0, 0, 0, 1, 1, 1])
    found = [
        conditional_residuals(
            y - np.sum(slope * eta[patients], 1), slope, eta, patients=patients, **given
        )
        for eta in (np.zeros((2, 2)), generator.normal(size=(2, 2)))
    ]
    assert found[0] == pytest.approx(found[1])


def test_conditional_residuals_of_the_true_model_are_standard_normal():
    generator = np.random.default_rng(2)
    patients = np.repeat(np.arange(400), 3)
    slope = generator.normal(size=(1200, 1))
    y = slope[:, 0] * 0.7 * generator.normal(size=400)[patients] + 0.4 * generator.normal(size=1200)
    found = conditional_residuals(
        y, slope, np.zeros((400, 1)), covariance=np.array([[0.49]]), sd=np.full(1200, 0.4),
        patients=patients,
    )  # fmt: skip
    # The variance of 1200 errs by 4 %, a mean by 3 %.
    assert found.var() == pytest.approx(1, abs=0.12)
    assert found.mean() == pytest.approx(0, abs=0.09)


def test_the_gradient_in_eta_agrees_with_differences():
    population = model()
    with float64():
        data = population.prepare(table())
        predict = lambda eta: population.predict(THETA, eta, data)  # noqa: E731
        found = np.asarray(gradient_in_eta(predict, jnp.asarray(ETA)))
        for k in range(2):
            step = np.zeros_like(ETA)
            step[:, k] = 1e-6
            slope = (predict(ETA + step) - predict(ETA - step)) / 2e-6
            assert found[:, k] == pytest.approx(np.asarray(slope), rel=1e-6)
