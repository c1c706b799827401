r"""Weights of pending patients for time-to-event designs, from their own counts so far.

A design such as TITE-CRM or TITE-BOIN lets a patient without a DLT count with a weight w from 0 to
1: the contribution is 1 - w p, with p the risk over the whole window. Then the chance that he stays
free of a DLT is (1 - p) / (1 - w p). Virtual patients who are still free of a DLT and whose counts
resemble his give that chance as 1 - q. So

    1 - q = (1 - p) / (1 - w p)     =>     w = (p - q) / (p (1 - q)),

0 where his counts promise no less than the whole risk (or more), 1 where nothing can come any more.
Without counts it is F(d) / F(window), the share of DLTs that come by day d (Cheung and Chappell,
Biometrics 2000;56:1177, doi 10.1111/j.0006-341X.2000.01177.x); the usual weight d / window assumes
that DLTs come evenly.

    q = 1 - sum_i a_i S_i(window) / sum_i a_i S_i(d),   a_i = density of his counts in patient i
"""

import warnings
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.stats import chi2

from myelodose.decision.courses import Courses
from myelodose.errors import InputError

COUNT_SD = (0.25, 0.2)
"""Standard deviation of the logarithm of a measured neutrophil and platelet count. CHOSEN, as in
the simulated cohorts."""

LEAST_ALIKE = 30
"""Fewest virtual patients, in effect, who must resemble the patient. CHOSEN."""

MOST_STRETCH = 2.0
"""Where fewer do, errors of the counts are stretched until enough do, so far at most. CHOSEN."""

_FITS = 0.999
"""If the nearest one fits worse than this share of patients fit their own truth, nobody does."""

_HIGHEST = np.array([100.0, 2000.0])


class PendingWarning(UserWarning):
    """Counts that too few virtual patients resemble."""


class PendingWeight(NamedTuple):
    """The weight of one pending patient. SIMULATED, but for his counts.

    Attributes:
        weight: What a time-to-event design takes, from 0 to 1.
        error: Two Monte Carlo standard errors of it, before it was cut to 0 to 1.
        later: q, P(a DLT later in the window), given no DLT and these counts so far.
        by_time: The weight without his counts, F(d) / F(window).
        linear: d / window.
        risk: p, P(DLT) in the whole window.
        alike: Virtual patients, in effect, whose counts resemble his: (sum a)^2 / sum a^2.
        stretch: Factor on the errors of his counts that this took; 1 where enough are alike.
        from_counts: Whether his counts were used; too few alike, and `weight` is `by_time`.
    """

    weight: float
    error: float
    later: float
    by_time: float
    linear: float
    risk: float
    alike: float
    stretch: float
    from_counts: bool


def weight_of_later_risk(later: ArrayLike, risk: ArrayLike) -> Float[np.ndarray, "..."]:
    """The weight (p - q) / (p (1 - q)), cut to 0 to 1.

    Args:
        later: q.
        risk: p, above 0.

    Example:
        >>> weight_of_later_risk([0.0, 0.1, 0.3], 0.2).round(3).tolist()
        [1.0, 0.556, 0.0]
    """
    q, p = np.asarray(later, float), np.asarray(risk, float)
    return np.clip((p - q) / (p * np.maximum(1 - q, 1e-12)), 0.0, 1.0)


