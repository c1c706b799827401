"""Comparisons of a simulated number with a limit, which say when the error decides nothing.

A design's reason (`designs.call.Reason`) tells besides what it would have decided without the rule.
The two stay apart: nothing here decides twice, and designs, which lie above, load no simulation.
"""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

UNDECIDED = "undecided"


class Reason(NamedTuple):
    """One rule that was looked at.

    Attributes:
        rule: What it asks, in words.
        value: The number it looked at.
        limit: The number it was held against.
        error: Numerical error of the value: two Monte Carlo standard errors, or that of an exact
            method; NaN where it has none.
        verdict: What followed, in words; `UNDECIDED` where the error reaches across the limit.
    """

    rule: str
    value: float
    limit: float
    error: float
    verdict: str


def judged(
    rule: str, value: float, limit: float, error: float, *, below: str, above: str
) -> Reason:
    """Hold a number against a limit.

    Args:
        rule: What is asked, in words.
        value: The number.
        limit: The limit.
        error: Numerical error; a value nearer to the limit than this is undecided.
        below: The verdict for a value below the limit.
        above: The verdict at the limit and above.

    Example:
        >>> judged("risk", 0.24, 0.25, 0.02, below="safe", above="too toxic").verdict
        'undecided'
    """
    if error > 0 and abs(value - limit) <= error:
        return Reason(rule, value, limit, error, UNDECIDED)
    return Reason(rule, value, limit, error, below if value < limit else above)


def reasons_frame(reasons: Iterable[Reason]) -> pd.DataFrame:
    """The reasons as a table: rule, value, limit, error, verdict.

    Args:
        reasons: In the order in which they were looked at.
    """
    return pd.DataFrame(list(reasons), columns=list(Reason._fields))
