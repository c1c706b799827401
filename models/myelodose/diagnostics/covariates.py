"""Random effects against covariates."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import ArrayLike

from myelodose.errors import InputError


def eta_against_covariates(
    eta: Float[np.ndarray, "draw patient eta"],
    covariates: Mapping[str, ArrayLike],
    *,
    names: Sequence[str],
    interval: float = 0.95,
) -> pd.DataFrame:
    """Slope and correlation of every random effect with every covariate.

    Both are computed in each posterior draw, so that shrinkage does not pass for certainty. A
    covariate that is no number has one row for each level after the first (in sorted order): the
    difference in mean eta, with no correlation. A clear slope says that the covariate belongs in
    the model, or that its effect there has another shape.

    Args:
        eta: Random effects; one draw where only estimates are known, and then no intervals.
        covariates: By name one value a patient.
        names: Name of each effect.
        interval: Width of the intervals, with equal tails.

    Returns:
        One row for effect, covariate and level ("per unit" of a number): `slope`, `slope_low`,
        `slope_high`, `probability_positive` of the slope, `correlation`, `correlation_low`,
        `correlation_high`.

    Raises:
        InputError: If a covariate does not have one value a patient, or is missing for some.

    Example:
        >>> eta = np.array([[[-0.1], [0.0], [0.1]]])
        >>> table = eta_against_covariates(eta, {"WT": [60.0, 70.0, 80.0]}, names=["CL"])
        >>> table.slope.round(6).tolist()
        [0.01]
    """
    eta = np.asarray(eta, float)
    tail = (1 - interval) / 2
    rows = []
    for name, values in covariates.items():
        for level, column in _columns(name, values, eta.shape[1]).items():
            slope, correlation = _slope_and_correlation(eta, column)
            for k, effect in enumerate(names):
                row = {"effect": effect, "covariate": name, "level": level}
                row |= _interval("slope", slope[:, k], tail)
                row["probability_positive"] = np.mean(slope[:, k] > 0) if len(eta) > 1 else np.nan
                own = correlation[:, k] if level == "per unit" else np.full(len(eta), np.nan)
                rows.append(row | _interval("correlation", own, tail))
    table = pd.DataFrame(rows).set_index(["effect", "covariate", "level"])
    table.attrs["interval"] = f"{100 * interval:g} %, equal tails"
    return table


def _columns(name: str, values: ArrayLike, patients: int) -> dict[str, np.ndarray]:
    """A number as it is; else for each level after the first 1, and 0 for the first."""
    array = np.asarray(values)
    if len(array) != patients or pd.isna(array).any():
        found = f"found {len(array)} values, {int(pd.isna(array).sum())} of them missing"
        raise InputError(f"covariate {name!r}", found, f"give one for each of {patients} patients")
    if array.dtype.kind in "fiu":
        return {"per unit": array.astype(float)}
    words = array.astype(str)
    first, *others = np.unique(words)
    return {
        # Patients with other levels are left out: the slope is then the difference in means.
        f"{level} against {first}": np.select([words == level, words == first], [1.0, 0.0], np.nan)
        for level in others
    }


def _slope_and_correlation(eta: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares in each draw over the patients where x is known, [draw, eta]."""
    known = np.isfinite(x)
    away = x[known] - x[known].mean()
    centred = eta[:, known] - eta[:, known].mean(axis=1, keepdims=True)
    together = np.einsum("p,dpe->de", away, centred)
    square = np.sum(away**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = together / square
        correlation = together / np.sqrt(square * np.sum(centred**2, axis=1))
    return slope, correlation


def _interval(name: str, draws: np.ndarray, tail: float) -> dict[str, float]:
    low, high = np.quantile(draws, [tail, 1 - tail]) if len(draws) > 1 else (np.nan, np.nan)
    return {name: float(np.median(draws)), f"{name}_low": low, f"{name}_high": high}
