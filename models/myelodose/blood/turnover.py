r"""Responses that follow a drug with a delay: indirect responses and the effect compartment.

The four indirect responses (Dayneka, Garzone and Jusko, J Pharmacokinet Biopharm 1993;21:457, doi
10.1007/BF01061691), with an effect E of the concentration:

    I    R' = kin (1 - E) - kout R          III  R' = kin (1 + E) - kout R
    II   R' = kin - kout (1 - E) R          IV   R' = kin - kout (1 + E) R

R(0) = kin / kout. All are linear in R, so an integrating factor solves them; nothing is iterated.

The effect compartment (Sheiner et al., Clin Pharmacol Ther 1979;25:358, doi 10.1002/cpt1979253358)
delays the concentration instead, and is in closed form:

    Ce' = ke0 (C - Ce),   R = E0 + Emax Ce^h / (EC50^h + Ce^h)

Responses count days, pharmacokinetics hours.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.effect import Effect, Saturating
from myelodose.errors import InputError
from myelodose.pk.linear import LinearModel
from myelodose.pk.windows import concentrations, entries, later, states_at_starts
from myelodose.solve.checks import ABOVE_0, AT_LEAST_0, UP_TO_1, check_concrete, check_drug
from myelodose.solve.plan import Plan
from myelodose.solve.reference import trajectory
from myelodose.solve.relax import relax_all, through
from myelodose.solve.settings import Fast, Reference, Solver
from myelodose.units import HOURS_PER_DAY


@dataclass(frozen=True)
class Mechanism:
    """What the drug acts on, and whether it inhibits (-1) or stimulates (1) it."""

    on: Literal["production", "loss"]
    sign: Literal[-1, 1]


INHIBITED_PRODUCTION = Mechanism("production", -1)
"""Model I."""
INHIBITED_LOSS = Mechanism("loss", -1)
"""Model II."""
STIMULATED_PRODUCTION = Mechanism("production", 1)
"""Model III."""
STIMULATED_LOSS = Mechanism("loss", 1)
"""Model IV."""
MECHANISMS = (INHIBITED_PRODUCTION, INHIBITED_LOSS, STIMULATED_PRODUCTION, STIMULATED_LOSS)
"""The four, in the order of the paper."""


class Turnover(NamedTuple):
    """Parameters of one patient, or of many with patients as the last axis.

    Args:
        kin_per_d: Production without drug [unit of the response, per day], above 0.
        kout_per_d: Loss without drug [1/day], above 0.
        effect: `Linear` or `Saturating` in the concentration [mg/L]. An inhibition that
            exceeds 1 has no meaning: the response is NaN from there on.
    """

    kin_per_d: Float[Array, "..."]
    kout_per_d: Float[Array, "..."]
    effect: Effect


class EffectSite(NamedTuple):
    """Parameters of one patient, or of many with patients as the last axis.

    Args:
        baseline: E0, the response without drug.
        effect: `Linear` or `Saturating` in Ce [mg/L]; a negative maximum lowers the response.
    """

    baseline: Float[Array, "..."]
    effect: Effect


class Response(NamedTuple):
    """A response at the times of the plan.

    Args:
        response: R, (time, ...) [its unit].
        change: 0; infinite where the solver failed or an inhibition exceeded 1, and what is lost
            is NaN. Nothing is iterated: `solve.accuracy.estimated_error` measures the error.
    """

    response: Float[Array, "time ..."]
    change: Float[Array, ""]


def simulate_turnover(
    parameters: Turnover,
    drug_model: LinearModel,
    plan: Plan,
    *,
    mechanism: Mechanism,
    drug: int = 0,
    solver: Solver = Fast(),  # noqa: B008
) -> Response:
    """The indirect response to the doses of a plan.

    Args:
        parameters: One patient's, or many with patients as the last axis.
        drug_model: Pharmacokinetics of the drug [h, mg, L]; it acts by its central concentration.
        plan: The windows.
        mechanism: Which of the four.
        drug: Which drug of the plan.
        solver: `Fast` or `Reference`.

    Raises:
        InputError: If a concrete parameter cannot be, or the plan lacks the drug.

    Example:
        >>> from myelodose.effect import Saturating
        >>> from myelodose.pk import OneCompartment
        >>> from myelodose.precision import float64
        >>> from myelodose.solve import plan
        >>> once = plan([1.0], [100.0], [0], drugs=1, times_d=[1.0, 1.5])
        >>> marker = Turnover(kin_per_d=20.0, kout_per_d=2.0, effect=Saturating(1.0, 0.1))
        >>> model = OneCompartment(CL=5.0, V=50.0)
        >>> with float64():
        ...     course = simulate_turnover(marker, model, once, mechanism=INHIBITED_PRODUCTION)
        ...     print(course.response.round(2))
        [10.    4.28]
    """
    check_concrete(parameters, {"kin_per_d": ABOVE_0, "kout_per_d": ABOVE_0})
    _check_effect(parameters.effect, inhibits=mechanism.sign < 0)
    check_drug("simulate_turnover", plan, drug)
    if isinstance(solver, Fast):
        states = _fast(parameters, drug_model, plan, mechanism, drug, solver)
        change = jnp.where(jnp.isnan(states).any(), jnp.inf, 0.0)
    else:
        states, change = _reference(parameters, drug_model, plan, mechanism, drug, solver)
    return Response(plan.read(states), change)


def simulate_effect_site(
    parameters: EffectSite,
    drug_model: LinearModel,
    plan: Plan,
    *,
    drug: int = 0,
    solver: Solver = Fast(),  # noqa: B008
) -> Response:
    """The response to the concentration in the effect compartment.

    Args:
        parameters: One patient's, or many with patients as the last axis.
        drug_model: Pharmacokinetics with `ke0` [h, mg, L].
        plan: The windows.
        drug: Which drug of the plan.
        solver: `Fast` takes Ce in closed form, `Reference` integrates Ce'.

    Raises:
        InputError: If the model has no `ke0`, a concrete parameter cannot be, or the plan lacks
            the drug.

    Example:
        >>> from myelodose.effect import Saturating
        >>> from myelodose.pk import OneCompartment
        >>> from myelodose.solve import plan
        >>> once = plan([0.0], [100.0], [0], drugs=1, times_d=[0.0, 0.25])
        >>> model = OneCompartment(CL=5.0, V=50.0, ke0=0.5)
        >>> site = EffectSite(baseline=10.0, effect=Saturating(20.0, 1.0))
        >>> [round(float(x), 2) for x in simulate_effect_site(site, model, once).response]
        [10.0, 21.1]
    """
    if drug_model.ke0 is None:
        raise InputError(
            "simulate_effect_site, drug_model", "found no ke0", "give the model a ke0 [1/h]"
        )
    _check_effect(parameters.effect, inhibits=False)
    check_drug("simulate_effect_site", plan, drug)
    if isinstance(solver, Fast):
        windows = entries(drug_model, plan, drug)
        last = later(drug_model, plan.length_d[-1], jax.tree.map(lambda x: x[-1], windows))
        at_site, change = jnp.concatenate([windows.amounts[:, -1], last[-1:]]), jnp.zeros(())
    else:
        at_site, change = _reference_site(drug_model, plan, drug, solver)
    return Response(parameters.baseline + parameters.effect(plan.read(at_site)), change)


def production_and_loss(
    concentration: Float[Array, "..."], parameters: Turnover, mechanism: Mechanism
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Production [unit/day] and loss [1/day] at a concentration; R' = production - loss R.

    Example:
        >>> from myelodose.effect import Linear
        >>> marker = Turnover(kin_per_d=20.0, kout_per_d=2.0, effect=Linear(0.5))
        >>> [float(x) for x in production_and_loss(jnp.ones(()), marker, STIMULATED_LOSS)]
        [20.0, 3.0]
    """
    factor = 1 + mechanism.sign * parameters.effect(concentration)
    factor = jnp.where(factor < 0, jnp.nan, factor)
    none = jnp.ones_like(factor)
    by, of = (factor, none) if mechanism.on == "production" else (none, factor)
    return parameters.kin_per_d * by, parameters.kout_per_d * of


