"""Isotonic regression of DLT rates: along one drug, and over the grid of two."""

import itertools
from functools import cache

import numpy as np
from jaxtyping import Bool, Float


def increasing(
    values: Float[np.ndarray, "state level"],
    weights: Float[np.ndarray, "state level"],
    used: Bool[np.ndarray, "state level"],
) -> Float[np.ndarray, "state level"]:
    """Weighted least-squares fit that does not decrease from level to level.

    The pooled-adjacent-violators answer in its max-min form, which needs no loop over states:

        fit_k = max over i <= k of min over j >= k of the weighted mean of levels i to j

    Args:
        values: What is fitted.
        weights: Weights, above 0 where used.
        used: Levels that take part; the others do not count and get NaN.

    Returns:
        The fit.

    Source:
        Barlow et al., Statistical inference under order restrictions, Wiley 1972.

    Example:
        >>> ones = np.ones((1, 3))
        >>> increasing(np.array([[0.1, 0.4, 0.2]]), ones, ones > 0).round(2)
        array([[0.1, 0.3, 0.3]])
    """
    levels = values.shape[-1]
    weight = np.where(used, weights, 0.0)
    start = np.zeros((len(values), 1))
    mass = np.concatenate([start, np.cumsum(weight, -1)], -1)
    moment = np.concatenate([start, np.cumsum(np.where(used, weight * values, 0.0), -1)], -1)
    fit = np.full(values.shape, np.nan)
    for k in range(levels):
        best = np.full(len(values), -np.inf)
        for i in range(k + 1):
            below = mass[:, k + 1 :] - mass[:, i : i + 1]
            with np.errstate(invalid="ignore", divide="ignore"):
                means = (moment[:, k + 1 :] - moment[:, i : i + 1]) / below
            best = np.maximum(best, np.where(below > 0, means, np.inf).min(-1))
        fit[:, k] = best
    return np.where(used, fit, np.nan)


def increasing_both_ways(
    values: Float[np.ndarray, "state row column"], weights: Float[np.ndarray, "state row column"]
) -> Float[np.ndarray, "state row column"]:
    """Weighted least-squares fit that decreases along neither rows nor columns.

    The max-min answer again: an upper set holds with a cell all cells that are at least as high
    in both ways, a lower set is what an upper set leaves, and

        fit(x) = max over upper sets U with x of min over lower sets L with x of mean(U and L)

    There are (rows + columns)! / (rows! columns!) upper sets, 56 over a grid of 3 x 5.

    Args:
        values: What is fitted.
        weights: Weights, above 0.

    Returns:
        The fit, what BOIN's MTD selection for combinations gets iteratively from algorithm AS 206.

    Source:
        Robertson, Wright and Dykstra, Order restricted statistical inference, Wiley 1988, ch. 1.

    Example:
        >>> increasing_both_ways(np.array([[[0.2, 0.1], [0.1, 0.4]]]), np.ones((1, 2, 2))).round(3)
        array([[[0.133, 0.133],
                [0.133, 0.4  ]]])
    """
    states, rows, columns = values.shape
    mass = weights.reshape(states, rows * columns)
    moment = mass * values.reshape(mass.shape)
    upper = _upper_sets(rows, columns)
    lower = ~upper
    fit = np.full(mass.shape, -np.inf)
    for cells in upper[upper.any(1)]:
        both = (lower & cells).T.astype(float)
        below = mass @ both
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(below > 0, (moment @ both) / below, np.inf)
        for x in np.flatnonzero(cells):
            fit[:, x] = np.maximum(fit[:, x], means[:, lower[:, x]].min(1))
    return fit.reshape(values.shape)


@cache
def _upper_sets(rows: int, columns: int) -> Bool[np.ndarray, "set cell"]:
    """All upper sets of a grid: in each row the cells from a column on, earlier in later rows."""
    begins = itertools.combinations_with_replacement(range(columns, -1, -1), rows)
    first = np.array(list(begins))[:, :, None]
    return (np.arange(columns) >= first).reshape(len(first), -1)
