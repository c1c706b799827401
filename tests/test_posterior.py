"""The posterior store: what goes in comes out, and nothing damaged or foreign does."""

import json
import shutil
import warnings

import pytest
import xarray as xr

from myelodose.errors import InputError
from myelodose.posterior import (
    DLT_LOGISTIC,
    ORDINAL_RESPONSE,
    PosteriorError,
    PosteriorWarning,
    content_hash,
    fit_or_load,
    load_posterior,
    posterior_hash,
    provenance,
    save_posterior,
    store,
)
from myelodose.trial import dlt_counts

FORMATS = pytest.mark.parametrize("ending", [".nc", ".zarr"])


def with_record(tree, **changes):
    """The tree with other provenance, hashed as if it had been made so."""
    changed = tree.copy()
    record = json.loads(tree.attrs["provenance"]) | changes
    changed.attrs["provenance"] = json.dumps(record, sort_keys=True)
    return changed


@FORMATS
def test_what_is_saved_is_loaded(dlt_posterior, counts, tmp_path, ending):
    path = save_posterior(dlt_posterior, tmp_path / f"deep/er/dlt{ending}")
    loaded = load_posterior(path, model=DLT_LOGISTIC, data=counts)
    xr.testing.assert_equal(loaded, dlt_posterior)
    assert posterior_hash(loaded) == posterior_hash(dlt_posterior)
    assert provenance(loaded) == provenance(dlt_posterior)


@FORMATS
def test_labels_and_types_survive(response_posterior, tmp_path, ending):
    loaded = load_posterior(save_posterior(response_posterior, tmp_path / f"response{ending}"))
    assert loaded["posterior"].outcome.values.tolist() == ["haem", "cyto"]
    assert loaded["sample_stats"].diverging.dtype == bool
    assert content_hash(loaded) == content_hash(response_posterior)


def test_netcdf_and_zarr_hold_the_same(dlt_posterior, tmp_path):
    one, other = (
        load_posterior(save_posterior(dlt_posterior, tmp_path / f"dlt{ending}"))
        for ending in (".nc", ".zarr")
    )
    xr.testing.assert_identical(one, other)