def pending_weight(
    courses: Courses,
    followed_d: int,
    *,
    day: ArrayLike = (),
    anc_1e9_per_l: ArrayLike = (),
    plt_1e9_per_l: ArrayLike = (),
    count_sd: tuple[float, float] = COUNT_SD,
    least_alike: float = LEAST_ALIKE,
) -> PendingWeight:
    """The weight of a patient who has had no DLT so far.

    Args:
        courses: Virtual patients under his regimen, from `first_cycles`.
        followed_d: Days of follow-up without a DLT, 0 to the window [d].
        day: Protocol days on which blood was drawn, in the morning before the dose; day 1 is the
            first. None later than `followed_d`.
        anc_1e9_per_l: Neutrophils on those days [1e9/L]; NaN where not measured.
        plt_1e9_per_l: Platelets likewise.
        count_sd: Standard deviations of the logarithm of a measured count.
        least_alike: Fewest virtual patients, in effect, who must resemble him.

    Returns:
        The weight with what it is made of.

    Raises:
        InputError: If a day or count cannot be, or no virtual patient has a DLT.

    Warns:
        PendingWarning: If too few virtual patients resemble him, even with errors stretched by
            `MOST_STRETCH`; his counts are not used then.
    """
    _check_followed(courses, followed_d)
    seen = _checked(followed_d, day, anc_1e9_per_l, plt_1e9_per_l)
    so_far, whole = courses.free_of_dlt(followed_d), courses.free_of_dlt(courses.window_d)
    risk = 1 - float(whole.mean())
    if not risk > 0:
        remedy = "give more virtual patients, or hazards above 0"
        raise InputError("pending_weight, courses", "found no DLT among them", remedy)
    by_time = (1 - float(so_far.mean())) / risk
    log_density = _log_density(courses, *seen, count_sd)
    nearest = float(log_density.max())
    log_density -= nearest
    stretch = _stretch(log_density, least_alike)
    density = np.exp(log_density / stretch**2)
    alike = _alike(density)
    measured = int((~np.isnan(seen[1])).sum())
    fits = measured == 0 or bool(-2 * nearest <= chi2.ppf(_FITS, measured))
    used = measured > 0 and fits and alike >= 0.999 * min(least_alike, density.size)
    if measured and not used:
        how = f"only {alike:.0f}" if fits else "none of the"
        warnings.warn(
            f"{how} virtual patients resemble this one (wanted {least_alike:g}): the weight is "
            "that of the follow-up alone; check his counts, or give more virtual patients",
            PendingWarning,
            stacklevel=2,
        )
    share = (density if used else np.ones_like(density)) * so_far
    share /= share.sum()
    stays = np.divide(whole, so_far, out=np.zeros_like(whole), where=so_far > 0)
    later = 1 - float(share @ stays)
    weight = float(weight_of_later_risk(later, risk))
    spread = float(np.sqrt(share**2 @ (1 - stays - later) ** 2))
    slope = (1 - risk) / (risk * max(1 - later, 1e-12) ** 2)
    linear = followed_d / courses.window_d
    error = 2 * slope * spread
    return PendingWeight(weight, error, later, by_time, linear, risk, alike, stretch, used)


def _alike(density: np.ndarray) -> float:
    return float(density.sum() ** 2 / (density**2).sum())


def _stretch(log_density: np.ndarray, least: float) -> float:
    """The smallest factor on the errors with which so many are alike, at most `MOST_STRETCH`."""

    def few(stretch: float) -> bool:
        return _alike(np.exp(log_density / stretch**2)) < least

    low, high = 1.0, MOST_STRETCH
    if not few(low):
        return low
    if few(high):
        return high
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if few(middle) else (low, middle)
    return high


def _log_density(
    courses: Courses, day: np.ndarray, counts: np.ndarray, count_sd: tuple[float, float]
) -> Float[np.ndarray, " patient"]:
    """Log density of the counts in every virtual patient; 0 for a perfect fit."""
    log_density = np.zeros(courses.counts.shape[-1])
    for lineage, sd in enumerate(count_sd):
        measured = ~np.isnan(counts[lineage])
        at = courses.counts[day[measured] - 1, lineage].astype(float)
        apart = np.log(counts[lineage, measured])[:, None] - np.log(np.maximum(at, 1e-6))
        log_density -= ((apart / sd) ** 2).sum(0) / 2
    return log_density


def _check_followed(courses: Courses, followed_d: int) -> None:
    whole = isinstance(followed_d, int | np.integer) and 0 <= followed_d <= courses.window_d
    if not whole:
        remedy = f"give whole days from 0 to {courses.window_d}, the window of the rule"
        raise InputError("pending_weight, followed_d", f"found {followed_d!r}", remedy)


def _checked(
    followed_d: int, day: ArrayLike, anc: ArrayLike, plt: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Days, and counts (lineage, reading)."""
    days = np.atleast_1d(np.asarray(day, float))
    counts = [np.atleast_1d(np.asarray(one, float)) for one in (anc, plt)]
    if any(one.shape != days.shape for one in counts):
        found = f"found {days.size} days, {counts[0].size} and {counts[1].size} counts"
        remedy = "give one of each a day, NaN where not measured"
        raise InputError("pending_weight, day", found, remedy)
    if not (np.isin(days, np.arange(1, followed_d + 1))).all():
        remedy = f"give whole protocol days from 1 to {followed_d}, his follow-up"
        raise InputError("pending_weight, day", f"found {days.tolist()}", remedy)
    both = np.stack(counts)
    bad = (both <= 0) | (both > _HIGHEST[:, None])
    if bad.any():
        remedy = "give counts above 0 in 1e9/L, not cells per uL"
        raise InputError("pending_weight, counts", f"found {both[bad][0]:g}", remedy)
    return days.astype(int), both
