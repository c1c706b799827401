"""Non-compartmental analysis of measured concentrations.

The definitions are those of PKNCA. Time is in hours, amounts in mg, concentrations in mg/L.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from myelodose.errors import InputError

Method = Literal["linear", "log-linear", "linear-up/log-down"]

_ADJUSTED_R2_FACTOR = 1e-4
_FEWEST_POINTS = 3


class TerminalSlope(NamedTuple):
    """A straight line through the last log concentrations.

    `lambda_z` [1/h], its number of `points`, `first_h` [h] of them, and adjusted R2.
    """

    lambda_z: float
    points: int
    first_h: float
    adjusted_r2: float


@dataclass(frozen=True)
class NonCompartmental:
    """What the concentrations say without a model; not a number where they do not say it.

    Attributes:
        cmax_mg_per_l: Highest measured concentration [mg/L].
        tmax_h: First time at which it was measured [h].
        tlast_h: Time of the last concentration above 0 [h].
        clast_mg_per_l: That concentration, as measured [mg/L].
        auc_last_mg_h_per_l: Area from the first time to tlast [mg h/L].
        lambda_z_per_h: Terminal slope [1/h]: of the fits through the last 3, 4, ... points above 0
            and after tmax the one of best adjusted R2; among those within 1e-4 of it, the one of
            most points.
        points: How many points that fit uses.
        adjusted_r2: Its adjusted R2.
        half_life_h: ln 2 / lambda_z [h].
        auc_inf_mg_h_per_l: auc_last + clast / lambda_z [mg h/L] (from the observed clast).
        extrapolated: Share of auc_inf beyond tlast.
        clearance_l_per_h: Dose / auc_inf, CL/F after an oral dose [L/h].
        volume_l: Clearance / lambda_z, Vz/F after an oral dose [L].
    """

    cmax_mg_per_l: float
    tmax_h: float
    tlast_h: float
    clast_mg_per_l: float
    auc_last_mg_h_per_l: float
    lambda_z_per_h: float
    points: int
    adjusted_r2: float
    half_life_h: float
    auc_inf_mg_h_per_l: float
    extrapolated: float
    clearance_l_per_h: float
    volume_l: float


def nca(
    times_h: ArrayLike,
    concentrations_mg_per_l: ArrayLike,
    dose_mg: float,
    *,
    until_h: float = np.inf,
    method: Method = "linear-up/log-down",
) -> NonCompartmental:
    """Non-compartmental analysis of one patient after one dose.

    Args:
        times_h: Times since the dose [h], rising.
        concentrations_mg_per_l: Measured concentrations [mg/L]; 0 is below quantification. Zeros
            before the first measured concentration count as 0, those between measured ones are
            left out, those after the last one end the area.
        dose_mg: Dose [mg].
        until_h: Use measurements up to here only [h].
        method: Rule for the area between two points: "linear" trapezoids; "log-linear", an
            exponential wherever both are above 0 and differ; "linear-up/log-down", an exponential
            where the concentration falls and a trapezoid elsewhere.

    Returns:
        The parameters.

    Raises:
        InputError: If a value cannot be.

    Source:
        Denney, Duvvuri and Buckeridge, J Pharmacokinet Pharmacodyn 2015;42:11-107 (PKNCA,
        doi 10.1007/s10928-015-9432-2).

    Example:
        >>> found = nca([0, 1, 2, 3, 4], [8, 4, 2, 1, 0.5], dose_mg=100)
        >>> round(found.half_life_h, 6)
        1.0
    """
    t, c = _checked(times_h, concentrations_mg_per_l, dose_mg, method)
    kept = t <= until_h
    t, c = t[kept], c[kept]
    if not (c > 0).any():
        remedy = "give at least one above 0 within until_h"
        raise InputError("nca, concentrations_mg_per_l", "found none above 0", remedy)
    measured = np.flatnonzero(c > 0)
    inner = (c > 0) | (np.arange(len(c)) < measured[0])
    t, c = t[inner], c[inner]
    peak = int(np.argmax(c))
    area = float(_areas(t, c, method).sum())
    slope = terminal_slope(t[peak + 1 :], c[peak + 1 :])
    beyond = c[-1] / slope.lambda_z
    clearance = dose_mg / (area + beyond)
    return NonCompartmental(
        cmax_mg_per_l=float(c[peak]),
        tmax_h=float(t[peak]),
        tlast_h=float(t[-1]),
        clast_mg_per_l=float(c[-1]),
        auc_last_mg_h_per_l=area,
        lambda_z_per_h=slope.lambda_z,
        points=slope.points,
        adjusted_r2=slope.adjusted_r2,
        half_life_h=float(np.log(2) / slope.lambda_z),
        auc_inf_mg_h_per_l=float(area + beyond),
        extrapolated=float(beyond / (area + beyond)),
        clearance_l_per_h=float(clearance),
        volume_l=float(clearance / slope.lambda_z),
    )


def terminal_slope(times_h: np.ndarray, concentrations_mg_per_l: np.ndarray) -> TerminalSlope:
    """The terminal slope, through the last points of those given.

    Args:
        times_h: Times after the peak [h].
        concentrations_mg_per_l: Concentrations there, all above 0 [mg/L].

    Returns:
        The fit; not a number, of 0 points, if there are fewer than three points or none falls.

    Example:
        >>> terminal_slope(np.arange(4.0), np.exp(-0.5 * np.arange(4.0))).points
        4
    """
    fits = [
        _line(times_h[-n:], np.log(concentrations_mg_per_l[-n:]))
        for n in range(_FEWEST_POINTS, len(times_h) + 1)
    ]
    fits = [fit for fit in fits if fit.lambda_z > 0]
    if not fits:
        return TerminalSlope(np.nan, 0, np.nan, np.nan)
    best = max(fit.adjusted_r2 for fit in fits)
    good = [fit for fit in fits if fit.adjusted_r2 > best - _ADJUSTED_R2_FACTOR]
    return max(good, key=lambda fit: fit.points)


def _line(t: np.ndarray, y: np.ndarray) -> TerminalSlope:
    n = len(t)
    away, up = t - t.mean(), y - y.mean()
    slope = float(away @ up / (away @ away))
    total = float(up @ up)
    left = float(((up - slope * away) ** 2).sum())
    r2 = 1 - left / total if total > 0 else 0.0
    return TerminalSlope(-slope, n, float(t[0]), 1 - (1 - r2) * (n - 1) / (n - 2))


def _areas(t: np.ndarray, c: np.ndarray, method: Method) -> np.ndarray:
    """Area between each point and the next."""
    dt, first, second = np.diff(t), c[:-1], c[1:]
    trapezoid = dt * (first + second) / 2
    exponential = (first > 0) & (second > 0) & (first != second)
    if method == "linear-up/log-down":
        exponential &= second < first
    if method == "linear":
        return trapezoid
    ratio = np.where(exponential, first, 2.0) / np.where(exponential, second, 1.0)
    return np.where(exponential, dt * (first - second) / np.log(ratio), trapezoid)


def _checked(times, concentrations, dose: float, method: str) -> tuple[np.ndarray, np.ndarray]:
    t, c = np.asarray(times, dtype=float), np.asarray(concentrations, dtype=float)
    checks = {
        "method": (
            method in ("linear", "log-linear", "linear-up/log-down"),
            method,
            "give 'linear', 'log-linear' or 'linear-up/log-down'",
        ),
        "dose_mg": (0 < dose < np.inf, dose, "give a dose above 0 mg"),
        "concentrations_mg_per_l": (
            c.shape == t.shape and c.ndim == 1 and bool((np.isfinite(c) & (c >= 0)).all()),
            concentrations,
            "give one finite number of at least 0 for each time; leave out what was not measured",
        ),
        "times_h": (
            bool((np.isfinite(t) & (t >= 0)).all()) and bool((np.diff(t) > 0).all()),
            times,
            "give rising times of at least 0 h",
        ),
    }
    for name, (fine, found, remedy) in checks.items():
        if not fine:
            raise InputError(f"nca, {name}", f"found {found!r}", remedy)
    return t, c
