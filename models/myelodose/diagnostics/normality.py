"""Tests of whether npde or residuals are standard normal."""

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats


def normality_tests(values: Float[np.ndarray, " value"]) -> pd.DataFrame:
    """Mean 0, variance 1 and normality of values that should be standard normal.

    The mean by Wilcoxon's signed-rank test, the variance by chi-square of (n - 1) s^2, normality
    by Shapiro and Wilk; `adjusted` is the p value times 3 (Bonferroni), `all` the smallest.
    A large sample finds small misfits, so look at the figure as well.

    Args:
        values: npde, npd or standardised residuals.

    Returns:
        One row a test: `estimate`, `p`, `adjusted`.

    Source:
        Comets, Brendel and Mentré 2008 (doi 10.1016/j.cmpb.2007.12.002).

    Example:
        >>> values = np.random.default_rng(3).normal(size=400)
        >>> bool(normality_tests(values).adjusted["all"] > 0.05)
        True
    """
    values = np.asarray(values, float)
    count, variance = len(values), values.var(ddof=1)
    tail = stats.chi2(count - 1).cdf((count - 1) * variance)
    shapiro = stats.shapiro(values)
    p = np.array([stats.wilcoxon(values).pvalue, 2 * min(tail, 1 - tail), shapiro.pvalue])
    table = pd.DataFrame(
        {"estimate": [values.mean(), variance, shapiro.statistic], "p": p},
        index=pd.Index(["mean 0", "variance 1", "normal"], name="test"),
    )
    table.loc["all"] = [np.nan, p.min()]
    table["adjusted"] = np.minimum(1.0, 3 * table.p)
    return table
