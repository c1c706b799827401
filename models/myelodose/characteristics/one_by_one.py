"""Simulated trials patient by patient, for designs that need more than counts.

Time-to-event designs look at patients who are still followed up; designs with efficacy look at both
outcomes of a patient. They decide through `next` and `select`, so each trial is followed by itself.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpy.typing import ArrayLike

from myelodose.characteristics.backfill import Accrual
from myelodose.characteristics.chunks import Arrays, run_chunks, split
from myelodose.characteristics.draws import check_seed, tolerances
from myelodose.characteristics.simulate import checked_sizes, summarise
from myelodose.characteristics.truth import read_truth
from myelodose.designs.base import Call
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

CHUNK = 100
"""Trials in one chunk."""


class NextDose(Protocol):
    """What is asked of a design here."""

    @property
    def labels(self) -> tuple:
        """Dose labels."""
        ...

    @property
    def levels(self) -> int:
        """How many there are."""
        ...

    @property
    def cohort_size(self) -> int:
        """Patients of a cohort."""
        ...

    @property
    def start(self) -> int:
        """Level of the first cohort."""
        ...

    def next(self, outcomes: Outcomes) -> Call:
        """The next dose."""
        ...

    def select(self, outcomes: Outcomes) -> Call:
        """The dose at the end."""
        ...


class Truth(NamedTuple):
    """What is true of every level: `risk` of a DLT and, where it is looked at, `response`."""

    risk: Float[np.ndarray, " level"]
    response: Float[np.ndarray, " level"] | None


class Chances(NamedTuple):
    """Uniform numbers of one trial's patients, and the gaps between their arrivals."""

    toxicity: Float[np.ndarray, " patient"]
    efficacy: Float[np.ndarray, " patient"]
    time: Float[np.ndarray, " patient"]
    gap: Float[np.ndarray, " patient"]


