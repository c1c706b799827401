"""The whole way of one course: doses to exposure, to clones, to blood counts.

`simulate` takes the parameters of one patient, or of many with patients as the last axis of every
array, and a plan with the same last axis. It is pure: jit, grad, jvp and vmap work.
"""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.blood import model as blood
from myelodose.blood.windows import Supply, bleed
from myelodose.clones import model as clones
from myelodose.clones.windows import Exposure, grow
from myelodose.pk.linear import LinearModel
from myelodose.pk.windows import concentrations, entries, later
from myelodose.solve.plan import Plan
from myelodose.solve.reference import trajectory
from myelodose.solve.settings import Fast, Reference, Solver
from myelodose.units import LENALIDOMIDE_UM_PER_MG_PER_L as UM_PER_MG_PER_L

DRUGS = ("lenalidomide", "azacitidine")
"""Order of the drugs in a plan, and of every drug axis."""

LENALIDOMIDE, AZACITIDINE = range(2)
"""Their numbers."""

TRANSIT_NODES = 20
"""Nodes where absorption passes transit stages: the concentration starts as a power of time."""


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


def suited(solver: Fast, model: LinearModel) -> Fast:
    """The solver, with `TRANSIT_NODES` where the drug passes transit stages and none were given.

    Args:
        solver: As it came in.
        model: Lenalidomide's pharmacokinetics.

    Example:
        >>> from myelodose.pk.drugs import lenalidomide
        >>> suited(Fast(), lenalidomide()).nodes == TRANSIT_NODES
        True
    """
    if solver.nodes is None and model.transits:
        return replace(solver, nodes=TRANSIT_NODES)
    return solver


def _fast(patient: Patient, plan: Plan, first, solver: Fast):
    solver = suited(solver, patient.len_pk)
    rule = solver.rule
    um = UM_PER_MG_PER_L * concentrations(patient.len_pk, plan, rule.time[:-1], LENALIDOMIDE)
    exposure = Exposure(plan.length_d, um, azacitidine_exposure(patient, plan))
    grown = grow(patient.clones, first[0], exposure, solver)
    supply = Supply(plan.length_d, um, blood.production(grown.record, patient.lineages))
    bled = bleed(patient.lineages, first[1], supply, solver)
    return (grown.state, bled.state), jnp.maximum(grown.change, bled.change)


def _reference(patient: Patient, plan: Plan, first, solver: Reference):
    pk = patient.len_pk

    def field(time_d, state, now):
        pools, chain = state
        um = UM_PER_MG_PER_L * pk.concentration(later(pk, time_d, now[0]))
        return (
            clones.vector_field(pools, um, patient.clones),
            blood.vector_field(chain, pools.cycling, um, patient.lineages),
        )

    def jump(state, now):
        return clones.after_azacitidine(state[0], now[1], patient.clones), state[1]

    window = (entries(pk, plan, LENALIDOMIDE), azacitidine_exposure(patient, plan))
    return trajectory(field, jump, first, plan.length_d, window, settings=solver)
