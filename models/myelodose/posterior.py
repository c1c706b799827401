"""Fitted posteriors on disk: ArviZ-shaped DataTrees with provenance, checked when loaded.

A stored posterior is an `xarray.DataTree` (groups `posterior`, `prior`, `sample_stats`, ...) in
NetCDF (`.nc`) or Zarr (`.zarr`). Its root attributes hold the provenance as JSON text, and a hash
over all draws and the provenance, so that nothing can be lost or changed unnoticed.
"""

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.packages import package_versions
from myelodose.paths import posteriors_folder, shown
from myelodose.priors import LogisticPrior

SCHEMA_VERSION = 1
R_HAT_LIMIT = 1.01
ESS_LIMIT = 400
CHECKS = ("r_hat", "ess_bulk", "ess_tail", "divergences")


class Model(NamedTuple):
    """Name and version of a model; the version rises when the meaning of a parameter changes."""

    name: str
    version: int


DLT_LOGISTIC = Model("dlt-logistic", 1)
ORDINAL_RESPONSE = Model("ordinal-response", 1)


class PosteriorError(InputError):
    """A stored posterior that cannot be used as it is."""


class PosteriorWarning(UserWarning):
    """A stored posterior that can be used, with something to know."""


@dataclass(frozen=True)
class Diagnostics:
    """How well the chains converged: the worst value over all parameters.

    R-hat is rank-normalised, ESS is in draws (Vehtari et al. 2021, doi 10.1214/20-BA1221).
    """

    r_hat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    worst: dict[str, str] = field(default_factory=dict)

    def failures(self) -> dict[str, str]:
        """The checks that fail, by name, each with its value and limit. NaN fails."""
        checks = {
            "r_hat": (self.r_hat <= R_HAT_LIMIT, f"{self.r_hat:.3f}, above {R_HAT_LIMIT}"),
            "ess_bulk": (self.ess_bulk >= ESS_LIMIT, f"{self.ess_bulk:.0f}, below {ESS_LIMIT}"),
            "ess_tail": (self.ess_tail >= ESS_LIMIT, f"{self.ess_tail:.0f}, below {ESS_LIMIT}"),
            "divergences": (self.divergences == 0, f"{self.divergences}, above 0"),
        }
        return {
            name: text + (f" ({self.worst[name]})" if name in self.worst else "")
            for name, (fine, text) in checks.items()
            if not fine
        }

    def __str__(self) -> str:
        """One line for reports."""
        return (
            f"R-hat at most {self.r_hat:.3f}, ESS at least {self.ess_bulk:.0f} (bulk) and "
            f"{self.ess_tail:.0f} (tail), {self.divergences} divergences"
        )


@dataclass(frozen=True)
class Provenance:
    """What a posterior was made of and by what."""

    model: Model
    data_name: str
    data_hash: str
    seed: int
    sampler: dict
    diagnostics: Diagnostics
    created: str
    packages: dict[str, str]
    prior: dict = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> str:
        """Canonical JSON: NetCDF attributes hold no dictionaries."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=True)

    @classmethod
    def from_json(cls, text: str) -> "Provenance":
        """The inverse of `to_json`."""
        fields = json.loads(text)
        fields["model"] = Model(*fields["model"])
        fields["diagnostics"] = Diagnostics(**fields["diagnostics"])
        return cls(**fields)

    def logistic_prior(self) -> LogisticPrior:
        """The prior of a `dlt-logistic` posterior."""
        fields = dict(self.prior)
        for name in ("mean", "sd", "dose_range_mg"):
            fields[name] = tuple(fields[name])
        return LogisticPrior(**fields)


def content_hash(data: xr.Dataset | xr.DataTree) -> str:
    """SHA-256 over names, dimensions and values of every variable; attributes do not count.

    Example:
        >>> one, other = (xr.Dataset({"n": ("dose", [n])}) for n in (3, 4))
        >>> content_hash(one) == content_hash(other)
        False
    """
    digest = hashlib.sha256()
    groups = data.to_dict() if isinstance(data, xr.DataTree) else {"/": data}
    for path in sorted(groups):
        variables = groups[path].variables
        for name in sorted(variables, key=str):
            variable = variables[name]
            digest.update(f"{path}|{name}|{variable.dims}|{variable.shape}|".encode())
            digest.update(_canonical_bytes(variable.values))
    return digest.hexdigest()


def _canonical_bytes(values: np.ndarray) -> bytes:
    """The same bytes for the same values, whatever a file format made of their type."""
    if values.dtype.kind in "OUST":
        return "\x1f".join(str(value) for value in values.ravel()).encode()
    if values.dtype.kind == "f":
        return values.astype("<f8").tobytes()
    return values.astype("<i8").tobytes()


def provenance(tree: xr.DataTree, place: str = "posterior") -> Provenance:
    """The provenance that a posterior carries.

    Raises:
        PosteriorError: If it has none, or one that this version cannot read.
    """
    text = tree.attrs.get("provenance")
    if text is None:
        raise PosteriorError(
            place, "found no provenance", "give a posterior that myelodose fitted or stored"
        )
    try:
        schema = json.loads(text)["schema_version"]
        if schema == SCHEMA_VERSION:
            return Provenance.from_json(text)
    except (ValueError, KeyError, TypeError) as problem:
        raise PosteriorError(
            place, f"the provenance cannot be read ({problem})", "fit the posterior again"
        ) from None
    remedy = (
        "fit it again with this version" if schema < SCHEMA_VERSION else "install a newer myelodose"
    )
    raise PosteriorError(
        place, f"found schema version {schema}, this version reads {SCHEMA_VERSION}", remedy
    )


def posterior_hash(tree: xr.DataTree) -> str:
    """Hash of all draws together with their provenance; what a decision cites."""
    text = tree.attrs.get("provenance", "")
    return hashlib.sha256(f"{content_hash(tree)}{text}".encode()).hexdigest()


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
        data: The data that it must have been fitted to.

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
    if model is not None and found.model != model:
        raise PosteriorError(
            place,
            f"found a posterior of model '{found.model.name}' version {found.model.version}",
            f"give one of '{model.name}' version {model.version}",
        )
    if data is not None and found.data_hash != content_hash(data):
        raise PosteriorError(
            place,
            f"it was fitted to other data ('{found.data_name}', hash {found.data_hash[:12]}; "
            f"these have {content_hash(data)[:12]})",
            "fit it again to these data",
        )
    _warn_of_other_versions(found, place)
    return tree


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
