"""The marrow model day by day with the rules inside: one compiled program for all patients.

Every day is one window of the fast solver. Lenalidomide is linear and every day is as long as
the last, so what a unit in each compartment gives at the nodes is computed once.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.blood import model as blood
from myelodose.blood.windows import Supply, bleed
from myelodose.clones import model as clones
from myelodose.clones.windows import Exposure, grow
from myelodose.marrow.course import UM_PER_MG_PER_L, Patient, suited
from myelodose.marrow.everyone import with_patients
from myelodose.marrow.protocol.rules import Rules
from myelodose.marrow.protocol.status import Morning, Status, decide, doses, first_day
from myelodose.pk.linear import LinearModel
from myelodose.solve.cohort import in_blocks
from myelodose.solve.rule import Rule
from myelodose.solve.settings import Fast
from myelodose.units import HOURS_PER_DAY


class Marrow(NamedTuple):
    """State of the body: progenitors, blood, and lenalidomide [mg] by compartment."""

    pools: clones.Pools
    chain: blood.Chain
    len_mg: Float[Array, "compartment ..."]


class Standing(NamedTuple):
    """Where patients stand on a morning, from where `follow` can go on.

    Args:
        marrow: State of the body.
        status: Place in the protocol.
    """

    marrow: Marrow
    status: Status


class Followed(NamedTuple):
    """What happened, each morning before the dose; day 0 is the first day of treatment.

    Args:
        counts: Neutrophils and platelets [1e9/L], haemoglobin [g/dL], (day, lineage, ...).
        pools: Progenitors by phase, (day, clone, ...).
        given_mg: Doses of the day, (day, drug, ...) [mg].
        planned_mg: What the cycle plans for the day, (day, drug, ...) [mg]; 0 while one waits.
        status: Place in the protocol after the morning's decisions, (day, ...) each.
        change: Largest relative change in the last sweep of any window, of any patient in the
            same block, (...); infinite where a number was lost.
        end: The morning after the last one that is told, before its decisions.
    """

    counts: Float[Array, "day lineage ..."]
    pools: clones.Pools
    given_mg: Float[Array, "day drug ..."]
    planned_mg: Float[Array, "day drug ..."]
    status: Status
    change: Float[Array, "..."]
    end: Standing

    @property
    def clone_share(self) -> Float[Array, "day clone ..."]:
        """Share of each clone among cycling progenitors."""
        return self.pools.cycling / self.pools.cycling.sum(1, keepdims=True)


def follow(
    patient: Patient,
    rules: Rules,
    body_surface_area_m2: Float[Array, "..."],
    *,
    days: int,
    solver: Fast = Fast(),  # noqa: B008
    start: Standing | None = None,
) -> Followed:
    """Treat by the rules for so many days. Pure: jit and vmap work.

    Args:
        patient: Parameters of one patient, or of many as the last axis of every array.
        rules: The protocol.
        body_surface_area_m2: For doses in mg/m2 [m2], of the shape of the patients, or ().
        days: How many mornings.
        solver: The fast solver.
        start: Where an earlier call ended; the first morning of treatment if not given.
    """
    solver = suited(solver, patient.len_pk)
    shape = jnp.shape(patient.clones.size)[1:]
    chain = blood.balanced_chain(patient.clones.size, patient.lineages)
    dtype = chain.circulating.dtype
    pools = jax.tree.map(
        lambda x: jnp.broadcast_to(x, jnp.shape(patient.clones.size)).astype(dtype),
        clones.balanced_pools(patient.clones),
    )
    seen, kept = _responses(patient.len_pk, solver.rule, shape, dtype)
    empty = jnp.zeros((kept.shape[0], *shape), dtype)
    baseline = (chain.circulating * patient.lineages.set_point)[:2]

    def day(carry, _):
        marrow, status, worst = carry
        counts = marrow.chain.circulating * patient.lineages.set_point
        cycling = marrow.pools.cycling
        share = cycling[1:].sum(0) / cycling.sum(0)
        status = decide(status, Morning(counts[:2], baseline, share), rules)
        given, planned = doses(status, body_surface_area_m2, rules)
        given, planned = given.astype(dtype), planned.astype(dtype)
        len_mg = marrow.len_mg.at[0].add(given[0])
        um = UM_PER_MG_PER_L * (seen * len_mg[:, None]).sum(0)
        auc = given[1] / patient.aza_clearance_l_per_h / patient.aza_reference_auc
        pools, chain, change = window_step(
            patient, marrow.pools, marrow.chain, um, auc, solver=solver
        )
        later = Marrow(pools, chain, (kept * len_mg).sum(1))
        tomorrow = status._replace(cycle_day=status.cycle_day + 1)
        log = (counts, marrow.pools, given, planned, _small(status))
        return (later, tomorrow, jnp.maximum(worst, change)), log

    if start is None:
        start = Standing(Marrow(pools, chain, empty), first_day(rules, shape))
    carry = (start.marrow, start.status, jnp.zeros((), dtype))
    (marrow, status, change), log = jax.lax.scan(day, carry, length=days)
    return Followed(*log, jnp.broadcast_to(change, shape), Standing(marrow, status))


def window_step(
    patient: Patient,
    pools: clones.Pools,
    chain: blood.Chain,
    concentration_um: Float[Array, "node ..."],
    azacitidine: Float[Array, "..."],
    *,
    length_d: float = 1.0,
    solver: Fast = Fast(),  # noqa: B008
) -> tuple[clones.Pools, blood.Chain, Float[Array, ""]]:
    """Progenitors and blood through one window; and the largest change in the last sweep.

    Args:
        patient: Parameters.
        pools: Progenitors at the start, before the dose.
        chain: Blood at the start.
        concentration_um: Lenalidomide at the nodes of the window [uM].
        azacitidine: AUC of the dose at the start, relative to the reference.
        length_d: Length of the window [d].
        solver: The fast solver.
    """
    um = concentration_um[None]
    length = jnp.full((1, *um.shape[2:]), length_d, um.dtype)
    exposure = Exposure(length, um, jnp.broadcast_to(azacitidine, length.shape))
    grown = grow(patient.clones, pools, exposure, solver)
    supply = Supply(length, um, blood.production(grown.record, patient.lineages))
    bled = bleed(patient.lineages, chain, supply, solver)
    end = jax.tree.map(lambda x: x[-1], (grown.state, bled.state))
    return *end, jnp.maximum(grown.change, bled.change)


@partial(jax.jit, static_argnames=("days", "solver", "block", "keep"))
def follow_in_blocks(
    patient: Patient,
    rules: Rules,
    body_surface_area_m2: Float[Array, "..."],
    *,
    days: int,
    solver: Fast = Fast(),  # noqa: B008
    block: int = 200,
    keep: Callable[[Followed], Any] = lambda followed: followed,
    start: Standing | None = None,
) -> Any:
    """Many patients, block after block, so that temporary memory does not grow with their number.

    Args:
        patient: Parameters of many patients.
        rules: The protocol.
        body_surface_area_m2: One value or one for each patient [m2].
        days: How many mornings.
        solver: The fast solver.
        block: Patients in a block. It changes no result beyond rounding.
        keep: What is kept of a block: any function of `Followed` whose arrays keep the patients
            as their last axis. Daily values of 100,000 patients fill hundreds of megabytes;
            a nadir does not.
        start: As in `follow`, of all patients.

    Returns:
        What `keep` returns, of all patients in their order.
    """
    patients = jnp.shape(patient.clones.size)[-1]
    everyone = with_patients(patient, patients)
    area = jnp.broadcast_to(body_surface_area_m2, (patients,))

    def one(those, area, start):
        return keep(follow(those, rules, area, days=days, solver=solver, start=start))

    return in_blocks(one, everyone, area, start, block=block)


def _responses(model: LinearModel, rule: Rule, shape: tuple[int, ...], dtype):
    """Of 1 mg in each compartment: concentration at the nodes [mg/L], and what is left a day later.

    Shapes (source, node, ...) and (compartment, source, ...).
    """
    count, one = len(model.names), (1,) * len(shape)
    unit = jnp.eye(count, dtype=dtype).reshape(count, count, *one)
    time_h = (HOURS_PER_DAY * jnp.asarray(rule.time[:-1], dtype)).reshape(-1, *one)
    seen = model.concentration(model.advance(unit[:, :, None], time_h))
    kept = model.advance(unit, jnp.asarray(HOURS_PER_DAY, dtype))
    seen = jnp.broadcast_to(seen, (count, rule.nodes, *shape)).astype(dtype)
    return seen, jnp.broadcast_to(kept, (count, count, *shape)).astype(dtype)


def _small(status: Status) -> Status:
    """In 16 bits, which days and cycles fit into."""
    return Status(*(x if x.dtype == bool else x.astype(jnp.int16) for x in status))
