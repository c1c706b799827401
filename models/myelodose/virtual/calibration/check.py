"""Does the calibration find known parameters again? Ranks of the truth in simulated trials.

If prior, emulator and sampler agree with the simulation, the rank of the true value among the draws
of its posterior is uniform (Talts et al., arXiv 1804.06788).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats

from myelodose.virtual.calibration.emulator import Emulator
from myelodose.virtual.calibration.simulated import Trials
from myelodose.virtual.calibration.targets import PATIENTS, read_targets

TRIALS = 300
"""Simulated trials that stand in for the real one."""


class SelfCheck(NamedTuple):
    """Of each parameter.

    Attributes:
        rank: Share of the posterior below the truth, (trial, parameter).
        p_value: Of a Kolmogorov-Smirnov test for uniform ranks, (parameter).
        inside: Share of trials whose truth lies within the middle 90 % of its posterior.
    """

    rank: Float[np.ndarray, "trial parameter"]
    p_value: Float[np.ndarray, " parameter"]
    inside: Float[np.ndarray, " parameter"]


def self_check(
    trials: Trials,
    emulator: Emulator,
    seed: int,
    *,
    first: int,
    particles: int = 20_000,
    number: int = TRIALS,
) -> SelfCheck:
    """Calibrate to simulated trials as if they were the printed one.

    Args:
        trials: Simulated trials, those from the prior first.
        emulator: Learnt from them.
        seed: Seed.
        first: How many are from the prior.
        particles: Draws from the prior that are weighted for each.
        number: How many to calibrate to.
    """
    random = np.random.default_rng([seed, 7])
    z = random.standard_normal((particles, trials.z.shape[1]))
    mean, sd = emulator.moments(z)
    log_yes, log_no = emulator.log_risk(z)
    complete = np.isfinite(read_targets(trials)).all(1)
    complete[first:] = False
    chosen = random.permutation(np.flatnonzero(complete))[:number]
    seen = read_targets(trials)[chosen]
    # Thromboses and infections are drawn again from their risks; recoveries are counts already.
    share = np.clip(trials.p_dlt[chosen], 0, 1)
    counts = np.concatenate(
        [np.round(share[:, :1] * PATIENTS), random.binomial(PATIENTS, share[:, 1:])], 1
    )
    root = np.linalg.inv(np.linalg.cholesky(emulator.correlation))
    rank = []
    for targets, dlts, truth in zip(seen, counts, trials.z[chosen], strict=True):
        away = ((targets - mean) / sd) @ root.T
        log_weight = -(away**2).sum(1) / 2 - np.log(sd).sum(1)
        log_weight += (dlts * log_yes + (PATIENTS - dlts) * log_no).sum((1, 2))
        weight = np.exp(log_weight - log_weight.max())
        rank.append(weight @ (z < truth) / weight.sum())
    ranks = np.array(rank)
    p_value = np.array([stats.kstest(column, "uniform").pvalue for column in ranks.T])
    return SelfCheck(ranks, p_value, ((ranks > 0.05) & (ranks < 0.95)).mean(0))
