"""Visual predictive checks: percentiles of the data against those of simulated data sets."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from myelodose.diagnostics.bins import bin_edges, bin_index, percentiles_of
from myelodose.diagnostics.censoring import (
    beyond_everything,
    flags_of,
    fraction_in_groups,
    limits_of,
    over_simulations,
)
from myelodose.diagnostics.correction import Correction, corrected_pair
from myelodose.errors import InputError

PERCENTILES = (5.0, 50.0, 95.0)


def vpc(
    times: Float[np.ndarray, " obs"],
    observed: Float[np.ndarray, " obs"],
    simulated: Float[np.ndarray, "simulation obs"],
    *,
    bins: int | Sequence[float] = 8,
    percentiles: Sequence[float] = PERCENTILES,
    band: float = 0.95,
    prediction: Float[np.ndarray, " obs"] | None = None,
    correction: Correction | None = None,
    stratify_by: ArrayLike | None = None,
    censored: Int[np.ndarray, " obs"] | None = None,
    lower_limit: float | Float[np.ndarray, " obs"] | None = None,
    upper_limit: float | Float[np.ndarray, " obs"] | None = None,
    censor_simulated: bool = True,
) -> xr.Dataset:
    """Percentiles in bins of time, of the data and of every simulated data set.

    For each simulation the percentiles of a bin are computed as for the data; their spread over
    the simulations is the band in which the observed percentile should lie. Bins are closed on
    the left; percentiles are of type 7.

    Censored values are below (or above) everything, in the data and in the simulations alike, so
    that a percentile among them is unknown (NaN) in both; the fraction censored is compared on
    its own. Such values have no number to correct: they stay below everything.

    Args:
        times: Times of observations [h or d].
        observed: Observed values; NaN is allowed where censored.
        simulated: One simulated data set a row, in the order of the observations.
        bins: Edges, or how many bins of alike many observations.
        percentiles: Which percentiles [%].
        band: Width of the interval over simulations, with equal tails.
        prediction: Typical prediction (PRED) of each observation; given, the check is
            prediction-corrected.
        correction: How to correct; by default the ratio to PRED, without variability.
        stratify_by: A label for each observation, such as its dose; bins are shared.
        censored: 1 where left-censored, -1 where right-censored, else 0.
        lower_limit: Lower limit of quantification, one or each; smaller values are censored.
        upper_limit: Upper limit of quantification.
        censor_simulated: Censor simulated values at the limits too.

    Returns:
        A Dataset over `stratum`, `bin`, `percentile` and `level` (of the band): `observed`,
        `simulated`, `bin_low`, `bin_high`, `bin_middle` (the mean time in the bin), `count`, and
        with limits `observed_censored` and `simulated_censored` as fractions. Over `obs` the
        times, (corrected) values and their strata, for the dots of a figure.

    Raises:
        InputError: If shapes, limits or values cannot be.

    Source:
        Holford 2005 (PAGE 14, abstract 738); Bergstrand et al. 2011
        (doi 10.1208/s12248-011-9255-z); compared with the R package vpc.

    Example:
        >>> times, data = np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 3.0, 2.0, 4.0])
        >>> check = vpc(times, data, np.stack([data, data]), bins=[0, 1, 2], percentiles=[50])
        >>> check.observed.values.ravel().tolist()
        [2.0, 3.0]
    """
    times, observed, simulated = (np.asarray(part, float) for part in (times, observed, simulated))
    limits = limits_of(lower_limit, len(times)), limits_of(upper_limit, len(times), high=True)
    flags = flags_of(observed, *limits, flagged=censored)
    _check(times, observed, simulated, flags)
    simulated_flags = flags_of(simulated, *limits) * censor_simulated
    strata, stratum = _strata(stratify_by, len(times))
    edges = bin_edges(times, bins)
    bin_of = bin_index(times, edges)
    group = np.where(bin_of < 0, -1, stratum * (len(edges) - 1) + bin_of)
    groups = [np.flatnonzero(group == n) for n in range(len(strata) * (len(edges) - 1))]
    if prediction is not None:
        observed, simulated = corrected_pair(
            observed, simulated, np.asarray(prediction, float), group,
            correction=correction or Correction(),
        )  # fmt: skip
    wanted = np.asarray(percentiles, float)
    levels = np.array([(1 - band) / 2, 0.5, (1 + band) / 2])
    lines, bands = _lines_and_bands(
        beyond_everything(observed, flags), beyond_everything(simulated, simulated_flags),
        groups, wanted, levels,
    )  # fmt: skip
    numbers = {
        "observed": (("percentile",), lines),
        "simulated": (("percentile", "level"), bands),
        "bin_middle": ((), np.array([times[at].mean() if len(at) else np.nan for at in groups])),
        "count": ((), np.array([len(at) for at in groups])),
    }
    if flags.any() or np.isfinite(np.stack(limits)).any():
        shares = fraction_in_groups(simulated_flags, groups)
        numbers["observed_censored"] = ((), fraction_in_groups(flags, groups))
        numbers["simulated_censored"] = (("level",), over_simulations(shares.T, levels))
    cells, shape = ("stratum", "bin"), (len(strata), len(edges) - 1)
    return xr.Dataset(
        {
            name: ((*cells, *dims), values.reshape(*shape, *values.shape[1:]))
            for name, (dims, values) in numbers.items()
        }
        | {
            "bin_low": ("bin", edges[:-1]),
            "bin_high": ("bin", edges[1:]),
            "time": ("obs", times),
            "value": ("obs", np.where(flags == 0, observed, np.nan)),
            "stratum_of_obs": ("obs", strata[stratum]),
            "censored": ("obs", flags),
        },
        {"stratum": strata, "percentile": wanted, "level": levels},
        {
            "band": f"{100 * band:g} % over {len(simulated)} simulations, equal tails",
            "corrected": _describe(prediction, correction),
            "stratified": int(stratify_by is not None),
        },
    )


def _lines_and_bands(observed, simulated, groups, wanted, levels):
    """Percentiles of the data [group, percentile] and their bands [group, percentile, level]."""
    lines = [percentiles_of(observed[at], wanted) for at in groups]
    bands = [
        over_simulations(percentiles_of(simulated[:, at], wanted, keep_infinite=True), levels)
        for at in groups
    ]
    return np.stack(lines), np.stack(bands)


def _describe(prediction, correction: Correction | None) -> str:
    if prediction is None:
        return "no"
    rule = correction or Correction()
    return f"prediction{' and variability' if rule.variability else ''}, by {rule.scale}"


def _strata(labels: ArrayLike | None, count: int) -> tuple[np.ndarray, np.ndarray]:
    if labels is None:
        return np.array(["all"]), np.zeros(count, int)
    labels = np.asarray(labels)
    if len(labels) != count:
        found = f"found {len(labels)} labels for {count} observations"
        raise InputError("vpc, stratify_by", found, "give one for each observation")
    return np.unique(labels, return_inverse=True)


def _check(times, observed, simulated, flags) -> None:
    if simulated.ndim != 2 or simulated.shape[1] != len(times) or len(observed) != len(times):
        found = f"found times {times.shape}, observed {observed.shape}, simulated {simulated.shape}"
        raise InputError("vpc", found, "give [obs], [obs] and [simulation, obs]")
    missing = ~np.isfinite(observed) & (flags == 0)
    if missing.any():
        found = f"found {observed[missing][0]} in row {int(np.flatnonzero(missing)[0])}"
        raise InputError("vpc, observed", found, "leave such rows out, or flag them as censored")
    if not np.isfinite(simulated).all():
        raise InputError("vpc, simulated", "found a value that is no number", "give numbers only")