@FORMATS
def test_nothing_is_replaced_unless_asked(dlt_posterior, tmp_path, ending):
    path = save_posterior(dlt_posterior, tmp_path / f"dlt{ending}")
    with pytest.raises(PosteriorError, match="found a posterior there already"):
        save_posterior(dlt_posterior, path)
    save_posterior(with_record(dlt_posterior, seed=99), path, overwrite=True)
    assert provenance(load_posterior(path)).seed == 99
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@FORMATS
def test_a_failed_write_leaves_the_old_file_and_no_rest(
    dlt_posterior, tmp_path, ending, monkeypatch
):
    path = save_posterior(dlt_posterior, tmp_path / f"dlt{ending}")
    writes = store._FORMATS[ending]

    def fail_half_way(tree, partial):
        writes.write(tree, partial)
        raise OSError("disk full")

    monkeypatch.setitem(store._FORMATS, ending, writes._replace(write=fail_half_way))
    with pytest.raises(OSError, match="disk full"):
        save_posterior(with_record(dlt_posterior, seed=99), path, overwrite=True)
    assert provenance(load_posterior(path)).seed == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_truncated_file_is_refused(dlt_posterior, tmp_path):
    path = save_posterior(dlt_posterior, tmp_path / "dlt.nc")
    whole = path.read_bytes()
    for size in (0, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(PosteriorError, match=r"dlt\.nc: it cannot be read .*; fit it again"):
            load_posterior(path)


def test_flipped_bytes_are_refused(dlt_posterior, tmp_path):
    path = save_posterior(dlt_posterior, tmp_path / "dlt.nc")
    whole = bytearray(path.read_bytes())
    draws = dlt_posterior["posterior"].log_alpha.values.tobytes()
    at = whole.find(draws[:64])
    assert at > 0
    whole[at + 7] ^= 1
    path.write_bytes(whole)
    with pytest.raises(PosteriorError, match=r"does not match its hash"):
        load_posterior(path)


def test_a_zarr_folder_with_a_part_missing_is_refused(dlt_posterior, tmp_path):
    path = save_posterior(dlt_posterior, tmp_path / "dlt.zarr")
    # Zarr reads a missing chunk as zeros without a word; the hash does not.
    shutil.rmtree(path / "posterior" / "log_alpha" / "c")
    with pytest.raises(PosteriorError, match="does not match its hash"):
        load_posterior(path)


def test_edited_provenance_is_refused(dlt_posterior, tmp_path):
    edited = dlt_posterior.copy()
    edited.attrs["content_hash"] = posterior_hash(dlt_posterior)
    edited.attrs["provenance"] = edited.attrs["provenance"].replace('"seed": 1', '"seed": 2')
    edited.to_netcdf(tmp_path / "dlt.nc", engine="h5netcdf")
    with pytest.raises(PosteriorError, match="does not match its hash: damaged or edited"):
        load_posterior(tmp_path / "dlt.nc")


@pytest.mark.parametrize(
    ("schema", "remedy"), [(0, "fit it again with this version"), (2, "install a newer myelodose")]
)
def test_another_schema_is_refused(dlt_posterior, tmp_path, schema, remedy):
    other = with_record(dlt_posterior, schema_version=schema)
    other.to_netcdf(tmp_path / "dlt.nc", engine="h5netcdf")
    with pytest.raises(PosteriorError, match=f"found schema version {schema}, .*; {remedy}"):
        load_posterior(tmp_path / "dlt.nc")
    with pytest.raises(PosteriorError, match="found schema version"):
        save_posterior(other, tmp_path / "again.nc")


def test_a_file_that_is_no_posterior_is_refused(tmp_path):
    xr.Dataset({"x": 1.0}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(PosteriorError, match=r"other\.nc: found no provenance"):
        load_posterior(tmp_path / "other.nc")
    with pytest.raises(PosteriorError, match="save_posterior: found no provenance"):
        save_posterior(xr.DataTree(xr.Dataset({"x": 1.0})), tmp_path / "mine.nc")
    assert not (tmp_path / "mine.nc").exists()


def test_provenance_with_a_field_missing_is_refused(dlt_posterior, tmp_path):
    broken = dlt_posterior.copy()
    record = json.loads(broken.attrs["provenance"])
    del record["diagnostics"]
    broken.attrs["provenance"] = json.dumps(record)
    broken.to_netcdf(tmp_path / "dlt.nc", engine="h5netcdf")
    with pytest.raises(PosteriorError, match="the provenance cannot be read"):
        load_posterior(tmp_path / "dlt.nc")


def test_another_model_other_data_and_a_missing_file_are_refused(dlt_posterior, trial, tmp_path):
    path = save_posterior(dlt_posterior, tmp_path / "dlt.nc")
    with pytest.raises(PosteriorError, match=r"'dlt-logistic' version 1; .* 'ordinal-response'"):
        load_posterior(path, model=ORDINAL_RESPONSE)
    newer = DLT_LOGISTIC._replace(version=2)
    with pytest.raises(PosteriorError, match="version 1; give one of 'dlt-logistic' version 2"):
        load_posterior(path, model=newer)
    with pytest.raises(PosteriorError, match="it was fitted to other data"):
        load_posterior(path, data=dlt_counts(trial, denominators="n_lowest"))
    with pytest.raises(PosteriorError, match="there is no such posterior"):
        load_posterior(tmp_path / "nowhere.nc")
    with pytest.raises(PosteriorError, match=r"found the ending '\.pkl'; use \.nc or \.zarr"):
        load_posterior(tmp_path / "dlt.pkl")


def test_a_whole_trial_may_be_given_as_the_data(dlt_posterior, response_posterior, trial, tmp_path):
    load_posterior(save_posterior(dlt_posterior, tmp_path / "dlt.nc"), data=trial)
    path = save_posterior(response_posterior, tmp_path / "response.nc")
    load_posterior(path, data=trial)
    changed = trial.copy(deep=True)
    changed["tp53"].loc[{"patient": 3}] = "mutated"
    load_posterior(tmp_path / "dlt.nc", data=changed)
    with pytest.raises(PosteriorError, match="fitted to other data"):
        load_posterior(path, data=changed)
    with pytest.raises(InputError, match="response_table: found no 'len_dose_mg'"):
        load_posterior(path, data=dlt_counts(trial))


def test_other_package_versions_are_told(dlt_posterior, tmp_path):
    packages = provenance(dlt_posterior).packages | {"jax": "0.1.0"}
    path = save_posterior(with_record(dlt_posterior, packages=packages), tmp_path / "dlt.nc")
    with pytest.warns(PosteriorWarning, match=r"made with jax 0\.1\.0 \(here "):
        load_posterior(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_posterior(save_posterior(dlt_posterior, tmp_path / "same.nc"))


def test_the_data_hash_knows_values_and_names_but_not_notes(counts):
    assert content_hash(counts) == content_hash(counts.assign_attrs(note="anything"))
    assert content_hash(counts) != content_hash(counts.assign(dlt=counts.dlt + 1))
    assert content_hash(counts) != content_hash(counts.rename(dlt="toxicities"))
    assert content_hash(counts) != content_hash(counts.assign_coords(dose=counts.dose * 1.1))


def test_fit_or_load_fits_once(dlt_posterior, counts, tmp_path, capsys):
    fitted = []

    def fit():
        fitted.append(1)
        return dlt_posterior

    for _ in range(2):
        tree = fit_or_load(tmp_path / "dlt.nc", fit, model=DLT_LOGISTIC, data=counts)
        assert posterior_hash(tree) == posterior_hash(dlt_posterior)
    assert fitted == [1]
    assert "fitting it now" in capsys.readouterr().out
