"""What a posterior was made of, how well it converged, and what its content is."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.priors import LogisticPrior

SCHEMA_VERSION = 1
R_HAT_LIMIT = 1.01
ESS_LIMIT = 400
E_BFMI_LIMIT = 0.3
PARETO_K_LIMIT = 0.7
CHECKS = ("r_hat", "ess_bulk", "ess_tail", "divergences", "e_bfmi", "pareto_k")


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
    """How well the chains converged: the worst value over all parameters or chains.

    R-hat is rank-normalised, ESS is in draws (Vehtari et al. 2021, doi 10.1214/20-BA1221). The
    energy's Bayesian fraction of missing information is None where no energy was stored
    (Betancourt 2016, arXiv 1604.00695). An approximation has `pareto_k` instead of chains, and NaN
    in the measures of chains.
    """

    r_hat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    worst: dict[str, str] = field(default_factory=dict)
    e_bfmi: float | None = None
    pareto_k: float | None = None

    def failures(self) -> dict[str, str]:
        """The checks that fail, by name, each with its value and limit. NaN fails."""
        checks = {
            "r_hat": (self.r_hat <= R_HAT_LIMIT, f"{self.r_hat:.3f}, above {R_HAT_LIMIT}"),
            "ess_bulk": (self.ess_bulk >= ESS_LIMIT, f"{self.ess_bulk:.0f}, below {ESS_LIMIT}"),
            "ess_tail": (self.ess_tail >= ESS_LIMIT, f"{self.ess_tail:.0f}, below {ESS_LIMIT}"),
            "divergences": (self.divergences == 0, f"{self.divergences}, above 0"),
        }
        if self.e_bfmi is not None:
            checks["e_bfmi"] = (
                self.e_bfmi >= E_BFMI_LIMIT,
                f"{self.e_bfmi:.2f}, below {E_BFMI_LIMIT}",
            )
        if self.pareto_k is not None:
            checks["pareto_k"] = (
                self.pareto_k <= PARETO_K_LIMIT,
                f"{self.pareto_k:.2f}, above {PARETO_K_LIMIT}",
            )
        return {
            name: text + (f" ({self.worst[name]})" if name in self.worst else "")
            for name, (fine, text) in checks.items()
            if not fine
        }

    def __str__(self) -> str:
        """One line for reports, with the verdict."""
        failed = [f"{name} = {text}" for name, text in self.failures().items()]
        return (
            f"R-hat at most {self.r_hat:.3f}, ESS at least {self.ess_bulk:.0f} (bulk) and "
            f"{self.ess_tail:.0f} (tail), divergences: {self.divergences}"
            + ("" if self.e_bfmi is None else f", E-BFMI at least {self.e_bfmi:.2f}")
            + ("" if self.pareto_k is None else f", Pareto k {self.pareto_k:.2f}")
            + "; "
            + ("NOT CONVERGED: " + ", ".join(failed) if failed else "converged")
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


def require_model(tree: xr.DataTree, model: Model, place: str) -> Provenance:
    """The provenance of a posterior that must be of one model.

    Raises:
        PosteriorError: If it is of another model or version.
    """
    record = provenance(tree, place)
    if record.model != model:
        raise PosteriorError(
            place,
            f"found a posterior of model '{record.model.name}' version {record.model.version}",
            f"give one of '{model.name}' version {model.version}",
        )
    return record


def require_converged(
    tree: xr.DataTree, place: str, accept_failed: Sequence[str] = ()
) -> list[str]:
    """Refuse a posterior that has not converged, unless each failed check is named.

    Args:
        tree: A posterior with provenance.
        place: Who asks, for the error.
        accept_failed: Names of checks ("r_hat", "ess_bulk", "ess_tail", "divergences",
            "e_bfmi", "pareto_k") whose failure is accepted.

    Returns:
        One caution for each accepted failure.

    Raises:
        PosteriorError: If a check fails that is not named.
        InputError: If a name is no check.
    """
    for name in accept_failed:
        if name not in CHECKS:
            raise InputError(
                f"{place}, accept_failed", f"found {name!r}", f"use {', '.join(CHECKS)}"
            )
    failures = provenance(tree, place).diagnostics.failures()
    refused = [f"{name} = {text}" for name, text in failures.items() if name not in accept_failed]
    if refused:
        raise PosteriorError(
            place,
            f"the posterior has not converged: {'; '.join(refused)}",
            "fit it again with more warm-up or draws; to use it all the same, name each failed "
            f"check: accept_failed={list(failures)}",
        )
    return [f"Accepted although it failed: {name} = {text}." for name, text in failures.items()]


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


def posterior_hash(tree: xr.DataTree) -> str:
    """Hash of all draws together with their provenance; what a decision cites."""
    text = tree.attrs.get("provenance", "")
    return hashlib.sha256(f"{content_hash(tree)}{text}".encode()).hexdigest()
