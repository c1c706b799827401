"""Exact intervals for counts."""

from scipy import stats


def clopper_pearson(k: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact confidence interval of a proportion k / n.

    The ends are the beta quantiles at which k or more, or k or fewer, events have probability
    (1 - level) / 2.

    Args:
        k: Events.
        n: Patients, at least 1.
        level: Confidence level.

    Source:
        Clopper and Pearson, Biometrika 1934;26:404-413.

    Example:
        >>> tuple(round(end, 3) for end in clopper_pearson(5, 19))
        (0.091, 0.512)
    """
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, k, n - k + 1)) if k > 0 else 0.0
    high = float(stats.beta.isf(tail, k + 1, n - k)) if k < n else 1.0
    return low, high
