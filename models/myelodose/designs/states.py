"""Many trial states at once: each distinct state is computed once."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int

from myelodose.designs.base import check_states

_MOST = 2**62


def distinct(
    n: Int[np.ndarray, "state level"],
    y: Int[np.ndarray, "state level"],
    level: Int[np.ndarray, " state"],
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the distinct states, and for each state which of them it is.

    Example:
        >>> distinct(np.array([[3], [3]]), np.array([[1], [1]]), np.array([0, 0]))[1].tolist()
        [0, 0]
    """
    columns = np.concatenate([n, y, level[:, None]], 1)
    low = columns.min(0)
    base = (columns.max(0) - low + 1).astype(object)
    if int(np.prod(base)) < _MOST:
        place = np.concatenate([[1], np.cumprod(base[:-1])]).astype(np.int64)
        key = (columns - low) @ place
        _, first, which = np.unique(key, return_index=True, return_inverse=True)
    else:
        _, first, which = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    return first, which.reshape(-1)


def once_each(
    decide: Callable[..., np.ndarray], n: np.ndarray, y: np.ndarray, level: np.ndarray, levels: int
) -> np.ndarray:
    """Apply `decide(n, y, level)` to the distinct states and spread the results.

    Raises:
        InputError: If the states cannot be.
    """
    n, y = check_states(n, y, levels)
    level = np.broadcast_to(np.asarray(level, int), (len(n),))
    if not len(n):
        return np.empty(0, int)
    first, which = distinct(n, y, level)
    return decide(n[first], y[first], level[first])[which]
