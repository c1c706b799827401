"""Calibration passes what is right, flags what is wrong, and can be stopped and resumed."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest

from inference.calibration_designs import oral_design
from myelodose.diagnostics.ranks import calibration_table
from myelodose.errors import InputError
from myelodose.inference.calibration import calibrate
from myelodose.inference.calibration_model import ShortNuts, calibrate_model
from myelodose.population import (
    OneCompartmentPk,
    Parameter,
    PopulationModel,
    Prior,
    RandomEffects,
    Residual,
)

DRAWS = 31


def simulate(key, context):
    """A mean from N(0, 1), and measurements of it with sd 2."""
    mean, *noise = jax.random.normal(key, (1 + context["count"].shape[0],))
    return {"mean": mean}, mean + 2 * jnp.stack(noise)


def posterior(prior_sd=1.0):
    """Exact draws where the prior has another sd, perhaps."""

    def sample(key, y):
        precision = 1 / prior_sd**2 + y.shape[0] / 4
        return {"mean": y.sum() / 4 / precision + jax.random.normal(key, (DRAWS,)) / precision**0.5}

    return sample


CONTEXT = {"count": np.zeros(1)}


def run(sampler=None, **change):
    given: dict[str, Any] = {"seed": 1, "simulations": 320, "context": CONTEXT} | change
    return calibrate(simulate, sampler or posterior(), **given)


def normal(data, y=None, prior_sd=1.0):
    """The same model for NumPyro, with a sd that is estimated."""
    mean = numpyro.sample("mean", dist.Normal(0, prior_sd))
    sigma = numpyro.sample("sigma", dist.LogNormal(np.log(2), 0.3))
    numpyro.deterministic("twice", 2 * mean)
    numpyro.sample("y", dist.Normal(mean * jnp.ones_like(data), sigma), obs=y)


def wide(data, y=None):
    """The prior sd doubled."""
    normal(data, y, 2.0)


def test_exact_posteriors_are_calibrated():
    found = run()
    assert calibration_table(found).fits.all()
    assert found.sizes == {"simulation": 320, "parameter": 1}
    assert found.attrs["draws"] == DRAWS


@pytest.mark.parametrize("prior_sd", [2.0, 0.5])
def test_a_wrong_prior_is_flagged(prior_sd):
    table = calibration_table(run(posterior(prior_sd), simulations=640))
    assert not table.fits["mean"]
    assert table.p["mean"] < 1e-3


def test_a_biased_sampler_is_flagged():
    def biased(key, y):
        return {"mean": posterior()(key, y)["mean"] + 0.3}

    assert not calibration_table(run(biased)).fits["mean"]


def test_the_split_into_batches_changes_nothing(tmp_path):
    whole = run()
    parts = run(batch=8, folder=tmp_path)
    assert whole.equals(parts)
    assert run(simulations=100).equals(whole.isel(simulation=slice(100)))


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    calls = []

    def stop(done, total):
        calls.append(done)
        if done == 128:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(batch=64, folder=tmp_path, progress=stop)
    assert len(list(tmp_path.glob("ranks-*.npz"))) == 2
    stored = {path: path.stat().st_mtime_ns for path in tmp_path.glob("ranks-*.npz")}
    resumed = run(batch=64, folder=tmp_path, progress=lambda done, total: calls.append(done))
    assert resumed.equals(run())
    assert calls == [64, 128, 64, 128, 192, 256, 320]
    assert all(path.stat().st_mtime_ns == when for path, when in stored.items())
    assert len(list(tmp_path.iterdir())) == 6


def test_more_simulations_are_added_to_those_that_are_there(tmp_path):
    run(simulations=64, folder=tmp_path)
    assert run(simulations=192, folder=tmp_path).equals(run(simulations=192))


def test_a_folder_of_another_calibration_is_refused(tmp_path):
    run(simulations=8, folder=tmp_path)
    with pytest.raises(InputError, match="seed was 1, now 2"):
        run(simulations=8, folder=tmp_path, seed=2)


def test_a_sampler_that_is_not_jax_plugs_in():
    def sampler(key, y):
        generator = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        return {"mean": np.asarray(posterior()(key, y)["mean"]) + 0 * generator.normal()}

    found = run(sampler, compiled=False, simulations=16, batch=16)
    same = run(simulations=16, batch=16)
    assert (found["rank"] == same["rank"]).all()


def test_a_known_folder_asks_a_called_sampler_nothing(tmp_path):
    asked: dict[str, Any] = {"compiled": False, "simulations": 8, "batch": 8, "folder": tmp_path}
    found = run(**asked)

    def never(key, y):
        pytest.fail("was asked")

    assert run(never, **asked).equals(found)
    with pytest.raises(InputError, match="settings was '', now 'finer'"):
        run(never, settings="finer", **asked)


def test_a_vector_has_a_rank_for_each_number():
    def both(key, context):
        pair = jax.random.normal(key, (2,))
        return {"pair": pair, "unused": pair[0]}, pair

    def exact(key, pair):
        return {"pair": jax.random.normal(key, (DRAWS, 2)), "diverging": jnp.ones(DRAWS)}

    found = calibrate(both, exact, seed=1, simulations=64)
    assert found.parameter.values.tolist() == ["pair[0]", "pair[1]"]
    assert (found.divergences == DRAWS).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch": 12}, "whole lanes"),
        ({"simulations": 0}, "1 or more"),
        ({"names": ["sigma"]}, "name values that both have"),
    ],
)
def test_what_cannot_be_is_refused(change, said):
    with pytest.raises(InputError, match=said):
        run(**change)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="draws"):
        ShortNuts(draws=2)


@pytest.mark.slow
def test_nuts_of_a_numpyro_model_is_calibrated():
    found = calibrate_model(normal, np.zeros(2), seed=3, simulations=64, nuts=ShortNuts(150, 31, 3))
    assert found.parameter.values.tolist() == ["mean", "sigma", "twice", "log_likelihood"]
    table = calibration_table(found)
    assert table.fits.all()
    assert table.largest_difference["twice"] == table.largest_difference["mean"]
    assert np.abs(found.lag1.mean("simulation")).max() < 0.15
    assert found.attrs["label"] == "normal"


def test_a_value_that_never_moves_is_no_parameter():
    def with_constant(key, y):
        draws = posterior()(key, y)
        return draws | {"one": jnp.ones_like(draws["mean"])}

    def also(key, context):
        truth, y = simulate(key, context)
        return truth | {"one": jnp.ones(())}, y

    found = calibrate(also, with_constant, seed=1, simulations=64, context=CONTEXT)
    assert found.parameter.values.tolist() == ["mean"]


@pytest.mark.slow
def test_nuts_is_calibrated_in_many_simulations_and_a_doubled_prior_is_flagged():
    many = {"seed": 7, "simulations": 1024, "nuts": ShortNuts(300, 31, 4)}
    assert calibration_table(calibrate_model(normal, np.zeros(1), **many)).fits.all()
    wrong = calibrate_model(normal, np.zeros(1), posterior_model=wide, **many)
    assert not calibration_table(wrong).fits["mean"]


@pytest.mark.slow
def test_the_population_model_of_an_oral_drug_is_calibrated():
    """SIMULATED: six patients, one dose, six measurements."""
    wide = {name: Prior("LogNormal", m, 0.3) for name, m in (("CL", 1.6), ("V", 3.9), ("ka", 0.4))}
    model = PopulationModel(
        "oral",
        OneCompartmentPk(oral=True),
        tuple(Parameter(name, prior) for name, prior in wide.items()),
        RandomEffects(correlated=("CL", "V"), omega=Prior("HalfNormal", 0.4), centred=False),
        {"": Residual("log-normal", Prior("HalfNormal", 0.3))},
    )
    names = [*model.sites(), "correlation", "log_likelihood"]
    found = calibrate_model(
        model.as_numpyro(), model.prepare(oral_design(6)), seed=12, simulations=128, batch=32,
        names=names, nuts=ShortNuts(300, 31, 4),
    )  # fmt: skip
    assert "omega_ka" in found.parameter.values
    assert calibration_table(found).fits.all()
    assert np.abs(found.lag1.mean("simulation")).max() < 0.2
