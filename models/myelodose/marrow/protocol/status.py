"""Where a patient stands in the protocol, and what a morning's counts change about it."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from myelodose.marrow.protocol.rules import Rules

REASONS = (
    "on treatment",
    "all cycles given",
    "delayed too long",
    "no dose level left",
    "counts low too long",
    "clone share above the limit",
    "solver failed",
)
"""Why treatment ended, by code; 0 where it had not."""

_DONE, _DELAYED, _NO_LEVEL, _LOW, _CLONE, _FAILED = range(1, 7)


class Status(NamedTuple):
    """One patient's place in the protocol, or many patients'; every field has their shape.

    Args:
        cycle: Number of the cycle begun last, from 1, counted through both phases.
        in_phase: The same, counted from the start of the phase.
        maintenance: Whether the phase is maintenance.
        cycle_day: Days since the cycle began, from 0; its length or more while the next one waits.
        held: Whether lenalidomide is held.
        level: Index of the dose level.
        reductions: How many there were.
        reduced: Whether there was one in this cycle.
        low_run: Mornings running on which a count was below `Protocol.low`.
        reason: Why treatment ended, an index into `REASONS`; 0 where it goes on.
    """

    cycle: Int[Array, "..."]
    in_phase: Int[Array, "..."]
    maintenance: Bool[Array, "..."]
    cycle_day: Int[Array, "..."]
    held: Bool[Array, "..."]
    level: Int[Array, "..."]
    reductions: Int[Array, "..."]
    reduced: Bool[Array, "..."]
    low_run: Int[Array, "..."]
    reason: Int[Array, "..."]

    @property
    def active(self) -> Bool[Array, "..."]:
        """Whether treatment goes on."""
        return self.reason == 0

    @property
    def phase(self) -> Int[Array, "..."]:
        """0 in induction, 1 in maintenance."""
        return self.maintenance.astype(jnp.int32)

    def waited(self, rules: Rules) -> Int[Array, "..."]:
        """Days since the planned start of the next cycle [d]; negative before it."""
        return self.cycle_day - rules.length_d[self.phase]

    def of_day(self, table: Array, rules: Rules) -> Array:
        """Entry of a table (phase, day, ...) for this day, that of the last one while waiting."""
        day = jnp.minimum(self.cycle_day, rules.length_d[self.phase] - 1)
        return table[self.phase, day]


class Morning(NamedTuple):
    """What is known before the dose: counts and baselines (2, ...) [1e9/L], share of the clones."""

    counts: Float[Array, "lineage ..."]
    baseline: Float[Array, "lineage ..."]
    clone_share: Float[Array, "..."]


def first_day(rules: Rules, shape: tuple[int, ...]) -> Status:
    """Everybody begins the first cycle, whatever the counts."""
    one, no = jnp.ones(shape, jnp.int32), jnp.zeros(shape, bool)
    zero = jnp.zeros(shape, jnp.int32)
    level = zero + rules.first_level
    return Status(one, one, no, zero, no, level, zero, no, zero, zero)


def decide(status: Status, morning: Morning, rules: Rules) -> Status:
    """The status after this morning's decisions.

    The order is: runs of low counts, reasons to stop, the next cycle, a hold, a reduction.

    Args:
        status: As the day before has left it.
        morning: Counts, baselines and clones.
        rules: The protocol.
    """
    below = (morning.counts < rules.low.of(morning.baseline)).any(0)
    status = status._replace(low_run=jnp.where(below, status.low_run + 1, 0))
    status = _stop_by_course(status, morning, rules)
    status, late = _next_cycle(status, morning, rules)
    status, newly_held = _hold(status, morning, rules)
    event = (
        (newly_held & rules.reduce_after_hold)
        | (status.low_run == rules.reduce_after_low_d + 1)
        | (late > rules.reduce_after_delay_d)
    )
    return _reduce(status, event, rules)


def _stop(status: Status, when: Bool[Array, "..."], reason: int) -> Status:
    """End treatment; the first reason stands."""
    return status._replace(reason=jnp.where(status.active & when, reason, status.reason))


def _stop_by_course(status: Status, morning: Morning, rules: Rules) -> Status:
    lost = ~(jnp.isfinite(morning.counts).all(0) & jnp.isfinite(morning.clone_share))
    status = _stop(status, lost, _FAILED)
    status = _stop(status, status.low_run > rules.stop_after_low_d, _LOW)
    completed = status.cycle - (status.waited(rules) < 0)
    counts = _visit(status, rules) & (completed >= rules.stop_clone_after)
    return _stop(status, counts & (morning.clone_share > rules.stop_clone_above), _CLONE)


def _visit(status: Status, rules: Rules) -> Bool[Array, "..."]:
    waited = status.waited(rules)
    return jnp.where(waited < 0, status.of_day(rules.visit, rules), waited % rules.revisit_d == 0)


def _next_cycle(status: Status, morning: Morning, rules: Rules) -> tuple[Status, Int[Array, "..."]]:
    """Start the next cycle, wait or stop; and by how many days a cycle that starts is late."""
    waited = status.waited(rules)
    asked = status.active & (waited >= 0) & (waited % rules.revisit_d == 0)
    enough = (status.cycle >= rules.maintenance_after) & ~status.maintenance
    changes = enough & (morning.clone_share < rules.maintenance_below)
    last = status.in_phase >= rules.cycles[status.phase]
    status = _stop(status, asked & last & ~changes, _DONE)
    recovered = (morning.counts >= rules.start.of(morning.baseline)).all(0)
    no_later = waited + rules.revisit_d > rules.max_delay_d
    status = _stop(status, asked & ~recovered & no_later, _DELAYED)
    begins = asked & recovered & status.active
    begun = Status(
        cycle=status.cycle + 1,
        in_phase=jnp.where(changes, 1, status.in_phase + 1),
        maintenance=status.maintenance | changes,
        cycle_day=jnp.zeros_like(status.cycle_day),
        held=jnp.zeros_like(status.held),
        level=status.level,
        reductions=status.reductions,
        reduced=jnp.zeros_like(status.reduced),
        low_run=status.low_run,
        reason=status.reason,
    )
    chosen = Status(*(jnp.where(begins, a, b) for a, b in zip(begun, status, strict=True)))
    return chosen, jnp.where(begins, waited, 0)


def _hold(status: Status, morning: Morning, rules: Rules) -> tuple[Status, Bool[Array, "..."]]:
    """Hold or resume at a visit; and who is newly held."""
    # On day 1 the start of the cycle has just been decided.
    within = (status.cycle_day > 0) & (status.waited(rules) < 0)
    asked = status.active & within & status.of_day(rules.visit, rules)
    low = (morning.counts < rules.hold.of(morning.baseline)).any(0)
    recovered = (morning.counts >= rules.resume.of(morning.baseline)).all(0)
    newly = asked & ~status.held & low & status.of_day(rules.len_left, rules)
    return status._replace(held=newly | (status.held & ~(asked & recovered))), newly


def _reduce(status: Status, event: Bool[Array, "..."], rules: Rules) -> Status:
    """One level lower, once a cycle; out of levels or reductions, stop."""
    due = event & status.active & ~status.reduced
    left = (status.level > 0) & (status.reductions < rules.most_reductions)
    status = _stop(status, due & ~left, _NO_LEVEL)
    falls = (due & left).astype(jnp.int32)
    return status._replace(
        level=status.level - falls,
        reductions=status.reductions + falls,
        reduced=status.reduced | (falls > 0),
    )


def doses(
    status: Status, body_surface_area_m2: Float[Array, "..."], rules: Rules
) -> tuple[Float[Array, "drug ..."], Float[Array, "drug ..."]]:
    """What is given today and what the cycle plans for today [mg], each (drug, ...).

    Planned is the cycle as written, lenalidomide at most at the first level; given is lenalidomide
    at most at the level of the patient, and nothing of it under a hold.
    """
    on = status.active & (status.waited(rules) < 0)
    flat, per_m2 = (status.of_day(x, rules) for x in (rules.flat_mg, rules.per_m2_mg))
    levels = rules.levels_mg
    written = jnp.moveaxis(flat, -1, 0) + jnp.moveaxis(per_m2, -1, 0) * body_surface_area_m2
    planned = jnp.where(on, written, 0.0)
    planned = planned.at[0].set(jnp.minimum(planned[0], levels[rules.first_level]))
    lenalidomide = jnp.where(status.held, 0.0, jnp.minimum(planned[0], levels[status.level]))
    return planned.at[0].set(lenalidomide), planned
