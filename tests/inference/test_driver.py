"""The driver on a model with a known answer: moments, seeds, resuming, stopping, refusing."""

import json
import shutil
from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import numpyro
import pytest
import xarray as xr

from inference.toy import EACH, PATIENTS, Hierarchical, assert_moments, simulated
from myelodose.errors import InputError
from myelodose.inference.checkpoint import Folder
from myelodose.inference.driver import fit
from myelodose.inference.run import Run
from myelodose.inference.settings import FitSettings
from myelodose.posterior import Model, PosteriorError, content_hash, provenance

SETTINGS = FitSettings(chains=2, warmup=100, draws=500)
CHUNKS = 24
MODEL = Hierarchical()
TOY = Model("toy", 1)


def run(folder=None, *, seed=1, data_seed=1, settings=SETTINGS, **more):
    data, y = simulated(data_seed)
    asked: dict[str, Any] = {"identity": TOY, "progress": False, "folder": folder} | more
    return fit(MODEL, data, y, seed=seed, settings=settings, **asked)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted fit and its folder."""
    folder = tmp_path_factory.mktemp("fit") / "whole"
    return run(folder), folder


def part_of(folder, chunks, to):
    """What a run leaves that was killed after some chunks."""
    shutil.copytree(folder, to)
    for file in sorted(to.glob("chunk-*.npz"))[chunks:]:
        file.unlink()
    return to


def test_moments_are_those_of_the_exact_posterior(whole):
    assert_moments(whole[0])


@pytest.mark.slow
@pytest.mark.parametrize("dense", [(), (("mu", "omega"),)])
def test_structured_mass_draws_from_the_exact_posterior_too(dense):
    settings = FitSettings(chains=2, warmup=400, draws=2000, geometry="structured", dense=dense)
    tree = run(settings=settings)
    assert_moments(tree)
    assert provenance(tree).sampler["geometry"] == "structured"


def test_learnt_coordinates_leave_hardly_any_autocorrelation(whole):
    draws = whole[0]["posterior"].to_dataset()[["mu", "omega", "z_eta"]]
    ess = az.ess(draws, method="bulk")
    assert min(float(ess[name].min()) for name in ess) > 300
    assert provenance(whole[0]).diagnostics.divergences == 0


def test_the_same_seed_gives_the_same_draws_and_other_data_of_one_shape_compile_nothing(whole):
    before = MODEL.traces
    same, other = run(), run(data_seed=2)
    assert MODEL.traces == before
    assert content_hash(same) == content_hash(whole[0])
    shift = simulated(2)[1].mean() - simulated(1)[1].mean()
    moved = float(other["posterior"].mu.mean() - same["posterior"].mu.mean())
    assert moved == pytest.approx(shift, abs=0.4)


def test_another_seed_gives_other_draws(whole):
    assert content_hash(run(seed=2)) != content_hash(whole[0])


@pytest.mark.parametrize("chunks", [0, 1, 3, 4, 11, CHUNKS - 1])
def test_a_fit_killed_after_any_chunk_goes_on_to_the_same_draws(whole, tmp_path, chunks):
    folder = part_of(whole[1], chunks, tmp_path / "part")
    assert content_hash(run(folder)) == content_hash(whole[0])


def test_a_finished_folder_is_read_and_nothing_is_drawn(whole, monkeypatch):
    monkeypatch.setattr(Run, "_first", lambda self: pytest.fail("drew again"))
    assert content_hash(run(whole[1])) == content_hash(whole[0])


@pytest.mark.parametrize("chunks", [9, CHUNKS])
def test_a_fit_that_was_stopped_or_finished_is_extended_to_the_draws_of_one_long_run(
    whole, tmp_path, chunks
):
    folder = part_of(whole[1], chunks, tmp_path / "part")
    longer = replace(SETTINGS, draws=560)
    extended, long = run(folder, settings=longer), run(settings=longer)
    assert extended["posterior"].sizes["draw"] == 560
    assert content_hash(extended) == content_hash(long)
    first = extended["posterior"].to_dataset().isel(draw=slice(500))
    xr.testing.assert_equal(first, whole[0]["posterior"].to_dataset())
    # Fewer than there are: the first of them.
    assert content_hash(run(folder)) == content_hash(whole[0])


def test_half_a_file_left_by_a_kill_is_no_obstacle(whole, tmp_path):
    folder = part_of(whole[1], 9, tmp_path / "part")
    (folder / ".chunk-00009.npz.4711").write_bytes(b"PK half")
    assert content_hash(run(folder)) == content_hash(whole[0])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 2}, "seed is 1, now 2"),
        ({"data_seed": 2}, "data is '"),
        ({"identity": Model("toy", 2)}, r"model is \['toy', 1\], now \['toy', 2\]"),
        ({"settings": FitSettings(chains=2, warmup=125, draws=500)}, "warmup is 100, now 125"),
    ],
)
def test_a_folder_of_another_fit_is_refused(whole, change, says):
    with pytest.raises(PosteriorError, match=f"it holds another fit: {says}"):
        run(whole[1], **change)


def test_a_model_with_the_same_variables_and_another_density_is_refused(whole, tmp_path):
    folder = part_of(whole[1], 9, tmp_path / "part")
    data, y = simulated()

    def other(data, y=None):
        numpyro.factor("elsewhere", 1.0)
        MODEL(data, y)

    with pytest.raises(PosteriorError, match="another density"):
        fit(other, data, y, seed=1, settings=SETTINGS, identity=TOY, folder=folder, progress=False)


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(PosteriorError, match="found other files and no fit"):
        run(tmp_path)


def test_a_damaged_chunk_is_refused_by_name(whole, tmp_path):
    folder = part_of(whole[1], 9, tmp_path / "part")
    (folder / "chunk-00007.npz").write_bytes(b"PK half")
    with pytest.raises(PosteriorError, match=r"chunk-00007\.npz: it cannot be read"):
        run(folder)


def test_when_time_is_over_there_is_what_was_drawn_and_the_record_says_so(whole, tmp_path):
    folder = part_of(whole[1], 6, tmp_path / "part")
    tree = run(folder, time_budget_s=0)
    # Two chunks of draws were there, one more was made.
    assert tree["posterior"].sizes["draw"] == 75
    assert provenance(tree).sampler["stopped_early"] == "time budget of 0 s"
    assert provenance(tree).sampler["chunks"] == 7
    first = whole[0]["posterior"].mu.isel(draw=slice(75)).values
    assert np.array_equal(tree["posterior"].mu.values, first)
    # Time is no part of what is fitted: the fit can be finished.
    assert content_hash(run(folder)) == content_hash(whole[0])


def test_time_that_ends_in_the_warm_up_is_said_and_the_folder_kept(tmp_path):
    with pytest.raises(InputError, match=r"time budget of 0 s was over before 4 draws.*folder"):
        run(tmp_path / "new", time_budget_s=0)
    assert len(list((tmp_path / "new").glob("chunk-*.npz"))) == 1


def interrupt_after(monkeypatch, chunks):
    saved = Folder.save

    def save(self, number, step):
        saved(self, number, step)
        if number + 1 == chunks:
            raise KeyboardInterrupt

    monkeypatch.setattr(Folder, "save", save)


def test_control_c_keeps_what_there_is(tmp_path, monkeypatch):
    interrupt_after(monkeypatch, 6)
    tree = run(tmp_path / "new")
    assert tree["posterior"].sizes["draw"] == 50
    assert provenance(tree).sampler["stopped_early"] == "interrupted by hand"


def test_control_c_in_the_warm_up_stops(tmp_path, monkeypatch):
    interrupt_after(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "new")


def test_a_fit_is_labelled_and_says_what_it_was_made_of(whole):
    tree = whole[0]
    draws = tree["posterior"].to_dataset()
    assert draws.z_eta.dims == draws.eta.dims == ("chain", "draw", "patient", "effect")
    assert dict(draws.sizes) == {"chain": 2, "draw": 500, "patient": PATIENTS, "effect": 1}
    assert draws.mu.dtype == np.float64
    stats = {"diverging", "energy", "n_steps", "acceptance_rate", "step_size", "lp", "tree_depth"}
    assert set(tree["sample_stats"].data_vars) == stats
    record = provenance(tree)
    assert record.model == TOY
    assert record.sampler["chain_method"] == "parallel"
    assert record.sampler["chunks"] == CHUNKS
    assert record.sampler["leapfrogs"] == int(tree["sample_stats"].n_steps.sum())
    assert record.sampler["stopped_early"] == ""


def test_hidden_variables_are_left_out_and_prior_draws_added():
    labels = {"patient": [f"P{i}" for i in range(PATIENTS)]}
    tree = run(hide=("z_eta",), prior_count=4000, coords=labels)
    assert (
        set(tree["posterior"].data_vars) == {"mu", "omega", "eta"} == set(tree["prior"].data_vars)
    )
    assert tree["prior"].eta.dims == ("chain", "draw", "patient", "effect")
    assert tree["posterior"].patient.values.tolist() == labels["patient"]
    # 4,000 draws of sd 3: the standard error of their sd is 0.034.
    assert float(tree["prior"].mu.std()) == pytest.approx(3, abs=4.5 * 0.034)


def test_the_posterior_is_stored_and_read_like_any_other(whole, tmp_path):
    from myelodose.posterior import load_posterior, save_posterior

    path = save_posterior(whole[0], tmp_path / "toy.nc")
    assert content_hash(load_posterior(path, model=TOY)) == content_hash(whole[0])


def test_the_notes_of_a_folder_are_plain_json(whole):
    about = json.loads((whole[1] / "fit.json").read_text())
    assert about["model"] == ["toy", 1]
    assert about["variables"] == [["mu", []], ["omega", []], ["z_eta", [PATIENTS, 1]]]


def test_words_among_the_data_are_refused_with_their_place():
    data, y = simulated()
    with pytest.raises(InputError, match=r"fit, data\['sex'\]\[0\]: found str 'm'; give numbers"):
        fit(MODEL, data | {"sex": ["m", "f"]}, y, seed=1, progress=False)


def test_every_patient_was_measured_as_often_as_the_exact_answer_assumes():
    assert np.bincount(simulated()[0]["who"]).tolist() == [EACH] * PATIENTS
