"""Benefit beside risk of each regimen, by draw, from one run of the same virtual patients.

One simulation of cycle 1 gives the DLTs by cause, what the clone loses, what the metaphases would
say, how long counts stay low, and how much of the drug is given. SIMULATED.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr

from myelodose.decision.metaphases import metaphase_response
from myelodose.errors import InputError
from myelodose.marrow.protocol.follow import Followed
from myelodose.marrow.protocol.limits import Limits
from myelodose.marrow.protocol.written import GRADE_4
from myelodose.regimen import Regimen
from myelodose.solve.settings import Fast
from myelodose.toxicity.causes import CAUSES, exposed
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.evaluate import PARTS, cycle_end_d, dlt_by_counts
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.dlt_risk import ANY
from myelodose.virtual.draws import hazards_by_draw
from myelodose.virtual.follow import QUICK, check_solved, through_protocol, trial_protocol
from myelodose.virtual.population import Population

QUANTITIES = {
    "cells_fall": "fall of the clonal cells after cycle 1",
    "share_fall": "fall of the clone share after cycle 1",
    "response": "P(cytogenetic response after cycle 1)",
    "complete": "P(complete cytogenetic response after cycle 1)",
    "grade4_long": "P(grade 4 for longer than 7 days)",
    "unrecovered": "P(no recovery by day 42)",
    "dose_intensity": "relative dose intensity of lenalidomide",
}
"""What is told of each regimen besides its DLTs, in words."""

GRADE4_DAYS, RECOVERED_BY_D = 7, 42


class FirstCycle(NamedTuple):
    """What is kept of every patient, patients last.

    Attributes:
        counts: Neutrophils and platelets of every morning [1e9/L], (day, lineage, patient).
        share: Of both del(5q) clones among cycling progenitors, before and after, (2, patient).
        cells: Of both clones, cycling and resting, before and after, (2, patient).
        given: Lenalidomide given in the cycle over what it plans, (patient).
    """

    counts: Any
    share: Any
    cells: Any
    given: Any


@lru_cache(maxsize=16)
def keep_first_cycle(read_d: int) -> Callable[[Followed], FirstCycle]:
    """What `through_protocol` keeps; the same function for the same day, so it compiles once.

    Args:
        read_d: When the clone is read again [d].
    """

    def keep(followed: Followed) -> FirstCycle:
        at = jnp.array([0, read_d])
        cycling = followed.pools.cycling[at]
        clone = cycling[:, 1:].sum(1)
        given, planned = followed.given_mg[:, 0].sum(0), followed.planned_mg[:, 0].sum(0)
        return FirstCycle(
            followed.counts[:, :2].astype(jnp.float32),
            clone / cycling.sum(1),
            clone + followed.pools.rest[at, 1:].sum(1),
            jnp.where(planned > 0, given / jnp.where(planned > 0, planned, 1.0), jnp.nan),
        )

    return keep


def prospects(
    population: Population,
    regimens: Mapping[str, Regimen],
    rule: DltRule,
    hazards: Hazards | Sequence[Hazards] = Hazards(),  # noqa: B008
    *,
    hold: Limits = GRADE_4,
    solver: Fast = QUICK,
) -> xr.Dataset:
    """Risk and benefit of cycle 1, by draw and regimen, each with its Monte Carlo error.

    Args:
        population: Virtual patients of every draw; every regimen is given to all of them.
        regimens: By name, one cycle each.
        rule: The DLT rule of counts.
        hazards: The other causes, one for all or one for each draw.
        hold: Limits below which lenalidomide is held within the cycle.
        solver: The fast solver.

    Returns:
        `p`, `error` and `patients` as from `virtual.dlt_risk`, and `value` and `value_error`
        (draw, regimen, quantity) for `QUANTITIES`. Clones are read on the morning after the last
        day of the cycle. "Longer than 7 days" and "recovery by day 42" use the limits of the rule,
        which never ask for more than half of a patient's own baseline. The intensity is the share
        given times cycle length over the days until the next cycle could start, at most the window.

    Raises:
        ArithmeticError: If the solver does not converge.
        InputError: If there is no regimen, hazards are not as many as draws, or the cycle of a
            regimen is not as long as that of the rule.
    """
    each = hazards_by_draw(hazards, population.draws, "prospects")
    if not regimens:
        raise InputError("prospects, regimens", "found none", "give at least one")
    rows = [
        _of_regimen(population, name, cycle, rule, each, hold, solver)
        for name, cycle in regimens.items()
    ]
    values = np.stack(rows, 1)  # quantity, regimen, draw, patient
    mean = values.mean(-1).transpose(2, 1, 0)
    error = np.full_like(mean, np.nan)
    if population.patients > 1:
        error = values.std(-1, ddof=1).transpose(2, 1, 0) / np.sqrt(population.patients)
    causes = len(CAUSES) + 1
    risk, other = ("draw", "regimen", "cycle", "cause"), ("draw", "regimen", "quantity")
    size = np.full((population.draws, len(regimens), 1), population.patients)
    return xr.Dataset(
        {
            "p": (risk, mean[:, :, None, :causes], {"long_name": "P(DLT)", "units": "1"}),
            "error": (risk, error[:, :, None, :causes], {"units": "1"}),
            "patients": (risk[:3], size),
            "value": (other, mean[..., causes:], {"units": "1"}),
            "value_error": (other, error[..., causes:], {"units": "1"}),
        },
        coords={
            "regimen": list(regimens),
            "cycle": [1],
            "cause": [*CAUSES, ANY],
            "quantity": list(QUANTITIES),
        },
        attrs=population.attrs | {"rule": rule.describe()},
    )


def _of_regimen(
    population: Population,
    name: str,
    cycle: Regimen,
    rule: DltRule,
    hazards: list[Hazards],
    hold: Limits,
    solver: Fast,
) -> np.ndarray:
    """Causes, any, then `QUANTITIES`: (quantity, draw, patient)."""
    length = cycle.cycle(1).length_d
    if length != rule.cycle_d:
        found = f"found a cycle of {length} d with a rule for {rule.cycle_d} d"
        raise InputError(f"prospects, regimens, {name!r}", found, "give a rule with that cycle_d")
    days = max(rule.window_d, RECOVERED_BY_D, rule.cycle_d + 1)
    protocol = trial_protocol(cycle, cycles=1, hold=hold)
    keep = keep_first_cycle(rule.cycle_d)
    kept = through_protocol(population, protocol, days=days, keep=keep, solver=solver)
    check_solved(kept.counts)
    baseline = population.baseline
    below = hazards[0].anc_below_1e9_per_l
    seen = exposed(kept.counts, rule, anc_below_1e9_per_l=below, baseline=baseline)
    split = type(seen)(*(x.reshape(len(hazards), -1) for x in seen))
    chances = split.probability(hazards)
    response, complete = metaphase_response(*kept.share)
    low, late = _long_and_late(kept.counts, rule, baseline)
    end = cycle_end_d(kept.counts, rule, baseline=baseline)
    lasted = np.where(np.isnan(end), rule.window_d, end)
    others = np.stack(
        [
            1 - kept.cells[1] / kept.cells[0],
            1 - kept.share[1] / kept.share[0],
            response,
            complete,
            low,
            late,
            kept.given * rule.cycle_d / lasted,
        ]
    )
    return np.concatenate(
        [np.stack([*chances, chances.any]), others.reshape(len(others), len(hazards), -1)]
    )


def _long_and_late(
    counts: np.ndarray, rule: DltRule, baseline: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who has grade 4 for more than 7 days running, and who has not recovered by day 42."""
    days = len(counts)
    asked = DltRule(
        cycle_d=min(rule.cycle_d, RECOVERED_BY_D - 1),
        window_d=days,
        unrecovered_by_d=RECOVERED_BY_D,
        recovered=rule.recovered,
        grade4_over_d=GRADE4_DAYS,
        low=rule.low,
        delay_over_d=None,
    )
    found = dlt_by_counts(counts, asked, baseline=baseline)
    return found[PARTS[1]].astype(float), found[PARTS[0]].astype(float)
