"""Refuse a patient who cannot be, before anything is traced."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from myelodose.blood.model import LINEAGES
from myelodose.clones.model import CLONES
from myelodose.errors import InputError, check_numbers
from myelodose.marrow.course import Patient
from myelodose.units import checked_body_surface_area_m2

_SHARE = (0.0, 1.0, "")
_RATE = (0.0, 100.0, "1/day")

# Lowest, highest, unit: wide enough for any patient, narrow enough for a wrong unit.
_PATIENT = {
    "aza_clearance_l_per_h": (1.0, 1e4, "L/h"),
    "aza_reference_auc": (1e-3, 100.0, "mg h/L"),
}
_PK = {"CL": (0.1, 1e3, "L/h"), "V": (1.0, 1e4, "L"), "ka": (0.01, 200.0, "1/h")}
_CLONES = {
    "size": (0.0, 20.0, "healthy pools"),
    "entry_per_d": _RATE,
    "division_per_d": (1e-3, 100.0, "1/day"),
    "differentiation": _SHARE,
    "kill_len": (0.0, 100.0, "1/(day uM)"),
    "kill_aza": (0.0, 50.0, ""),
    "arrest_max": _SHARE,
    "arrest_half_um": (1e-3, 1e3, "uM"),
    "to_rest_per_d": _RATE,
    "from_rest_per_d": (1e-9, 100.0, "1/day"),
    "crowding": (0.0, 100.0, ""),
    "capacity": (1e-3, math.inf, "healthy pools"),
}
_SET_POINT = {
    "ANC": (0.5, 50.0, "1e9/L"),
    "PLT": (30.0, 2000.0, "1e9/L"),
    "Hb": (7.0, 25.0, "g/dL"),
}
_LINEAGES = {
    "mtt_d": (0.5, 60.0, "day"),
    "loss_per_d": (1e-3, 50.0, "1/day"),
    "gamma": (0.0, 10.0, ""),
    "block_max": _SHARE,
    "block_half_um": (1e-3, 1e3, "uM"),
    "effectiveness": (0.0, 10.0, ""),
}


def checked_patient(patient: Patient, function: str) -> Patient:
    """The patient as it came in, if every number can be.

    Args:
        patient: One patient, or many with patients as the last axis; concrete numbers.
        function: Who asks, for the error.

    Raises:
        InputError: At the first number that is negative, not finite, of the wrong shape, or so
            far off that it must be in another unit, such as platelets per uL.

    Example:
        >>> from myelodose.marrow.typical import typical_patient
        >>> checked_patient(typical_patient(), "here").clones.kill_aza.item()
        0.25
    """
    groups = (
        ("", patient, _PATIENT),
        ("len_pk.", patient.len_pk, _PK),
        ("clones.", patient.clones, _CLONES),
        ("lineages.", patient.lineages, _LINEAGES),
    )
    for group, record, limits in groups:
        for name, (low, high, unit) in limits.items():
            place = f"{function}, patient, {group}{name}"
            _check(place, getattr(record, name), low, high, unit)
    for row, lineage in enumerate(LINEAGES):
        place = f"{function}, patient, lineages.set_point of {lineage}"
        _check(place, np.asarray(patient.lineages.set_point)[row], *_SET_POINT[lineage])
    for place, found, want in _shapes(patient):
        if found[:1] != want:
            remedy = f"give {want[0]} rows, patients last"
            raise InputError(f"{function}, patient, {place}", f"found shape {found}", remedy)
    return patient


def checked_area(body_surface_area_m2: ArrayLike, patients: int, function: str) -> np.ndarray:
    """A body-surface area for all patients, or one for each, as it came in [m2].

    Args:
        body_surface_area_m2: One value, or one for each patient.
        patients: How many patients.
        function: Who asks, for the error.

    Raises:
        InputError: If a value or the number of values cannot be.

    Example:
        >>> checked_area([1.6, 2.0], 2, "here").tolist()
        [1.6, 2.0]
    """
    area = checked_body_surface_area_m2(body_surface_area_m2, function)
    if area.shape not in ((), (patients,)):
        remedy = f"give one number, or one for each of the {patients} patients"
        place = f"{function}, body_surface_area_m2"
        raise InputError(place, f"found shape {area.shape}", remedy)
    return area


def patients_of(patient: Patient) -> int:
    """How many patients; 1 where there is no patient axis."""
    size = np.shape(patient.clones.size)
    return size[1] if len(size) == 2 else 1


def _check(place: str, value: object, low: float, high: float, unit: str) -> None:
    number = np.asarray(value, dtype=float)
    remedy = f"give {low:g} to {high:g}" + (f" {unit}; check the unit" if unit else "")
    check_numbers(place, number, (number >= low) & (number <= high), remedy)


def _shapes(patient: Patient) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    for name in ("size", "entry_per_d", "differentiation", "kill_len", "crowding"):
        yield f"clones.{name}", np.shape(getattr(patient.clones, name)), (len(CLONES),)
    for name in patient.lineages._fields:
        yield f"lineages.{name}", np.shape(getattr(patient.lineages, name)), (len(LINEAGES),)
