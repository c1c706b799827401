"""What the parameter records of the models share: a pytree, and the check of concrete values."""

from dataclasses import fields
from typing import Any

import jax
import numpy as np
from jaxtyping import Array

from myelodose.errors import InputError
from myelodose.solve.checks import ABOVE_0, AT_LEAST_0, check_concrete

type Value = Array | np.ndarray | float
"""A parameter: a number, or an array that broadcasts against the trailing axes of a state."""


def register[T: type[Any]](model: T) -> T:
    """Make a frozen dataclass of parameters a pytree, the number of transits being static.

    Gradients and tangents of a model are of its class too, and may be negative or no numbers at
    all. So a pytree is put together without the checks of `__post_init__`; that is why
    `jax.tree_util.register_dataclass` would not do.
    """
    names = [field.name for field in fields(model) if field.name != "transits"]

    def flatten(value):
        keys = ((jax.tree_util.GetAttrKey(name), getattr(value, name)) for name in names)
        return tuple(keys), value.transits

    def unflatten(transits, leaves):
        value = object.__new__(model)
        for name, leaf in zip((*names, "transits"), (*leaves, transits), strict=True):
            object.__setattr__(value, name, leaf)
        return value

    jax.tree_util.register_pytree_with_keys(model, flatten, unflatten)
    return model


def check_parameters(model, may_be_zero: tuple[str, ...]) -> None:
    """Refuse parameters that cannot be, as far as they are concrete.

    Raises:
        InputError: Naming class, parameter, value and remedy.
    """
    names = [field.name for field in fields(model) if field.name != "transits"]
    check_concrete(model, {n: AT_LEAST_0 if n in may_be_zero else ABOVE_0 for n in names})
    place = type(model).__name__
    if not isinstance(model.transits, int) or model.transits < 0:
        remedy = "give a whole number of at least 0"
        raise InputError(f"{place}, transits", f"found {model.transits!r}", remedy)
    if model.transits and model.ka is None:
        remedy = "give ka, the rate at which every stage empties"
        raise InputError(f"{place}, transits", f"found {model.transits} without ka", remedy)
