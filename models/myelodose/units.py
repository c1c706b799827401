"""The conversion factors of the package, and body size and kidney function from the ward's numbers.

Everything here takes concrete numbers, one or an array of them, and refuses what cannot be, so
that a value off by a factor of 1,000 stops before it enters a model.
"""

import numpy as np
from numpy.typing import ArrayLike

from myelodose.errors import InputError, check_numbers

HOURS_PER_DAY = 24.0
"""Hours in a day [h/d]: pharmacokinetics counts hours, the marrow days."""

DAYS_PER_WEEK = 7
"""Days in a week [d]."""

LENALIDOMIDE_NG_PER_ML_PER_UM = 259.26
"""Lenalidomide: 1 uM in ng/mL, its molar mass in g/mol (data/literature/pk_parameters.csv)."""

LENALIDOMIDE_UM_PER_MG_PER_L = 1000 / LENALIDOMIDE_NG_PER_ML_PER_UM
"""Lenalidomide: 1 mg/L in uM."""

CREATININE_UMOL_PER_L_PER_MG_PER_DL = 88.4
"""Creatinine: 1 mg/dL in umol/L (molar mass 113.12 g/mol, C4H7N3O)."""

BODY_SURFACE_AREA_RANGE_M2 = (0.5, 3.5)
"""Body-surface areas that are accepted [m2], chosen wide: no adult lies outside."""


def lenalidomide_um(concentration_ng_per_ml: ArrayLike) -> np.ndarray:
    """Lenalidomide concentration in uM: C [ng/mL] / 259.26.

    Args:
        concentration_ng_per_ml: Concentration [ng/mL], one or an array.

    Raises:
        InputError: If a value is negative or not finite.

    Example:
        >>> float(lenalidomide_um(259.26))
        1.0
    """
    where = ("lenalidomide_um", "concentration_ng_per_ml")
    value = _plausible(where, concentration_ng_per_ml, (0, np.inf), "a concentration in ng/mL")
    return value / LENALIDOMIDE_NG_PER_ML_PER_UM


def lenalidomide_ng_per_ml(concentration_um: ArrayLike) -> np.ndarray:
    """Lenalidomide concentration in ng/mL: C [uM] * 259.26.

    Args:
        concentration_um: Concentration [uM], one or an array.

    Raises:
        InputError: If a value is negative or not finite.

    Example:
        >>> float(lenalidomide_ng_per_ml(2))
        518.52
    """
    where = ("lenalidomide_ng_per_ml", "concentration_um")
    value = _plausible(where, concentration_um, (0, np.inf), "a concentration in uM")
    return value * LENALIDOMIDE_NG_PER_ML_PER_UM


def count_1e9_per_l(count_per_ul: ArrayLike) -> np.ndarray:
    """Neutrophils or platelets in 1e9/L: N [1/uL] / 1,000.

    Args:
        count_per_ul: Cells per microlitre, one or an array; 0, or from 10 to 5,000,000. Counts
            below 10 are not reported in this unit: such a number is already in 1e9/L.

    Raises:
        InputError: If a value cannot be a count per uL.

    Example:
        >>> count_1e9_per_l([1500, 0]).tolist()
        [1.5, 0.0]
    """
    where = ("count_1e9_per_l", "count_per_ul")
    remedy = "0, or 10 to 5,000,000 cells per uL; a count in 1e9/L needs no conversion"
    value = _plausible(where, count_per_ul, (0, 5e6), remedy)
    check_numbers(", ".join(where), value, (value == 0) | (value >= 10), f"give {remedy}")
    return value / 1000


def body_surface_area_m2(
    *, height_cm: ArrayLike, weight_kg: ArrayLike, formula: str = "mosteller"
) -> np.ndarray:
    """Body-surface area [m2].

    Mosteller: sqrt(height [cm] weight [kg] / 3600) (doi 10.1056/NEJM198710223171717).
    DuBois: 0.007184 height^0.725 weight^0.425 (doi 10.1001/archinte.1916.00080130010002).

    Args:
        height_cm: Height [cm], 50 to 250.
        weight_kg: Weight [kg], 20 to 300.
        formula: 'mosteller' or 'dubois'.

    Raises:
        InputError: If a value cannot be, or the formula is unknown.

    Example:
        >>> float(body_surface_area_m2(height_cm=180, weight_kg=80))
        2.0
    """
    name = "body_surface_area_m2"
    height = _plausible((name, "height_cm"), height_cm, (50, 250), "50 to 250 cm")
    weight = _plausible((name, "weight_kg"), weight_kg, (20, 300), "20 to 300 kg")
    if formula == "mosteller":
        area = np.sqrt(height * weight / 3600)
    elif formula == "dubois":
        area = 0.007184 * height**0.725 * weight**0.425
    else:
        raise InputError(f"{name}, formula", f"found {formula!r}", "give 'mosteller' or 'dubois'")
    low, high = BODY_SURFACE_AREA_RANGE_M2
    remedy = f"a height and a weight that make {low:g} to {high:g} m2"
    return _plausible((name, "height_cm with weight_kg"), area, (low, high), remedy)


