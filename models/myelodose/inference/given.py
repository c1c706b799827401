"""The data of a fit: as arrays, and as one number that tells them from others."""

import hashlib
from typing import Any

import jax
import numpy as np

from myelodose.errors import InputError

Tree = Any


def as_arrays(tree: Tree) -> Tree:
    """The data as arrays.

    Raises:
        InputError: If something among them is none.
    """

    def one(path, value):
        found = np.asarray(value)
        if found.dtype.kind not in "fiub":
            raise InputError(
                f"fit, data{jax.tree_util.keystr(path[1:])}",
                f"found {type(value).__name__} {value!r}",
                "give numbers; code words as numbers first",
            )
        return found

    return jax.tree_util.tree_map_with_path(one, tree)


def tree_hash(tree: Tree) -> str:
    """SHA-256 over places, shapes and values of all arrays in a tree."""
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        values = np.asarray(leaf)
        digest.update(f"{jax.tree_util.keystr(path)}|{values.shape}|".encode())
        digest.update(values.astype("<f8" if values.dtype.kind == "f" else "<i8").tobytes())
    return digest.hexdigest()