def _fast(parameters, model, plan: Plan, mechanism, drug: int, solver: Fast):
    rule = solver.rule
    c = concentrations(model, plan, rule.time, drug)
    source, loss = production_and_loss(c, parameters, mechanism)
    # Where R would settle at the end of each window; kept off a loss that is nearly stopped.
    least = jnp.maximum(loss[:, :-1].mean(1), 1e-3 * parameters.kout_per_d)
    level = source[:, -1] / jnp.maximum(loss[:, -1], least)
    solved = relax_all(rule, plan.length_d, loss[:, :-1], source[:, :-1], level)
    return through(solved, parameters.kin_per_d / parameters.kout_per_d)


def _reference(parameters, model, plan: Plan, mechanism, drug: int, solver: Reference):
    def field(time_d, response, now):
        c = model.concentration(later(model, time_d, now))
        production, loss = production_and_loss(c, parameters, mechanism)
        return production - loss * response

    leaves = (plan.length_d[0], *jax.tree.leaves((parameters, model)))
    shape = jnp.broadcast_shapes(*map(jnp.shape, leaves))
    start = jnp.broadcast_to(parameters.kin_per_d / parameters.kout_per_d, shape)
    return _integrated(field, start, model, plan, drug, solver)


def _reference_site(model, plan: Plan, drug: int, solver: Reference):
    plain = replace(model, ke0=None)

    def field(time_d, at_site, now):
        c = plain.concentration(later(plain, time_d, now))
        return HOURS_PER_DAY * model.ke0 * (c - at_site)

    start = jnp.zeros_like(states_at_starts(model, plan, drug)[0, -1])
    return _integrated(field, start, plain, plan, drug, solver)


def _integrated(field, start, model, plan: Plan, drug: int, solver: Reference):
    start = jnp.asarray(start) + 0 * plan.length_d[0]
    windows = entries(model, plan, drug)
    return trajectory(field, lambda state, _: state, start, plan.length_d, windows, settings=solver)


def _check_effect(effect: Effect, *, inhibits: bool) -> None:
    if not isinstance(effect, Saturating):
        check_concrete(effect, {"slope": AT_LEAST_0} if inhibits else {})
        return
    checks = {"half": ABOVE_0, "hill": ABOVE_0}
    check_concrete(effect, checks | ({"maximum": UP_TO_1} if inhibits else {}))
