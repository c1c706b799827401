"""Calibration by the sampler that users run, and the calibrations of the docs."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from conftest import ROOT
from inference.toy import Hierarchical, simulated
from myelodose.diagnostics.ranks import calibration_table
from myelodose.errors import InputError
from myelodose.inference.calibration_model import calibrate_model
from myelodose.inference.run import Run
from myelodose.inference.settings import FitSettings

FEW = FitSettings(chains=2, warmup=32, draws=32, chunk=16, chain_method="sequential")
MODEL = Hierarchical()
NAMES = ["mu", "omega", "log_likelihood"]


def run(simulations, nuts=FEW, **more):
    data, _ = simulated()
    return calibrate_model(
        MODEL, data, seed=2, simulations=simulations, nuts=nuts, names=NAMES, **more
    )


def docs_calibrations():
    spec = importlib.util.spec_from_file_location("calibrations", ROOT / "docs/calibrations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_truths_are_ranked_among_draws_of_a_fit_and_a_known_folder_draws_nothing(
    tmp_path, monkeypatch
):
    quick = replace(FEW, geometry="structured")  # compiles faster
    found = run(4, quick, folder=tmp_path)
    assert found.parameter.values.tolist() == NAMES
    assert found.attrs["draws"] == 64
    assert found.sizes["simulation"] == 4
    assert np.all(found.sd > 0)
    monkeypatch.setattr(Run, "draw", lambda *_: pytest.fail("drew again"))
    assert run(4, quick, folder=tmp_path).equals(found)
    with pytest.raises(InputError, match="settings was"):
        run(4, replace(quick, target_accept=0.9), folder=tmp_path)


def test_more_draws_than_are_made_cannot_be_kept():
    with pytest.raises(InputError, match="found 33 of 32 draws a chain"):
        run(4, kept=33)


@pytest.mark.slow
def test_the_sampler_of_fits_is_calibrated():
    found = run(256)
    table = calibration_table(found)
    assert table.fits.all(), table
    assert np.abs(found.lag1.mean("simulation")).max() < 0.3


@pytest.mark.parametrize(("name", "least"), [("friberg", 256), ("joint", 64)])
def test_the_ranks_of_the_docs_are_uniform(name, least):
    """SIMULATED: docs/calibrations.py made them."""
    ranks = docs_calibrations().stored(name)
    assert ranks.sizes["simulation"] >= least
    assert calibration_table(ranks).fits.all()


@pytest.mark.slow
def test_a_short_calibration_of_the_docs_runs_again(tmp_path, monkeypatch):
    module = docs_calibrations()
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    module.run("friberg", simulations=16, folder=tmp_path / "batches")
    again, stored = module.stored("friberg"), docs_calibrations().stored("friberg")
    assert again.parameter.values.tolist() == stored.parameter.values.tolist()
    assert again.attrs == stored.attrs
    assert calibration_table(again).fits.all()