def simulate_one_by_one(
    design: NextDose,
    truth: ArrayLike,
    *,
    trials: int,
    patients: int,
    seed: int,
    response: ArrayLike | None = None,
    accrual: Accrual | None = None,
    chunk: int = CHUNK,
    executor: Any | None = None,
    folder: Path | str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Operating characteristics by trials that are followed patient by patient.

    Without `accrual` every cohort is seen to its end before the next. With it, patients arrive at
    random; when a cohort is full, the next patient asks for a dose by what is known then: a patient
    without a DLT so far counts with the share of the window that is over. A DLT falls on a uniform
    time in the window. Where the design says wait, patients wait for the next DLT or end of a
    window. At the end all are followed up and a dose is selected. Toxicity and efficacy of a
    patient are independent.

    Args:
        design: Anything with `next` and `select` on `Outcomes`.
        truth: DLT risk of each level.
        trials: Simulated trials.
        patients: Most patients of a trial.
        seed: Seed; the tolerances to toxicity are those of `simulate`.
        response: Probability of efficacy at each level, for designs that look at it.
        accrual: How patients arrive and for how long they are followed.
        chunk: Trials computed together; changes no result.
        executor: As in `run_chunks`.
        folder: Where finished chunks are kept.
        progress: Called with the chunks done and the chunks in all.

    Returns:
        As `simulate`, and `duration` [month] if there is accrual, `responses` if there is efficacy.

    Raises:
        InputError: If a number cannot be.
    """
    seed = check_seed(seed)
    checked_sizes({"trials": trials, "patients": patients, "chunk": chunk})
    known = Truth(
        read_truth(truth, design, "simulate_one_by_one").risk[0],
        None if response is None else read_truth(response, design, "simulate_one_by_one").risk[0],
    )
    if accrual is not None and response is not None:
        remedy = "leave one of them out: efficacy is known at the end of a cohort here"
        raise InputError("simulate_one_by_one", "found accrual and response", remedy)
    identity = {
        "design": repr(design),
        "truth": [None if part is None else part.tolist() for part in known],
        "accrual": repr(accrual),
        "trials": trials,
        "patients": patients,
        "chunk": chunk,
        "seed": seed,
    }
    tasks = [(design, known, accrual, part, patients, seed) for part in split(trials, chunk)]
    results = run_chunks(
        follow_chunk, tasks, identity=identity, folder=folder, executor=executor, progress=progress
    )
    arrays = {name: np.concatenate([part[name] for part in results]) for name in results[0]}
    more = {name: arrays[name] for name in ("duration", "responses") if name in arrays}
    summary = summarise(arrays, more)
    return summary.assign_coords(level=list(design.labels)).assign(truth=("level", known.risk))


def follow_chunk(
    design: NextDose, known: Truth, accrual: Accrual | None, part: range, patients: int, seed: int
) -> Arrays:
    """The trials of one chunk, one after the other; as `simulate.simulate_chunk`."""
    streams = ("toxicity", "efficacy", "time", "arrival")
    drawn = [tolerances(seed, part, patients, stream) for stream in streams]
    ends = []
    for u, v, time, gap in zip(*drawn, strict=True):
        chances = Chances(u, v, time, _gaps(gap, accrual))
        ends.append(
            _in_time(design, known, chances, accrual)
            if accrual
            else _in_turn(design, known, chances)
        )
    seen = [end.outcomes for end in ends]
    arrays = {
        "n": np.stack([one.n for one in seen]),
        "y": np.stack([one.y for one in seen]),
        "selected": np.array([-1 if end.level is None else end.level for end in ends]),
        "stopped": np.array([end.early for end in ends]),
        "undecided": np.array([end.undecided for end in ends]),
    }
    if accrual:
        arrays["duration"] = np.array([end.months for end in ends])
    if known.response is not None:
        arrays["responses"] = np.array([sum(e or 0 for e in one.efficacy or ()) for one in seen])
    return arrays


class _End(NamedTuple):
    outcomes: Outcomes
    level: int | None
    early: bool
    undecided: bool
    months: float


def _end(design: NextDose, seen: Outcomes, *, early: bool, months: float = 0.0) -> _End:
    call = design.select(seen)
    return _End(seen, call.level, early, call.undecided, months)


def _in_turn(design: NextDose, known: Truth, chances: Chances) -> _End:
    """Every cohort is seen to its end."""
    seen, level, done, patients = Outcomes(design.labels), design.start, 0, len(chances.toxicity)
    while done < patients:
        new = slice(done, min(done + design.cohort_size, patients))
        seen = seen.add(level, _letters(known, chances, level, new))
        done = new.stop
        call = design.next(seen)
        if call.stop or call.level is None:
            return _End(
                seen, None if call.undecided else call.level, done < patients, call.undecided, 0.0
            )
        level = call.level
    return _end(design, seen, early=False)


def _letters(known: Truth, chances: Chances, level: int, new: slice) -> str:
    toxic = chances.toxicity[new] < known.risk[level]
    if known.response is None:
        return "".join("T" if t else "N" for t in toxic)
    works = chances.efficacy[new] < known.response[level]
    return "".join("NTEB"[t + 2 * e] for t, e in zip(toxic, works, strict=True))


def _in_time(design: NextDose, known: Truth, chances: Chances, accrual: Accrual) -> _End:
    """Patients arrive while others are followed up."""
    window = accrual.window_months
    patients = len(chances.toxicity)
    seen = replace(Outcomes(design.labels), weight=())
    level, now = design.start, 0.0
    begun, dlt_at = np.empty(patients), np.full(patients, np.inf)
    for i in range(patients):
        now += chances.gap[i] if i else 0.0
        if i and i % design.cohort_size == 0:
            while True:
                call = design.next(_known_at(seen, begun[:i], dlt_at[:i], now, window))
                if not call.wait:
                    break
                now = _next_event(begun[:i], dlt_at[:i], now, window)
            if call.stop or call.level is None:
                done = _known_at(seen, begun[:i], dlt_at[:i], np.inf, window)
                return _End(done, None if call.undecided else call.level, True, call.undecided, now)
            level = call.level
        begun[i] = now
        if chances.toxicity[i] < known.risk[level]:
            dlt_at[i] = now + chances.time[i] * window
        seen = replace(
            seen,
            level=(*seen.level, level),
            dlt=(*seen.dlt, 0),
            cohort=(*seen.cohort, i // design.cohort_size),
            weight=(*(seen.weight or ()), 1.0),
        )
    done = _known_at(seen, begun, dlt_at, np.inf, window)
    return _end(design, done, early=False, months=float(begun.max() + window))


def _known_at(
    seen: Outcomes, begun: np.ndarray, dlt_at: np.ndarray, now: float, window: float
) -> Outcomes:
    """What is known at a time: DLTs so far, and the share of the window of everyone else."""
    toxic = (dlt_at <= now) & np.isfinite(dlt_at)
    weight = np.where(toxic, 1.0, np.minimum((now - begun) / window, 1.0))
    return replace(seen, dlt=tuple(toxic.astype(int).tolist()), weight=tuple(weight.tolist()))


def _next_event(begun: np.ndarray, dlt_at: np.ndarray, now: float, window: float) -> float:
    """When the next DLT comes or the next window ends."""
    later = np.concatenate([dlt_at, begun + window])
    later = later[later > now]
    if not later.size:
        remedy = "a design may wait only while somebody is followed up"
        raise InputError("simulate_one_by_one", "the design waits for nobody", remedy)
    return float(later.min())


def _gaps(u: np.ndarray, accrual: Accrual | None) -> np.ndarray:
    """Time between arrivals [month] from uniform numbers."""
    if accrual is None:
        return u
    return (
        -np.log1p(-u) / accrual.per_month
        if accrual.kind == "poisson"
        else 2 * u / accrual.per_month
    )
