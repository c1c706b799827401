"""Prior and posterior predictive checks: statistics of the data among those of simulated data."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from myelodose.errors import InputError

type Statistic = Callable[[Float[np.ndarray, "*sample obs"]], Float[np.ndarray, "*sample"]]

STATISTICS: dict[str, Statistic] = {
    "minimum": lambda y: y.min(axis=-1),
    "median": lambda y: np.median(y, axis=-1),
    "mean": lambda y: y.mean(axis=-1),
    "maximum": lambda y: y.max(axis=-1),
    "sd": lambda y: y.std(axis=-1, ddof=1),
}


def predictive_check(
    observed: Float[np.ndarray, " obs"],
    simulated: Float[np.ndarray, "simulation obs"],
    *,
    statistics: Mapping[str, Statistic] | None = None,
    interval: float = 0.95,
) -> pd.DataFrame:
    """Where statistics of the data lie among those of simulated data sets.

    With simulations from the posterior this checks the fit (and is conservative, since the data
    were used twice); with simulations from the prior it shows what the prior expects before any
    data. The share is the fraction of simulations whose statistic is below that of the data, half
    of those that are the same; near 0 or 1 the model does not make data like these.

    Args:
        observed: Measured values.
        simulated: Simulated values, one data set a row.
        statistics: Functions of values along the last axis, by name; by default five.
        interval: Width of the interval over simulations.

    Returns:
        One row a statistic: `observed`, `simulated` (the median), `low`, `high`, `share_below`.

    Raises:
        InputError: If shapes do not fit or a value is no number.

    Source:
        Gelman, Meng and Stern 1996 (Statistica Sinica 6:733).

    Example:
        >>> table = predictive_check(np.array([1.0, 3.0]), np.array([[0.0, 2.0], [2.0, 4.0]]))
        >>> float(table.share_below["mean"])
        0.5
    """
    observed, simulated = np.asarray(observed, float), np.asarray(simulated, float)
    if simulated.ndim != 2 or simulated.shape[1] != len(observed):
        found = f"found {observed.shape} and {simulated.shape}"
        raise InputError("predictive_check", found, "give [obs] and [simulation, obs]")
    if not (np.isfinite(observed).all() and np.isfinite(simulated).all()):
        raise InputError("predictive_check", "found a value that is no number", "leave it out")
    tail = (1 - interval) / 2
    rows = {}
    for name, of in (statistics or STATISTICS).items():
        here, there = float(of(observed)), of(simulated)
        low, middle, high = np.quantile(there, [tail, 0.5, 1 - tail])
        share = np.mean(there < here) + 0.5 * np.mean(there == here)
        rows[name] = {"observed": here, "simulated": middle, "low": low, "high": high}
        rows[name]["share_below"] = share
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("statistic")
    table.attrs["interval"] = f"{100 * interval:g} % over {len(simulated)} simulations"
    return table


def predictive_tree(
    observed: Float[np.ndarray, " obs"],
    simulated: Float[np.ndarray, "simulation obs"],
    *,
    name: str = "y",
    kind: str = "posterior",
) -> xr.DataTree:
    """Data and simulations as ArviZ wants them for its predictive figures.

    Args:
        observed: Measured values.
        simulated: Simulated values, as one long chain.
        name: Of the variable.
        kind: "posterior" or "prior".

    Returns:
        Groups `observed_data` and `posterior_predictive` (or `prior_predictive`, marked as
        simulated), long over `obs`.

    Example:
        >>> tree = predictive_tree(np.zeros(3), np.zeros((5, 3)))
        >>> dict(tree["posterior_predictive"].sizes)
        {'chain': 1, 'draw': 5, 'obs': 3}
    """
    if kind not in ("posterior", "prior"):
        raise InputError("predictive_tree, kind", f"found {kind!r}", "use 'posterior' or 'prior'")
    drawn = xr.Dataset(
        {name: (("chain", "draw", "obs"), np.asarray(simulated)[None])},
        attrs={"simulated": f"from the {kind}"},
    )
    seen = xr.Dataset({name: ("obs", np.asarray(observed))})
    return xr.DataTree.from_dict({f"{kind}_predictive": drawn, "observed_data": seen})
