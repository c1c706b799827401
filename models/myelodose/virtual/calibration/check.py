"""Does the calibration find known parameters, and their P(DLT), again? Ranks in simulated trials.

If prior, emulator and sampler agree with the simulation, the rank of the true value among the draws
of its posterior is uniform (Talts et al., arXiv 1804.06788).
"""

from collections.abc import Callable
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
    """Of each quantity: a parameter, or P(DLT) at a dose.

    Attributes:
        rank: Share of the posterior below the truth, (trial, quantity).
        p_value: Of a Kolmogorov-Smirnov test for uniform ranks, (quantity).
        inside: Share of trials whose truth lies within the middle 90 % of its posterior.
    """

    rank: Float[np.ndarray, "trial quantity"]
    p_value: Float[np.ndarray, " quantity"]
    inside: Float[np.ndarray, " quantity"]


def self_check(
    trials: Trials,
    emulator: Emulator,
    seed: int,
    *,
    first: int,
    particles: int = 20_000,
    number: int = TRIALS,
) -> SelfCheck:
    """Calibrate to simulated trials as if they were the printed one, and look at the parameters.

    Args:
        trials: Simulated trials, those from the prior first.
        emulator: Learnt from them.
        seed: Seed.
        first: How many are from the prior.
        particles: Draws from the prior that are weighted for each.
        number: How many to calibrate to.
    """
    return _checked(
        trials, emulator, [seed, first, particles, number], of_draws=np.asarray, of_truth=np.asarray
    )


def risk_check(
    trials: Trials,
    emulator: Emulator,
    seed: int,
    *,
    true_risk: Callable[[np.ndarray], Float[np.ndarray, "trial dose"]],
    first: int,
    particles: int = 20_000,
    number: int = TRIALS,
) -> SelfCheck:
    """The same for P(DLT) of any cause at the doses of `facts.COHORTS`.

    The risk at a draw of the posterior is the emulator's; the true one is simulated, so that what
    the emulator gets wrong counts against the calibration.

    Args:
        trials: Simulated trials, those from the prior first.
        emulator: Learnt from them.
        seed: Seed.
        true_risk: The risks at true parameters, such as `simulated.simulate_risks` gives them.
        first: How many trials are from the prior.
        particles: Draws from the prior that are weighted for each.
        number: How many to calibrate to.
    """

    def emulated(z: np.ndarray) -> np.ndarray:
        return -np.expm1(emulator.log_risk(z)[1].sum(1))

    settings = [seed, first, particles, number]
    return _checked(trials, emulator, settings, of_draws=emulated, of_truth=true_risk)


def _checked(
    trials: Trials,
    emulator: Emulator,
    settings: list[int],
    *,
    of_draws: Callable[[np.ndarray], np.ndarray],
    of_truth: Callable[[np.ndarray], np.ndarray],
) -> SelfCheck:
    """Ranks of quantities of the truth among those of the weighted draws."""
    seed, first, particles, number = settings
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
    quantities, truths = of_draws(z), of_truth(trials.z[chosen])
    rank = []
    for targets, dlts, truth in zip(seen, counts, truths, strict=True):
        away = ((targets - mean) / sd) @ root.T
        log_weight = -(away**2).sum(1) / 2 - np.log(sd).sum(1)
        log_weight += (dlts * log_yes + (PATIENTS - dlts) * log_no).sum((1, 2))
        weight = np.exp(log_weight - log_weight.max())
        rank.append(weight @ (quantities < truth) / weight.sum())
    ranks = np.array(rank)
    p_value = np.array([stats.kstest(column, "uniform").pvalue for column in ranks.T])
    return SelfCheck(ranks, p_value, ((ranks > 0.05) & (ranks < 0.95)).mean(0))
