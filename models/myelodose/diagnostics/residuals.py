r"""Predictions and residuals of a population model at given population and individual values.

With f the prediction, s its residual standard deviation, G_i = df_i / d eta_i of patient i, Omega
the covariance of eta and eta^ the individual estimates:

    PRED = f(eta = 0),  IPRED = f(eta^),
    RES = y - PRED,     IRES = y - IPRED,     IWRES = IRES / s(IPRED)

    WRES_i  = V_i^(-1/2) (y_i - f_i(0)),               V_i = G_i(0) Omega G_i(0)' + S_i(0)
    CWRES_i = V_i^(-1/2) (y_i - f_i(eta^) + G_i eta^), V_i = G_i(eta^) Omega G_i(eta^)' + S_i(eta^)

S is diagonal with s^2, at eta = 0 for WRES and at eta^ (FOCE with interaction) for CWRES. For a
log-normal residual error y and f are logarithms. V^(-1/2) is the symmetric root, as in NONMEM.

Source: Hooker, Staatz and Karlsson 2007 (doi 10.1007/s11095-007-9361-x).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int

from myelodose.diagnostics.decorrelation import whitened
from myelodose.observation import spread
from myelodose.population.data import Data
from myelodose.population.model import PopulationModel
from myelodose.population.residual import Residual
from myelodose.precision import float64

type Predict = Callable[[Float[Array, "patient eta"]], Float[Array, " obs"]]


def gradient_in_eta(predict: Predict, eta: Float[Array, "patient eta"]) -> Float[Array, "obs eta"]:
    """Slope of every prediction in the random effects of its own patient.

    Patients are independent, so one tangent moves all of them at once.

    Args:
        predict: f(eta).
        eta: Where.

    Example:
        >>> slope = gradient_in_eta(lambda eta: eta[:, 0] * eta[:, 1], jnp.array([[2.0, 3.0]]))
        >>> slope.tolist()
        [[3.0, 2.0]]
    """
    tangents = jnp.eye(eta.shape[1], dtype=eta.dtype)
    one = jax.vmap(lambda t: jax.jvp(predict, (eta,), (jnp.broadcast_to(t, eta.shape),))[1])
    return one(tangents).T


def conditional_residuals(
    residual: Float[np.ndarray, " obs"],
    gradient: Float[np.ndarray, "obs eta"],
    eta: Float[np.ndarray, "patient eta"],
    *,
    covariance: Float[np.ndarray, "eta eta"],
    sd: Float[np.ndarray, " obs"],
    patients: Int[np.ndarray, " obs"],
    root: str = "symmetric",
) -> Float[np.ndarray, " obs"]:
    """CWRES; with eta of 0 and everything taken there, WRES.

    Args:
        residual: y - f(eta), NaN where nothing was measured or it was censored; left out.
        gradient: G at eta.
        eta: Individual estimates.
        covariance: Omega.
        sd: s of each observation.
        patients: Number of the patient of each observation.
        root: As for `whitened`.

    Example:
        >>> conditional_residuals(
        ...     np.array([2.0]), np.array([[1.0]]), np.zeros((1, 1)),
        ...     covariance=np.array([[3.0]]), sd=np.array([1.0]), patients=np.array([0]),
        ... ).tolist()
        [1.0]
    """
    found = np.full(len(residual), np.nan)
    for patient in np.unique(patients):
        at = np.flatnonzero((patients == patient) & np.isfinite(residual))
        if len(at) == 0:
            continue
        slope = gradient[at]
        around = slope @ covariance @ slope.T + np.diag(sd[at] ** 2)
        found[at] = whitened(residual[at] + slope @ eta[patient], around, root=root)
    return found


class _Scale(NamedTuple):
    """Measurements and predictions on the scale on which the residual error is normal."""

    y: Float[Array, " obs"]
    centre: Float[Array, " obs"]
    sd: Float[Array, " obs"]


def residuals(
    model: PopulationModel, theta: dict, eta: Float[np.ndarray | Array, "patient eta"], data: Data
) -> pd.DataFrame:
    """Predictions and residuals of every measurement.

    Args:
        model: The population model.
        theta: Population values by site, such as posterior means.
        eta: Individual values, such as posterior means.
        data: From `model.prepare`.

    Returns:
        One row a measurement: `patient` (its number), `time_h`, `kind` (the label), `y`,
        `censored`, PRED, IPRED, RES, IRES, IWRES, WRES, CWRES. Residuals are NaN of what is
        censored, and of counts out of so many and events, which have no normal error: look at
        them by `npde` with ties="smooth".
    """
    with float64():
        theta = {name: jnp.asarray(value, float) for name, value in theta.items()}
        eta = jnp.asarray(eta, float)
        zero = jnp.zeros_like(eta)
        pred, ipred = (np.asarray(model.predict(theta, at, data)) for at in (zero, eta))
        omega = np.asarray(model.covariance(theta, data))
        kinds = [isinstance(one, Residual) for one in model.residuals.values()]
        normal = (np.asarray(data.censored) == 0) & np.array(kinds)[np.asarray(data.kind_of_obs)]
        weighted = {}
        for name, at in (("WRES", zero), ("CWRES", eta)):
            scale = _on_scale(model, theta, model.predict(theta, at, data), data)
            slope = gradient_in_eta(
                lambda e: _on_scale(model, theta, model.predict(theta, e, data), data).centre, at
            )
            left = np.where(normal, scale.y - scale.centre, np.nan)
            weighted[name] = conditional_residuals(
                left, np.asarray(slope), np.asarray(at), covariance=omega,
                sd=np.asarray(scale.sd), patients=np.asarray(data.patient_of_obs),
            )  # fmt: skip
    y = np.where(normal, np.asarray(data.y), np.nan)
    return pd.DataFrame(
        {
            "patient": np.asarray(data.patient_of_obs),
            "time_h": np.asarray(data.time_h),
            "kind": np.array(model.labels)[np.asarray(data.kind_of_obs)],
            "y": np.asarray(data.y),
            "censored": np.asarray(data.censored),
            "PRED": pred,
            "IPRED": ipred,
            "RES": y - pred,
            "IRES": y - ipred,
            "IWRES": left / np.asarray(scale.sd),
        }
        | weighted
    )


def _on_scale(model: PopulationModel, theta: dict, predicted: Array, data: Data) -> _Scale:
    """Every measurement on the scale of its own residual error."""
    y, centre, sd = jnp.asarray(data.y), predicted, jnp.ones_like(predicted)
    for k, (label, residual) in enumerate(model.residuals.items()):
        if not isinstance(residual, Residual):
            continue
        own = jnp.asarray(data.kind_of_obs) == k
        sds = [jnp.asarray(one) for one in residual.sd(theta, label)]
        around = spread(residual.kind, jnp.where(own, predicted, 1.0), *sds)
        value = jnp.log(jnp.where(own & (y > 0), y, 1.0)) if around.logarithmic else y
        y, centre = jnp.where(own, value, y), jnp.where(own, around.centre, centre)
        sd = jnp.where(own, around.sd, sd)
    return _Scale(y, centre, sd)
