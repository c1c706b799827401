"""What a regimen does to counts and clones: a regimen and a patient in, a labelled dataset out.

Everything that comes out is simulated, and its attributes say so. Times are in days from the start
of day 1 of the protocol, so protocol day d begins at time d - 1.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from myelodose.errors import InputError
from myelodose.marrow.check import checked_area, checked_patient, patients_of
from myelodose.marrow.course import DRUGS, Course, Patient, simulate
from myelodose.marrow.everyone import with_patients
from myelodose.marrow.labelled import labelled, schedule
from myelodose.marrow.patient import REFERENCE_BODY_SURFACE_AREA_M2
from myelodose.pk.drugs import AZACITIDINE, LENALIDOMIDE, azacitidine_sc, micromolar
from myelodose.pk.windows import states_at_starts
from myelodose.precision import float64
from myelodose.regimen import Regimen
from myelodose.solve.plan import Plan, plan, stack
from myelodose.solve.settings import Fast, Solver
from myelodose.units import HOURS_PER_DAY

MOST_DAYS = 3650.0

LARGEST_CHANGE = 1e-4
"""Relative change of the last sweep above which a course is refused."""

type Regimens = Regimen | Sequence[Regimen | None] | None
"""One regimen for all, one for each patient, or None for no treatment."""


def plan_for(
    regimen: Regimens,
    times_d: ArrayLike,
    *,
    body_surface_area_m2: ArrayLike = REFERENCE_BODY_SURFACE_AREA_M2,
    patients: int = 1,
) -> Plan:
    """The plan of `simulate` for one regimen or one for each patient, patients last.

    Args:
        regimen: One for all patients, a sequence with one for each, or None for no treatment.
        times_d: Times of interest [d], at or after 0.
        body_surface_area_m2: One for all, or one for each patient [m2].
        patients: How many patients.

    Raises:
        InputError: If a regimen has other drugs than lenalidomide and azacitidine, or the numbers
            of patients disagree.

    Example:
        >>> from myelodose.regimen import platzbecker2013
        >>> plan_for(platzbecker2013("III"), [0, 28], patients=4).amount[0, :, 3].tolist()
        [0.0, 135.0]
    """
    area = checked_area(body_surface_area_m2, patients, "plan_for")
    if isinstance(regimen, Regimen) or regimen is None:
        each: list[Regimen | None] = [regimen] * patients
    else:
        each = list(regimen)
    if len(each) != patients:
        found = f"found {len(each)} regimens for {patients} patients"
        raise InputError("plan_for, regimen", found, "give one for all, or one for each")
    times = np.atleast_1d(np.asarray(times_d, dtype=float))
    made: dict[tuple[Regimen | None, float], Plan] = {}
    keys = list(zip(each, np.broadcast_to(area, patients).tolist(), strict=True))
    for key in keys:
        if key not in made:
            made[key] = _plan(key[0], times, key[1])
    return stack([made[key] for key in keys])


def explore(
    regimen: Regimens,
    patient: Patient,
    days: float,
    *,
    body_surface_area_m2: ArrayLike = REFERENCE_BODY_SURFACE_AREA_M2,
    every_d: float = 0.25,
    solver: Solver = Fast(),  # noqa: B008
) -> xr.Dataset:
    """Counts, clones, concentrations and grades under a regimen.

    Args:
        regimen: One for all patients, a sequence with one for each, or None for no treatment.
        patient: From `typical_patient` or `virtual_population`, or your own.
        days: Days from the start of protocol day 1 [d].
        body_surface_area_m2: One for all, or one for each patient [m2]; azacitidine is dosed by it.
        every_d: Step of the counts in time [d].
        solver: `Fast` or `Reference`.

    Returns:
        `count` and `grade` (time_d, lineage, patient), `clone_share`, `cycling` and `resting`
        (time_d, clone, patient), `concentration` (exposure_time_d, drug, patient) every hour, and
        the regimen of the first patient as `dose_mg` (dose) and `cycle_start_d` (cycle). Units
        are in the attributes.

    Raises:
        InputError: If the patient, the regimen or a time cannot be.
        ArithmeticError: If the solver does not converge; try `Reference()`.

    Example:
        >>> from myelodose.marrow.typical import typical_patient
        >>> from myelodose.regimen import platzbecker2013
        >>> course = explore(platzbecker2013("III"), typical_patient(), days=28)
        >>> course["count"].sel(lineage="ANC").min().item() < 0.75
        True
    """
    checked_patient(patient, "explore")
    times = _times(days, every_d)
    count = patients_of(patient)
    with float64():
        many = with_patients(jax.tree.map(partial(np.asarray, dtype=float), patient), count)
        windows = plan_for(
            regimen, times, body_surface_area_m2=body_surface_area_m2, patients=count
        )
        course = jax.tree.map(np.asarray, _simulate(many, windows, solver=solver))
        # One hour more, because what is read is the start of a window.
        hours = np.arange(0, np.floor(days * HOURS_PER_DAY) + 2) / HOURS_PER_DAY
        exposed = plan_for(
            regimen, hours, body_surface_area_m2=body_surface_area_m2, patients=count
        )
        concentration = np.asarray(_concentrations(many, exposed))
    _check_solved(course)
    first = regimen if isinstance(regimen, Regimen) or regimen is None else regimen[0]
    data = labelled(times, course, hours[:-1], concentration)
    given = schedule(first, days)
    return data.assign(given).assign_attrs(given.attrs)


def _times(days: float, every_d: float) -> np.ndarray:
    if not 0 < days <= MOST_DAYS:
        raise InputError("explore, days", f"found {days}", f"give above 0 to {MOST_DAYS:g} d")
    if not 0.01 <= every_d <= days:
        raise InputError("explore, every_d", f"found {every_d}", f"give 0.01 to {days:g} d")
    return np.append(np.arange(0, days - 1e-9, every_d), days)


def _check_solved(course: Course) -> None:
    lost = int((~np.isfinite(course.counts)).any((0, 1)).sum())
    if lost or course.change > LARGEST_CHANGE:
        raise ArithmeticError(
            f"explore: the solver lost the counts of {lost} of {course.counts.shape[-1]} patients "
            f"and its last sweep changed them by {course.change:.1e}; pass solver=Reference(), or "
            "a finer Fast(nodes=20, more_sweeps=4)"
        )


def _plan(regimen: Regimen | None, times: np.ndarray, area: float) -> Plan:
    if regimen is None:
        none = np.zeros(0)
        return plan(none, none, none, drugs=len(DRUGS), times_d=times)
    doses = regimen.doses(body_surface_area_m2=area, drugs=DRUGS)
    return plan(
        doses.time_d,
        doses.amount_mg,
        doses.drug,
        duration_d=doses.duration_d,
        drugs=len(DRUGS),
        times_d=times,
    )


@partial(jax.jit, static_argnames="solver")
def _simulate(patient: Patient, windows: Plan, *, solver: Solver) -> Course:
    return simulate(patient, windows, solver=solver)


@jax.jit
def _concentrations(patient: Patient, windows: Plan) -> Float[Array, "time drug patient"]:
    """Both drugs [uM] at all times of the plan but the last, just after a dose given there."""
    azacitidine = replace(azacitidine_sc(), CL=patient.aza_clearance_l_per_h)
    at = []
    for number, model in enumerate((patient.len_pk, azacitidine)):
        states = states_at_starts(model, windows, number)
        mg_per_l = model.concentration(jnp.moveaxis(states, 1, 0))
        at.append(micromolar(mg_per_l, (LENALIDOMIDE, AZACITIDINE)[number]))
    both = jnp.stack(jnp.broadcast_arrays(*at), 1)
    return replace(windows, at=windows.at[:-1]).read(both)
