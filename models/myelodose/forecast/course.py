"""Many possible patients under the doses of one: to the last reading, and on from there.

As `marrow.simulate`, but a course may go on from where another ended, so that the past is
simulated once for all options of the future.
"""

from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from myelodose.blood import model as blood
from myelodose.blood.windows import Supply, bleed
from myelodose.clones import model as clones
from myelodose.clones.windows import Exposure, grow
from myelodose.marrow.course import LENALIDOMIDE, Patient, azacitidine_exposure
from myelodose.marrow.values import TYPICAL
from myelodose.pk.windows import states_at_starts, within
from myelodose.population.structures.marrow import make_patients
from myelodose.precision import float64
from myelodose.solve.plan import Plan
from myelodose.solve.settings import Fast
from myelodose.units import HOURS_PER_DAY
from myelodose.units import LENALIDOMIDE_UM_PER_MG_PER_L as UM_PER_MG_PER_L

SOLVER = Fast(nodes=8)
"""Eight nodes a window, in single precision."""

BLOCK = 100
"""Patients in a block."""

LONGEST_REST_D = 2.0
"""Longest window where nothing is given [d]: as exact as one of a day there."""

WINDOWS = 14
"""Windows are padded to a multiple of this."""

NAMES = tuple(TYPICAL)
"""Order of the parameters of patients as arrays."""


class State(NamedTuple):
    """Where patients stand before a dose: progenitors, blood, and lenalidomide [mg] by stage."""

    pools: clones.Pools
    chain: blood.Chain
    amounts: Float[Array, "compartment patient"]


class Path(NamedTuple):
    """A course at the times of its plan, patients last.

    Attributes:
        counts: ANC, PLT [1e9/L] and Hb [g/dL], (time, lineage, patient).
        share: Of both del(5q) clones and of the TP53-mutated one among cycling progenitors,
            (time, 2, patient).
        cells: All clonal progenitors relative to the healthy normal pool, (time, patient).
        end: Where it ends.
    """

    counts: Any
    share: Any
    cells: Any
    end: State


def patients_of(values: Float[Array, "all patient"], dtype: DTypeLike = jnp.float32) -> Patient:
    """Patients from parameters in the order of `NAMES`.

    Args:
        values: Parameters.
        dtype: Precision of the course.
    """
    own = dict(zip(NAMES, values, strict=True))
    return jax.tree.map(lambda x: jnp.asarray(x).astype(dtype), make_patients(own))


def at_start(patient: Patient) -> State:
    """Before any treatment: clones and blood in balance, no drug."""
    pools = clones.balanced_pools(patient.clones)
    shape = jnp.shape(patient.clones.size)
    pools = jax.tree.map(lambda x: jnp.broadcast_to(x, shape), pools)
    chain = blood.balanced_chain(patient.clones.size, patient.lineages)
    size = len(patient.len_pk.names)
    return State(pools, chain, jnp.zeros((size, shape[-1]), chain.circulating.dtype))


def go_on(patient: Patient, plan: Plan, state: State, *, solver: Fast = SOLVER) -> Path:
    """The course of patients from a state under the doses of a plan. Pure.

    Args:
        patient: Parameters, patients last.
        plan: Windows, patients last; its day 0 is where the state is.
        state: Where they stand.
        solver: The fast solver.
    """
    pk = patient.len_pk
    starts = states_at_starts(pk, plan, LENALIDOMIDE)
    # What was there decays on its own: the kinetics are linear.
    starts = starts + jnp.moveaxis(
        pk.advance(state.amounts[:, None], plan.start_d * HOURS_PER_DAY), 1, 0
    )
    um = UM_PER_MG_PER_L * within(pk, starts, plan, solver.rule.time[:-1], LENALIDOMIDE)
    exposure = Exposure(plan.length_d, um, azacitidine_exposure(patient, plan))
    grown = grow(patient.clones, state.pools, exposure, solver)
    supply = Supply(plan.length_d, um, blood.production(grown.record, patient.lineages))
    bled = bleed(patient.lineages, state.chain, supply, solver)
    last = pk.advance(starts[-1], plan.length_d[-1] * HOURS_PER_DAY)
    stands, chain = jax.tree.map(lambda x: x[-1], (grown.state, bled.state))
    pools, circulating = jax.tree.map(plan.read, (grown.state, bled.state.circulating))
    cycling = pools.cycling
    share = cycling / cycling.sum(1, keepdims=True)
    both = jnp.stack([share[:, 1] + share[:, 2], share[:, 2]], 1)
    cells = (cycling + pools.rest)[:, 1:].sum(1)
    return Path(circulating * patient.lineages.set_point, both, cells, State(stands, chain, last))


@jax.jit
def _balanced(values: Array) -> State:
    return at_start(patients_of(values))


@jax.jit
def _core(values: Array, windows: Plan, state: State) -> Path:
    """A block of patients, read at the starts of all windows and at the end."""
    patient = patients_of(values)
    number = values.shape[-1]
    wide = jax.tree.map(lambda x: jnp.broadcast_to(x[..., None], (*x.shape, number)), windows)
    return go_on(patient, wide, state)


def under(
    values: Float[np.ndarray, "all patient"], windows: Plan, state: State | None = None
) -> Path:
    """Patients under one schedule, block by block, as NumPy arrays.

    What is compiled depends on the number of windows alone, which is padded to fourteens: other
    patients, doses, times of interest and numbers of patients compile nothing anew.

    Args:
        values: Parameters in the order of `NAMES`.
        windows: Windows of one schedule, without an axis of patients.
        state: Where they stand on its day 0; before any treatment if None.
    """
    count = values.shape[-1]
    at = np.asarray(windows.at)
    given = _padded(windows)
    index = np.minimum(np.arange(count + -count % BLOCK), count - 1).reshape(-1, BLOCK)
    parts = []
    with float64():
        for own in index:
            block = jnp.asarray(values[:, own])
            now = _balanced(block) if state is None else _some(state, own)
            path = _core(block, given, now)
            parts.append(jax.tree.map(np.asarray, path))
    joined = jax.tree.map(lambda *x: np.concatenate(x, -1)[..., :count], *parts)
    return joined._replace(counts=joined.counts[at], share=joined.share[at], cells=joined.cells[at])


def _some(state: State, index: np.ndarray) -> State:
    return jax.tree.map(lambda x: jnp.asarray(np.asarray(x)[..., index]), state)


def _padded(windows: Plan) -> Plan:
    """In single precision, with windows of length 0 at the end, read at all of them."""
    count = len(windows.length_d)
    more = -count % WINDOWS
    last = windows.start_d[-1] + windows.length_d[-1]

    def longer(x: Array | None, fill: float = 0.0) -> Array | None:
        if x is None:
            return None
        end = np.full((more, *x.shape[1:]), fill)
        return jnp.asarray(np.concatenate([np.asarray(x), end]), jnp.float32)

    return Plan(
        cast(Array, longer(windows.start_d, float(last))),
        cast(Array, longer(windows.length_d)),
        cast(Array, longer(windows.amount)),
        longer(windows.rate),
        jnp.arange(count + more + 1),
    )
