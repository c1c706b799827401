"""Schedules beside the trial's: other orders and gaps, split courses, VIOLA's.

What is known is what somebody was given: azacitidine then lenalidomide every 28 days (Platzbecker
2013), and the longer courses of VIOLA, after transplantation (Craddock 2019).
Of everything else the model's assumptions speak alone (docs/decisions.md). SIMULATED.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.regimen import Regimen, azacitidine, lenalidomide, viola
from myelodose.solve.settings import Fast
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.cytogenetics import read_cytogenetics
from myelodose.virtual.draws import hazards_by_draw
from myelodose.virtual.follow import STEADY, trial_protocol
from myelodose.virtual.population import Population
from myelodose.virtual.sequences import any_dlt, arrangement, clone_left, moved_rule
from myelodose.virtual.trial import run_trial

TRIAL = "trial: azacitidine, lenalidomide"
"""The schedule that every other one is held against."""

ASSUMED = "given to nobody: the model's assumption"

MONTH_D = 28
"""A month of treatment [d]."""


class Schedule(NamedTuple):
    """One cycle, and whether it was ever given.

    Attributes:
        cycle: One cycle with its length.
        known: Where it was given, or `ASSUMED`.
    """

    cycle: Regimen
    known: str


def schedules(dose_mg: float = 20.0, *, aza_mg_m2: float = 75.0) -> dict[str, Schedule]:
    """Ways to give five days of azacitidine and fourteen of lenalidomide; and VIOLA's.

    Args:
        dose_mg: Lenalidomide a day [mg].
        aza_mg_m2: Azacitidine a day [mg/m2]; VIOLA's is 75 always.

    Example:
        >>> made = schedules(20)
        >>> {s.cycle.total_dose_mg("lenalidomide") for n, s in made.items() if n != "VIOLA"}
        {280.0}
    """
    order = {
        "gap 7 d between the two": ("sequential", 7),
        "both from day 1": ("concurrent", 0),
        "lenalidomide, azacitidine": ("reverse", 0),
    }
    trial = arrangement("sequential", 0, dose_mg, every=28, aza_mg_m2=aza_mg_m2)
    made = {TRIAL: Schedule(trial, "Platzbecker 2013")}
    for name, (which, gap) in order.items():
        cycle = arrangement(which, gap, dose_mg, every=28, aza_mg_m2=aza_mg_m2)
        made[name] = Schedule(cycle, ASSUMED)
    early, late = [*range(6, 13), *range(20, 27)], [*range(4, 11), *range(13, 20)]
    split = {
        "lenalidomide split, 7 d apart": (range(1, 6), early),
        "both split, in turn": ([1, 2, 3, 11, 12], late),
    }
    for name, (first, second) in split.items():
        cycle = azacitidine(aza_mg_m2, days=first).with_(lenalidomide(dose_mg, days=second))
        made[name] = Schedule(cycle.cycles(1, every=28), ASSUMED)
    return made | {"VIOLA": Schedule(viola(dose_mg), "VIOLA, after transplantation")}


def compare_schedules(
    population: Population,
    given: Mapping[str, Schedule],
    *,
    months: int = 3,
    rule: DltRule | None = None,
    hazards: Hazards | Sequence[Hazards] = Hazards(),  # noqa: B008
    seed: int = 0,
    solver: Fast = STEADY,
) -> xr.Dataset:
    """The same virtual patients under every schedule, for the same number of four weeks.

    Args:
        population: Virtual patients.
        given: Schedules by name; the first is the one that others are held against.
        months: Four-week periods. A schedule repeats its cycle as often as that allows, each cycle
            delayed until recovery.
        rule: The DLT rule of counts, moved to the cycle of every schedule; the default if not
            given.
        hazards: The other causes, one for all or one for each draw.
        seed: Seed of the metaphases.
        solver: The fast solver.

    Returns:
        By `schedule`: `p_dlt` of cycle 1 with its standard `error`, and `dlt_error`, that of its
        difference to the first; `clone_left` and `share_left`, the medians of clonal cells and
        of their share at the end over the start; `response`, the share with a cytogenetic
        response by then; `mg_per_28_d`, lenalidomide planned; `intensity`, the share of it given
        in time; `known`; and `fewer_cells`, the share of patients with fewer clonal cells left
        than under the first.

    Raises:
        InputError: If there is no schedule, or a cycle does not fit into the time.
    """
    if not given:
        raise InputError("compare_schedules, given", "found none", "give at least one")
    by_draw = hazards_by_draw(hazards, population.draws, "compare_schedules")
    each = [one for one in by_draw for _ in range(population.patients)]
    end = months * MONTH_D
    found = {}
    for name, schedule in given.items():
        length = _length(name, schedule, end)
        moved = moved_rule(rule or DltRule(), length)
        protocol = trial_protocol(schedule.cycle, cycles=end // length)
        days = max(end + 1, moved.window_d)
        found[name] = run_trial(
            population, protocol, seed, days=days, rule=moved, hazards=each, solver=solver
        ).sel(reading=slice(0, end))
    return _compared(found, given, population, rule or DltRule(), seed)


def _length(name: str, schedule: Schedule, end: int) -> int:
    length = schedule.cycle.cycle(1).length_d
    if length is None or length > end:
        found = f"found a cycle of {length} d for {name!r}"
        raise InputError("compare_schedules, given", found, f"give one of at most {end} d")
    return length


def _compared(
    found: Mapping[str, xr.Dataset],
    given: Mapping[str, Schedule],
    population: Population,
    rule: DltRule,
    seed: int,
) -> xr.Dataset:
    p = np.stack([any_dlt(e) for e in found.values()])
    end = int(next(iter(found.values())).reading[-1])
    cells = np.stack([clone_left(e, "clone_cells", end) for e in found.values()])
    share = np.stack([clone_left(e, "clone_share", end) for e in found.values()])
    best = [read_cytogenetics(e, seed).best > 0 for e in found.values()]
    planned = [
        s.cycle.total_dose_mg("lenalidomide") * MONTH_D / (s.cycle.cycle(1).length_d or MONTH_D)
        for s in given.values()
    ]
    columns = {
        "p_dlt": p.mean(1),
        "error": population.standard_error(p),
        "dlt_error": population.standard_error(p - p[:1]),
        "clone_left": np.median(cells, 1),
        "share_left": np.median(share, 1),
        "fewer_cells": (cells < cells[:1]).mean(1),
        "response": np.mean(best, 1),
        "mg_per_28_d": np.array(planned),
        "intensity": [
            float(e.dose_intensity.sel(drug="lenalidomide").mean()) for e in found.values()
        ],
        "known": [s.known for s in given.values()],
    }
    return xr.Dataset(
        {name: ("schedule", values) for name, values in columns.items()},
        coords={"schedule": list(found)},
        attrs=population.attrs | {"rule": rule.describe(), "days": end},
    )
