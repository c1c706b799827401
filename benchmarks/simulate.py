"""How fast do many patients go forward, and how fast against diffrax at equal error?

Two questions in one table of ratios. First, 1,000 to 100,000 virtual patients of the marrow model
over one cycle of 28 days, in blocks: time should grow as their number does, and memory should not
grow beyond what the patients themselves take. Second, the patients of `likelihood/problem.py` under
our fast solver and under diffrax; errors are those against SciPy's DOP853 at 1e-12.

    python benchmarks/simulate.py --cache FOLDER

Bound to one core before JAX starts; times are processor times, medians of interleaved repeats.
"""

import argparse
import json
import math
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from likelihood import ours, peers_diffrax
from likelihood.model import individual
from likelihood.problem import benchmark_problem
from likelihood.smoke import on_one_core
from likelihood.truth import truth
from myelodose.marrow.course import Patient, simulate
from myelodose.marrow.everyone import with_patients
from myelodose.marrow.explore import plan_for
from myelodose.marrow.typical import virtual_population
from myelodose.precision import float64
from myelodose.regimen import platzbecker2013
from myelodose.solve.cohort import BLOCK, in_blocks
from myelodose.solve.settings import Fast, Reference, Solver

RESULTS = Path(__file__).parent / "results"
SIZES = (1_000, 10_000, 100_000)
AT_ONCE = 10_000
NODES = (12, 16)
CHECKED = 200
DAYS = 28
LENALIDOMIDE_MG = 20.0
SEED = 1
PEERS = (*peers_diffrax.ALIGNED, peers_diffrax.UNALIGNED)

type Run = Callable[[], Any]


class Row(NamedTuple):
    """One line of the table."""

    what: str
    seconds: float | None
    compared_with: str
    ratio: float | None
    error: float | None
    memory_mb: float | None


def population(patients: int) -> Patient:
    """SIMULATED patients, those who share a number included."""
    return with_patients(virtual_population(SEED, patients), patients)


def outcome(patient: Patient, solver: Solver = Fast()):  # noqa: B008
    """Lowest morning counts (lineage, patient) and last clone shares (clone, patient)."""
    patients = patient.clones.size.shape[-1]
    days = np.arange(DAYS + 1)
    # All have one schedule: the plan is made for a block and not for a cohort.
    windows = plan_for(platzbecker2013(LENALIDOMIDE_MG), days, patients=patients)
    course = simulate(patient, windows, solver=solver)
    return course.counts.min(0), course.clone_share[-1]


def compiled(patients: int, nodes: int, block: int):
    """The cohort's program, and the patients that it runs over."""
    those = population(patients)
    run = partial(in_blocks, partial(outcome, solver=Fast(nodes=nodes)), block=block)
    return jax.jit(run).lower(those).compile(), those


def temporary_mb(patients: int, nodes: int, block: int) -> float:
    """What the program needs besides patients and results [MB], by the compiler's account."""
    with float64():
        account = compiled(patients, nodes, block)[0].memory_analysis()
    return math.nan if account is None else account.temp_size_in_bytes / 1e6


def peak_mb(patients: int, nodes: int, block: int) -> float:
    """Peak memory of a fresh process that does nothing else [MB].

    Linux hands a parent's peak down to its child, so this comes before anything heavy here.
    """
    asked = [sys.executable, __file__, "--peak", *map(str, (patients, nodes, block))]
    done = subprocess.run(asked, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def print_peak(patients: int, nodes: int, block: int) -> None:
    """What the fresh process does."""
    with float64():
        program, those = compiled(patients, nodes, block)
        jax.block_until_ready(program(those))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)


def cohort_error(nodes: int) -> float:
    """Largest relative error of a nadir or a clone share against the reference."""
    with float64():
        those = population(CHECKED)
        fast, sure = (
            jax.jit(partial(outcome, solver=s))(those) for s in (Fast(nodes=nodes), Reference())
        )
        # A clone that nobody has is no error.
        return max(
            float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-12)))
            for a, b in zip(fast, sure, strict=True)
        )


def medians(runs: dict[Any, Run], repeats: int) -> dict[Any, float]:
    """Median processor time of each, all in turn; they are compiled already."""
    seen: dict[Any, list[float]] = {key: [] for key in runs}
    for _ in range(repeats):
        for key, run in runs.items():
            start = time.process_time()
            jax.block_until_ready(run())
            seen[key].append(time.process_time() - start)
    return {key: statistics.median(values) for key, values in seen.items()}


