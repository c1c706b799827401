"""Follow a protocol and read it: a labelled dataset of counts, clones, doses and events."""

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from myelodose.blood.model import LINEAGES
from myelodose.clones.model import CLONES
from myelodose.errors import InputError
from myelodose.marrow.check import checked_area, checked_patient, patients_of
from myelodose.marrow.course import DRUGS, Patient
from myelodose.marrow.everyone import own_axes, with_patients
from myelodose.marrow.protocol.cycles import CycleTable, cycle_table
from myelodose.marrow.protocol.follow import Followed, follow_in_blocks
from myelodose.marrow.protocol.rules import Rules, rules_of
from myelodose.marrow.protocol.status import REASONS, Status
from myelodose.marrow.protocol.written import Protocol
from myelodose.precision import float64
from myelodose.regimen.courses import checked_whole
from myelodose.solve.settings import Fast

# Days are logged in 16 bits.
_MOST_DAYS = 32_000


def follow_protocol(
    patient: Patient,
    protocol: Protocol,
    *,
    days: int,
    body_surface_area_m2: ArrayLike | None = None,
    solver: Fast = Fast(),  # noqa: B008
    block: int = 200,
) -> xr.Dataset:
    """Treat patients by a protocol, day by day. Simulated: nobody was treated so.

    Args:
        patient: Parameters of one patient, or of many as the last axis of every array.
        protocol: The rules.
        days: Mornings to simulate, from day 0 on; 29 see the end of a cycle of 28 days.
        body_surface_area_m2: For doses in mg/m2 [m2], one or one for each patient.
        solver: The fast solver.
        block: Patients in a block.

    Returns:
        By `day`, before the dose: `count` (lineage) [1e9/L; haemoglobin g/dL], `pool` (phase,
        clone), `clone_share` (clone), `given_mg` and `planned_mg` (drug), `cycle_number`,
        `cycle_day`, `held`, `waiting`, `level_mg`, `maintenance`, `on_treatment`.
        By `cycle`: `cycle_start_d`, `delay_d`, `holds`, `reductions`.
        By patient: `dose_share` (drug), given over planned doses of the days in a cycle;
        `dose_intensity` (drug), that times the share of treatment days not spent waiting;
        `stop_d`, the first day without treatment; `stop_reason`, with its name as `reason`.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> from myelodose.marrow.protocol import Protocol, follow_protocol
        >>> from myelodose.marrow.typical import typical_patient
        >>> from myelodose.regimen import lenalidomide
        >>> protocol = Protocol(lenalidomide(20, days=range(1, 22)).cycles(1, every=28))
        >>> follow_protocol(typical_patient(), protocol, days=2).given_mg[:, 0, 0].values.tolist()
        [20.0, 20.0]
    """
    days = checked_whole(days, "follow_protocol, days", least=1)
    if days > _MOST_DAYS:
        raise InputError("follow_protocol, days", f"found {days}", f"give at most {_MOST_DAYS}")
    block = checked_whole(block, "follow_protocol, block", least=1)
    patients = _patients(checked_patient(patient, "follow_protocol"))
    area = _area(body_surface_area_m2, protocol, patients)
    with float64():
        # Parameters that came as float32 are computed with in float64.
        wide = jax.tree.map(lambda x: jnp.asarray(x, float), patient)
        followed = follow_in_blocks(
            with_patients(wide, patients),
            rules_of(protocol),
            area,
            days=days,
            solver=solver,
            block=block,
        )
        followed, rules = jax.tree.map(np.asarray, (followed, rules_of(protocol)))
    return _dataset(followed, rules, protocol)


def _patients(patient: Patient) -> int:
    """How many patients; every array must agree."""
    number = patients_of(patient)
    for path, value in jax.tree.leaves_with_path(patient):
        shape, axes = np.shape(value), own_axes(path)
        if len(shape) != axes and (len(shape) != axes + 1 or shape[-1] != number):
            place = f"follow_protocol, patient{jax.tree_util.keystr(path)}"
            raise InputError(place, f"found shape {shape}", f"give {number} patients last, or none")
    return number


