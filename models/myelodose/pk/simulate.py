"""Amounts and concentrations of one patient over an event table.

One `lax.scan` over the sorted steps, each an exact `advance`. Time is in hours, amounts in mg,
concentrations in mg/L.
"""

from collections.abc import Mapping
from functools import partial
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from myelodose.errors import InputError
from myelodose.pk.events import Events
from myelodose.pk.linear import LinearModel
from myelodose.pk.parameters import Value
from myelodose.pk.plan import RECORD, Plan, Steady, plan_steps
from myelodose.pk.steps import Step, at_record, make_steps
from myelodose.precision import float64

type ByCompartment = Mapping[str, Value] | None


class Profile(NamedTuple):
    """What is in the patient at each record, after it.

    `time_h` [record] [h], `amount_mg` [record, compartment] [mg] (an effect compartment holds
    mg/L), `concentration_mg_per_l` [record], and `auc_mg_h_per_l` [record], the area under the
    concentration since the first record.
    """

    time_h: Float[Array, " record"]
    amount_mg: Float[Array, "record compartment"]
    concentration_mg_per_l: Float[Array, " record"]
    auc_mg_h_per_l: Float[Array, " record"]


class Course(NamedTuple):
    """Every step: its time, what is there after it, the inputs that run from it on.

    `model` is the one that held on the way to the step, its parameters scalar or [step].
    """

    time: Float[Array, " step"]
    state: Float[Array, "step compartment"]
    rate: Float[Array, "step compartment"]
    auc: Float[Array, " step"]
    at_record: Array
    model: LinearModel


def simulate(
    model: LinearModel,
    events: Events,
    *,
    bioavailability: ByCompartment = None,
    lag_h: ByCompartment = None,
    carry: Literal["backward", "forward"] = "backward",
) -> Profile:
    """What is in the patient at each record.

    Args:
        model: The model. A parameter that is an array [record] changes from record to record.
        events: The records.
        bioavailability: F by compartment name, where it is not 1; a number or [record]. With a
            rate it changes the length of an infusion, with a duration its rate.
        lag_h: Lag time by compartment name [h]; a number or [record]. May be estimated too. In a
            steady state a lag must be shorter than the interval.
        carry: "backward": between two records the parameters of the later one hold, as in NONMEM;
            "forward": those of the earlier one.

    Returns:
        The profile, in the order of the records.

    Raises:
        InputError: If a value cannot be.

    Note:
        An F that is traced must be at most 1 where a steady-state infusion is given by its rate:
        it bounds how many infusions overlap.

    Example:
        >>> from myelodose.pk import Events, OneCompartment
        >>> bolus = Events(time_h=[0, 8], evid=[1, 0], amount_mg=[100, 0])
        >>> profile = simulate(OneCompartment(CL=10.0, V=80.0), bolus)
        >>> profile.auc_mg_h_per_l.round(3).tolist()
        [0.0, 6.321]
    """
    with float64():
        course = simulate_steps(
            model, events, bioavailability=bioavailability, lag_h=lag_h, carry=carry
        )
        amount = course.state[course.at_record]
        profile = Profile(
            time_h=jnp.asarray(events.time_h),
            amount_mg=amount,
            concentration_mg_per_l=model.concentration(amount.T),
            auc_mg_h_per_l=course.auc[course.at_record],
        )
        return jax.tree.map(for_people, profile)


def concentrations(
    model: LinearModel,
    events: Events,
    times_h: ArrayLike | None = None,
    *,
    bioavailability: ByCompartment = None,
    lag_h: ByCompartment = None,
    carry: Literal["backward", "forward"] = "backward",
) -> Float[Array, " time"]:
    """Central concentrations [mg/L] at the records, or at times of your own.

    Args:
        model: The model; parameters may be arrays [record] if `times_h` is not given.
        events: The records.
        times_h: Times [h] in any order; a time at which a dose is given is read after it. Without
            them, every record is a time.
        bioavailability: As in `simulate`.
        lag_h: As in `simulate`.
        carry: As in `simulate`.

    Returns:
        Concentrations [mg/L], differentiable in the parameters, F and lag.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> from myelodose.pk import OneCompartment, doses
        >>> model = OneCompartment(CL=10.0, V=80.0)
        >>> concentrations(model, doses(100.0), [8.0, 0.0]).round(3).tolist()
        [0.46, 1.25]
    """
    place = np.arange(events.count)
    if times_h is not None:
        given = [
            *jax.tree.leaves(model),
            *(bioavailability or {}).values(),
            *(lag_h or {}).values(),
        ]
        if any(jnp.ndim(value) for value in given):
            remedy = "give the times as records of EVID 0, so that each has its parameters"
            raise InputError("concentrations, times_h", "found parameters by record", remedy)
        events, place = events.observed_at(times_h)
    profile = simulate(model, events, bioavailability=bioavailability, lag_h=lag_h, carry=carry)
    with float64():
        return profile.concentration_mg_per_l[place]


def for_people(value: Value) -> Value:
    """A result as a NumPy array, unless it is traced: JAX would warn of float64 outside."""
    return value if isinstance(value, jax.core.Tracer) else np.asarray(value)


