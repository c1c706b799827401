"""Effective draws of a fit and what they cost, and whether two fits drew from one posterior."""

from typing import NamedTuple

import arviz as az
import numpy as np
from scipy import stats


class Draws(NamedTuple):
    """Logarithms (chain, draw, global) and effects (chain, draw, patient, effect)."""

    theta: np.ndarray
    z_eta: np.ndarray

    def every(self) -> np.ndarray:
        """All values, (chain, draw, value)."""
        chains, draws = self.theta.shape[:2]
        return np.concatenate([self.theta, self.z_eta.reshape(chains, draws, -1)], -1)


def cost(
    draws: Draws,
    *,
    leapfrogs: int,
    leapfrogs_warmup: int,
    diverging: int,
    seconds: float,
    seconds_whole: float,
) -> dict:
    """The smallest bulk ESS over every value, for what was spent.

    Args:
        draws: All chains; a single one is halved for R-hat.
        leapfrogs: Behind the warm-up.
        leapfrogs_warmup: Before.
        diverging: Divergent draws.
        seconds: Processor time of the draws [s].
        seconds_whole: Processor time of all, warm-up and compiling too [s].
    """
    every = draws.every()
    if len(every) == 1:
        half = every.shape[1] // 2
        every = every[0, : 2 * half].reshape(2, half, -1)
    least = float(_ess(every, "bulk").min())
    return {
        "draws": every.shape[0] * every.shape[1],
        "least bulk ESS": least,
        "largest R-hat": max(float(az.rhat(one)) for one in np.moveaxis(every, -1, 0)),
        "divergences": diverging,
        "leapfrogs": leapfrogs,
        "leapfrogs of the warm-up": leapfrogs_warmup,
        "ESS per 1000 leapfrogs": 1e3 * least / leapfrogs,
        "processor seconds, draws": seconds,
        "processor seconds, whole": seconds_whole,
        "ESS per processor second, draws": least / seconds,
        "ESS per processor second, whole": least / seconds_whole,
    }


def agreement(one: Draws, other: Draws) -> dict:
    """Differences of posterior means in their Monte Carlo standard errors, over every value."""
    z = _standardised(one.every(), other.every())
    largest = float(np.abs(z).max())
    return {
        "values": z.size,
        "largest |z|": largest,
        "values with |z| above 2": int((np.abs(z) > 2).sum()),
        "p of the largest, if independent": float(1 - (1 - 2 * stats.norm.sf(largest)) ** z.size),
        "mean of z squared": float((z**2).mean()),
    }


def _standardised(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    def mean_and_square(every: np.ndarray):
        variance = every.var((0, 1), ddof=1)
        return every.mean((0, 1)), variance / _ess(every, "mean")

    (mean, square), (mean_2, square_2) = mean_and_square(one), mean_and_square(other)
    return (mean - mean_2) / np.sqrt(square + square_2)


def _ess(every: np.ndarray, method: str) -> np.ndarray:
    return np.array([float(az.ess(one, method=method)) for one in np.moveaxis(every, -1, 0)])
