"""Regimens of one course: azacitidine, lenalidomide, and any other drug."""

from collections.abc import Iterable

from myelodose.regimen.courses import Course, checked_days
from myelodose.regimen.cycle import Cycle
from myelodose.regimen.regimen import Regimen


def course(
    drug: str,
    dose: float,
    *,
    unit: str,
    days: Iterable[int],
    route: str,
    hour: float = 0.0,
    infusion_h: float = 0.0,
) -> Regimen:
    """One drug on some days, as a regimen of one course.

    Args:
        drug: Name in lower case.
        dose: Dose a day [`unit`].
        unit: 'mg' or 'mg/m2'.
        days: Protocol days, such as range(1, 6) for days 1 to 5.
        route: 'po', 'sc' or 'iv'.
        hour: Hour of the day, from 0 up to 24 [h].
        infusion_h: Length of an intravenous infusion, 0 for a bolus [h].

    Raises:
        InputError: Naming argument, value and remedy.

    Example:
        >>> print(course("cytarabine", 20, unit="mg/m2", days=range(1, 11), route="sc").cycle(1)
        ...       .courses[0])
        cytarabine 20 mg/m2 sc d1-10
    """
    which = checked_days(days, f"course of {drug}, days")
    one = Course(drug, dose, unit, which, route, hour, infusion_h)
    return Regimen((Cycle((one,)),))


def azacitidine(
    dose_mg_per_m2: float,
    *,
    days: Iterable[int],
    route: str = "sc",
    hour: float = 0.0,
    infusion_h: float = 0.0,
) -> Regimen:
    """Azacitidine in mg/m2, subcutaneous unless another route is named.

    Args:
        dose_mg_per_m2: Dose a day, 1 to 300 [mg/m2].
        days: Protocol days, such as range(1, 6) for days 1 to 5.
        route: 'sc', or 'iv' with `infusion_h`.
        hour: Hour of the day [h].
        infusion_h: Length of an infusion [h].

    Raises:
        InputError: Naming argument, value and remedy.

    Example:
        >>> azacitidine(75, days=range(1, 6)).total_dose_mg("azacitidine", body_surface_area_m2=1.8)
        675.0
    """
    return course(
        "azacitidine",
        dose_mg_per_m2,
        unit="mg/m2",
        days=days,
        route=route,
        hour=hour,
        infusion_h=infusion_h,
    )


def lenalidomide(dose_mg: float, *, days: Iterable[int], hour: float = 0.0) -> Regimen:
    """Lenalidomide in mg, by mouth.

    Args:
        dose_mg: Dose a day, 1 to 75 [mg].
        days: Protocol days, such as range(6, 20) for days 6 to 19.
        hour: Hour of the day [h].

    Raises:
        InputError: Naming argument, value and remedy.

    Example:
        >>> lenalidomide(20, days=range(6, 20)).last_day
        19
    """
    return course("lenalidomide", dose_mg, unit="mg", days=days, route="po", hour=hour)
