"""Order, gap and dose: what they do to P(DLT) and to the clone, in the same virtual patients.

What is known: azacitidine then lenalidomide was tolerated at 20 mg (Platzbecker 2013). Everything
about other orders and gaps here is a consequence of the model's assumptions, above all that
azacitidine kills in S phase, that lenalidomide holds cells in G1, and how strongly the niche pushes
back (docs/marrow.md). SIMULATED.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.errors import InputError
from myelodose.marrow.protocol.limits import Limits
from myelodose.marrow.protocol.written import GRADE_4
from myelodose.regimen import Regimen, azacitidine, lenalidomide, platzbecker2013
from myelodose.solve.settings import Fast
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.draws import hazards_by_draw
from myelodose.virtual.follow import STEADY, trial_protocol
from myelodose.virtual.population import Population
from myelodose.virtual.trial import READ_EVERY_D, run_trial

ORDERS = ("sequential", "concurrent", "reverse")
"""Azacitidine then lenalidomide; both from day 1; lenalidomide then azacitidine."""

READ_D = 2 * READ_EVERY_D
"""When the clone is read: long after the last dose of any arrangement [d]."""


def arrangement(
    order: str, gap_d: int, dose_mg: float, *, every: int = 35, aza_mg_m2: float = 75.0
) -> Regimen:
    """One cycle: azacitidine for 5 days, lenalidomide for 14, in an order and with a gap.

    Args:
        order: One of `ORDERS`.
        gap_d: Days without a drug between the two [d]; 0 if concurrent.
        dose_mg: Lenalidomide a day [mg].
        every: Length of the cycle [d].
        aza_mg_m2: Azacitidine a day [mg/m2].

    Raises:
        InputError: If the order is unknown, or the doses do not fit into the cycle.

    Example:
        >>> arrangement("sequential", 7, 20).last_day
        26
    """
    first = azacitidine(aza_mg_m2, days=range(1, 6))
    second = lenalidomide(dose_mg, days=range(1, 15))
    if order not in ORDERS or (order == "concurrent" and gap_d):
        remedy = f"give one of {', '.join(ORDERS)}, concurrent without a gap"
        raise InputError("arrangement, order", f"found {order!r} with a gap of {gap_d}", remedy)
    if order == "concurrent":
        cycle = first.with_(second)
    elif order == "sequential":
        cycle = first.then(second, gap=gap_d)
    else:
        cycle = second.then(first, gap=gap_d)
    return cycle.cycles(1, every=every)


def compare_sequences(
    population: Population,
    *,
    doses_mg: Sequence[float] = (10.0, 15.0, 20.0, 25.0),
    gaps_d: Sequence[int] = (0, 7, 14),
    every: int = 35,
    rule: DltRule | None = None,
    hazards: Hazards | Sequence[Hazards] = Hazards(),  # noqa: B008
    hold: Limits = GRADE_4,
    solver: Fast = STEADY,
) -> xr.Dataset:
    """One cycle of every order, gap and dose: P(DLT) by cause, and how much clone is left.

    All cycles are of one length, so that a long gap is paid for in days of recovery, as it is in
    life. The rule is moved with the cycle: recovery is asked for two weeks after the next is due.

    Args:
        population: Virtual patients.
        doses_mg: Lenalidomide a day [mg].
        gaps_d: Gaps of the sequential and the reverse order [d].
        every: Length of all cycles [d].
        rule: The DLT rule of counts for that cycle.
        hazards: The other causes, one for all or one for each draw.
        hold: Limits below which lenalidomide is held within the cycle.
        solver: The fast solver.

    Returns:
        `p_dlt` and its standard `error` (arrangement, dose), all causes and draws; `clone_left`,
        the median over patients of both clones' cells at day 56 over those at the start, and
        `share_left`, of their share; `left_by_draw`, the first within each draw; and
        `beats_concurrent`, the share of patients with fewer clonal cells than under the concurrent
        order of the same dose.

    Raises:
        InputError: If the doses do not fit into the cycle.
    """
    used = rule or moved_rule(DltRule(), every)
    pairs = [("concurrent", 0), *((o, g) for o in ("reverse", "sequential") for g in gaps_d)]
    cells = {}
    by_draw = hazards_by_draw(hazards, population.draws, "compare_sequences")
    each = [one for one in by_draw for _ in range(population.patients)]
    for order, gap in pairs:
        for dose in doses_mg:
            cycle = arrangement(order, gap, dose, every=every)
            protocol = trial_protocol(cycle, cycles=1, hold=hold)
            cells[order, gap, dose] = run_trial(
                population,
                protocol,
                0,
                days=max(used.window_d, READ_D + 1),
                rule=used,
                hazards=each,
                solver=solver,
            )
    return _grid(cells, pairs, doses_mg, used, population)


def moved_rule(rule: DltRule, cycle_d: int) -> DltRule:
    """The rule for a cycle of another length: every day that it names is so much later.

    Args:
        rule: A rule.
        cycle_d: Length of the other cycle [d].

    Example:
        >>> moved = moved_rule(DltRule(), 35)
        >>> moved.window_d, moved.unrecovered_by_d
        (64, 49)
    """
    later = cycle_d - rule.cycle_d
    until = rule.unrecovered_by_d
    return replace(
        rule,
        cycle_d=cycle_d,
        window_d=rule.window_d + later,
        unrecovered_by_d=None if until is None else until + later,
    )


def any_dlt(events: xr.Dataset) -> Float[np.ndarray, " patient"]:
    """P(DLT of any cause) in cycle 1 of each patient.

    Args:
        events: From `run_trial`.
    """
    return 1 - np.prod(1 - events.p_dlt.values, axis=0)


def clone_left(events: xr.Dataset, name: str, reading_d: int) -> Float[np.ndarray, " patient"]:
    """Of both del(5q) clones at a reading over the start.

    Args:
        events: From `run_trial`.
        name: "clone_cells" or "clone_share".
        reading_d: Day of the reading [d].
    """
    both = events[name].isel(clone=slice(1, None)).sum("clone")
    return (both.sel(reading=reading_d) / both.isel(reading=0)).values


def _grid(
    cells: dict[tuple[str, int, float], xr.Dataset],
    pairs: list[tuple[str, int]],
    doses_mg: Sequence[float],
    rule: DltRule,
    population: Population,
) -> xr.Dataset:
    names = [order if order == "concurrent" else f"{order}, gap {gap} d" for order, gap in pairs]

    def of_each(read: Callable[[xr.Dataset], np.ndarray]) -> np.ndarray:
        return np.array([[read(cells[o, g, d]) for d in doses_mg] for o, g in pairs])

    left = of_each(lambda events: clone_left(events, "clone_cells", READ_D))
    share = of_each(lambda events: clone_left(events, "clone_share", READ_D))
    p = of_each(any_dlt)
    dims = ("arrangement", "dose")
    return xr.Dataset(
        {
            "p_dlt": (dims, p.mean(-1), {"long_name": "P(DLT) in one cycle", "units": "1"}),
            "error": (dims, population.standard_error(p), {"units": "1"}),
            "clone_left": (dims, np.median(left, -1), {"long_name": "clonal cells left"}),
            "share_left": (dims, np.median(share, -1), {"long_name": "clone share left"}),
            "left_by_draw": ((*dims, "draw"), np.median(population.by_draw(left), -1)),
            "beats_concurrent": (dims, (left < left[:1]).mean(-1)),
        },
        coords={"arrangement": names, "dose": list(doses_mg)},
        attrs=population.attrs
        | {
            "rule": rule.describe(),
            "read_d": READ_D,
            "assumed": "orders other than azacitidine then lenalidomide rest on the model alone",
        },
    )


def nadir_days(
    population: Population, *, dose_mg: float = 20.0, hold: Limits = GRADE_4, solver: Fast = STEADY
) -> xr.Dataset:
    """R13: the day of the neutrophils' nadir and of recovery, with and without lenalidomide.

    Args:
        population: Virtual patients.
        dose_mg: Lenalidomide on days 6-19 [mg].
        hold: Limits below which lenalidomide is held within the cycle.
        solver: The fast solver.

    Returns:
        `nadir_day` and `recovery_day` of each patient (drugs, patient), protocol days of cycle 1;
        recovery is the first visit from day 29 on at which the next cycle could start, NaN for
        none by day 57.
    """
    alone = azacitidine(75, days=range(1, 6)).cycles(1, every=28)
    both = platzbecker2013(dose_mg)
    found = []
    for cycle in (alone, both):
        protocol = trial_protocol(cycle, cycles=1, hold=hold)
        found.append(run_trial(population, protocol, 0, days=57, rule=DltRule(), solver=solver))
    dims = ("drugs", "patient")
    return xr.Dataset(
        {
            "nadir_day": (dims, np.stack([e.nadir_day.sel(lineage="ANC").values for e in found])),
            "recovery_day": (dims, np.stack([e.recovery_day.values for e in found])),
        },
        coords={"drugs": ["azacitidine", "azacitidine then lenalidomide"]},
        attrs=population.attrs,
    )
