"""Parameters that all patients share, given to each of them."""

from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from myelodose.blood.model import Lineages
from myelodose.marrow.course import Patient

_BY_CLONE = ("size", "entry_per_d", "differentiation", "kill_len", "crowding")
_AXES = dict.fromkeys((*_BY_CLONE, *Lineages._fields), 1) | {"effectiveness": 2}


def own_axes(path: tuple[Any, ...]) -> int:
    """How many axes a parameter has besides the patients'.

    Args:
        path: Where it stands in a `Patient`, as `jax.tree.leaves_with_path` gives it.
    """
    return _AXES.get(path[-1].name, 0)


def with_patients(patient: Patient, patients: int) -> Patient:
    """Every array with the patients as its last axis, those that all patients share included.

    Args:
        patient: Parameters; an array has its own axes (clone, lineage) with or without patients.
        patients: How many.
    """

    def widen(path: tuple[Any, ...], value: Any) -> Array:
        # NumPy's float64 stays as it is until it meets compiled code.
        xp = jnp if isinstance(value, jax.Array) else np
        value = xp.asarray(value)
        value = value[..., None] if value.ndim == own_axes(path) else value
        return cast(Array, xp.broadcast_to(value, (*value.shape[:-1], patients)))

    return jax.tree.map_with_path(widen, patient)
