"""Shrinkage and covariate effects come from the posterior as the model means them."""

import numpy as np
import pytest
import xarray as xr

from myelodose.diagnostics import covariate_forest, effects_of, parameter_table, shrinkage_of
from myelodose.errors import InputError
from myelodose.population import (
    Categorical,
    LinearEffect,
    OneCompartmentPk,
    Parameter,
    PopulationModel,
    Power,
    Prior,
    RandomEffects,
    Residual,
)

WIDE = Prior("Normal", 0.0, 1.0)


@pytest.fixture(scope="module")
def model():
    return PopulationModel(
        "effects",
        OneCompartmentPk(oral=True),
        (
            Parameter("CL", Prior("LogNormal", 1.0, 1.0),
                      covariates=(Power("WT", 70.0, WIDE), Categorical("SEX", ("M", "F"), WIDE))),
            Parameter("V", Prior("LogNormal", 3.0, 1.0), covariates=(Power("WT", 70.0, 1.0),)),
            Parameter("ka", Prior("Fixed", 1.5), random=False,
                      covariates=(LinearEffect("AGE", 60.0, WIDE),)),
        ),
        RandomEffects(),
        {"": Residual("log-normal", Prior("HalfNormal", 0.5))},
    )  # fmt: skip


@pytest.fixture(scope="module")
def tree():
    generator = np.random.default_rng(1)
    dims, shape = ("chain", "draw"), (2, 100)
    sites = {"CL": 3.0, "V": 30.0, "CL_WT": 0.75, "CL_SEX_F": -0.2, "ka_AGE": 0.01}
    sites |= {"omega_CL": 0.3, "omega_V": 0.2}
    eta = 0.2 * generator.normal(size=(*shape, 10, 2))
    posterior = xr.Dataset(
        {name: (dims, at * (1 + 0.01 * generator.normal(size=shape))) for name, at in sites.items()}
        | {"eta": ((*dims, "patient", "effect"), eta)},
        {"effect": ["CL", "V"]},
    )
    return xr.DataTree.from_dict({"posterior": posterior})


def test_effects_are_those_of_the_model(model, tree):
    effects = {(one.parameter, one.covariate): one for one in effects_of(model, tree)}
    draws = {name: v.values.ravel() for name, v in tree["posterior"].data_vars.items()}
    weight = effects["CL", "WT"]
    assert weight.at(140.0) == pytest.approx(draws["CL"] * 2 ** draws["CL_WT"])
    assert effects["V", "WT"].at(35.0) == pytest.approx(draws["V"] / 2)
    sex = effects["CL", "SEX"]
    assert sex.reference == "M"
    assert sex.at("F") / sex.at("M") == pytest.approx(np.exp(draws["CL_SEX_F"]))
    assert effects["ka", "AGE"].at(70.0) == pytest.approx(1.5 * (1 + 10 * draws["ka_AGE"]))


def test_the_forest_of_a_fit_has_every_effect(model, tree):
    covariates = {
        "WT": np.linspace(50, 100, 20), "SEX": ["M", "F"] * 10, "AGE": np.linspace(40, 80, 20)
    }  # fmt: skip
    table = covariate_forest(effects_of(model, tree, units={"WT": "kg"}), covariates)
    assert table.groupby("parameter").size().to_dict() == {"CL": 3, "V": 2, "ka": 2}
    assert (table.low <= table.ratio).all()
    assert "kg" in table.label[0]


def test_shrinkage_is_that_of_posterior_means(tree):
    table = shrinkage_of(tree)
    mean = tree["posterior"]["eta"].mean(("chain", "draw")).values
    omega = tree["posterior"]["omega_CL"].values.mean()
    assert table.shrinkage_sd["CL"] == pytest.approx(1 - mean[:, 0].std(ddof=1) / omega)
    assert parameter_table(tree).shrinkage_percent["omega_CL"] == pytest.approx(
        100 * table.shrinkage_sd["CL"]
    )


def test_a_posterior_without_effects_is_refused(tree):
    with pytest.raises(InputError, match="eta by patient and effect"):
        shrinkage_of(tree["posterior"].to_dataset()[["CL"]])
