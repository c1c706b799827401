"""The parameter table says what it shows."""

import numpy as np
import pytest
import xarray as xr

from myelodose.diagnostics.parameter_table import as_markdown, parameter_table
from myelodose.diagnostics.shrinkage import eta_shrinkage
from myelodose.errors import InputError


@pytest.fixture
def fit():
    generator = np.random.default_rng(1)
    shape = (4, 500)
    flat = np.tile(np.eye(2), (*shape, 1, 1))
    flat[..., 0, 1] = flat[..., 1, 0] = generator.uniform(0.1, 0.3, shape)
    dims = ("chain", "draw")
    return xr.Dataset(
        {
            "CL": (dims, generator.normal(10, 0.5, shape)),
            "F": (dims, generator.uniform(0.4, 0.6, shape)),
            "omega_CL": (dims, generator.normal(0.3, 0.02, shape)),
            "omega_F": (dims, generator.normal(0.5, 0.02, shape)),
            "correlation": ((*dims, "effect", "other"), flat),
            "sigma_conc": (dims, generator.normal(0.1, 0.01, shape)),
            "eta": ((*dims, "patient"), generator.normal(size=(*shape, 3))),
            "z_eta": ((*dims, "patient"), generator.normal(size=(*shape, 3))),
            "ka_above": (dims, generator.normal(size=shape)),
            "L": ((*dims, "effect", "other"), flat),
        },
        {"effect": ["CL", "F"], "other": ["CL", "F"]},
    )


def test_population_parameters_are_listed_and_nothing_else(fit):
    table = parameter_table(fit)
    expected = ["CL", "F", "omega_CL", "omega_F", "correlation[F, CL]", "sigma_conc"]
    assert table.index.tolist() == expected
    kinds = ["typical", "typical", "omega", "omega", "correlation", "sigma"]
    assert table.kind.tolist() == kinds


def test_estimate_rse_and_interval_are_of_the_draws(fit):
    row = parameter_table(fit, interval=0.9).loc["CL"]
    draws = fit.CL.values.ravel()
    assert row.estimate == pytest.approx(draws.mean())
    assert row.rse_percent == pytest.approx(100 * draws.std(ddof=1) / draws.mean())
    assert [row.low, row.high] == pytest.approx(np.quantile(draws, [0.05, 0.95]))


def test_cv_is_that_of_a_log_normal_and_only_of_logarithms(fit):
    table = parameter_table(fit, links={"F": "logit"})
    omega = table.estimate["omega_CL"]
    generator = np.random.default_rng(2)
    values = np.exp(omega * generator.normal(size=400_000))
    # The CV of 400,000 log-normal values errs by about 0.3 %.
    assert table.cv_percent["omega_CL"] == pytest.approx(
        100 * values.std() / values.mean(), rel=0.01
    )
    assert table.cv_percent.drop("omega_CL").isna().all()


def test_shrinkage_stands_beside_its_omega(fit):
    eta = np.array([[-0.15, 0.0], [0.15, 0.1]])
    shrinkage = eta_shrinkage(eta, np.array([0.3, 0.5]), names=["CL", "F"])
    table = parameter_table(fit, shrinkage=shrinkage)
    assert table.shrinkage_percent["omega_CL"] == pytest.approx(100 * (1 - 0.15 * 2**0.5 / 0.3))
    assert np.isnan(table.shrinkage_percent["CL"])


def test_the_text_names_kind_and_width_of_the_interval(fit):
    tree = xr.DataTree.from_dict({"posterior": fit})
    text = as_markdown(parameter_table(tree, interval=0.9, units={"CL": "L/h"}))
    assert "| 90 % interval |" in text
    assert "equal tails" in text
    assert "| CL [L/h] | 10 |" in text
    assert "nan" not in text


def test_a_posterior_of_random_effects_alone_is_refused(fit):
    with pytest.raises(InputError, match="found only eta"):
        parameter_table(fit[["eta"]])
