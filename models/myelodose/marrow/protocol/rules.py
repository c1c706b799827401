"""A protocol as arrays: data for compiled code, so that other limits compile nothing anew."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from numpy.typing import ArrayLike

from myelodose.marrow.course import DRUGS
from myelodose.marrow.protocol.limits import Limits
from myelodose.marrow.protocol.written import Maintenance, Protocol
from myelodose.precision import float64
from myelodose.regimen import Regimen

# Longer than any simulation [d].
_NEVER_D = np.iinfo(np.int32).max // 2

# Cycles of up to eight weeks are arrays of one length, and share compiled code [d].
_SHARED_D = 56


class Limit(NamedTuple):
    """Neutrophils and platelets [1e9/L], (2,), and the largest share of the baseline, ()."""

    count: Float[Array, " lineage"]
    of_baseline: Float[Array, ""]

    def of(self, baseline: Float[Array, "lineage ..."]) -> Float[Array, "lineage ..."]:
        """The limits of patients with these baselines."""
        count = self.count.reshape(-1, *(1,) * (baseline.ndim - 1))
        return jnp.minimum(count, self.of_baseline * baseline)


class Rules(NamedTuple):
    """What decides on a morning; the first axis is the phase, 0 induction and 1 maintenance.

    `flat_mg` and `per_m2_mg` (phase, day, drug) are what a cycle plans, days from 0; `visit`
    (phase, day) says where a visit is and `len_left` where lenalidomide is planned on that day or
    later; `length_d` and `cycles` (phase,). The others are those of `Protocol`, days without limit
    being very many and shares without limit infinite.
    """

    flat_mg: Float[Array, "phase day drug"]
    per_m2_mg: Float[Array, "phase day drug"]
    visit: Bool[Array, "phase day"]
    len_left: Bool[Array, "phase day"]
    length_d: Int[Array, " phase"]
    cycles: Int[Array, " phase"]
    hold: Limit
    resume: Limit
    start: Limit
    low: Limit
    revisit_d: Int[Array, ""]
    max_delay_d: Int[Array, ""]
    levels_mg: Float[Array, " level"]
    first_level: Int[Array, ""]
    most_reductions: Int[Array, ""]
    reduce_after_hold: Bool[Array, ""]
    reduce_after_low_d: Int[Array, ""]
    reduce_after_delay_d: Int[Array, ""]
    stop_after_low_d: Int[Array, ""]
    stop_clone_above: Float[Array, ""]
    stop_clone_after: Int[Array, ""]
    maintenance_below: Float[Array, ""]
    maintenance_after: Int[Array, ""]


def rules_of(protocol: Protocol) -> Rules:
    """The protocol as arrays.

    Args:
        protocol: The protocol.

    Example:
        >>> from myelodose.regimen import platzbecker2013
        >>> rules_of(Protocol(platzbecker2013(20))).flat_mg[0, :7, 0].tolist()
        [0.0, 0.0, 0.0, 0.0, 0.0, 20.0, 20.0]
    """
    with float64():
        return Rules(**_cycles(protocol), **_limits(protocol), **_levels(protocol))


def _cycles(protocol: Protocol) -> dict[str, Any]:
    """What a cycle of each phase plans, and when the phase changes."""
    maintenance = protocol.maintenance
    # Without maintenance its place is taken by a cycle that nobody reaches.
    phases: tuple[Protocol | Maintenance, ...] = (protocol, maintenance or protocol)
    days = max(_SHARED_D, *(_length(phase.cycle) for phase in phases))
    flat, per_m2 = (
        np.stack([_template(phase.cycle, days, unit) for phase in phases])
        for unit in ("mg", "mg/m2")
    )
    from_the_end = (flat[..., 0] > 0)[:, ::-1]
    return {
        "flat_mg": _real(flat),
        "per_m2_mg": _real(per_m2),
        "visit": jnp.stack(
            [jnp.isin(jnp.arange(days) + 1, _whole(p.visits or ())) for p in phases]
        ),
        "len_left": jnp.asarray(np.logical_or.accumulate(from_the_end, 1)[:, ::-1]),
        "length_d": _whole([_length(phase.cycle) for phase in phases]),
        "cycles": _whole([protocol.cycles, maintenance.cycles if maintenance else 0]),
        "maintenance_below": _real(maintenance.clone_below if maintenance else -np.inf),
        "maintenance_after": _whole(maintenance.after if maintenance else 0),
    }


def _limits(protocol: Protocol) -> dict[str, Any]:
    stops = protocol.stops
    return {
        **{name: _limit(getattr(protocol, name)) for name in ("hold", "resume", "start", "low")},
        "revisit_d": _whole(protocol.revisit_d),
        "max_delay_d": _whole(protocol.max_delay_d),
        "stop_after_low_d": _days(stops.low_days),
        "stop_clone_above": _real(np.inf if stops.clone_above is None else stops.clone_above),
        "stop_clone_after": _whole(stops.clone_after),
    }


def _levels(protocol: Protocol) -> dict[str, Any]:
    reductions, planned = protocol.reductions, protocol.planned_lenalidomide_mg
    levels = reductions.levels_mg
    return {
        "levels_mg": _real(levels),
        "first_level": _whole(levels.index(planned) if planned else len(levels) - 1),
        "most_reductions": _whole(reductions.most),
        "reduce_after_hold": jnp.asarray(reductions.after_hold),
        "reduce_after_low_d": _days(reductions.after_low_days),
        "reduce_after_delay_d": _days(reductions.after_delay_d),
    }


def _length(cycle: Regimen) -> int:
    length = cycle.cycle(1).length_d
    assert length is not None  # checked in written.py
    return length


def _template(regimen: Regimen, days: int, unit: str) -> np.ndarray:
    """Doses in one unit by day and drug."""
    doses = np.zeros((days, len(DRUGS)))
    for course in regimen.cycle(1).courses:
        if course.unit == unit:
            doses[np.array(course.days) - 1, DRUGS.index(course.drug)] = course.dose
    return doses


def _limit(limits: Limits) -> Limit:
    *counts, share = limits.numbers
    return Limit(_real(counts), _real(share))


def _real(value: ArrayLike) -> Array:
    return jnp.asarray(np.asarray(value, float))


def _whole(value: ArrayLike) -> Array:
    return jnp.asarray(np.asarray(value, np.int32))


def _days(number: int | None) -> Array:
    return _whole(_NEVER_D if number is None else number)
