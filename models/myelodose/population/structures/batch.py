"""Linear pharmacokinetics of all patients over their event tables at once.

`pk.plan` and `pk.steps` say what a step of one patient does; here the steps of all patients stand
side by side, padded to one length. What a step carries over is computed for all steps together,
so that the loop over time is left with sums of products.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.errors import InputError
from myelodose.pk.events import Events
from myelodose.pk.linear import LinearModel
from myelodose.pk.plan import CLEAR, END, RECORD, TAIL_END, Plan, plan_steps
from myelodose.pk.steps import Step, make_steps
from myelodose.population.table import Table

NOTHING = -1
"""Kind of a step that pads."""

RATE, DURATION = -1, -2
"""RATE of a record whose rate, or whose duration, is a parameter."""


class Batch(NamedTuple):
    """Steps of all patients.

    Args:
        plan: Of `pk.plan`, (patient, step) and (patient, record).
        order: Steps in the order of time, (patient, step); None where times are estimated.
        steady: Patient and record of every steady state, by "compartment:kind of dose".
        first: Whether a record doses the first compartment, (patient, record).
        infused: Whether anything is infused: an array, or None.
        by_rate: Records whose rate is a parameter, (patient, record), or None.
        by_duration: Records whose duration is one, or None.
        forward: Whether parameters are carried forward.
    """

    plan: Plan
    order: np.ndarray | None
    steady: dict[str, tuple[np.ndarray, np.ndarray]]
    first: np.ndarray
    infused: np.ndarray | None
    by_rate: np.ndarray | None
    by_duration: np.ndarray | None
    forward: np.ndarray


class Doses(NamedTuple):
    """What changes doses, each (patient, record), or None: F, lag [h], rate and duration."""

    bioavailability: Array | None = None
    lag_h: Array | None = None
    rate: Array | None = None
    duration_h: Array | None = None


def make_batch(table: Table, names: tuple[str, ...], *, timed: bool, most: float) -> Batch:
    """Plan the steps of all patients.

    Args:
        table: The records.
        names: Compartments that can be dosed.
        timed: Whether times of doses or of ends of infusions depend on parameters.
        most: The largest bioavailability.

    Raises:
        InputError: If a record cannot be; patient and record are named.
    """
    plans, steady = [], {}
    rates = table.columns["rate"]
    for i in range(len(table.rows)):
        plan, states = _plan(table, i, names, timed=timed, most=most)
        plans.append(plan)
        for record, into, kind in states:
            steady.setdefault(f"{into}:{kind}", []).append((i, record))
    longest = max(len(plan.time) for plan in plans)
    stacked = Plan(
        *(
            np.stack(parts)
            for parts in zip(
                *(_padded(plan, longest, table.longest) for plan in plans), strict=True
            )
        )
    )
    marks = {name: table.padded(rates) == code for name, code in (("r", RATE), ("d", DURATION))}
    timed = timed or marks["r"].any() or marks["d"].any()
    infused = (stacked.rate > 0) | (stacked.duration > 0)
    return Batch(
        plan=stacked,
        order=None if timed else _order(stacked),
        steady={
            key: (np.array([p for p, _ in at]), np.array([r for _, r in at]))
            for key, at in sorted(steady.items())
        },
        first=stacked.place == 0,
        infused=np.ones(0) if infused.any() else None,
        by_rate=marks["r"] if marks["r"].any() else None,
        by_duration=marks["d"] if marks["d"].any() else None,
        forward=np.asarray(table.carry == "forward"),
    )


def _plan(table: Table, i: int, names: tuple[str, ...], *, timed: bool, most: float):
    own = table.rows[i]
    column = {name: table.columns[name][own] for name in table.columns}
    dosing = np.isin(column["evid"], (1, 4))
    given = {
        "time_h": column["time_h"],
        "evid": column["evid"],
        "amount_mg": np.where(dosing, np.nan_to_num(column["amount"]), 0.0),
        # An observation reads where its output is; only doses go into a compartment.
        "compartment": np.where(dosing, column["compartment"], 1),
        "rate_mg_per_h": np.where(dosing, np.nan_to_num(column["rate"]), 0.0),
        "additional": np.where(dosing, column["additional"], 0),
        "interval_h": np.where(dosing, np.nan_to_num(column["interval_h"]), 0.0),
        "steady_state": np.where(dosing, column["steady_state"], 0),
    }
    rate = given["rate_mg_per_h"]
    modelled = (rate == RATE) | (rate == DURATION)
    if (modelled & (given["steady_state"] > 0)).any():
        place = f"records, patient {table.patients[i]}"
        raise InputError(place, "found SS with RATE -1 or -2", "write out the doses before")
    given["duration_h"] = np.where(rate == DURATION, 1.0, 0.0)
    given["rate_mg_per_h"] = np.where(rate == RATE, 1.0, np.where(modelled, 0.0, rate))
    try:
        return plan_steps(Events(**given), names, lagged=timed, most_bioavailable=most)
    except InputError as error:
        place = f"patient {table.patients[i]}, {error.place}"
        raise InputError(place, error.found, error.remedy) from None


def _padded(plan: Plan, steps: int, records: int) -> Plan:
    """Steps that do nothing and records that dose nothing, at the end."""
    more, rest = steps - len(plan.time), records - len(plan.amount)
    last = len(plan.amount) - 1

    def fill(values: np.ndarray, count: int, value: float) -> np.ndarray:
        return np.append(values, np.full(count, value, values.dtype))

    return Plan(
        time=fill(plan.time, more, plan.time.max()),
        record=fill(plan.record, more, last),
        kind=fill(plan.kind, more, NOTHING),
        back=fill(plan.back, more, 0),
        **{
            name: fill(getattr(plan, name), rest, 0)
            for name in ("amount", "rate", "duration", "interval", "place", "cancels")
        },
    )


def _order(plan: Plan) -> np.ndarray:
    """Steps sorted by time, where no parameter moves them."""
    length = np.where(
        plan.rate > 0, plan.amount / np.where(plan.rate > 0, plan.rate, 1.0), plan.duration
    )
    lasts = np.take_along_axis(length, plan.record, 1)
    begun = plan.back * np.take_along_axis(plan.interval, plan.record, 1)
    time = plan.time + np.select(
        [plan.kind == END, plan.kind == TAIL_END], [lasts, np.maximum(lasts - begun, 0.0)], 0.0
    )
    return np.argsort(time, axis=1, kind="stable")


def states(
    model: LinearModel, batch: Batch, doses: Doses
) -> Float[Array, "patient record compartment"]:
    """Amounts after every record [mg], an effect compartment's in mg/L.

    Args:
        model: Parameters (patient,) or (patient, record).
        batch: The steps.
        doses: What changes doses.
    """
    plan, first = batch.plan, jnp.asarray(batch.first)
    one = jnp.ones(plan.amount.shape)
    bioavailable = (
        one if doses.bioavailability is None else jnp.where(first, doses.bioavailability, 1.0)
    )
    lag = 0 * one if doses.lag_h is None else jnp.where(first, doses.lag_h, 0.0)
    if batch.by_rate is not None:
        plan = _with(plan, rate=jnp.where(batch.by_rate, _asked(doses.rate), plan.rate))
    if batch.by_duration is not None:
        length = jnp.where(batch.by_duration, _asked(doses.duration_h), plan.duration)
        plan = _with(plan, duration=length)
    steps = jax.vmap(lambda p, f, t: make_steps(model, p, f, t, ()))(plan, bioavailable, lag)
    steps = _with_presets(model, steps, plan, batch, bioavailable, lag)
    order = batch.order
    order = jnp.argsort(steps.time, 1, stable=True) if order is None else jnp.asarray(order)
    own = _sorted(jnp.where(plan.kind == RECORD, plan.record, -1), order)
    steps = jax.tree.map(lambda x: _sorted(x, order), steps)
    which = _which(own, plan.amount.shape[1], jnp.asarray(batch.forward))
    after = _run(model, steps, which, infused=batch.infused is not None)
    return after[jnp.arange(len(own))[:, None], _places(own, plan.amount.shape[1])]


def _with(plan: Plan, **columns: Any) -> Plan:
    """The plan with columns that are traced."""
    return plan._replace(**columns)


def _asked(value: Array | None) -> Array:
    """A parameter that the structure has declared."""
    return jnp.nan * jnp.zeros(()) if value is None else value


def _sorted(x: Array, order: Array) -> Array:
    x, order = jnp.asarray(x), jnp.asarray(order)
    return jnp.take_along_axis(x, order.reshape(*order.shape, *(1,) * (x.ndim - 2)), 1)


def _places(own: Array, count: int) -> Array:
    """At which step each record stands."""
    return jnp.argsort(jnp.where(own < 0, count, own), axis=1, stable=True)[:, :count]


def _which(own: Array, count: int, forward: Array) -> Array:
    """For the way to each step the record whose parameters hold."""
    reached = jax.lax.cummax(own, axis=1)
    earlier = jnp.maximum(jnp.pad(reached[:, :-1], ((0, 0), (1, 0))), 0)
    later = jax.lax.cummin(jnp.where(own < 0, count - 1, own), axis=1, reverse=True)
    return jnp.where(forward, earlier, later)


def _with_presets(
    model: LinearModel, steps: Step, plan: Plan, batch: Batch, bioavailable: Array, lag: Array
) -> Step:
    """Steady states, as they are `lag` before the dose acts."""
    if not batch.steady:
        return steps
    amount = bioavailable * plan.amount
    by_rate = plan.rate > 0
    duration = jnp.where(by_rate, amount / jnp.where(by_rate, plan.rate, 1.0), plan.duration)
    timed = plan.duration > 0
    rate = jnp.where(timed, amount / jnp.where(timed, plan.duration, 1.0), plan.rate)
    presets = jnp.zeros((*amount.shape, len(model.names)), amount.dtype)
    for key, at in batch.steady.items():
        into, kind = key.split(":")
        here = jax.tree.map(lambda x, at=at: x[at] if jnp.ndim(x) == 2 else x[at[0]], model)
        if kind == "constant":
            state = here.equilibrium(rate[at], into=into)
        else:
            state = here.trough(
                amount[at],
                jnp.asarray(plan.interval)[at],
                duration=duration[at] if kind == "infusion" else 0.0,
                into=into,
                before=lag[at],
            )
        presets = presets.at[at].set(jnp.moveaxis(state, 0, -1))
    of = jax.vmap(lambda rows, record: rows[record])(presets, jnp.asarray(plan.record))
    return steps._replace(preset=jnp.where((plan.kind == CLEAR)[..., None], of, 0.0))


def _run(
    model: LinearModel, steps: Step, which: Array, *, infused: bool
) -> Float[Array, "patient step compartment"]:
    """State after every step; patients are the innermost axis."""
    here = jax.tree.map(
        lambda x: jnp.take_along_axis(x, which, 1).T if jnp.ndim(x) == 2 else x, model
    )
    steps = jax.tree.map(lambda x: jnp.moveaxis(jnp.asarray(x), 0, -1), steps)
    dt = jnp.diff(steps.time, axis=0, prepend=steps.time[:1])
    size = len(model.names)
    units = jnp.eye(size, dtype=dt.dtype)[:, :, None, None]
    nothing = jnp.zeros((size, size, *dt.shape), dt.dtype)
    carried = jnp.moveaxis(here.advance(nothing + units, dt), 2, 0)
    added = None
    if infused:
        added = jnp.moveaxis(here.advance(nothing, dt, nothing + units, into="all"), 2, 0)
    start = jnp.zeros((size, dt.shape[1]), dt.dtype)
    none = jnp.full(dt.shape[1:], -1, steps.record.dtype)
    (_, _, _), after = jax.lax.scan(_step, (start, start, none), (steps, carried, added))
    return jnp.moveaxis(after, (0, 1, 2), (1, 2, 0))


def _step(before, now):
    """Advance to the step, then do what it says; as `pk.simulate` does for one patient."""
    state, rate, cancelled = before
    step, carried, added = now
    after = (carried * state).sum(1)
    if added is not None:
        after = after + (added * rate).sum(1)
    counts = step.record >= cancelled
    state = jnp.where(step.clears, 0.0, after) + step.preset + counts * step.bolus
    rate = jnp.where(step.clears, 0.0, rate) + counts * step.rate
    cancelled = jnp.where(step.clears, step.record, cancelled)
    return (state, rate, cancelled), state
