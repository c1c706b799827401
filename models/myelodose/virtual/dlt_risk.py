"""P(DLT) by draw, regimen, cycle and cause from simulated counts, with its Monte Carlo error."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from myelodose.errors import InputError
from myelodose.marrow.protocol.written import Protocol
from myelodose.regimen import Regimen
from myelodose.regimen.courses import checked_whole
from myelodose.solve.settings import Fast
from myelodose.toxicity.causes import CAUSES, Exposed, exposed
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.draws import hazards_by_draw
from myelodose.virtual.first_cycle import first_cycle
from myelodose.virtual.follow import (
    QUICK,
    Mornings,
    check_solved,
    keep_mornings,
    through_protocol,
    trial_protocol,
)
from myelodose.virtual.population import Population

ANY = "any"
"""The cause that stands for all together."""


class CycleOf(NamedTuple):
    """One cycle, cut out of a longer course.

    Attributes:
        counts: Neutrophils and platelets of its mornings [1e9/L].
        next_start_d: Day of the cycle on which the next one began [d]; NaN where none did.
        begun: Who began it.
    """

    counts: Float[np.ndarray, "day lineage patient"]
    next_start_d: Float[np.ndarray, " patient"]
    begun: Bool[np.ndarray, " patient"]


def dlt_risk(
    population: Population,
    regimens: Mapping[str, Regimen | Protocol],
    rule: DltRule,
    hazards: Hazards | Sequence[Hazards] = Hazards(),  # noqa: B008
    *,
    cycles: int = 1,
    solver: Fast = QUICK,
) -> xr.Dataset:
    """P(DLT) by draw, regimen, cycle and cause. SIMULATED.

    Within a draw it is the mean over its patients, among those who began the cycle. Every regimen
    is given to the same patients, so differences between regimens are more certain than each.

    Args:
        population: Virtual patients of every draw.
        regimens: By name, one cycle each, which `trial_protocol` follows; or whole protocols.
        rule: The DLT rule of counts.
        hazards: The other causes, one for all or one for each draw.
        cycles: How many cycles are asked about, from the first on.
        solver: The fast solver.

    Returns:
        `p`, its Monte Carlo standard error `error` (draw, regimen, cycle, cause) and `patients`
        (draw, regimen, cycle), those who began the cycle. Cause "any" is all together.

    Raises:
        ArithmeticError: If the solver does not converge.
        InputError: If there is no regimen, hazards are not as many as draws, or the cycle of a
            regimen is not as long as that of the rule.

    Example:
        >>> from myelodose.regimen import platzbecker2013
        >>> from myelodose.virtual.covariates import drawn_covariates
        >>> from myelodose.virtual.population import virtual_patients
        >>> few = virtual_patients(1, drawn_covariates(1, 20))
        >>> risk = dlt_risk(few, {"20 mg": platzbecker2013(20)}, DltRule())
        >>> risk.p.dims
        ('draw', 'regimen', 'cycle', 'cause')
    """
    each = hazards_by_draw(hazards, population.draws, "dlt_risk")
    if not regimens:
        raise InputError("dlt_risk, regimens", "found none", "give at least one")
    number = checked_whole(cycles, "dlt_risk, cycles", least=1)
    found = [
        _of_regimen(population, _protocol(name, regimen, rule, number), rule, each, number, solver)
        for name, regimen in regimens.items()
    ]
    dims = ("draw", "regimen", "cycle", "cause")
    p, error, patients = (np.stack(x, 1) for x in zip(*found, strict=True))
    return xr.Dataset(
        {
            "p": (dims, p, {"long_name": "P(DLT)", "units": "1"}),
            "error": (dims, error, {"long_name": "Monte Carlo standard error of p", "units": "1"}),
            "patients": (dims[:3], patients, {"long_name": "patients who began the cycle"}),
        },
        coords={
            "regimen": list(regimens),
            "cycle": 1 + np.arange(number),
            "cause": [*CAUSES, ANY],
        },
        attrs=population.attrs | {"rule": rule.describe()},
    )


def one_cycle(mornings: Mornings, number: int, window_d: int) -> CycleOf:
    """The mornings of one cycle of every patient, from its first day on.

    Mornings beyond the simulation repeat the last one; whoever did not begin the cycle has the
    counts of somebody who did nothing, and is not `begun`.

    Args:
        mornings: Of the whole course.
        number: Which cycle, from 1.
        window_d: How many mornings.
    """
    cycle = mornings.cycle.astype(int)
    days = len(cycle)
    begun = cycle[-1] >= number
    start = np.where(begun, (cycle < number).sum(0), 0)
    following = np.where(cycle[-1] > number, (cycle <= number).sum(0) - start, np.nan)
    if number == 1:
        return CycleOf(mornings.counts[:window_d], following, begun)
    at = np.minimum(start + np.arange(window_d)[:, None], days - 1)
    counts = np.take_along_axis(mornings.counts, at[:, None], 0)
    return CycleOf(counts, following, begun)


def _protocol(name: str, regimen: Regimen | Protocol, rule: DltRule, cycles: int) -> Protocol:
    protocol = regimen if isinstance(regimen, Protocol) else trial_protocol(regimen, cycles=cycles)
    length = protocol.cycle.cycle(1).length_d
    if length != rule.cycle_d:
        found = f"found a cycle of {length} d with a rule for {rule.cycle_d} d"
        raise InputError(f"dlt_risk, regimens, {name!r}", found, "give a rule with that cycle_d")
    return protocol


def _of_regimen(
    population: Population,
    protocol: Protocol,
    rule: DltRule,
    hazards: list[Hazards],
    cycles: int,
    solver: Fast,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, errors (draw, cycle, cause) and numbers of patients (draw, cycle)."""
    if cycles == 1:
        mornings = first_cycle(population, protocol, rule, solver=solver)
    else:
        days = (cycles - 1) * (rule.cycle_d + protocol.max_delay_d) + rule.window_d
        keep = keep_mornings
        mornings = through_protocol(population, protocol, days=days, keep=keep, solver=solver)
        check_solved(mornings.counts)
    baseline = population.baseline
    by_cycle = []
    for number in range(1, cycles + 1):
        course = one_cycle(mornings, number, rule.window_d)
        seen = exposed(
            course.counts,
            rule,
            anc_below_1e9_per_l=hazards[0].anc_below_1e9_per_l,
            baseline=baseline,
            next_start_d=course.next_start_d,
        )
        by_cycle.append(_by_draw(seen, course.begun, hazards))
    p, error, patients = (np.stack(x, 1) for x in zip(*by_cycle, strict=True))
    return p, error, patients


def _by_draw(
    seen: Exposed, begun: np.ndarray, hazards: list[Hazards]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draws = len(hazards)
    counted = begun.reshape(draws, -1)
    number = counted.sum(1)
    split = Exposed(*(x.reshape(draws, -1) for x in seen))
    chances = split.probability(hazards)
    p = np.stack([*chances, chances.any], 1)
    weight = counted[:, None] / np.maximum(number, 1)[:, None, None]
    mean = np.where(number[:, None] > 0, (weight * p).sum(-1), np.nan)
    spread = (weight * (p - mean[..., None]) ** 2).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(spread / (number[:, None] - 1))
    return mean, np.where(number[:, None] > 1, error, np.nan), number
