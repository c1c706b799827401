"""A virtual trial: everybody through the protocol, and what a trial would write down of it.

Everything that comes out is SIMULATED and says so.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr

from myelodose.blood.model import LINEAGES
from myelodose.clones.model import CLONES
from myelodose.errors import InputError
from myelodose.marrow.course import DRUGS
from myelodose.marrow.grades import ctcae_grade
from myelodose.marrow.protocol.follow import Followed
from myelodose.marrow.protocol.status import REASONS
from myelodose.marrow.protocol.written import Maintenance, Protocol
from myelodose.solve.settings import Fast
from myelodose.toxicity.causes import CAUSES, exposed, sample_dlts
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.evaluate import cycle_end_d
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.dlt_risk import one_cycle
from myelodose.virtual.follow import STEADY, Mornings, check_solved, through_protocol
from myelodose.virtual.population import Population

READ_EVERY_D = 28
"""Clones are read every so many days, where marrow or FISH would be [d]."""


class Kept(NamedTuple):
    """What is kept of every patient, patients last; counts in float32.

    Attributes:
        counts: Neutrophils, platelets [1e9/L] and haemoglobin [g/dL] of every morning.
        share: Of each clone among cycling progenitors, at readings.
        cells: Of each clone, cycling and resting, relative to a healthy marrow, at readings.
        cycle: Number of the cycle begun last, every morning.
        in_cycle: Days since it began, every morning; -1 once treatment has ended [d].
        maintenance: Whether it is one of maintenance.
        given_mg: All that was given of each drug [mg].
        planned_mg: All that was planned [mg].
        reductions: How many there were.
        reason: Why treatment ended, an index into `REASONS`.
    """

    counts: Any
    share: Any
    cells: Any
    cycle: Any
    in_cycle: Any
    maintenance: Any
    given_mg: Any
    planned_mg: Any
    reductions: Any
    reason: Any


def keep_events(followed: Followed) -> Kept:
    """What `run_trial` reads: daily counts, clones at readings, doses, places in the protocol."""
    status = followed.status
    cycling = followed.pools.cycling[::READ_EVERY_D]
    cells = cycling + followed.pools.rest[::READ_EVERY_D]
    return Kept(
        followed.counts.astype(jnp.float32),
        (cycling / cycling.sum(1, keepdims=True)).astype(jnp.float32),
        cells.astype(jnp.float32),
        status.cycle,
        jnp.where(status.reason == 0, status.cycle_day, -1),
        status.maintenance,
        followed.given_mg.sum(0),
        followed.planned_mg.sum(0),
        status.reductions[-1],
        status.reason[-1],
    )


def run_trial(
    population: Population,
    protocol: Protocol,
    seed: int,
    *,
    days: int,
    rule: DltRule,
    hazards: Hazards | Sequence[Hazards] = Hazards(),  # noqa: B008
    solver: Fast = STEADY,
) -> xr.Dataset:
    """Virtual patients through a protocol, with the events that a trial records.

    DLTs are those of cycle 1, sampled by cause. A DLT that is not a delay does not feed back into
    the doses: a simulated infection neither stops nor reduces treatment.

    Args:
        population: Virtual patients; those of all draws are treated alike.
        protocol: The rules, such as from `trial_protocol`.
        seed: Seed of the DLTs.
        days: Mornings to simulate.
        rule: The DLT rule of counts.
        hazards: The other causes, one for all or one for each patient.
        solver: The fast solver.

    Returns:
        By `patient`: `dlt` and `p_dlt` (cause); `grade_before` and `worst_grade` (lineage), CTCAE
        v5, over all of the treatment and 28 days more; `nadir` and `nadir_day` (lineage), a
        protocol day, and `recovery_day`, both of cycle 1; `dose_share` and `dose_intensity`
        (drug); `cycles`, `delay_d` of cycle 2, `reductions`, `stop_d` and `stop_reason`; and at
        each `reading` (day): `clone_share` and `clone_cells` (clone).

    Raises:
        ArithmeticError: If the solver does not converge.
        InputError: If the simulation is shorter than the window of the rule.
    """
    if days < rule.window_d:
        remedy = f"give at least {rule.window_d}, the window of the rule"
        raise InputError("run_trial, days", f"found {days}", remedy)
    kept = through_protocol(population, protocol, days=days, keep=keep_events, solver=solver)
    check_solved(kept.counts)
    data = xr.Dataset(
        _toxicity(kept, population, rule, hazards, seed)
        | _grades(kept)
        | _doses(kept, protocol)
        | {
            "clone_share": (("reading", "clone", "patient"), kept.share),
            "clone_cells": (("reading", "clone", "patient"), kept.cells),
        },
        coords={
            "cause": list(CAUSES),
            "lineage": list(LINEAGES),
            "clone": list(CLONES),
            "drug": list(DRUGS),
            "reading": np.arange(0, days, READ_EVERY_D),
        },
        attrs=population.attrs | {"rule": rule.describe(), "protocol": repr(protocol)},
    )
    return data.merge(population.covariates.drop_vars("patient", errors="ignore"))


def _toxicity(
    kept: Kept,
    population: Population,
    rule: DltRule,
    hazards: Hazards | Sequence[Hazards],
    seed: int,
) -> dict:
    baseline = population.baseline
    first = one_cycle(Mornings(kept.counts, kept.cycle), 1, rule.window_d)
    counts, following = first.counts, first.next_start_d
    one = hazards if isinstance(hazards, Hazards) else hazards[0]
    seen = exposed(
        counts,
        rule,
        anc_below_1e9_per_l=one.anc_below_1e9_per_l,
        baseline=baseline,
        next_start_d=following,
    )
    p = seen.probability(hazards)
    # Cycle 1 lasts until the next one begins, or could.
    day = np.arange(len(counts))[:, None, None]
    within = np.where(day < seen.cycle_d, counts, np.inf)
    end = cycle_end_d(counts, rule, baseline=baseline, next_start_d=following)
    return {
        "p_dlt": (("cause", "patient"), np.stack(p)),
        "dlt": (("cause", "patient"), sample_dlts(seed, p)),
        "nadir": (("lineage", "patient"), within.min(0)),
        "nadir_day": (("lineage", "patient"), 1 + within.argmin(0), {"units": "protocol day"}),
        "recovery_day": ("patient", 1 + end, {"units": "protocol day"}),
    }


def _grades(kept: Kept) -> dict:
    on = kept.in_cycle >= 0
    last = on.sum(0) + READ_EVERY_D
    day = np.arange(len(kept.counts))[:, None]
    lowest = np.where((day < last)[:, None], kept.counts, np.inf).min(0)
    worst = [ctcae_grade(lowest[row], name) for row, name in enumerate(LINEAGES)]
    before = [ctcae_grade(kept.counts[0, row], name) for row, name in enumerate(LINEAGES)]
    return {
        "grade_before": (("lineage", "patient"), np.stack(before)),
        "worst_grade": (("lineage", "patient"), np.stack(worst)),
    }


def _doses(kept: Kept, protocol: Protocol) -> dict:
    length = _length(protocol)
    later = _length(protocol.maintenance) if protocol.maintenance else length
    on = kept.in_cycle >= 0
    in_time = on & (kept.in_cycle < np.where(kept.maintenance, later, length))
    treated, cycle = on.sum(0), kept.cycle.astype(int)
    second = np.where(cycle[-1] > 1, (cycle < 2).sum(0), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = kept.given_mg / kept.planned_mg
        in_cycles = in_time.sum(0) / treated
    return {
        "dose_share": (("drug", "patient"), share),
        "dose_intensity": (("drug", "patient"), share * in_cycles),
        "cycles": ("patient", cycle[-1]),
        "delay_d": ("patient", second - length, {"units": "d"}),
        "reductions": ("patient", kept.reductions.astype(int)),
        "stop_d": ("patient", np.where(treated == len(cycle), np.nan, treated), {"units": "d"}),
        "stop_reason": ("patient", np.array(REASONS)[kept.reason.astype(int)]),
    }


def _length(phase: Protocol | Maintenance) -> int:
    length = phase.cycle.cycle(1).length_d
    assert length is not None  # checked where the protocol was made
    return length
