"""Simulated trials: the same however they are split, and what exact enumeration says."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import xarray as xr

from designs.model_based.test_laws import PROMISES as MODELS
from designs.test_laws import PROMISES as RULES
from myelodose.characteristics import exact, simulate
from myelodose.characteristics.simulate import simulate_chunk
from myelodose.designs.base import Design
from myelodose.designs.boin import Boin
from myelodose.designs.keyboard import Keyboard
from myelodose.designs.three_plus_three import ThreePlusThree
from myelodose.errors import InputError

TRUTH = {"middle": [0.05, 0.12, 0.27, 0.45], "toxic": [0.35, 0.5, 0.6, 0.7]}
DESIGNS = {
    "BOIN": Boin(doses=4, target=0.3),
    "keyboard": Keyboard(doses=4, target=0.3),
    "3+3": ThreePlusThree(doses=4),
}
PROMISES = RULES | MODELS
EVERY = {name: p.design for name, p in PROMISES.items() if isinstance(p.design, Design)}
"""Every design whose state is patients and DLTs by dose."""


@pytest.mark.parametrize("name", EVERY)
def test_simulation_agrees_with_exact_enumeration(name):
    design = EVERY[name]
    truth = np.linspace(0.05, 0.5, design.levels)
    sure = exact(design, truth, patients=15)
    simulated = simulate(design, truth, trials=1500, patients=15, seed=2)
    for variable in ("selected", "selected_none", "stopped", "patients", "dlts", "size"):
        away = abs(simulated[variable] - sure[variable])
        if variable in ("patients", "dlts", "size"):
            # Five standard errors; and what no trial met may have a probability of 3 / trials, by
            # the rule of three, and move a count by all its patients.
            limit = 5 * simulated[f"{variable}_se"] + 3 * 15 / 1500
        else:
            # Five standard errors of the exact probability, and one trial.
            chance = sure[variable]
            limit = 5 * (chance * (1 - chance) / 1500) ** 0.5 + 1 / 1500
        assert bool((away <= limit).all()), f"{variable}: {away.values} over {limit.values}"


def test_results_do_not_depend_on_the_split(tmp_path):
    asked = {"trials": 300, "patients": 12, "seed": 4}
    alone = simulate(DESIGNS, TRUTH, **asked)
    small = simulate(DESIGNS, TRUTH, chunk=70, folder=tmp_path, **asked)
    xr.testing.assert_identical(alone, small)
    xr.testing.assert_identical(small, simulate(DESIGNS, TRUTH, chunk=70, folder=tmp_path, **asked))


def test_spawned_processes_give_what_one_process_gives():
    asked = {"trials": 60, "patients": 9, "seed": 4, "chunk": 30}
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        spread = simulate(DESIGNS["BOIN"], TRUTH, executor=processes, **asked)
    xr.testing.assert_identical(spread, simulate(DESIGNS["BOIN"], TRUTH, **asked))


def test_dask_processes_give_what_one_process_gives(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    asked = {"trials": 60, "patients": 9, "seed": 4, "chunk": 30}
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        spread = simulate(DESIGNS["BOIN"], TRUTH, executor=client.get_executor(), **asked)
    xr.testing.assert_identical(spread, simulate(DESIGNS["BOIN"], TRUTH, **asked))


def test_designs_share_their_patients():
    first = {
        name: simulate_chunk(design, np.array(TRUTH["middle"]), range(500), 3, 1)
        for name, design in DESIGNS.items()
    }
    # The first cohort is the same for all, so the same patients have a DLT in it.
    assert (first["BOIN"]["y"] == first["keyboard"]["y"]).all()
    assert (first["BOIN"]["y"] == first["3+3"]["y"]).all()


def test_bad_input_is_refused_before_anything_is_computed():
    design = DESIGNS["BOIN"]
    with pytest.raises(InputError, match="give 4, one a dose"):
        simulate(design, [0.1, 0.2], trials=10, patients=9, seed=1)
    with pytest.raises(InputError, match="trials: found 0"):
        simulate(design, TRUTH, trials=0, patients=9, seed=1)
    with pytest.raises(InputError, match="seed: found -1"):
        simulate(design, TRUTH, trials=10, patients=9, seed=-1)
    with pytest.raises(InputError, match="over the same doses"):
        simulate({"a": design, "b": Boin(doses=3, target=0.3)}, TRUTH, trials=9, patients=9, seed=1)
