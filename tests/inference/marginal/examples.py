"""Published data with their models as plain functions, and the numbers other software printed."""

import json

import jax.numpy as jnp
import numpy as np
import pandas as pd

from conftest import ROOT
from myelodose.inference.marginal import observed, parameters

REFERENCE = json.loads((ROOT / "tests/reference/marginal_likelihood.json").read_text())


def _numbered(labels):
    return pd.factorize(labels)[0]


class Theophylline:
    """Boeckmann, Sheiner and Beal 1994; doses in mg/kg."""

    table = pd.read_csv(ROOT / "tests/reference/pk_theophylline.csv")
    patient = _numbered(table.Subject)
    time, y = table.Time.to_numpy(), table.conc.to_numpy()
    _first = table.groupby("Subject", sort=False).first()
    weight, dose_per_kg = _first.Wt.to_numpy(), _first.Dose.to_numpy()
    dose = weight * dose_per_kg


def oral(ka, k, volume, dose, *, rows=slice(None)):
    """One compartment with absorption, at the samples of theophylline."""
    who, t = Theophylline.patient[rows], Theophylline.time[rows]
    ka, k, volume, dose = (jnp.broadcast_to(x, 12)[who] for x in (ka, k, volume, dose))
    return dose * ka / (volume * (ka - k)) * (jnp.exp(-k * t) - jnp.exp(-ka * t))


class Phenobarbital:
    """Grasela and Donn 1985: doses [patient, dose], padded with time inf."""

    table = pd.read_csv(ROOT / "data/examples/phenobarbital.csv", na_values=".")
    _number = _numbered(table.ID)
    _dosed, _seen = (table.EVID == 1).to_numpy(), (table.EVID == 0).to_numpy()
    patient, patients = _number[_seen], int(_number.max()) + 1
    time, y = table.TIME.to_numpy()[_seen], table.DV.to_numpy()[_seen]
    weight = table.groupby("ID", sort=False).WT.first().to_numpy()
    low_apgar = (table.groupby("ID", sort=False).APGR.first() < 5).to_numpy() * 1.0
    amount = np.zeros((patients, int(np.bincount(_number[_dosed]).max())))
    at = np.full(amount.shape, np.inf)
    for _i in range(patients):
        _rows = _dosed & (_number == _i)
        amount[_i, : _rows.sum()] = table.AMT.to_numpy()[_rows]
        at[_i, : _rows.sum()] = table.TIME.to_numpy()[_rows]


def boluses(CL, V):
    """One compartment after all boluses, at the samples of phenobarbital."""
    data = Phenobarbital
    lag = data.time[:, None] - data.at[data.patient]
    taken, lag = np.where(lag >= 0, data.amount[data.patient], 0.0), np.where(lag >= 0, lag, 0.0)
    k = (CL / V)[data.patient]
    return (taken * jnp.exp(-k[:, None] * lag)).sum(1) / V[data.patient]


def phenobarbital(theta, eta):
    """CL and V alike for all weights."""
    return boluses(theta[0] * jnp.exp(eta[:, 0]), theta[1] * jnp.exp(eta[:, 1]))


def phenobarbital_by_weight(theta, eta):
    """CL and V by weight, V by Apgar score as well."""
    data = Phenobarbital
    typical = theta[1] * data.weight * (1.0 + theta[2] * data.low_apgar)
    return boluses(theta[0] * data.weight * jnp.exp(eta[:, 0]), typical * jnp.exp(eta[:, 1]))


SEX = np.array(REFERENCE["theophylline"]["sex"])


def theophylline_by_sex(theta, eta):
    """Two absorption rates; additive random effects on ka and CL."""
    ka = jnp.where(SEX == 0, theta[0], theta[3]) + eta[:, 0]
    volume = (theta[2] * Theophylline.weight + eta[:, 1]) / theta[1]
    return oral(ka, theta[1], volume, Theophylline.dose)


def theophylline_run(run):
    """Parameters and observations of one of the NONMEM runs."""
    kind = "combined2" if run["prop2"] else "additive"
    sigma = [(np.sqrt(run["add2"]), np.sqrt(run["prop2"]))]
    at = parameters(np.array(run["theta"]), omega=np.diag(run["omega2"]), sigma=sigma)
    return at, observed(Theophylline.y, Theophylline.patient, kind=kind)


WANG_PATIENT = np.repeat(np.arange(10), 2)
WANG_TIME = np.tile([0.0, 1.0], 10)


def wang(k, eta):
    """Wang's model of decay."""
    return 10.0 * jnp.exp(-k * jnp.exp(eta[WANG_PATIENT, 0]) * WANG_TIME)
