"""A population model as a document that a posterior can carry, and back."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from myelodose.errors import InputError
from myelodose.population.constraint import AboveRate
from myelodose.population.counted import CellCount, Event, ReadCount
from myelodose.population.covariates import Categorical, LinearEffect, Power
from myelodose.population.model import PopulationModel
from myelodose.population.parameter import Parameter
from myelodose.population.prior import Prior
from myelodose.population.random_effects import RandomEffects
from myelodose.population.residual import Residual
from myelodose.population.structures.structure import Structure

DOCUMENT_VERSION = 1
"""Rises when a document of the version before cannot be read any more."""

_PARTS = (
    AboveRate,
    Categorical,
    CellCount,
    Event,
    LinearEffect,
    Parameter,
    PopulationModel,
    Power,
    Prior,
    RandomEffects,
    ReadCount,
    Residual,
)


def to_document(model: PopulationModel) -> dict[str, Any]:
    """The model in words and numbers alone, ready for JSON.

    Args:
        model: The model.

    Raises:
        InputError: If a part of it is no value that a document can hold.

    Example:
        >>> from myelodose.population import OneCompartmentPk
        >>> prior = Prior("LogNormal", 1.0, 1.0)
        >>> model = PopulationModel(
        ...     "bolus",
        ...     OneCompartmentPk(oral=False),
        ...     (Parameter("CL", prior), Parameter("V", prior)),
        ...     RandomEffects(),
        ...     {"": Residual("additive", Prior("HalfNormal", 1.0))},
        ... )
        >>> from_document(to_document(model)).sites() == model.sites()
        True
    """
    return {"version": DOCUMENT_VERSION, "model": _written(model)}


def from_document(document: Mapping[str, Any]) -> PopulationModel:
    """The model that `to_document` wrote.

    Args:
        document: What was written.

    Raises:
        InputError: If it is of another version, or names a part that there is not.
    """
    version = document.get("version")
    if version != DOCUMENT_VERSION:
        remedy = f"give one of version {DOCUMENT_VERSION}, or fit the model again"
        raise InputError("from_document", f"found version {version!r}", remedy)
    model = _read(document["model"])
    if not isinstance(model, PopulationModel):
        found = f"found a {type(model).__name__}"
        raise InputError("from_document", found, "give the document of a PopulationModel")
    return model


def _written(value: Any) -> Any:
    if isinstance(value, Prior):
        return {"class": "Prior", "name": value.name, "numbers": list(value.numbers)}
    if is_dataclass(value):
        own = {one.name: _written(getattr(value, one.name)) for one in fields(value) if one.init}
        return {"class": type(value).__name__} | own
    if isinstance(value, Mapping):
        return {"class": "mapping", "items": {key: _written(one) for key, one in value.items()}}
    if isinstance(value, tuple | list):
        return [_written(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    found = f"found {value!r}"
    raise InputError("to_document", found, "declare the model with names, numbers and priors alone")


def _read(written: Any) -> Any:
    if isinstance(written, list):
        return tuple(_read(one) for one in written)
    if not isinstance(written, Mapping):
        return written
    name = written["class"]
    if name == "mapping":
        return {key: _read(one) for key, one in written["items"].items()}
    if name == "Prior":
        return Prior(written["name"], *written["numbers"])
    kinds = {kind.__name__: kind for kind in (*_PARTS, *_structures(Structure))}
    if name not in kinds:
        remedy = f"this version knows {', '.join(sorted(kinds))}"
        raise InputError("from_document", f"found a part {name!r}", remedy)
    return kinds[name](**{key: _read(one) for key, one in written.items() if key != "class"})


def _structures(kind: type) -> list[type]:
    return [found for one in kind.__subclasses__() for found in (one, *_structures(one))]