def _area(area: ArrayLike | None, protocol: Protocol, patients: int) -> np.ndarray:
    phases = [protocol.cycle, *([protocol.maintenance.cycle] if protocol.maintenance else [])]
    asked = any(course.unit == "mg/m2" for one in phases for course in one.cycle(1).courses)
    place = "follow_protocol, body_surface_area_m2"
    if area is None:
        if asked:
            raise InputError(place, "found none, but a drug is dosed in mg/m2", "give it in m2")
        return np.ones(patients)
    return np.broadcast_to(checked_area(area, patients, "follow_protocol"), (patients,))


def _dataset(followed: Followed, rules: Rules, protocol: Protocol) -> xr.Dataset:
    reason = followed.status.reason[-1]
    table = cycle_table(followed.status, rules)
    coords = {
        "day": np.arange(len(followed.counts)),
        "lineage": list(LINEAGES),
        "clone": list(CLONES),
        "phase": list(followed.pools._fields),
        "drug": list(DRUGS),
        "cycle": 1 + np.arange(len(table.start_d)),
        "reason": ("patient", np.array(REASONS)[reason]),
    }
    attrs = {"kind": "simulated", "protocol": repr(protocol)}
    data = xr.Dataset(
        _course(followed) | _log(followed, rules) | _by_cycle(table) | _by_patient(followed, rules),
        coords,
        attrs,
    )
    data["stop_reason"].attrs["flag_values"] = list(range(len(REASONS)))
    data["stop_reason"].attrs["flag_meanings"] = list(REASONS)
    return data


def _course(followed: Followed) -> dict:
    units = "1e9/L; haemoglobin g/dL"
    return {
        "count": (("day", "lineage", "patient"), followed.counts, {"units": units}),
        "pool": (("phase", "day", "clone", "patient"), np.stack(followed.pools)),
        "clone_share": (("day", "clone", "patient"), followed.clone_share),
        "given_mg": (("day", "drug", "patient"), followed.given_mg, {"units": "mg"}),
        "planned_mg": (("day", "drug", "patient"), followed.planned_mg, {"units": "mg"}),
        "change": (("patient",), followed.change),
    }


def _log(followed: Followed, rules: Rules) -> dict:
    status, dims = followed.status, ("day", "patient")
    return {
        "cycle_number": (dims, status.cycle),
        "cycle_day": (dims, status.cycle_day, {"units": "d"}),
        "held": (dims, status.held & (status.reason == 0)),
        "waiting": (dims, _waiting(status, rules)),
        "level_mg": (dims, rules.levels_mg[status.level], {"units": "mg"}),
        "maintenance": (dims, status.maintenance),
        "on_treatment": (dims, status.reason == 0),
    }


def _by_cycle(table: CycleTable) -> dict:
    dims = ("cycle", "patient")
    return {
        "cycle_start_d": (dims, table.start_d, {"units": "d"}),
        "delay_d": (dims, table.delay_d, {"units": "d"}),
        "holds": (dims, table.holds),
        "reductions": (dims, table.reductions),
    }


def _by_patient(followed: Followed, rules: Rules) -> dict:
    status = followed.status
    treated = (status.reason == 0).sum(0)
    share = _ratio(followed.given_mg.sum(0), followed.planned_mg.sum(0))
    in_cycles = _ratio(treated - _waiting(status, rules).sum(0), treated)
    goes_on = treated == len(status.reason)
    return {
        "dose_share": (("drug", "patient"), share),
        "dose_intensity": (("drug", "patient"), share * in_cycles),
        "stop_d": (("patient",), np.where(goes_on, np.nan, treated), {"units": "d"}),
        "stop_reason": (("patient",), status.reason[-1]),
    }


def _waiting(status: Status, rules: Rules) -> np.ndarray:
    late = status.cycle_day >= rules.length_d[np.asarray(status.maintenance).astype(int)]
    return np.asarray((status.reason == 0) & late)


def _ratio(part: ArrayLike, whole: ArrayLike) -> np.ndarray:
    """NaN where there is no whole."""
    part, whole = np.asarray(part), np.asarray(whole)
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
