r"""Are ranks of truths among posterior draws uniform? The verdict of simulation-based calibration.

If theta is drawn from the prior, data from the model given theta, and L draws from the posterior
given the data, the rank of theta among the draws is uniform on 0, ..., L. The empirical
distribution of n ranks, F(z) at z = 1 / (L + 1), ..., L / (L + 1), less z, should then stay inside
a band that holds it at all z together with the probability asked for (by ArviZ's simulation).

A hump at the ends (difference like a lying S) means a posterior too narrow, a dip too wide, one
side a bias.

Source: Talts et al. 2018 (arXiv 1804.06788); Säilynoja, Bürkner and Vehtari 2022
(doi 10.1007/s11222-022-10090-6).
"""

from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.ecdf_utils import get_pointwise_confidence_band, simulate_confidence_bands
from jaxtyping import Float, Int
from scipy import stats

_BAND_SEED = 20220322
_BAND_SIMULATIONS = 2000


@lru_cache(maxsize=64)
def uniform_band(
    simulations: int, draws: int, *, probability: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The simultaneous band of the distribution of uniform ranks.

    Args:
        simulations: Number of ranks, n.
        draws: Draws that each rank is among, L.
        probability: That all of the distribution lies inside, if ranks are uniform.

    Returns:
        z, and the lower and upper end of F(z) - z there.
    """
    points = np.arange(1, draws + 1) / (draws + 1)
    generator = np.random.default_rng(_BAND_SEED)
    pointwise = simulate_confidence_bands(
        simulations, 1, points, probability, _BAND_SIMULATIONS, generator
    )
    low, high = get_pointwise_confidence_band(pointwise, simulations, points)
    return points, low - points, high - points


def rank_difference(
    ranks: Int[np.ndarray, " simulation"], draws: int
) -> Float[np.ndarray, " point"]:
    """F(z) - z of ranks at z = 1 / (L + 1), ..., L / (L + 1).

    Example:
        >>> rank_difference(np.array([0, 1, 2, 3]), 3).tolist()
        [0.0, 0.0, 0.0]
    """
    counts = np.bincount(np.asarray(ranks, int), minlength=draws + 1)[:draws]
    return np.cumsum(counts) / len(ranks) - np.arange(1, draws + 1) / (draws + 1)


def calibration_table(
    ranks: xr.Dataset, *, probability: float = 0.95, groups: int = 20
) -> pd.DataFrame:
    """The verdict for every parameter.

    Each parameter has its own band of `probability`; with many parameters some leave theirs by
    chance, so `fits` uses a band of 1 - (1 - probability) / parameters, which all of them stay
    inside with about `probability`.

    Args:
        ranks: Over `simulation` and `parameter`, from `inference.calibration`; `attrs["draws"]`
            is L.
        probability: Of the bands.
        groups: Most groups of ranks for chi-square, each with 5 expected at least.

    Returns:
        One row a parameter: `largest_difference`, `inside` (its own band), `fits` (the band for
        all), `chi_square` and its `p`, and `mean_rank` as a fraction (0.5 if unbiased).
    """
    draws = int(ranks.attrs["draws"])
    names = [str(name) for name in ranks.parameter.values]
    count = ranks.sizes["simulation"]
    together = 1 - (1 - probability) / len(names)
    bands = [uniform_band(count, draws, probability=p) for p in (probability, together)]
    rows = {}
    for name in names:
        own = ranks["rank"].sel(parameter=name).values
        difference = rank_difference(own, draws)
        inside = [
            bool(((difference >= low - 1e-12) & (difference <= high + 1e-12)).all())
            for _, low, high in bands
        ]
        statistic, p = _chi_square(own, draws, groups)
        rows[name] = {
            "largest_difference": float(difference[np.argmax(np.abs(difference))]),
            "inside": inside[0],
            "fits": inside[1],
            "chi_square": statistic,
            "p": p,
            "mean_rank": float(np.mean(own) / draws),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")
    table.attrs["band"] = (
        f"simultaneous {100 * probability:g} %, {count} simulations, {draws} draws"
    )
    return table


def _chi_square(ranks: np.ndarray, draws: int, groups: int) -> tuple[float, float]:
    """Of counts in groups of adjacent ranks; groups may differ in width, which is allowed for."""
    groups = max(2, min(groups, len(ranks) // 5, draws + 1))
    edges = np.linspace(0, draws + 1, groups + 1).round().astype(int)
    seen = np.histogram(ranks, bins=edges - 0.5)[0]
    expected = len(ranks) * np.diff(edges) / (draws + 1)
    found = stats.chisquare(seen, expected)
    return float(found.statistic), float(found.pvalue)
