"""Two single cycles become one: one after the other, or side by side."""

from dataclasses import replace

from myelodose.errors import InputError
from myelodose.regimen.courses import checked_whole
from myelodose.regimen.cycle import Cycle, Plan


def after(plan: Plan, other: Plan, *, gap: int | None, overlap: bool) -> Cycle:
    """The courses of `plan`, then those of `other`, moved if a gap is given.

    Args:
        plan: What comes first, one cycle.
        other: What follows, one cycle.
        gap: Free days between them; None leaves the days as they are written.
        overlap: Allow the second to start before the first has ended.

    Raises:
        InputError: If they overlap and nobody allowed it, or cannot be joined.
    """
    one, two = joinable(plan, "then"), joinable(other, "then")
    if gap is not None:
        gap = checked_whole(gap, "Regimen.then, gap", least=0)
        two = _moved(two, one.last_day + 1 + gap - two.first_day)
    if not overlap:
        _refuse_overlap(one, two)
    return _joined(one, two)


def beside(plan: Plan, other: Plan) -> Cycle:
    """The courses of both, on the days as they are written.

    Raises:
        InputError: If they cannot be joined.
    """
    return _joined(joinable(plan, "with_"), joinable(other, "with_"))


def only_cycle(plan: Plan, method: str, remedy: str) -> Cycle:
    """The one cycle of a regimen that is not laid out in several.

    Raises:
        InputError: If there are several.
    """
    if len(plan) > 1:
        raise InputError(f"Regimen.{method}", f"the regimen has {len(plan)} cycles", remedy)
    return plan[0]


def joinable(plan: Plan, method: str) -> Cycle:
    """The one cycle of a regimen, if it has doses and starts at time 0.

    Raises:
        InputError: If not.
    """
    cycle = only_cycle(plan, method, "join single cycles, then call .cycles(...)")
    if not cycle.courses:
        raise InputError(f"Regimen.{method}", "a cycle without a dose", "hold doses afterwards")
    if cycle.start_d:
        found = f"a cycle that is delayed by {cycle.start_d} d"
        raise InputError(f"Regimen.{method}", found, "join first, then delay")
    return cycle


def _moved(cycle: Cycle, days: int) -> Cycle:
    """The courses on days that many later."""
    courses = (replace(c, days=tuple(day + days for day in c.days)) for c in cycle.courses)
    return replace(cycle, courses=tuple(courses), length_d=None)


def _refuse_overlap(one: Cycle, two: Cycle) -> None:
    """Refuse courses that start before the first cycle's last dose."""
    latest = max(one.courses, key=lambda course: course.last_day)
    for course in two.courses:
        if course.first_day <= latest.last_day:
            raise InputError(
                "Regimen.then, other",
                f"{course.drug} starts on day {course.first_day} but {latest.drug} ends on day "
                f"{latest.last_day}",
                f"pass overlap=True to allow it, or gap=0 to start it on day {latest.last_day + 1}",
            )


def _joined(one: Cycle, two: Cycle) -> Cycle:
    """Both cycles' courses; a length that was said for fewer courses is asked for again."""
    return replace(one, courses=one.courses + two.courses, length_d=None)
