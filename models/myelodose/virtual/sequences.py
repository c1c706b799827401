"""Order, gap and dose: what they do to P(DLT) and to the clone, in the same virtual patients.

What is known: azacitidine then lenalidomide was tolerated at 20 mg (Platzbecker 2013). Everything
about other orders and gaps here is a consequence of the model's assumptions, above all that
azacitidine kills in S phase, that lenalidomide holds cells in G1, and how strongly the niche pushes
back (docs/marrow.md). SIMULATED.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.marrow.labelled import SIMULATED
from myelodose.marrow.protocol.limits import Limits
from myelodose.marrow.protocol.written import GRADE_4
from myelodose.regimen import Regimen, azacitidine, lenalidomide, platzbecker2013
from myelodose.solve.settings import Fast
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
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
    used = rule or replace(
        DltRule(), cycle_d=every, window_d=every + 29, unrecovered_by_d=every + 14
    )
    pairs = [("concurrent", 0), *((o, g) for o in ("reverse", "sequential") for g in gaps_d)]
    cells = {}
    each = hazards
    if not isinstance(hazards, Hazards):
        each = [one for one in hazards for _ in range(population.patients)]
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


def _grid(cells: dict, pairs: list, doses_mg: Sequence[float], rule: DltRule, population):
    names = [order if order == "concurrent" else f"{order}, gap {gap} d" for order, gap in pairs]
    left = np.array([[_left(cells[o, g, d], share=False) for d in doses_mg] for o, g in pairs])
    share = np.array([[_left(cells[o, g, d], share=True) for d in doses_mg] for o, g in pairs])
    p = np.array([[_any(cells[o, g, d]) for d in doses_mg] for o, g in pairs])
    dims = ("arrangement", "dose")
    return xr.Dataset(
        {
            "p_dlt": (dims, p.mean(-1), {"long_name": "P(DLT) in one cycle", "units": "1"}),
            "error": (dims, _error(p, population.draws), {"units": "1"}),
            "clone_left": (dims, np.median(left, -1), {"long_name": "clonal cells left"}),
            "share_left": (dims, np.median(share, -1), {"long_name": "clone share left"}),
            "left_by_draw": ((*dims, "draw"), np.median(_by_draw(left, population.draws), -1)),
            "beats_concurrent": (dims, (left < left[:1]).mean(-1)),
        },
        coords={"arrangement": names, "dose": list(doses_mg)},
        attrs={
            "status": SIMULATED,
            "rule": rule.describe(),
            "population": population.source,
            "read_d": READ_D,
            "assumed": "orders other than azacitidine then lenalidomide rest on the model alone",
        },
    )


def _any(events: xr.Dataset) -> np.ndarray:
    return 1 - np.prod(1 - events.p_dlt.values, axis=0)


def _error(p: np.ndarray, draws: int) -> np.ndarray:
    """Standard error of the mean over patients; draw by draw where there are several."""
    by = _by_draw(p, draws).mean(-1) if draws > 1 else p
    return by.std(-1, ddof=1) / np.sqrt(by.shape[-1])


def _by_draw(values: np.ndarray, draws: int) -> np.ndarray:
    return values.reshape(*values.shape[:-1], draws, -1)


def _left(events: xr.Dataset, *, share: bool) -> np.ndarray:
    """Of both clones at day 56 over the start: cells, or their share."""
    name = "clone_share" if share else "clone_cells"
    both = events[name].isel(clone=slice(1, None)).sum("clone")
    return (both.sel(reading=READ_D) / both.isel(reading=0)).values


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
        attrs={"status": SIMULATED, "population": population.source},
    )
