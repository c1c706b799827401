"""What is ahead of one patient under each option: counts, clones and events, draw by draw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from myelodose.blood.model import LINEAGES
from myelodose.errors import InputError
from myelodose.forecast.course import Path, under
from myelodose.forecast.events import events_of
from myelodose.forecast.individual import Individual
from myelodose.forecast.options import NOTHING, NextCycle, options
from myelodose.forecast.seen import Given, Seen
from myelodose.marrow.course import DRUGS
from myelodose.marrow.labelled import UNITS
from myelodose.marrow.protocol.limits import Limits
from myelodose.marrow.protocol.written import GRADE_3
from myelodose.solve.plan import Plan, plan
from myelodose.units import HOURS_PER_DAY

AFTER_D = 42
"""Days of an option's cycle in which its events are read [d]: four weeks and two to recover."""


@dataclass(frozen=True)
class Rules:
    """When a patient has recovered and what counts as an event.

    Args:
        start: Counts from which a cycle may start.
        grade4_over_d: Days of grade 4 running above which it is long [d].
        unrecovered_by_d: Day of the cycle by which counts must be back [d].
        relapse_vaf: Expected VAF of TP53 at and above which the mutation is seen.

    Example:
        >>> Rules().start.numbers
        (1.0, 50, 0.75)
    """

    start: Limits = GRADE_3
    grade4_over_d: int = 7
    unrecovered_by_d: int = AFTER_D
    relapse_vaf: float = 0.02


def forecast(
    individual: Individual,
    *,
    planned_d: float,
    choices: Sequence[NextCycle] | None = None,
    rules: Rules = Rules(),
    days: int | None = None,
) -> xr.Dataset:
    """What each option does to this patient, draw by draw.

    Args:
        individual: His posterior.
        planned_d: The planned date of the next cycle's day 1 [d], at or after the last reading.
        choices: The options; `options()` if not given.
        rules: What counts as an event.
        days: Days to look ahead from the last reading [d]; until the latest option has been
            followed for six weeks if not given.

    Returns:
        By `option` and `draw`: `count` (day, lineage), `clone_share`, `tp53_share` and `vaf` (day),
        before any error of an assay, and the events of `events.events_of`. `day` counts from the
        start of the protocol.

    Raises:
        InputError: If the planned date is past, or there is no option.
        ArithmeticError: If the solver does not converge.
    """
    seen = individual.seen
    chosen = tuple(options() if choices is None else choices)
    if not chosen:
        raise InputError("forecast, choices", "found none", "give at least one NextCycle")
    ahead = planned_d - seen.now_d
    if ahead < 0:
        found = f"found {planned_d:g}, the last reading is on day {seen.now_d:g}"
        raise InputError("forecast, planned_d", found, "give a day at or after it")
    latest = max(one.delay_d for one in chosen)
    span = int(np.ceil(ahead)) + latest + AFTER_D if days is None else days
    # From the balanced marrow to the last reading: where every draw stands now.
    times = np.unique([0.0, *(one.day for one in seen.readings)])
    given = [one for one in seen.doses if one.day < seen.now_d]
    past = under(individual.values, _windows(given, 0.0, times))
    coming = [one for one in seen.doses if one.day >= seen.now_d]
    area = seen.body_surface_area_m2
    doses = [coming + own.doses(planned_d, area) for own in chosen]
    paths = [_one(individual.values, past, own, seen, span) for own in doses]
    counts = np.stack([path.counts for path in paths])
    if not np.isfinite(counts).all():
        raise ArithmeticError("forecast: the solver lost counts; give fewer extreme parameters")
    share = np.stack([path.share for path in paths])
    vaf = individual.vaf(share[:, :, 1])
    data = _labelled(counts, share, vaf, chosen, seen.now_d)
    cells = np.stack([path.cells for path in paths])
    before = individual.vaf(past.share[:, 1])
    data = data.assign(
        events_of(
            data,
            cells / past.cells[-1],
            starts=np.array([planned_d + one.delay_d for one in chosen]),
            baseline=past.counts[0],
            lowest_vaf=before.min(0),
            rules=rules,
        )
    )
    return data.assign_attrs(
        status=_status(individual),
        method=individual.method,
        pareto_k=individual.pareto_k,
        planned_d=planned_d,
        now_d=seen.now_d,
        population=individual.people.source,
    )


def so_far(individual: Individual) -> xr.Dataset:
    """The patient's course up to his last reading, every morning, draw by draw.

    Args:
        individual: His posterior, or the truth of a simulated patient.

    Returns:
        As `forecast` has them, without an option: `count`, `clone_share`, `tp53_share`, `vaf`.
    """
    seen = individual.seen
    # Whole mornings: the last one may lie before the last reading.
    times = np.arange(np.floor(seen.now_d) + 1.0)
    windows = _windows([one for one in seen.doses if one.day < times[-1]], 0.0, times)
    path = under(individual.values, windows)
    vaf = individual.vaf(path.share[:, 1])
    data = _labelled(path.counts[None], path.share[None], vaf[None], (NOTHING,), 0.0)
    data = data.isel(option=0, drop=True).drop_vars(["dose_mg", "delay_d", "gap_d"])
    return data.assign_attrs(status=_status(individual), method=individual.method)


def _status(individual: Individual) -> str:
    who = "a SIMULATED patient" if individual.seen.simulated else "a patient"
    return f"SIMULATED future of {who} from the marrow model; {individual.people.source}"


def _one(values: np.ndarray, past: Path, doses: list[Given], seen: Seen, span: int) -> Path:
    """One option from now on, every morning."""
    own = [one for one in doses if one.day < seen.now_d + span]
    return under(values, _windows(own, seen.now_d, np.arange(span + 1.0)), past.end)


def _windows(doses: list[Given], start_d: float, times_d: np.ndarray) -> Plan:
    return plan(
        [one.day - start_d for one in doses],
        [one.mg for one in doses],
        [DRUGS.index(one.drug) for one in doses],
        drugs=len(DRUGS),
        duration_d=[one.hours / HOURS_PER_DAY for one in doses] or None,
        times_d=times_d,
    )


def _labelled(counts, share, vaf, chosen, now_d: float) -> xr.Dataset:
    by = ("option", "day")
    unit = {"units": "1"}
    return xr.Dataset(
        {
            "count": ((*by, "lineage", "draw"), counts, {"long_name": "count in blood"}),
            "clone_share": ((*by, "draw"), share[:, :, 0], unit | {"long_name": "clone share"}),
            "tp53_share": ((*by, "draw"), share[:, :, 1], unit | {"long_name": "TP53 share"}),
            "vaf": ((*by, "draw"), vaf, unit | {"long_name": "expected VAF of TP53"}),
            "dose_mg": ("option", [one.lenalidomide_mg for one in chosen], {"units": "mg"}),
            "delay_d": ("option", [one.delay_d for one in chosen], {"units": "d"}),
            "gap_d": ("option", [one.gap_d for one in chosen], {"units": "d"}),
        },
        coords={
            "option": [str(one) for one in chosen],
            "day": ("day", now_d + np.arange(counts.shape[1]), {"units": "d"}),
            "lineage": list(LINEAGES),
            "unit": ("lineage", [UNITS[name] for name in LINEAGES]),
        },
    )
