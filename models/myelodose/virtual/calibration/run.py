"""Calibrate the uncertain parameters to the printed aggregate facts of Platzbecker 2013.

Rounds of simulated trials: the first from the priors, the later ones mostly from the posterior of
the rounds before, so that the regressions are learnt where they matter. Every chunk of trials is a
file, so a run that was stopped goes on.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.virtual.calibration.check import self_check
from myelodose.virtual.calibration.emulator import Emulator, fit_emulator
from myelodose.virtual.calibration.monte_carlo import Weighted, population_monte_carlo
from myelodose.virtual.calibration.result import Calibration, as_dataset
from myelodose.virtual.calibration.simulated import Trials, together, trials_in_folder
from myelodose.virtual.calibration.uncertain import NAMES

TRIALS = (6400, 3200, 2400)
"""Simulated trials in each round."""

CHUNK = 400
"""Trials in a file."""

DRAWS = 1500
"""Draws that are kept."""

_PRIOR_SHARE = 0.2
_PARTICLES = 60_000


def calibrate_to_facts(
    folder: Path | str,
    seed: int,
    *,
    trials: Sequence[int] = TRIALS,
    chunk: int = CHUNK,
    draws: int = DRAWS,
    particles: int = _PARTICLES,
    progress: bool = True,
) -> xr.Dataset:
    """Posterior of the uncertain parameters given the printed aggregate facts. SIMULATED.

    No patient data: the facts are counts and statistics that the paper prints (`targets.TARGETS`
    and the DLTs by dose and cause). Facts in `targets.HELD_OUT` are not read.

    Args:
        folder: Where chunks of simulated trials are kept.
        seed: Seed of everything.
        trials: Simulated trials in each round, multiples of `chunk`.
        chunk: Trials in a file.
        draws: Draws of the posterior that are kept.
        particles: Draws in each step of the population Monte Carlo.
        progress: Print a line for each chunk.

    Returns:
        By `draw`, every parameter of `uncertain.NAMES`; by `parameter`, the contraction from prior
        to posterior; by `target`, what is printed, expected under prior and posterior, and how
        well the emulator knows it. Effective sample size, facts used and held out, method and
        seed are in the attributes.

    Raises:
        InputError: If a round is no multiple of the chunk, or the folder holds other trials.

    Source:
        Synthetic likelihood: Wood 2010 (doi 10.1038/nature09319); population Monte Carlo: Cappe
        et al. 2004 (doi 10.1198/106186004X12803).
    """
    if not trials or any(number < chunk or number % chunk for number in trials):
        remedy = f"give one or more multiples of the chunk, {chunk}"
        raise InputError("calibrate_to_facts, trials", f"found {tuple(trials)}", remedy)
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    parts: list[Trials] = []
    posterior: Weighted | None = None
    emulator: Emulator | None = None
    for step, number in enumerate(trials):
        for which in range(number // chunk):
            z = _design(posterior, chunk, [seed, step, which])
            start = time.perf_counter()
            path = place / f"seed-{seed}-round-{step}-{which:03d}.npz"
            child = int(np.random.SeedSequence([seed, step, which, 1]).generate_state(1)[0])
            found, there = trials_in_folder(path, z, child)
            _check_same(found, z, path, exact=posterior is None)
            parts.append(found)
            if progress and not there:
                took = time.perf_counter() - start
                of = f"{which + 1} of {number // chunk}"
                print(f"round {step}, chunk {of}: {took:.0f} s", flush=True)
        emulator, posterior = _learnt(together(parts), seed, particles)
        if progress:
            words = f"round {step}: effective sample size {posterior.effective:.0f}"
            print(f"{words} of {particles}", flush=True)
    assert posterior is not None  # there is at least one round
    assert emulator is not None
    everything = together(parts)
    few = particles // 3
    checked = self_check(everything, emulator, seed, first=trials[0], particles=few)
    return as_dataset(Calibration(everything, emulator, posterior, checked), draws, seed, trials)


def _learnt(trials: Trials, seed: int, particles: int) -> tuple[Emulator, Weighted]:
    emulator = fit_emulator(trials)
    found = population_monte_carlo(emulator.log_likelihood, len(NAMES), particles, seed)
    return emulator, found


def _design(posterior: Weighted | None, number: int, key: list[int]) -> np.ndarray:
    """Where to simulate: from the prior, later mostly from the posterior so far."""
    random = np.random.default_rng(key)
    z = random.standard_normal((number, len(NAMES)))
    if posterior is None:
        return z
    from_prior = random.random(number) < _PRIOR_SHARE
    return np.where(from_prior[:, None], z, posterior.resampled(number, random))


def _check_same(found: Trials, z: np.ndarray, path: Path, *, exact: bool) -> None:
    """Refuse other trials; where later rounds simulated is only as exact as the machine's sums."""
    same = found.z.shape == z.shape and (not exact or np.allclose(found.z, z, atol=1e-5))
    if not same:
        remedy = "give an empty folder, or the settings with which it was begun"
        raise InputError("calibrate_to_facts, folder", f"found other trials in {path.name}", remedy)