def checked_body_surface_area_m2(value: ArrayLike, function: str) -> np.ndarray:
    """A body-surface area [m2] between 0.5 and 3.5, as it came in.

    Args:
        value: Body-surface area [m2], one or an array.
        function: Who asks, for the error.

    Raises:
        InputError: If a value lies outside.

    Example:
        >>> float(checked_body_surface_area_m2(1.8, "doses"))
        1.8
    """
    low, high = BODY_SURFACE_AREA_RANGE_M2
    remedy = f"{low:g} to {high:g} m2; 1 m2 is 10,000 cm2"
    return _plausible((function, "body_surface_area_m2"), value, (low, high), remedy)


def creatinine_clearance_ml_per_min(
    *,
    age_years: ArrayLike,
    weight_kg: ArrayLike,
    female: bool | np.ndarray,
    creatinine_umol_per_l: ArrayLike | None = None,
    creatinine_mg_per_dl: ArrayLike | None = None,
) -> np.ndarray:
    """Creatinine clearance after Cockcroft and Gault [mL/min].

    (140 - age) weight / (72 creatinine [mg/dL]), times 0.85 for women (doi 10.1159/000180580).

    Args:
        age_years: Age [years], 18 to 110.
        weight_kg: Weight [kg], 20 to 300.
        female: True for women.
        creatinine_umol_per_l: Serum creatinine [umol/L], 20 to 2,500. Give this one
        creatinine_mg_per_dl: or this one [mg/dL], 0.2 to 28.

    Raises:
        InputError: If a value cannot be, or creatinine is given in both units or in neither.

    Example:
        >>> float(creatinine_clearance_ml_per_min(
        ...     age_years=68, weight_kg=72, female=False, creatinine_mg_per_dl=1.0))
        72.0
    """
    name = "creatinine_clearance_ml_per_min"
    age = _plausible((name, "age_years"), age_years, (18, 110), "18 to 110 years")
    weight = _plausible((name, "weight_kg"), weight_kg, (20, 300), "20 to 300 kg")
    creatinine = _creatinine_mg_per_dl(name, creatinine_umol_per_l, creatinine_mg_per_dl)
    return np.where(female, 0.85, 1.0) * (140 - age) * weight / (72 * creatinine)


def _creatinine_mg_per_dl(
    name: str, umol_per_l: ArrayLike | None, mg_per_dl: ArrayLike | None
) -> np.ndarray:
    """Creatinine in mg/dL from whichever of the two was given."""
    if (umol_per_l is None) == (mg_per_dl is None):
        raise InputError(
            f"{name}, creatinine",
            "found neither unit" if mg_per_dl is None else "found both units",
            "give either creatinine_umol_per_l or creatinine_mg_per_dl",
        )
    if mg_per_dl is not None:
        where, remedy = (name, "creatinine_mg_per_dl"), "0.2 to 28 mg/dL, or name it umol_per_l"
        return _plausible(where, mg_per_dl, (0.2, 28), remedy)
    where, remedy = (name, "creatinine_umol_per_l"), "20 to 2,500 umol/L, or name it mg_per_dl"
    value = _plausible(where, umol_per_l, (20, 2500), remedy)
    return value / CREATININE_UMOL_PER_L_PER_MG_PER_DL


def _plausible(
    where: tuple[str, str], value: object, limits: tuple[float, float], remedy: str
) -> np.ndarray:
    """The value as float64, if it is finite and within its limits."""
    try:
        number = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(", ".join(where), f"found {value!r}", f"give {remedy}") from None
    inside = np.isfinite(number) & (number >= limits[0]) & (number <= limits[1])
    check_numbers(", ".join(where), number, inside, f"give {remedy}")
    return number
