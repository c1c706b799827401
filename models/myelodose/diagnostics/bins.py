"""Bins of time and percentiles inside them, censored values counted."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from myelodose.errors import InputError


def bin_edges(times: Float[np.ndarray, " obs"], bins: int | Sequence[float]) -> np.ndarray:
    """Edges of bins: those given, or quantiles of the times, so that bins hold alike many values.

    Args:
        times: Times of observations [h or d].
        bins: Edges from low to high, or how many bins. Quantiles that coincide, because many
            patients share a time, are one edge, so there may be fewer bins.

    Raises:
        InputError: If edges do not rise, or there are too few.

    Example:
        >>> bin_edges(np.array([0.0, 1.0, 2.0, 4.0, 8.0]), 2).tolist()
        [0.0, 2.0, 8.0]
    """
    if isinstance(bins, int | np.integer):
        if bins < 1:
            raise InputError("bins", f"found {bins}", "give 1 or more, or the edges")
        edges = np.unique(np.quantile(times, np.linspace(0, 1, bins + 1)))
        # One time only: a bin of no width holds it.
        return edges if len(edges) > 1 else np.repeat(edges, 2)
    edges = np.asarray(bins, float)
    if len(edges) < 2 or not np.all(np.diff(edges) > 0):
        raise InputError("bins", f"found {list(bins)}", "give 2 or more edges from low to high")
    return edges


def bin_index(
    times: Float[np.ndarray, " obs"], edges: Float[np.ndarray, " edge"]
) -> Int[np.ndarray, " obs"]:
    """The bin of every time, -1 outside of all.

    Bins are closed on the left, [low, high); the last one holds its right end too.

    Example:
        >>> bin_index(np.array([0.0, 1.0, 4.0, 5.0]), np.array([0.0, 1.0, 4.0])).tolist()
        [0, 1, 1, -1]
    """
    last = len(edges) - 2
    index = np.searchsorted(edges, times, side="right") - 1
    index = np.where(times == edges[-1], last, index)
    return np.where((times < edges[0]) | (times > edges[-1]), -1, index)


def percentiles_of(
    values: Float[np.ndarray, "*sample obs"],
    percentiles: Float[np.ndarray, " percentile"],
    *,
    keep_infinite: bool = False,
) -> Float[np.ndarray, "*sample percentile"]:
    """Percentiles along the last axis, interpolated as R's type 7.

    A value censored on the left is -inf and one on the right +inf; a percentile that falls among
    them, or between them and a number, is not known and is NaN.

    Args:
        values: Numbers and infinities.
        percentiles: [%].
        keep_infinite: Leave unknown percentiles infinite, so that their side is seen.

    Source:
        Hyndman and Fan 1996 (doi 10.1080/00031305.1996.10473566), definition 7.

    Example:
        >>> percentiles_of(np.array([-np.inf, 1.0, 2.0]), np.array([25.0, 50.0, 75.0])).tolist()
        [nan, 1.0, 1.5]
    """
    count = values.shape[-1]
    if count == 0:
        return np.full((*values.shape[:-1], len(percentiles)), np.nan)
    ordered = np.sort(values, axis=-1)
    # Rounding must not push a place that is a whole number below it (R does the same).
    fuzz = 4 * np.finfo(float).eps
    where = (count - 1) * np.asarray(percentiles) / 100
    low = np.floor(where + fuzz).astype(int)
    share = np.where(np.abs(where - low) < fuzz, 0.0, where - low)
    start, end = ordered[..., low], ordered[..., np.minimum(low + 1, count - 1)]
    with np.errstate(invalid="ignore"):
        found = np.where(share == 0, start, start + share * (end - start))
    found = np.where(
        np.isneginf(start), start, np.where((share > 0) & np.isposinf(end), end, found)
    )
    return found if keep_infinite else np.where(np.isfinite(found), found, np.nan)