def simulate_steps(
    model: LinearModel,
    events: Events,
    *,
    bioavailability: ByCompartment = None,
    lag_h: ByCompartment = None,
    carry: Literal["backward", "forward"] = "backward",
) -> Course:
    """All steps of a simulation, doses and ends of infusions too; arguments as in `simulate`."""
    if carry not in ("backward", "forward"):
        raise InputError("simulate, carry", f"found {carry!r}", "give 'backward' or 'forward'")
    for leaf in jax.tree.leaves(model):
        _check_shape("simulate, model", leaf, events)
    bioavailable = _per_record("bioavailability", bioavailability, model, events, 1.0)
    lag = _per_record("lag_h", lag_h, model, events, 0.0)
    traced = isinstance(bioavailable, jax.core.Tracer)
    plan, steady = plan_steps(
        events,
        model.dosed,
        lagged=lag_h is not None,
        most_bioavailable=1.0 if traced else float(np.max(bioavailable)),
    )
    _check_lag(lag, events)
    return _run(model, plan, bioavailable, lag, steady, forward=carry == "forward")


def _per_record(
    name: str, given: ByCompartment, model: LinearModel, events: Events, default: float
) -> Array | np.ndarray:
    """One value for each record, that of the compartment it doses."""
    values: Array | np.ndarray = np.full(events.count, default)
    for compartment, value in (given or {}).items():
        place = f"simulate, {name}"
        if compartment not in model.names:
            remedy = f"name one of {', '.join(model.names)}"
            raise InputError(place, f"found a compartment {compartment!r}", remedy)
        if not isinstance(value, jax.core.Tracer):
            value = np.asarray(value, dtype=float)
            if not (np.isfinite(value) & (value >= 0)).all():
                raise InputError(place, f"found {value}", "give finite numbers of at least 0")
        _check_shape(place, value, events)
        here = events.compartment - 1 == model.names.index(compartment)
        either = any(isinstance(x, jax.core.Tracer) for x in (value, values))
        values = (jnp if either else np).where(here, value, values)
    return values


def _check_shape(place: str, value: Value | np.ndarray, events: Events) -> None:
    if jnp.shape(value) not in ((), (events.count,)):
        remedy = f"give a number, or one for each of the {events.count} records"
        raise InputError(place, f"found shape {jnp.shape(value)}", remedy)


def _check_lag(lag: Array | np.ndarray, events: Events) -> None:
    if isinstance(lag, jax.core.Tracer):
        return
    bad = (events.steady_state > 0) & ~events.constant & (np.asarray(lag) > events.interval_h)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"simulate, lag_h, row {row + 1}",
            f"found {np.asarray(lag)[row]} h in a steady state with II {events.interval_h[row]} h",
            "give a lag shorter than the interval",
        )


@partial(jax.jit, static_argnames=("steady", "forward"))
def _run(
    model: LinearModel,
    plan: Plan,
    bioavailable: Array,
    lag: Array,
    steady: tuple[Steady, ...],
    *,
    forward: bool,
) -> Course:
    count = plan.amount.shape[0]
    steps = make_steps(model, plan, bioavailable, lag, steady)
    # Lags and ends may be traced, so the sorting is too.
    order = jnp.argsort(steps.time, stable=True)
    own = jnp.where(plan.kind == RECORD, plan.record, -1)[order]
    steps = jax.tree.map(lambda x: x[order], steps)
    steps = steps._replace(parameters=_which_parameters(own, count, forward=forward))
    _, (state, rate, auc) = jax.lax.scan(partial(_step, model), _start(model, steps), steps)
    return Course(
        time=steps.time,
        state=state,
        rate=rate,
        auc=auc,
        at_record=jnp.argsort(jnp.where(own < 0, count, own), stable=True)[:count],
        model=at_record(model, steps.parameters),
    )


def _start(model: LinearModel, steps: Step):
    nothing = jnp.zeros_like(steps.bolus[0])
    return nothing, nothing, jnp.asarray(-1), steps.time[0], jnp.zeros_like(nothing[0])


def _step(model: LinearModel, carried, step: Step):
    """Advance to the step, then do what it says."""
    state, rate, cancelled, time, auc = carried
    here = at_record(model, step.parameters)
    dt = step.time - time
    after = here.advance(state, dt, rate, into="all")
    # What went in and is no longer there has left through CL C.
    auc = auc + (here.body(state) + dt * rate.sum() - here.body(after)) / here.CL
    # A reset also cancels what records above it have still in store.
    counts = step.record >= cancelled
    state = jnp.where(step.clears, 0.0, after) + step.preset + counts * step.bolus
    rate = jnp.where(step.clears, 0.0, rate) + counts * step.rate
    cancelled = jnp.where(step.clears, step.record, cancelled)
    return (state, rate, cancelled, step.time, auc), (state, rate, auc)


def _which_parameters(own: Array, count: int, *, forward: bool) -> Array:
    """For the way to each step the record whose parameters hold."""
    if forward:
        reached = jax.lax.cummax(own)
        return jnp.maximum(jnp.concatenate([jnp.array([0]), reached[:-1]]), 0)
    return jax.lax.cummin(jnp.where(own < 0, count - 1, own), reverse=True)
