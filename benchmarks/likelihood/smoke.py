"""A short run over all peers: accuracy first, then time, on one core.

Run in the folder benchmarks as `python -m likelihood.smoke`; add `--patients`, `--cycles`,
`--repeats`. The process is bound to one core before JAX starts its threads, so that they share
it. Times are processor times: on one core they are the wall clock less what other processes took.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from likelihood import grid_rk4, peers_diffrax, peers_stan
from likelihood.model import individual
from likelihood.problem import Problem, Trajectories, benchmark_problem, log_posterior, positions
from likelihood.truth import Truth, truth
from myelodose.precision import float64


class Peer(NamedTuple):
    """What is measured: counts, gradient, and seconds of one log posterior and gradient."""

    name: str
    trajectories: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]
    seconds: Callable[[np.ndarray], float]


def on_one_core(core: int | None = None) -> int:
    """Bind this process to one core; call it before JAX is used for the first time."""
    chosen = max(os.sched_getaffinity(0)) if core is None else core
    os.sched_setaffinity(0, {chosen})
    return chosen


def jax_peer(name: str, problem: Problem, solve: Trajectories) -> Peer:
    """A solver written in JAX, compiled on its first call."""
    both = jax.jit(jax.value_and_grad(partial(_log_posterior, problem, solve)))
    counts = jax.jit(lambda x: solve(individual(*problem.split(x))))

    def seconds(position: np.ndarray) -> float:
        with float64():
            start = time.process_time()
            jax.block_until_ready(both(jnp.asarray(position)))
            return time.process_time() - start

    def in_float64(compute: Callable) -> Callable:
        def call(position: np.ndarray) -> np.ndarray:
            with float64():
                return np.asarray(compute(jnp.asarray(position)))

        return call

    return Peer(name, in_float64(counts), in_float64(lambda x: both(x)[1]), seconds)


def _log_posterior(problem: Problem, solve: Trajectories, position: jax.Array) -> jax.Array:
    return log_posterior(problem, position, solve)


def stan_peer(name: str, program: peers_stan.Stan) -> Peer:
    """A Stan program; its set-up is not counted."""
    return Peer(
        name,
        program.trajectories,
        program.gradient,
        lambda position: program.seconds(position, repeats=1)[0],
    )


def peers(problem: Problem) -> list[Peer]:
    """Every peer that can be measured here; says which cannot."""
    found = [
        jax_peer(f"RK4 on a graded grid, {r}", problem, grid_rk4.trajectories(problem, refine=r))
        for r in (1, 4)
    ]
    for setting in (*peers_diffrax.ALIGNED, peers_diffrax.UNALIGNED):
        name = f"diffrax {setting.solver} {setting.rtol:.0e}"
        name += ", aligned" if setting.aligned else ", one call"
        found.append(jax_peer(name, problem, peers_diffrax.trajectories(problem, setting)))
    why = peers_stan.missing()
    if why:
        print(why)
        return found
    for rtol, one_call in (
        (1e-4, False),
        (1e-6, False),
        (1e-7, False),
        (1e-8, False),
        (1e-8, True),
    ):
        program = peers_stan.Stan(problem, rtol=rtol, one_call=one_call)
        name = f"Stan rk45 {rtol:.0e}, {'one call' if one_call else 'restarted'}"
        found.append(stan_peer(name, program))
    return found


def errors(peer: Peer, places: np.ndarray, exact: list[Truth]) -> tuple[float, float]:
    """Largest relative error of a count, and of the gradient in norm, over the positions."""
    counts = [
        abs(peer.trajectories(x) / t.trajectories - 1) for x, t in zip(places, exact, strict=True)
    ]
    norm = np.linalg.norm
    slopes = [
        norm(peer.gradient(x) - t.gradient) / norm(t.gradient)
        for x, t in zip(places, exact, strict=True)
    ]
    return float(np.max(counts)), float(np.max(slopes))


def main() -> None:
    """Print one row a peer."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--patients", type=int, default=20)
    ask.add_argument("--cycles", type=int, default=4)
    ask.add_argument("--repeats", type=int, default=5)
    ask.add_argument("--cache", type=Path, required=True, help="folder for the exact solutions")
    asked = ask.parse_args()
    print(f"on core {on_one_core()}")
    problem = benchmark_problem(asked.patients, cycles=asked.cycles)
    places = np.concatenate([problem.truth[None], positions(problem)])
    stem = f"truth-{asked.patients}-{asked.cycles}"
    exact = [truth(problem, x, asked.cache / f"{stem}-{i}.npz") for i, x in enumerate(places)]
    everyone = peers(problem)
    accuracy = [errors(peer, places, exact) for peer in everyone]
    times: list[list[float]] = [[] for _ in everyone]
    for _ in range(asked.repeats):
        for peer, seen in zip(everyone, times, strict=True):
            seen.append(peer.seconds(problem.truth))
    print("| peer | trajectory error | gradient error | median [ms] | least [ms] |")
    print("|---|---|---|---|---|")
    for peer, (counts, slope), seen in zip(everyone, accuracy, times, strict=True):
        middle, least = 1e3 * statistics.median(seen), 1e3 * min(seen)
        print(f"| {peer.name} | {counts:.1e} | {slope:.1e} | {middle:.1f} | {least:.1f} |")


if __name__ == "__main__":
    main()
