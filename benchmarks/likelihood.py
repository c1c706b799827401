"""How fast is the log posterior with its gradient, at what accuracy, beside diffrax and Stan?

Accuracy first: largest relative error of a count and relative error of the gradient against a
solution to 1e-12, the worst of four positions. Then time on one core, as medians of interleaved
repeats; ratios of one run are what counts. `python benchmarks/likelihood.py` prints the tables and
writes them, with machine and versions, to benchmarks/results/. Stan takes part where pystan is
installed (`pip install -e .[peers]`) and is named as missing where it is not.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from likelihood import ours, smoke
from likelihood.problem import benchmark_problem, positions
from likelihood.truth import truth
from myelodose.marrow import simulate
from myelodose.marrow.explore import plan_for
from myelodose.marrow.typical import virtual_population
from myelodose.precision import float64
from myelodose.regimen import platzbecker2013
from myelodose.solve.settings import Fast, Reference

RESULTS = Path(__file__).parent / "results"
GATE = 1e-6
Row = dict[str, float | str]


def main() -> None:
    """Run all parts."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--repeats", type=int, default=7)
    ask.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()))
    ask.add_argument("--no-peers", action="store_true", help="only our own growth and compile time")
    asked = ask.parse_args()
    smoke.on_one_core()
    found: dict[str, object] = {"machine": machine()}
    if not asked.no_peers:
        found["peers"] = show("N = 20, 4 cycles", beside_peers(asked.cache, asked.repeats))
    found["patients"] = show("patients, 4 cycles", growth("patients", (20, 100, 1000)))
    found["cycles"] = show("cycles, N = 20", growth("cycles", (1, 2, 4, 8)))
    found["marrow"] = show("the marrow model, N = 20, 4 cycles", marrow(asked.repeats))
    # Last, because the cache that it fills for itself is gone afterwards.
    found["compile"] = show("compiling", compile_times())
    write(found)


def beside_peers(cache: Path, repeats: int) -> list[Row]:
    """The Friberg problem: ours in both precisions beside everyone who can be measured here."""
    problem = benchmark_problem(20)
    places = np.concatenate([problem.truth[None], positions(problem)])
    exact = [truth(problem, x, cache / f"truth-20-4-{i}.npz") for i, x in enumerate(places)]
    own = [
        smoke.jax_peer(name, problem, ours.trajectories(problem, Fast(nodes=nodes), single=single))
        for name, nodes, single in (
            ("myelodose, 10 nodes", 10, False),
            ("myelodose, 12 nodes", 12, False),
            ("myelodose, 12 nodes, float32", 12, True),
        )
    ]
    everyone = own + smoke.peers(problem)
    accuracy = [smoke.errors(peer, places, exact) for peer in everyone]
    seen = interleaved([partial(peer.seconds, problem.truth) for peer in everyone], repeats)
    unit = seen[1]
    return [
        {
            "system": peer.name,
            "trajectory error": error,
            "gradient error": slope,
            "time / ours (12 nodes)": seconds / unit,
            "meets 1e-6": "yes" if error <= GATE else "no",
        }
        for peer, (error, slope), seconds in zip(everyone, accuracy, seen, strict=True)
    ]


def growth(what: str, values: tuple[int, ...]) -> list[Row]:
    """Time and temporary memory of our gradient, in blocks of 20 patients."""
    calls, rows = [], []
    for value in values:
        problem = benchmark_problem(**({"patients": 20, "cycles": 4} | {what: value}))
        compiled, run = ours.blocked(problem, Fast(nodes=12))
        calls.append(run)
        analysis = compiled.memory_analysis()
        memory = "not told" if analysis is None else analysis.temp_size_in_bytes / 2**20
        rows.append({what: float(value), "temporary memory [MB]": memory})
    seen = interleaved(calls, 5)
    for row, seconds in zip(rows, seen, strict=True):
        row["time / first"] = seconds / seen[0]
    return rows


def compile_times() -> list[Row]:
    """From nothing, and from the persistent cache, as a multiple of one evaluation too."""
    problem = benchmark_problem(20)
    with tempfile.TemporaryDirectory() as folder:
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        rows: list[Row] = []
        for name in ("first", "from the persistent cache"):
            jax.clear_caches()
            start = time.process_time()
            ours.blocked(problem, Fast(nodes=12))
            rows.append({"compile": name, "processor seconds": time.process_time() - start})
        jax.config.update("jax_compilation_cache_dir", None)
    return rows


def marrow(repeats: int) -> list[Row]:
    """Clones and blood together: fast beside diffrax, the gradient of a sum over log counts."""
    with float64():
        regimens = [platzbecker2013(dose, cycles=4) for dose in (10, 15, 20, 25) for _ in range(5)]
        times = np.sort(np.random.default_rng(1).uniform(0, 112, 20))
        plan = jax.tree.map(jnp.asarray, plan_for(regimens, times, patients=20))
        patients = virtual_population(1, 20)
        truth = simulate(patients, plan, solver=Reference()).counts

        def prepared(solver: Fast | Reference) -> tuple[Callable, float]:
            def total(who):
                return (jnp.log(simulate(who, plan, solver=solver).counts) ** 2).sum()

            both = jax.jit(jax.value_and_grad(total))
            counts = jax.jit(lambda who: simulate(who, plan, solver=solver).counts)(patients)

            def seconds() -> float:
                with float64():
                    start = time.process_time()
                    jax.block_until_ready(both(patients))
                    return time.process_time() - start

            return seconds, float(jnp.abs(counts / truth - 1).max())

        named = {
            "myelodose, 12 nodes": Fast(nodes=12),
            "myelodose, 16 nodes": Fast(nodes=16),
            "myelodose, as by default (20 nodes)": Fast(),
            "diffrax Dopri8, 1e-6": Reference(1e-6, 1e-8),
            "diffrax Dopri8, 1e-7": Reference(1e-7, 1e-9),
        }
        made = {name: prepared(solver) for name, solver in named.items()}
    seen = interleaved([call for call, _ in made.values()], repeats)
    return [
        {
            "system": name,
            "trajectory error": error,
            "time / ours (12 nodes)": seconds / seen[0],
            "meets 1e-6": "yes" if error <= GATE else "no",
        }
        for (name, (_, error)), seconds in zip(made.items(), seen, strict=True)
    ]


def interleaved(calls: list[Callable[[], float]], repeats: int) -> list[float]:
    """Median seconds of each, all taking turns; the first turn compiles and does not count."""
    for call in calls:
        call()
    turns = [[call() for call in calls] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*turns, strict=True)]


def show(title: str, rows: list[Row]) -> list[Row]:
    """Print a table as it is ready."""
    print(f"\n{table(title, rows)}", flush=True)
    return rows


def table(title: str, rows: list[Row]) -> str:
    """A table in Markdown."""
    names = list(rows[0])
    lines = [f"**{title}**", "", f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(_shown(row[name]) for name in names)} |" for row in rows]
    return "\n".join(lines)


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.1e}" if value < 0.01 else f"{value:.3g}"


def machine() -> dict[str, str]:
    """Where and with what."""
    names = ("jax", "jaxlib", "diffrax", "numpy", "pystan")
    return {"python": platform.python_version(), "processor": platform.machine()} | {
        name: _version(name) for name in names
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def write(found: dict[str, object]) -> None:
    """The numbers as JSON; the page beside it is written by hand from these tables."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "likelihood.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
