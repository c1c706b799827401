"""A typical patient, and virtual patients who differ from it as far as literature says.

Both are simulated, wherever they appear. Times are in days, pharmacokinetics in hours.
"""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from myelodose.errors import InputError
from myelodose.marrow.course import Patient
from myelodose.marrow.everyone import with_patients
from myelodose.marrow.patient import patient_of
from myelodose.marrow.spread import respread, spread_out
from myelodose.marrow.values import TYPICAL, Value
from myelodose.pk.drugs import LENALIDOMIDE
from myelodose.pk.drugs import lenalidomide as lenalidomide_pk
from myelodose.precision import float64
from myelodose.regimen.courses import checked_whole

DISEASES = ("healthy", "del(5q)", "del(5q) TP53")
"""No clone; a clone with wild-type TP53; the same with a TP53-mutated part."""

MOST_PATIENTS = 100_000

# NumPy arrays where the core's records say JAX arrays: concrete, and float64 in any process.
type Values = dict[str, Any]


def typical_patient(
    disease: str = "del(5q)",
    *,
    creatinine_clearance_ml_per_min: float = 90.0,
    values: Mapping[str, float] | None = None,
) -> Patient:
    """One patient with the median of every prior; `typical_values` lists the numbers.

    Args:
        disease: "healthy", "del(5q)" or "del(5q) TP53".
        creatinine_clearance_ml_per_min: Creatinine clearance [mL/min].
        values: Other values than the typical, by the names and in the units of `typical_values`.

    Raises:
        InputError: If the disease or a name is unknown, or a value cannot be.

    Example:
        >>> patient = typical_patient()
        >>> patient.clones.size.round(2).tolist()
        [0.15, 0.85, 0.0]
        >>> typical_patient("healthy").lineages.set_point.tolist()
        [4.0, 230.0, 14.0]
    """
    place = "typical_patient"
    typical = {name: np.float64(v.value) for name, v in _changed(place, values).items()}
    return _patient(_diseased(place, disease, typical), creatinine_clearance_ml_per_min)


def virtual_population(
    seed: int,
    patients: int,
    *,
    disease: str = "del(5q)",
    creatinine_clearance_ml_per_min: ArrayLike = 90.0,
    values: Mapping[str, float] | None = None,
    spread: Mapping[str, float] | None = None,
) -> Patient:
    """Simulated patients: every varying parameter is log-normal, or logit-normal for a share.

    Parameters vary independently: no table gives their correlations in this disease. What varies
    and how much is in `typical_values`.

    Args:
        seed: Seed; the same seed gives the same patients.
        patients: How many.
        disease: As in `typical_patient`.
        creatinine_clearance_ml_per_min: One for all, or one for each [mL/min].
        values: Other medians, as in `typical_patient`.
        spread: Other standard deviations between patients, by name, on the scale of
            `typical_values`; where that is fixed, of the logit of a share and of the logarithm of
            anything else.

    Returns:
        Parameters with patients as the last axis.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> virtual_population(1, 50).lineages.set_point.shape
        (3, 50)
    """
    place = "virtual_population"
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        raise InputError(f"{place}, seed", f"found {seed!r}", "give a whole number of at least 0")
    count = checked_whole(patients, f"{place}, patients", least=1)
    if count > MOST_PATIENTS:
        remedy = f"give at most {MOST_PATIENTS:,}"
        raise InputError(f"{place}, patients", f"found {count:,}", remedy)
    clearance = np.asarray(creatinine_clearance_ml_per_min, dtype=float)
    if clearance.shape not in ((), (count,)):
        remedy = f"give one number, or one for each of the {count} patients"
        where = f"{place}, creatinine_clearance_ml_per_min"
        raise InputError(where, f"found shape {clearance.shape}", remedy)
    random = np.random.default_rng(int(seed))
    # Every parameter draws, varying or not, so that one change leaves the others as they were.
    drawn = {
        name: spread_out(value, random.standard_normal(count))
        for name, value in respread(place, _changed(place, values), spread).items()
    }
    return with_patients(_patient(_diseased(place, disease, drawn), clearance), count)


def _changed(place: str, values: Mapping[str, float] | None) -> dict[str, Value]:
    """The typical values with the changes, every one checked."""
    table = dict(TYPICAL)
    for name, number in (values or {}).items():
        if name not in table:
            close = difflib.get_close_matches(name, table, n=1)
            remedy = f"did you mean '{close[0]}'?" if close else "see typical_values()"
            raise InputError(f"{place}, values", f"found the name {name!r}", remedy)
        old = table[name]
        fine = isinstance(number, int | float | np.floating) and not isinstance(number, bool)
        if not fine or not old.low <= number <= old.high:
            unit = f" {old.unit}" if old.unit else ""
            remedy = f"give {old.low:g} to {old.high:g}{unit}; check the unit"
            raise InputError(f"{place}, values, {name}", f"found {number!r}", remedy)
        table[name] = replace(old, value=float(number))
    return table


def _diseased(place: str, disease: str, v: Values) -> Values:
    if disease not in DISEASES:
        remedy = f"give one of {', '.join(map(repr, DISEASES))}"
        raise InputError(f"{place}, disease", f"found {disease!r}", remedy)
    if disease == "healthy":
        return v | {"clone_share": 0 * v["clone_share"]}
    return v if "TP53" in disease else v | {"tp53_share_of_clone": 0 * v["clone_share"]}


def _patient(v: Values, creatinine_clearance_ml_per_min: ArrayLike) -> Patient:
    with float64():
        typical_pk = lenalidomide_pk(np.asarray(creatinine_clearance_ml_per_min, dtype=float))
        ratio = np.asarray(typical_pk.CL) / LENALIDOMIDE["CL/F"].value
        pk = replace(typical_pk, CL=v["len_clearance_l_per_h"] * ratio, V=v["len_volume_l"])
        return patient_of(v, pk, stack=np.stack)