def cohort_rows(repeats: int) -> list[Row]:
    """1,000 to 100,000 patients in blocks, and 10,000 at once."""
    cases = [(size, nodes, BLOCK) for nodes in NODES for size in SIZES]
    cases.append((AT_ONCE, NODES[-1], AT_ONCE))
    peaks = {case: peak_mb(*case) for case in cases}
    error = {nodes: cohort_error(nodes) for nodes in NODES}
    with float64():
        programs = {case: compiled(*case) for case in cases}
        runs: dict[Any, Run] = {k: partial(program, w) for k, (program, w) in programs.items()}
        took = medians(runs, repeats)
    rows = []
    for case in cases:
        size, nodes, block = case
        least = (SIZES[0], nodes, BLOCK)
        how = "at once" if block == size else f"in blocks of {block}"
        ratio = took[case] / took[least]
        name = f"{size:,} patients {how}, {nodes} nodes"
        first = f"{SIZES[0]:,} patients in blocks, {nodes} nodes"
        rows.append(Row(name, took[case], first, ratio, error[nodes], peaks[case]))
    return rows


def forward_rows(repeats: int, cache: Path) -> list[Row]:
    """N = 20, four cycles: ours and diffrax, each against ours at no larger error."""
    problem = benchmark_problem(20)
    exact = truth(problem, problem.truth, cache / "truth-20-4-0.npz").trajectories
    solvers = {f"ours, {n} nodes": ours.trajectories(problem, Fast(nodes=n)) for n in (8, 10, 12)}
    solvers["ours, 12 nodes, float32"] = ours.trajectories(problem, Fast(nodes=12), single=True)
    solvers |= {
        f"diffrax {s.solver} {s.rtol:.0e}, {'restarted' if s.aligned else 'one call'}": (
            peers_diffrax.trajectories(problem, s)
        )
        for s in PEERS
    }
    with float64():
        who = {k: jnp.asarray(v) for k, v in individual(*problem.split(problem.truth)).items()}
        runs: dict[Any, Run] = {k: partial(jax.jit(solve), who) for k, solve in solvers.items()}
        error = {k: float(np.abs(np.asarray(run()) / exact - 1).max()) for k, run in runs.items()}
        took = medians(runs, repeats)
    mine = [name for name in solvers if name.startswith("ours") and "float32" not in name]
    rows = []
    for name in solvers:
        good = [k for k in mine if error[k] <= error[name]] or mine[-1:]
        rival = name if name in mine else min(good, key=took.__getitem__)
        ratio = took[name] / took[rival]
        rows.append(Row(f"N = 20: {name}", took[name], rival, ratio, error[name], None))
    return rows


NOT_MEASURED = Row("N = 20: mrgsolve (not measured: no R here)", None, "", None, None, None)


def table(rows: Sequence[Row]) -> str:
    """Markdown."""

    def show(value: float | None, form: str) -> str:
        return "" if value is None else format(value, form)

    lines = [
        "| what | time [s] | compared with | time, ratio | error | peak memory [MB] |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.what} | {show(r.seconds, '.3g')} | {r.compared_with} | {show(r.ratio, '.3g')} "
        f"| {show(r.error, '.1e')} | {show(r.memory_mb, '.0f')} |"
        for r in rows
    ]
    return "\n".join(lines)


def machine() -> dict[str, str]:
    """What the numbers were measured on, and with."""
    names = ("jax", "jaxlib", "diffrax", "numpy", "scipy")
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "")
    return {
        "machine": platform.machine(),
        "processor": model,
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    } | {name: version(name) for name in names}


def main() -> None:
    """Print the table and write it, with its numbers as JSON."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--cache", type=Path, help="folder for the exact solutions")
    ask.add_argument("--repeats", type=int, default=3)
    ask.add_argument("--peak", type=int, nargs=3, help=argparse.SUPPRESS)
    asked = ask.parse_args()
    on_one_core()
    if asked.peak:
        print_peak(*asked.peak)
        return
    if asked.cache is None:
        ask.error("--cache: name a folder for the exact solutions")
    rows = cohort_rows(asked.repeats)
    # Milliseconds instead of seconds: as many repeats as it takes to be sure.
    rows += forward_rows(5 * asked.repeats, asked.cache)
    rows.append(NOT_MEASURED)
    temporary = {
        f"{size:,} at a time": {str(n): temporary_mb(size, n, min(size, BLOCK)) for n in NODES}
        for size in SIZES[:2]
    }
    print(table(rows))
    content = {
        "measured_on": machine(),
        "rows": [row._asdict() for row in rows],
        "temporary_mb_by_nodes": temporary,
    }
    (RESULTS / "simulate.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
