"""Which values are beyond a limit of quantification, in data and simulations alike."""

import numpy as np
from jaxtyping import Float, Int

from myelodose.diagnostics.bins import percentiles_of


def limits_of(
    limit: float | Float[np.ndarray, " obs"] | None, count: int, *, high: bool = False
) -> Float[np.ndarray, " obs"]:
    """A limit for each observation; infinite where there is none.

    Args:
        limit: One limit, or one each (NaN: none), or None.
        count: Number of observations.
        high: Whether it is an upper limit.

    Example:
        >>> limits_of(None, 2).tolist()
        [-inf, -inf]
    """
    none = np.inf if high else -np.inf
    values = np.broadcast_to(none if limit is None else np.asarray(limit, float), count)
    return np.where(np.isnan(values), none, values)


def flags_of(
    values: Float[np.ndarray, "*sample obs"],
    low: Float[np.ndarray, " obs"],
    high: Float[np.ndarray, " obs"],
    *,
    flagged: Int[np.ndarray, " obs"] | None = None,
) -> Int[np.ndarray, "*sample obs"]:
    """1 where left-censored, -1 where right-censored, 0 elsewhere.

    Censored is what is flagged, and what is below the lower or above the upper limit; a value at
    a limit is quantified.

    Example:
        >>> flags_of(np.array([0.5, 1.0, 9.0]), np.ones(3), np.full(3, 5.0)).tolist()
        [1, 0, -1]
    """
    given = np.zeros(values.shape, int) if flagged is None else np.asarray(flagged, int)
    beyond = (values < low).astype(int) - (values > high)
    return np.where(given == 0, beyond, given)


def beyond_everything(
    values: Float[np.ndarray, "*sample obs"], flags: Int[np.ndarray, "*sample obs"]
) -> Float[np.ndarray, "*sample obs"]:
    """Censored values as infinities, which sort where they belong."""
    return np.where(flags == 1, -np.inf, np.where(flags == -1, np.inf, values))


def fraction_in_groups(
    flags: Int[np.ndarray, "*sample obs"], groups: list[Int[np.ndarray, " at"]]
) -> Float[np.ndarray, "group *sample"]:
    """The fraction censored, on either side together, in each group; NaN in an empty one."""
    empty = np.full(flags.shape[:-1], np.nan)
    return np.stack([np.mean(flags[..., at] != 0, axis=-1) if len(at) else empty for at in groups])


def over_simulations(
    values: Float[np.ndarray, "simulation number"], levels: Float[np.ndarray, " level"]
) -> Float[np.ndarray, "number level"]:
    """Levels of each number over simulations, NaN where a level is not known.

    Args:
        values: With infinities where a simulation does not know the number.
        levels: Between 0 and 1.
    """
    return percentiles_of(values.T, 100 * levels)
