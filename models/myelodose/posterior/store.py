"""Save and load posteriors: NetCDF or Zarr, whole or not at all, checked when loaded."""

import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from myelodose.packages import package_versions
from myelodose.paths import posteriors_folder, shown
from myelodose.posterior.record import (
    DLT_LOGISTIC,
    ORDINAL_RESPONSE,
    Model,
    PosteriorError,
    PosteriorWarning,
    Provenance,
    content_hash,
    posterior_hash,
    provenance,
    require_model,
)
from myelodose.trial import checked_counts, response_table


def posterior_path(model: Model, data_name: str, folder: Path | str = "") -> Path:
    """Where the posterior of a model and a data set is stored.

    Args:
        model: Such as `DLT_LOGISTIC`.
        data_name: Name of the data, such as "platzbecker2013".
        folder: The posteriors folder if empty.
    """
    return Path(folder or posteriors_folder()) / f"{data_name}-{model.name}.nc"


def save_posterior(tree: xr.DataTree, path: Path | str, *, overwrite: bool = False) -> Path:
    """Store a posterior; the file appears whole or not at all.

    Args:
        tree: A posterior with provenance, as the fit functions return it.
        path: Ends in `.nc` (NetCDF) or `.zarr` (Zarr folder).
        overwrite: Replace what is there.

    Returns:
        The path.

    Raises:
        PosteriorError: If there is something already, the ending is another, or the tree has no
            provenance.
    """
    path = Path(path)
    provenance(tree, "save_posterior")
    write = _format(path).write
    if path.exists() and not overwrite:
        raise PosteriorError(
            shown(path), "found a posterior there already", "pass overwrite=True or another path"
        )
    stamped = tree.copy()
    stamped.attrs["content_hash"] = posterior_hash(tree)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.partial-{os.getpid()}{path.suffix}")
    try:
        write(stamped, partial)
        _replace(partial, path)
    finally:
        _remove(partial)
    return path


def load_posterior(
    path: Path | str, *, model: Model | None = None, data: xr.Dataset | None = None
) -> xr.DataTree:
    """Load a stored posterior and check all of it.

    Args:
        path: `.nc` file or `.zarr` folder.
        model: The model that it must be of, such as `DLT_LOGISTIC`.
        data: The data that it must have been fitted to; a whole trial will do.

    Returns:
        The posterior, in memory.

    Raises:
        PosteriorError: If the file is missing, damaged, of another schema, from another model or
            fitted to other data.

    Warns:
        PosteriorWarning: If other versions of the packages made it.
    """
    path = Path(path)
    place = shown(path)
    tree = _read(path, place)
    found = provenance(tree, place)
    if tree.attrs.get("content_hash") != posterior_hash(tree):
        raise PosteriorError(
            place, "the content does not match its hash: damaged or edited", "fit it again"
        )
    if model is not None:
        require_model(tree, model, place)
    if data is not None:
        given = content_hash(_read_by(found.model, data, place))
        if given != found.data_hash:
            raise PosteriorError(
                place,
                f"it was fitted to other data ('{found.data_name}', hash {found.data_hash[:12]}; "
                f"these have {given[:12]})",
                "fit it again to these data",
            )
    _warn_of_other_versions(found, place)
    return tree


def _read_by(model: Model, data: xr.Dataset, place: str) -> xr.Dataset:
    """What a model reads of a dataset, so that a whole trial may be given."""
    if model == DLT_LOGISTIC:
        return checked_counts(data, place)
    if model == ORDINAL_RESPONSE:
        return response_table(data)
    return data


def fit_or_load(
    path: Path | str, fit: Callable[[], xr.DataTree], *, model: Model, data: xr.Dataset
) -> xr.DataTree:
    """The stored posterior if there is one; otherwise fit it now and store it.

    Args:
        path: Where it is, or shall be, stored.
        fit: Fits it, without arguments.
        model: The model that it must be of.
        data: The data that it must have been fitted to.

    Raises:
        PosteriorError: If what is stored is damaged, of another model or of other data; it is
            never overwritten here.
    """
    if Path(path).exists():
        return load_posterior(path, model=model, data=data)
    print(f"no stored posterior at {shown(Path(path))}: fitting it now", flush=True)
    tree = fit()
    save_posterior(tree, path)
    return tree


def _warn_of_other_versions(found: Provenance, place: str) -> None:
    here = package_versions()
    other = [
        f"{name} {made} (here {here.get(name, 'none')})"
        for name, made in found.packages.items()
        if here.get(name) != made
    ]
    if other:
        warnings.warn(f"{place}: made with {', '.join(other)}", PosteriorWarning, stacklevel=3)


class _Format(NamedTuple):
    write: Callable[[xr.DataTree, Path], object]
    read: Callable[[Path], xr.DataTree]


_FORMATS = {
    ".nc": _Format(
        lambda tree, path: tree.to_netcdf(path, engine="h5netcdf"),
        lambda path: xr.open_datatree(path, engine="h5netcdf"),
    ),
    # Consolidated metadata is not part of the Zarr 3 specification.
    ".zarr": _Format(
        lambda tree, path: tree.to_zarr(path, consolidated=False),
        lambda path: xr.open_datatree(path, engine="zarr", consolidated=False),
    ),
}


def _format(path: Path) -> _Format:
    if path.suffix not in _FORMATS:
        raise PosteriorError(
            shown(path), f"found the ending '{path.suffix}'", f"use {' or '.join(_FORMATS)}"
        )
    return _FORMATS[path.suffix]


def _read(path: Path, place: str) -> xr.DataTree:
    read = _format(path).read
    if not path.exists():
        raise PosteriorError(place, "there is no such posterior", "fit it first, or check the path")
    try:
        with read(path) as tree:
            return tree.load()
    # The file formats raise many kinds of error on damage; all mean the same to a person.
    except Exception as problem:
        raise PosteriorError(
            place,
            f"it cannot be read ({type(problem).__name__}: {problem}): truncated or no posterior",
            "fit it again",
        ) from problem


def _replace(partial: Path, path: Path) -> None:
    """Put the finished file in place; a folder cannot be replaced in one step."""
    if path.is_dir():
        old = path.with_name(f".{path.stem}.old-{os.getpid()}{path.suffix}")
        path.rename(old)
        partial.rename(path)
        _remove(old)
    else:
        partial.replace(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
