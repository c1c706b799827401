r"""The classic model of Friberg et al.: any number of lineages, any number of drugs.

    Prol' = k Prol ((1 - E) (Circ0 / Circ)^gamma - 1)
    T1' = k (Prol - T1),   T2' = k (T1 - T2),   T3' = k (T2 - T3),   Circ' = k (T3 - Circ)
    k = 4 / MTT,   E = sum over drugs of slope C, or of Emax C^h / (EC50^h + C^h)

(J Clin Oncol 2002, doi 10.1200/JCO.2002.02.140). All start at Circ0. It is what other software
fits and what ours is compared with; potencies do not carry over to the model of `marrow`, because
here a sustained effect E leaves (1 - E)^(1/gamma) of the baseline.
"""

from collections.abc import Sequence
from functools import partial, reduce
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.blood.friberg_windows import Chain, Solver, Windows, march
from myelodose.effect import Effect, Linear
from myelodose.pk.linear import LinearModel
from myelodose.pk.windows import concentrations, states_at_starts
from myelodose.solve.march import over_time
from myelodose.solve.plan import Plan
from myelodose.solve.reference import integrate
from myelodose.solve.rule import Rule
from myelodose.solve.settings import Fast, Reference
from myelodose.solve.settings import Solver as Settings
from myelodose.units import HOURS_PER_DAY


class Friberg(NamedTuple):
    """Parameters of one patient, or of many with patients as the last axis.

    Args:
        baseline: Circ0 [unit of the lineage], (lineage, ...).
        mtt_d: Mean transit time [day], (lineage, ...).
        gamma: Feedback exponent, (lineage, ...).
        effects: The effect of each drug on proliferation, in the order of the plan;
            concentrations are in mg/L.
    """

    baseline: Float[Array, "lineage ..."]
    mtt_d: Float[Array, "lineage ..."]
    gamma: Float[Array, "lineage ..."]
    effects: tuple[Effect, ...]


class FribergCourse(NamedTuple):
    """Counts at the times of the plan.

    Args:
        counts: Circ, (time, lineage, ...).
        change: Largest relative change in the last turn; 0 from `Reference`. Infinite where the
            solver failed.
    """

    counts: Float[Array, "time lineage ..."]
    change: Float[Array, ""]


STAGES = 4


def simulate_friberg(
    friberg: Friberg,
    drugs: Sequence[LinearModel],
    plan: Plan,
    *,
    solver: Settings = Fast(),  # noqa: B008
) -> FribergCourse:
    """Counts under the doses of a plan.

    Args:
        friberg: Parameters.
        drugs: Pharmacokinetics of each drug of the plan [h, mg, L].
        plan: The windows.
        solver: `Fast` or `Reference`.
    """
    if isinstance(solver, Fast):
        circulating, change = _fast(friberg, tuple(drugs), plan, solver)
    else:
        circulating, change = _reference(friberg, tuple(drugs), plan, solver)
    return FribergCourse(plan.read(circulating) * friberg.baseline, change)


def inhibition(
    effects: tuple[Effect, ...], concentrations: Sequence[Array], axes: int
) -> Float[Array, "... lineage"]:
    """E: the sum of the effects of all drugs.

    Args:
        effects: One for each drug.
        concentrations: Of each drug [mg/L], (..., patient).
        axes: Axes of a parameter: 1 for one patient, 2 with patients behind the lineages.
    """
    pairs = zip(effects, concentrations, strict=True)
    return reduce(jnp.add, (effect(jnp.expand_dims(c, -axes)) for effect, c in pairs))


def _rule(friberg: Friberg, solver: Fast) -> Rule:
    """A linear effect is as smooth as the concentration; one that saturates rises steeply."""
    if all(isinstance(effect, Linear) for effect in friberg.effects):
        return solver.rule_liked(nodes=12, crowding=3.0)
    return solver.rule_liked(nodes=20, crowding=4.5)


def _fast(friberg: Friberg, drugs: tuple[LinearModel, ...], plan: Plan, solver: Fast):
    rule = _rule(friberg, solver)
    courses = [concentrations(drug, plan, rule.time[:-1], i) for i, drug in enumerate(drugs)]
    # The barriers keep the compiler from computing all this anew wherever it is used.
    courses = jax.lax.optimization_barrier(courses)
    k = STAGES / friberg.mtt_d
    length = jnp.expand_dims(plan.length_d, -k.ndim)
    shape = jnp.broadcast_shapes(length.shape, k.shape)
    spread = partial(over_time, (len(length), rule.nodes))
    # Plain numbers stay: a Hill exponent of 1.0 says that there is no power to take.
    effects = jax.tree.map(lambda x: spread(x) if jnp.ndim(x) else x, friberg.effects)
    growth = length[:, None] * spread(k) * (1 - inhibition(effects, courses, k.ndim))
    # One flat axis of lanes: the innermost loop of everything that follows.
    lanes = Windows(
        jax.lax.optimization_barrier(growth).reshape(*growth.shape[:2], -1),
        jnp.broadcast_to(length, shape).reshape(len(length), -1),
        jnp.broadcast_to(k, shape[1:]).ravel(),
        jnp.broadcast_to(friberg.gamma, shape[1:]).ravel(),
    )
    one = jnp.ones_like(lanes.gamma)
    solved = march(Solver(rule, 1 + solver.more_sweeps), Chain(*(one,) * 5), lanes)
    return solved.circulating.reshape(-1, *shape[1:]), solved.change


def _reference(friberg: Friberg, drugs: tuple[LinearModel, ...], plan: Plan, solver: Reference):
    k = STAGES / friberg.mtt_d
    starts = tuple(states_at_starts(drug, plan, i) for i, drug in enumerate(drugs))
    rates = None if plan.rate is None else plan.rate / HOURS_PER_DAY

    def concentrations(time_d, now):
        amounts, rate = now
        for i, (drug, amount) in enumerate(zip(drugs, amounts, strict=True)):
            later = drug.advance(amount, time_d * HOURS_PER_DAY, 0.0 if rate is None else rate[i])
            yield drug.concentration(later)

    def field(time_d, chain, now):
        effect = inhibition(friberg.effects, tuple(concentrations(time_d, now)), k.ndim)
        return Chain(
            k * chain.p * ((1 - effect) * chain.c**-friberg.gamma - 1),
            k * (chain.p - chain.t1),
            k * (chain.t1 - chain.t2),
            k * (chain.t2 - chain.t3),
            k * (chain.t3 - chain.c),
        )

    shape = jnp.broadcast_shapes(k.shape, k.shape[:1] + plan.length_d.shape[1:])
    one = jnp.ones(shape, k.dtype)
    ends, failed = integrate(
        field,
        lambda chain, _: chain,
        Chain(*(one,) * 5),
        plan.length_d,
        (starts, rates),
        rtol=solver.rtol,
        atol=solver.atol,
        adjoint=solver.adjoint,
    )
    circulating = jnp.concatenate([one[None], ends.c])
    return circulating, jnp.where(failed > 0, jnp.inf, 0.0)
