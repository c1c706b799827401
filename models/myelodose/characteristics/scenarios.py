"""Sets of true dose-toxicity curves to try a design on."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.special import expit, logit

from myelodose.errors import InputError
from myelodose.outcomes import dose_labels
from myelodose.outcomes.labels import Doses, shown


def logistic_scenarios(doses: Doses, *, target: float, slope: float = 0.8) -> xr.DataArray:
    """Curves whose MTD is each dose in turn, one that is too safe and one too toxic.

        logit p_k = logit(target) + slope (k - m),   m = -1, 0, ..., K

    Args:
        doses: Dose labels, or their count.
        target: DLT risk at the MTD.
        slope: Steps on the logit scale from dose to dose.

    Returns:
        True DLT risks, scenario x dose. m = -1 is "all too toxic", m = K "all too safe".

    Raises:
        InputError: If the target or slope cannot be.

    Example:
        >>> logistic_scenarios((10, 20), target=0.25).scenario.values.tolist()
        ['all too toxic', 'MTD 10', 'MTD 20', 'all too safe']
    """
    labels = dose_labels(doses)
    if not 0 < target < 1:
        raise InputError("logistic_scenarios, target", f"found {target}", "give 0 to 1")
    if not slope > 0:
        raise InputError("logistic_scenarios, slope", f"found {slope}", "give a number above 0")
    levels = np.arange(len(labels))
    where = np.arange(-1, len(labels) + 1)
    risk = expit(logit(target) + slope * (levels - where[:, None]))
    names = ["all too toxic", *(f"MTD {shown(label)}" for label in labels), "all too safe"]
    return _labelled(risk, names, labels)


def random_scenarios(
    doses: Doses, *, target: float, count: int, seed: int, spread: float = 0.15
) -> xr.DataArray:
    """Random increasing curves, each dose being the MTD equally often.

    The MTD's level m is uniform. Its risk is the target plus a normal error on the logit scale
    with standard deviation `spread`; going away from it, each step on the logit scale is
    0.3 + Exponential(0.8).

    Args:
        doses: Dose labels, or their count.
        target: DLT risk at the MTD.
        count: Scenarios.
        seed: Seed of the random numbers.
        spread: See above.

    Returns:
        True DLT risks, scenario x dose, named "1", "2", ...

    Raises:
        InputError: If the target, count or spread cannot be.

    Example:
        >>> random_scenarios(4, target=0.25, count=3, seed=1).shape
        (3, 4)
    """
    labels = dose_labels(doses)
    fine = {"target": 0 < target < 1, "count": count >= 1, "spread": spread >= 0}
    for name, value in (("target", target), ("count", count), ("spread", spread)):
        if not fine[name]:
            raise InputError(f"random_scenarios, {name}", f"found {value}", "give a possible value")
    draw = np.random.default_rng(seed)
    mtd = draw.integers(0, len(labels), count)
    steps = 0.3 + draw.exponential(0.8, (count, len(labels)))
    height = np.cumsum(steps, 1)
    height -= np.take_along_axis(height, mtd[:, None], 1)
    risk = expit(logit(target) + spread * draw.standard_normal((count, 1)) + height)
    return _labelled(risk, [str(k + 1) for k in range(count)], labels)


def scenarios_from_draws(
    p: Float[np.ndarray, "draw dose"],
    doses: Doses,
    *,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    at: int | None = None,
) -> xr.DataArray:
    """Curves out of a posterior: whole draws at quantiles of the risk at one dose.

    Args:
        p: Draws of the DLT risk.
        doses: Dose labels, or their count.
        quantiles: Which draws, by their order at the dose `at`.
        at: Level by which draws are ordered; the middle one if not given.

    Returns:
        True DLT risks, scenario x dose, with the posterior mean as "mean".

    Raises:
        InputError: If the draws do not fit the doses.

    Example:
        >>> draws = np.array([[0.1, 0.2], [0.2, 0.4], [0.3, 0.6]])
        >>> scenarios_from_draws(draws, 2, quantiles=(0.5,)).sel(scenario="quantile 0.5").values
        array([0.2, 0.4])
    """
    labels = dose_labels(doses)
    p = np.asarray(p, float)
    if p.ndim != 2 or p.shape[1] != len(labels):
        found = f"found draws of shape {p.shape}"
        raise InputError("scenarios_from_draws, p", found, f"give draw x {len(labels)} doses")
    column = (len(labels) - 1) // 2 if at is None else at
    order = p[np.argsort(p[:, column], kind="stable")]
    rows = [order[min(int(q * len(order)), len(order) - 1)] for q in quantiles]
    names = ["mean", *(f"quantile {q:g}" for q in quantiles)]
    return _labelled(np.stack([p.mean(0), *rows]), names, labels)


def _labelled(risk: np.ndarray, names: Sequence[str], labels: tuple) -> xr.DataArray:
    coords = {"scenario": list(names), "dose": list(labels)}
    return xr.DataArray(risk, coords, ("scenario", "dose"), name="dlt_risk")
