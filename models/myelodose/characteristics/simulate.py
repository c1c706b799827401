"""Simulated trials of any design whose next dose depends on counts alone.

All trials of a chunk advance one cohort at a time, together. `exact` gives the same numbers without
Monte Carlo error; simulation remains for what has too many states, and as a check.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.characteristics.chunks import Arrays, run_chunks, split
from myelodose.characteristics.draws import check_seed, tolerances
from myelodose.characteristics.truth import Truth, TruthLike, read_truth
from myelodose.designs.base import NONE, STOP, UNDECIDED, Design
from myelodose.errors import InputError

CHUNK = 10_000
"""Trials computed together."""


def simulate(
    designs: Design | Mapping[str, Design],
    truth: TruthLike,
    *,
    trials: int,
    patients: int,
    seed: int,
    chunk: int = CHUNK,
    executor: Any | None = None,
    folder: Path | str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Operating characteristics of designs in scenarios, by simulation.

    Args:
        designs: One design, or several by name.
        truth: DLT risks in one scenario or several, as in `exact`.
        trials: Simulated trials of each design in each scenario.
        patients: Most patients of a trial; the last cohort is smaller if need be.
        seed: Seed; trial t and patient i have one tolerance under all designs and scenarios.
        chunk: Trials computed together; changes no result.
        executor: As in `run_chunks`.
        folder: Where finished chunks are kept, so that a killed run goes on where it was.
        progress: Called with the chunks done and the chunks in all.

    Returns:
        The same variables as `characteristics.exact`, each with its Monte Carlo standard error
        `<name>_se`; over `level`, over `scenario` and `design` where several were given.

    Raises:
        InputError: If a number cannot be, or a scenario has another number of levels.
    """
    seed = check_seed(seed)
    named = dict(designs) if isinstance(designs, Mapping) else {"design": designs}
    checked_sizes({"trials": trials, "patients": patients, "chunk": chunk})
    _check_labels(named)
    known = read_truth(truth, next(iter(named.values())), "simulate")
    parts = split(trials, chunk)
    tasks = [
        (design, risk, part, patients, seed)
        for design in named.values()
        for risk in known.risk
        for part in parts
    ]
    identity = {
        "designs": {key: repr(design) for key, design in named.items()},
        "truth": dict(zip(known.names, known.risk.tolist(), strict=True)),
        "trials": trials,
        "patients": patients,
        "chunk": chunk,
        "seed": seed,
    }
    results = run_chunks(
        simulate_chunk,
        tasks,
        identity=identity,
        folder=folder,
        executor=executor,
        progress=progress,
    )
    whole = _labelled(results, named, known, len(parts))
    whole = whole.isel(scenario=0, drop=True) if known.single else whole
    return whole if isinstance(designs, Mapping) else whole.isel(design=0, drop=True)


def checked_sizes(sizes: Mapping[str, int]) -> None:
    """Refuse numbers of trials, patients or chunks that cannot be.

    Raises:
        InputError: Naming the argument.
    """
    for name, value in sizes.items():
        if isinstance(value, bool) or value != int(value) or value < 1:
            raise InputError(f"simulate, {name}", f"found {value}", "give a whole number from 1")


def _check_labels(designs: Mapping[str, Design]) -> None:
    if not designs:
        raise InputError("simulate, designs", "found none", "give a design, or several by name")
    labels = {design.labels for design in designs.values()}
    if len(labels) > 1:
        found = f"found designs over {' and '.join(map(str, sorted(labels, key=str)))}"
        raise InputError("simulate, designs", found, "give designs over the same doses")


def simulate_chunk(
    design: Design,
    risk: Float[np.ndarray, " level"],
    trials: range,
    patients: int,
    seed: int,
) -> Arrays:
    """The trials of one chunk, all together.

    Returns:
        `n` and `y` (trial, level), `selected` (trial) with -1 for none, and whether each trial
        `stopped` before its last patient or met a state that is `undecided`.
    """
    u = tolerances(seed, trials, patients)
    n = np.zeros((len(u), risk.size), dtype=int)
    y = np.zeros_like(n)
    level = np.full(len(u), design.start)
    treated = np.zeros(len(u), dtype=int)
    while True:
        going = np.flatnonzero((level >= 0) & (treated < patients))
        if not going.size:
            break
        here, first = level[going], treated[going]
        size = np.minimum(design.size(n[going], y[going], here), patients - first)
        place = first[:, None] + np.arange(size.max())
        new = place < (first + size)[:, None]
        tolerance = u[going[:, None], np.minimum(place, patients - 1)]
        n[going, here] += size
        y[going, here] += (new & (tolerance < risk[here, None])).sum(1)
        treated[going] += size
        level[going] = design.decide(n[going], y[going], here)
    selected = np.where(level == UNDECIDED, NONE, design.pick(n, y))
    return {
        "n": n,
        "y": y,
        "selected": selected,
        "stopped": (level == STOP) & (treated < patients),
        "undecided": (level == UNDECIDED) | (selected == UNDECIDED),
    }


def _labelled(
    results: Sequence[Arrays], designs: Mapping[str, Design], known: Truth, parts: int
) -> xr.Dataset:
    """One row for each design and scenario, in the order of the tasks."""
    each = [
        summarise({name: np.concatenate([part[name] for part in mine]) for name in mine[0]})
        for mine in (results[i : i + parts] for i in range(0, len(results), parts))
    ]
    many = len(known.names)
    rows = [xr.concat(each[i : i + many], "scenario") for i in range(0, len(each), many)]
    whole = xr.concat(rows, "design", combine_attrs="override")
    return whole.assign_coords(
        design=list(designs),
        scenario=list(known.names),
        level=list(next(iter(designs.values())).labels),
    ).assign(truth=(("scenario", "level"), known.risk))


def summarise(arrays: Arrays, more: Arrays | None = None) -> xr.Dataset:
    """Means over trials with their Monte Carlo standard errors.

    Args:
        arrays: As `simulate_chunk` returns them.
        more: Other numbers of each trial, by name.
    """
    n, y, selected = arrays["n"], arrays["y"], arrays["selected"]
    size, unclear = n.sum(1, keepdims=True), arrays["undecided"]
    each = {
        "selected": (("level",), selected[:, None] == np.arange(n.shape[1])),
        "selected_none": ((), (selected < 0) & ~unclear),
        "patients": (("level",), n),
        "dlts": (("level",), y),
        "share": (("level",), n / np.maximum(size, 1)),
        "size": ((), size[:, 0]),
        "stopped": ((), arrays["stopped"]),
        "undecided": ((), unclear),
    } | {name: ((), values) for name, values in (more or {}).items()}
    trials = len(n)
    summary = xr.Dataset(attrs={"trials": trials, "kind": "simulated trials"})
    for name, (dims, values) in each.items():
        summary[name] = (dims, values.mean(0))
        summary[f"{name}_se"] = (dims, values.std(0) / math.sqrt(trials))
    return summary
