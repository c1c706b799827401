"""One flat axis for kinds and patients: the innermost loop of compiled code.

A processor runs arrays of shape (node, clone, patient) with 20 patients a quarter as fast as the
same numbers in (node, clone x patient): it computes several neighbours at once, along the last
axis alone, and that has to be long.
"""

from functools import reduce
from typing import NamedTuple

import jax.numpy as jnp
from jax.lax import optimization_barrier
from jaxtyping import Array, Float

from myelodose.solve.march import over_time


class Lanes(NamedTuple):
    """How (kind, patient, ...) lies on one axis; kinds are clones or lineages.

    Args:
        shape: Kinds and patients; kinds alone for a single patient.

    Example:
        >>> Lanes((3, 2)).each(jnp.array([1.0, 2.0])).tolist()
        [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
    """

    shape: tuple[int, ...]

    def flat(self, values, *, lead: int = 0) -> Float[Array, "... lane"]:
        """Values by kind and patient, on lanes.

        Args:
            values: The last axes broadcast to `shape`.
            lead: How many axes come before them, and stay.
        """
        values = jnp.asarray(values)
        front, back = values.shape[:lead], values.shape[lead:]
        missing = (1,) * (len(self.shape) - len(back))
        values = values.reshape(*front, *missing, *back)
        return jnp.broadcast_to(values, (*front, *self.shape)).reshape(*front, -1)

    def each(self, values, *, lead: int = 0) -> Float[Array, "... lane"]:
        """Values by patient, the same for every kind.

        Args:
            values: The last axes broadcast to the patients.
            lead: How many axes come before them, and stay.
        """
        values = jnp.asarray(values)
        front, back = values.shape[:lead], values.shape[lead:]
        missing = (1,) * (len(self.shape) - len(back))
        return self.flat(values.reshape(*front, *missing, *back), lead=lead)

    def over(self, times: tuple[int, ...], values) -> Float[Array, "... lane"]:
        """Values by kind and patient, the same at all times; see `over_time`."""
        return over_time(times, self.flat(values))

    def back(self, values: Float[Array, "... lane"]) -> Float[Array, "... kind patient"]:
        """Values on lanes by kind and patient again."""
        return values.reshape(*values.shape[:-1], *self.shape)


def total(values: Float[Array, "... lane"], kinds: int) -> Float[Array, "... lane"]:
    """The sum over kinds, the same for every kind.

    Args:
        values: On lanes, kinds first.
        kinds: How many there are.

    Example:
        >>> total(jnp.array([1.0, 2.0, 10.0, 20.0]), 2).tolist()
        [11.0, 22.0, 11.0, 22.0]
    """
    size = values.shape[-1] // kinds
    # Slices and not a sum over a middle axis, which leaves the fast path; barriers, since the
    # compiler would compute cuts and joins anew wherever the sum is used, here and in derivatives.
    values = optimization_barrier(values)
    parts = [values[..., i * size : (i + 1) * size] for i in range(kinds)]
    return optimization_barrier(jnp.concatenate([reduce(jnp.add, parts)] * kinds, -1))
