"""Changes to a row of cycles: later, without some doses, at another dose."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from numbers import Integral

from myelodose.errors import InputError
from myelodose.regimen.courses import Course, checked_days, day_ranges, number_or_nan
from myelodose.regimen.cycle import Cycle, Plan


def checked_cycle(plan: Plan, number: int, place: str) -> int:
    """A cycle that exists, as its index.

    Raises:
        InputError: Naming the number of cycles there are.
    """
    fine = isinstance(number, Integral) and not isinstance(number, bool)
    if not fine or not 1 <= number <= len(plan):
        there = "1, the only cycle" if len(plan) == 1 else f"1 to {len(plan)}"
        raise InputError(place, f"found cycle {number!r}", f"give {there}")
    return int(number) - 1


def delayed(plan: Plan, first: int, days: int) -> Plan:
    """The cycles from index `first` on start so many days later."""
    return tuple(c.shifted(days) if i >= first else c for i, c in enumerate(plan))


def repeated(cycle: Cycle, times: int, every: int) -> Plan:
    """The cycle so many times, one every so many days."""
    one = replace(cycle, length_d=every)
    return tuple(one.shifted(number * every) for number in range(times))


def held(plan: Plan, drug: str, index: int, days: Iterable[int] | None) -> Plan:
    """The drug is left out in one cycle, on some days or on all.

    Raises:
        InputError: If it is not given then.
    """
    given = plan[index].days_of(drug)
    if not given:
        raise _not_given("Regimen.hold, drug", drug, plan[index : index + 1], f"cycle {index + 1}")
    dropped = given if days is None else checked_days(days, "Regimen.hold, days")
    wrong = [day for day in dropped if day not in given]
    if wrong:
        raise InputError(
            "Regimen.hold, days",
            f"{drug} is not given on day {wrong[0]} of cycle {index + 1}",
            f"give days among {day_ranges(given)}",
        )

    def without(course: Course) -> Course | None:
        kept = tuple(day for day in course.days if day not in dropped)
        return replace(course, days=kept) if kept else None

    return _edit(plan, drug, lambda i: i == index, without)


def redosed(plan: Plan, drug: str, first: int, new_dose: Callable[[float], float]) -> Plan:
    """The drug gets another dose in the cycles from index `first` on."""
    return _edit(plan, drug, lambda i: i >= first, lambda c: replace(c, dose=new_dose(c.dose)))


def doses_given(plan: Plan, drug: str, first: int, method: str) -> list[float]:
    """The doses of a drug in the cycles from index `first` on.

    Raises:
        InputError: If there are none.
    """
    found = [c.dose for cycle in plan[first:] for c in cycle.courses if c.drug == drug]
    if not found:
        raise _not_given(
            f"Regimen.{method}, drug", drug, plan[first:], f"cycle {first + 1} or later"
        )
    return found


def appended(plan: Plan, other: Plan) -> Plan:
    """The other cycles after the end of the last one.

    Raises:
        InputError: If nobody has said how long the last cycle is.
    """
    length = plan[-1].length_d
    if length is None:
        raise InputError(
            "Regimen.followed_by",
            "nobody has said how long the cycle before it is",
            "lay it out first, such as .cycles(1, every=28)",
        )
    return plan + tuple(cycle.shifted(plan[-1].start_d + length) for cycle in other)


def checked_dose(value: float, place: str) -> float:
    """A dose that is finite and above 0.

    Raises:
        InputError: If it is not.
    """
    if not 0 < number_or_nan(value) < math.inf:
        raise InputError(place, f"found {value!r}", "give a dose above 0, or hold the drug")
    return value


def _edit(
    plan: Plan,
    drug: str,
    applies: Callable[[int], bool],
    change: Callable[[Course], Course | None],
) -> Plan:
    """Change the courses of a drug in the cycles where it applies; None drops the course."""

    def edited(cycle: Cycle) -> Cycle:
        new = [change(course) if course.drug == drug else course for course in cycle.courses]
        return replace(cycle, courses=tuple(course for course in new if course is not None))

    return tuple(edited(cycle) if applies(i) else cycle for i, cycle in enumerate(plan))


def _not_given(place: str, drug: str, plan: Plan, where: str) -> InputError:
    known = dict.fromkeys(name for cycle in plan for name in cycle.drugs)
    remedy = f"give one of {', '.join(known)}" if known else "every drug is held there already"
    return InputError(place, f"{drug!r} is not given in {where}", remedy)
