"""A calibration goes on where it stopped, and refuses a folder of another one."""

from typing import Any

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.virtual.calibration import regression, simulated
from myelodose.virtual.calibration.run import calibrate_to_facts
from myelodose.virtual.calibration.uncertain import NAMES
from virtual.calibration.toy import EXACT, toy_trials

SMALL: dict[str, Any] = {"trials": (600, 300), "chunk": 300, "draws": 200, "particles": 2000}


@pytest.fixture(scope="module")
def calls():
    """Seeds of the chunks that were simulated, by the toy in place of the marrow."""
    seeds = []

    def simulate(z, seed):
        seeds.append(seed)
        return toy_trials(z, seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "simulate_trials", simulate)
        patch.setattr(regression, "_SWEEPS", 5)  # sparse enough for a toy
        yield seeds


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("calibration")


@pytest.fixture(scope="module")
def whole(calls, folder):
    return calibrate_to_facts(folder, 1, **SMALL)


def test_the_result_says_what_it_is_and_what_moved(whole):
    assert whole.attrs["status"].startswith("SIMULATED: calibrated to printed aggregate facts")
    assert 20 < whole.attrs["effective_sample_size"] < SMALL["particles"]
    # So few trials know little; all ten parameters of the toy have moved, and by its half.
    own = whole.mean_z.sel(parameter=list(EXACT))
    assert float(own.mean()) == pytest.approx(np.mean(list(EXACT.values())), abs=0.3)
    assert float(abs(whole.emulator_bias).max()) < 0.5


def test_a_stopped_run_goes_on_to_the_same_result(whole, calls, folder, capsys):
    before = len(calls)
    sorted(folder.glob("*.npz"))[-1].unlink()
    again = calibrate_to_facts(folder, 1, **SMALL)
    assert len(calls) == before + 1
    said = capsys.readouterr().out
    assert "round 1, chunk 1 of 1" in said
    assert "round 0, chunk" not in said
    for name in whole.data_vars:
        assert np.allclose(whole[name], again[name], rtol=1e-4, atol=1e-4), name


def test_a_folder_of_another_calibration_is_refused(calls, tmp_path):
    other = np.zeros((300, len(NAMES)))
    simulated.trials_in_folder(tmp_path / "seed-1-round-0-000.npz", other, 5)
    with pytest.raises(InputError, match="other trials"):
        calibrate_to_facts(tmp_path, 1, **SMALL)


@pytest.mark.parametrize("trials", [(), (100,), (350,)])
def test_rounds_are_multiples_of_the_chunk(trials, tmp_path):
    with pytest.raises(InputError, match="multiples of the chunk"):
        calibrate_to_facts(tmp_path, 1, trials=trials, chunk=300)
