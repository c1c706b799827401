r"""One compartment whose elimination saturates, after Michaelis and Menten.

With the gut A (mg) and the concentration C (mg/L), time in hours,

    A' = -ka A,                                  oral; doses and infusions enter A
    C' = input / V - (Vm / V) C / (Km + C),      input = ka A, or the infusion where there is no gut

Vm is an amount per time [mg/h], as in C(0) = 0, C' = ka (D/V) exp(-ka t) - (Vm/V) C / (Km + C).
Elsewhere Vm is a concentration per time; that is Vm / V here. Where Km is large elimination is
linear with CL = Vm / Km. After an oral dose Vm and V are apparent, Vm/F and V/F.

The fast way is Newton's method on functions of time. Around a guess c the elimination is linear,

    C' = (input / V - (Vm/V) c^2 / (Km + c)^2) - (Vm/V) Km / (Km + c)^2 C,

which an integrating factor solves (`relax`). Each turn squares the error.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.pk.compartments import OneCompartment
from myelodose.pk.windows import concentrations
from myelodose.solve.checks import ABOVE_0, check_concrete, check_drug
from myelodose.solve.march import integral
from myelodose.solve.plan import LONGEST_WINDOW_D, Plan
from myelodose.solve.reference import trajectory
from myelodose.solve.relax import relax
from myelodose.solve.rule import Rule
from myelodose.solve.settings import Fast, Reference, Solver
from myelodose.units import HOURS_PER_DAY

TURNS = 6
"""Newton turns in a window; the last one measures how far it still moved."""


class MichaelisMenten(NamedTuple):
    """Parameters of one patient, or of many with patients as the last axis.

    Args:
        V: Volume, or V/F [L], above 0.
        Vm: Fastest elimination, or Vm/F [mg/h], above 0.
        Km: Concentration at which elimination is half as fast [mg/L], above 0.
        ka: Absorption rate constant [1/h], above 0; None where doses enter the blood.
    """

    V: Float[Array, "..."]
    Vm: Float[Array, "..."]
    Km: Float[Array, "..."]
    ka: Float[Array, "..."] | None = None


class Disposal(NamedTuple):
    """Where the drug is at the times of the plan.

    Args:
        concentration_mg_per_l: C, (time, ...).
        gut_mg: Not absorbed yet, (time, ...); 0 where there is no gut.
        eliminated_mg: Left the body so far, (time, ...).
        auc_mg_h_per_l: Area under C so far, (time, ...).
        change: Largest change in the last turn, relative to the highest concentration of the
            window; 0 from `Reference`. Infinite where the solver failed; what is lost is NaN.
    """

    concentration_mg_per_l: Float[Array, "time ..."]
    gut_mg: Float[Array, "time ..."]
    eliminated_mg: Float[Array, "time ..."]
    auc_mg_h_per_l: Float[Array, "time ..."]
    change: Float[Array, ""]


class State(NamedTuple):
    """C [mg/L], gut [mg], eliminated [mg] and AUC [mg h/L], each (...)."""

    concentration: Float[Array, "..."]
    gut: Float[Array, "..."]
    eliminated: Float[Array, "..."]
    auc: Float[Array, "..."]


def elimination(
    concentration: Float[Array, "..."], parameters: MichaelisMenten
) -> Float[Array, "..."]:
    """Vm C / (Km + C): what leaves the body [mg/h].

    Args:
        concentration: C [mg/L].
        parameters: Vm and Km.

    Example:
        >>> elimination(2.0, MichaelisMenten(V=10.0, Vm=6.0, Km=4.0))
        2.0
    """
    return parameters.Vm * concentration / (parameters.Km + concentration)


def simulate_michaelis_menten(
    parameters: MichaelisMenten,
    plan: Plan,
    *,
    drug: int = 0,
    solver: Solver = Fast(),  # noqa: B008
) -> Disposal:
    """Concentration, and where the drug went, under the doses of a plan.

    Where C falls past Km it bends within Km V / Vm. Windows of at most four times that, from
    `longest_window_d`, keep the fast way right to about 2e-8 of the peak; longer ones need more
    nodes (docs/small-systems.md).

    Args:
        parameters: One patient's, or many with patients as the last axis.
        plan: Windows [d], amounts [mg] and rates [mg/day]; oral where `ka` is given.
        drug: Which drug of the plan.
        solver: `Fast` or `Reference`.

    Raises:
        InputError: If a concrete parameter cannot be, or the plan lacks the drug.

    Example:
        >>> from myelodose.solve import plan
        >>> patient = MichaelisMenten(V=50.0, Vm=20.0, Km=4.0)
        >>> once = plan([0.0], [400.0], [0], drugs=1, times_d=[0.5, 1.0], longest_window_d=0.25)
        >>> course = simulate_michaelis_menten(patient, once)
        >>> [round(float(x), 2) for x in course.concentration_mg_per_l]
        [5.04, 2.72]
    """
    check_concrete(parameters, dict.fromkeys(MichaelisMenten._fields, ABOVE_0))
    check_drug("simulate_michaelis_menten", plan, drug)
    if isinstance(solver, Fast):
        states, change = _fast(parameters, plan, drug, solver)
    else:
        states, change = _reference(parameters, plan, drug, solver)
    return Disposal(*jax.tree.map(plan.read, states), change=change)


def longest_window_d(parameters: MichaelisMenten) -> float:
    """4 Km V / Vm of the fastest patient [d], at most a day: for `plan`.

    Args:
        parameters: Concrete values.

    Example:
        >>> longest_window_d(MichaelisMenten(V=50.0, Vm=100.0, Km=3.0))
        0.25
    """
    constant_h = np.min(np.asarray(parameters.Km) * parameters.V / np.asarray(parameters.Vm))
    return float(min(4 * constant_h / HOURS_PER_DAY, LONGEST_WINDOW_D))


def _input(parameters: MichaelisMenten, plan: Plan, drug: int, share: np.ndarray):
    """Boluses into the blood (window, ...) [mg], input (window, node, ...) [mg/h] and gut [mg]."""
    amount = plan.amount[:, drug]
    if parameters.ka is not None:
        # What is in the gut is linear: a compartment of volume 1 that is cleared at ka.
        model = OneCompartment(CL=parameters.ka, V=jnp.ones_like(parameters.ka))
        gut = concentrations(model, plan, share, drug)
        return jnp.zeros_like(amount), parameters.ka * gut, gut
    nothing = jnp.zeros((len(amount), len(share), *amount.shape[1:]))
    rate = 0.0 if plan.rate is None else plan.rate[:, drug, None] / HOURS_PER_DAY
    return amount, nothing + rate, nothing


def _fast(parameters: MichaelisMenten, plan: Plan, drug: int, solver: Fast):
    bolus, entering, gut = _input(parameters, plan, drug, solver.rule.time)
    start = _empty(parameters, plan)

    def window(state, now):
        after, change = _window(parameters, solver, state, *now)
        return after, (after, change)

    windows = (bolus, entering[:, :-1], gut[:, -1], plan.length_d * HOURS_PER_DAY)
    _, (ends, change) = jax.lax.scan(window, start, windows)
    states = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), start, ends)
    return states, jnp.where(jnp.isnan(change).any(), jnp.inf, change.max(initial=0.0))


def _window(parameters: MichaelisMenten, solver: Fast, state: State, bolus, entering, gut, length):
    """One window: Newton on the concentration at the nodes and the end."""
    rule = solver.rule
    start = state.concentration + bolus / parameters.V
    # Newton's step forgets where it came from: the last two turns carry first and second
    # derivatives, and those before them none.
    fixed = jax.lax.stop_gradient((parameters, start, entering, length))

    def turn(_, guess):
        return _turn(rule, guess, *fixed)

    first = jnp.broadcast_to(fixed[1], (rule.nodes + 1, *start.shape))
    guess = jax.lax.fori_loop(0, TURNS + solver.more_sweeps - 2, turn, first)
    before = _turn(rule, guess, parameters, start, entering, length)
    nodes = _turn(rule, before, parameters, start, entering, length)
    change = jnp.abs(nodes - before).max(0) / (nodes.max(0) + jnp.finfo(nodes.dtype).tiny)
    after = State(
        nodes[-1],
        jnp.broadcast_to(gut, start.shape),
        state.eliminated + length * integral(rule, elimination(nodes[:-1], parameters))[-1],
        state.auc + length * integral(rule, nodes[:-1])[-1],
    )
    return after, jax.lax.stop_gradient(change.max())


def _turn(rule: Rule, guess, parameters: MichaelisMenten, start, entering, length):
    """The concentration under the tangent to elimination at a guess."""
    V, Vm, Km, _ = parameters
    # The tangent to a far guess may lead below 0, where the model has no meaning.
    guess = jnp.maximum(guess[:-1], 0.0)
    slope = Vm / V / (Km + guess)
    loss = slope * Km / (Km + guess)
    solved = relax(rule, length, loss, entering / V - slope * guess**2 / (Km + guess))
    return solved.gain + solved.decay * start


def vector_field(state: State, entering_mg_per_h: Float[Array, "..."], parameters: MichaelisMenten):
    """The right-hand sides above [1/h]; the infusion enters the gut where there is one."""
    leaving = elimination(state.concentration, parameters)
    absorbed = entering_mg_per_h if parameters.ka is None else parameters.ka * state.gut
    return State(
        (absorbed - leaving) / parameters.V,
        entering_mg_per_h - absorbed + 0 * leaving,
        leaving,
        state.concentration,
    )


def _reference(parameters: MichaelisMenten, plan: Plan, drug: int, solver: Reference):
    rate = 0 * plan.amount if plan.rate is None else plan.rate
    start = _empty(parameters, plan)

    def jump(state, now):
        if parameters.ka is not None:
            return state._replace(gut=state.gut + now[0])
        return state._replace(concentration=state.concentration + now[0] / parameters.V)

    return trajectory(
        lambda _, state, now: vector_field(state, now[1], parameters),
        jump,
        start,
        plan.length_d * HOURS_PER_DAY,
        (plan.amount[:, drug], rate[:, drug] / HOURS_PER_DAY),
        settings=solver,
    )


def _empty(parameters: NamedTuple, plan: Plan) -> State:
    leaves = (plan.amount[0, 0], *jax.tree.leaves(parameters))
    zero = jnp.zeros(jnp.broadcast_shapes(*map(jnp.shape, leaves)), jnp.result_type(*leaves, 1.0))
    return State(zero, zero, zero, zero)
