"""The whole way of one course: doses to exposure, to clones, to blood counts.

`simulate` takes the parameters of one patient, or of many with patients as the last axis of every
array, and a plan with the same last axis. It is pure: jit, grad, jvp and vmap work.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.blood import model as blood
from myelodose.blood.windows import BloodScheme, Supply
from myelodose.clones import model as clones
from myelodose.clones.windows import CloneScheme, Exposure
from myelodose.pk.linear import LinearModel
from myelodose.pk.windows import states_at_starts, within
from myelodose.solve.march import march
from myelodose.solve.plan import Plan
from myelodose.solve.reference import integrate
from myelodose.solve.settings import Fast, Reference, Solver
from myelodose.units import HOURS_PER_DAY, LENALIDOMIDE_NG_PER_ML_PER_UM

LENALIDOMIDE, AZACITIDINE = 0, 1
"""Order of the drugs in a plan."""

UM_PER_MG_PER_L = 1000 / LENALIDOMIDE_NG_PER_ML_PER_UM


class Patient(NamedTuple):
    """Everything that a course depends on besides the doses.

    Args:
        len_pk: Lenalidomide's pharmacokinetics [h, mg, L].
        aza_clearance_l_per_h: Azacitidine's apparent clearance CL/F [L/h]; a dose acts as its AUC.
        aza_reference_auc: u_ref, the AUC whose log kill is kappa_A [mg h/L].
        clones: The progenitors.
        lineages: The blood.
    """

    len_pk: LinearModel
    aza_clearance_l_per_h: Float[Array, "..."]
    aza_reference_auc: Float[Array, "..."]
    clones: clones.Clones
    lineages: blood.Lineages


class Course(NamedTuple):
    """What happens to a patient, at the times of the plan.

    Args:
        counts: Neutrophils and platelets [1e9/L], haemoglobin [g/dL], (time, lineage, ...).
        pools: Progenitors by phase, relative to the healthy normal pool, (time, clone, ...).
        change: Largest relative change in the last sweep; 0 from `Reference`. Infinite where
            the solver failed, and then every count is NaN.
    """

    counts: Float[Array, "time lineage ..."]
    pools: clones.Pools
    change: Float[Array, ""]

    @property
    def clone_share(self) -> Float[Array, "time clone ..."]:
        """Share of each clone among cycling progenitors."""
        cycling = self.pools.cycling
        return cycling / cycling.sum(1, keepdims=True)


def simulate(patient: Patient, plan: Plan, *, solver: Solver = Fast()) -> Course:  # noqa: B008
    """The course of a patient under the doses of a plan.

    Args:
        patient: Parameters; patients, if many, are the last axis.
        plan: Windows with lenalidomide [mg] as drug 0 and azacitidine [mg] as drug 1.
        solver: `Fast` or `Reference`.
    """
    start = clones.balanced_pools(patient.clones)
    first = (start, blood.balanced_chain(patient.clones.size, patient.lineages))
    if isinstance(solver, Fast):
        (pools, chain), change = _fast(patient, plan, first, solver)
    else:
        (pools, chain), change = _reference(patient, plan, first, solver)
    pools, circulating = jax.tree.map(plan.read, (pools, chain.circulating))
    return Course(circulating * patient.lineages.set_point, pools, change)


def azacitidine_exposure(patient: Patient, plan: Plan) -> Float[Array, "window ..."]:
    """AUC of what each window receives, relative to the reference; it acts at the start.

    An infusion of azacitidine lasts minutes, so it acts at the start of the window that it fills.
    """
    given = plan.amount[:, AZACITIDINE]
    if plan.rate is not None:
        given = given + plan.rate[:, AZACITIDINE] * plan.length_d
    return given / (patient.aza_clearance_l_per_h * patient.aza_reference_auc)


def _fast(patient: Patient, plan: Plan, first, solver: Fast):
    rule = solver.rule
    starts = states_at_starts(patient.len_pk, plan, LENALIDOMIDE)
    um = UM_PER_MG_PER_L * within(patient.len_pk, starts, plan, rule.time[:-1], LENALIDOMIDE)
    progenitors = CloneScheme.of(solver)
    exposure = Exposure(plan.length_d, um, azacitidine_exposure(patient, plan))
    grown = march(progenitors, first[0], exposure, patient.clones)
    supply = Supply(plan.length_d, um, blood.production(grown.record, patient.lineages))
    lineages = BloodScheme.of(solver)
    bled = march(lineages, first[1], supply, patient.lineages)
    return (grown.state, bled.state), jnp.maximum(grown.change, bled.change)


def _reference(patient: Patient, plan: Plan, first, solver: Reference):
    pk = patient.len_pk
    starts = states_at_starts(pk, plan, LENALIDOMIDE)
    rate = None if plan.rate is None else plan.rate[:, LENALIDOMIDE] / HOURS_PER_DAY

    def field(time_d, state, now):
        pools, chain = state
        amounts, input_rate, _ = now
        later = pk.advance(
            amounts, time_d * HOURS_PER_DAY, 0.0 if input_rate is None else input_rate
        )
        um = UM_PER_MG_PER_L * pk.concentration(later)
        return (
            clones.vector_field(pools, um, patient.clones),
            blood.vector_field(chain, pools.cycling, um, patient.lineages),
        )

    def jump(state, now):
        return clones.after_azacitidine(state[0], now[2], patient.clones), state[1]

    window = (starts, rate, azacitidine_exposure(patient, plan))
    ends, failed = integrate(
        field, jump, first, plan.length_d, window, rtol=solver.rtol, atol=solver.atol
    )
    states = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), first, ends)
    return states, jnp.where(failed > 0, jnp.inf, 0.0)
