"""One cycle of a regimen, and the doses of a row of cycles as they fall."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from myelodose.errors import InputError
from myelodose.regimen.courses import Course, day_ranges
from myelodose.units import HOURS_PER_DAY, checked_body_surface_area_m2


@dataclass(frozen=True)
class Cycle:
    """The courses of one cycle, in protocol days, and where the cycle starts.

    Args:
        courses: The courses; may be empty when every dose was held.
        start_d: Time of the cycle's day 1 [d]; 0 for the first.
        length_d: Days to the planned start of the next cycle [d]; None while nobody has said.

    Raises:
        InputError: If a drug has two doses on a day, or the doses outlast the cycle.
    """

    courses: tuple[Course, ...]
    start_d: int = 0
    length_d: int | None = None

    def __post_init__(self) -> None:
        """Check that no dose stands twice and none is too late."""
        seen: dict[tuple[str, int], None] = {}
        for course in self.courses:
            for day in course.days:
                if (course.drug, day) in seen:
                    raise InputError(
                        "regimen, days",
                        f"{course.drug} is given twice on day {day}",
                        "give each drug once a day: merge the courses or move one",
                    )
                seen[course.drug, day] = None
        if self.courses and self.length_d is not None and self.length_d < self.last_day:
            raise InputError(
                "regimen, every",
                f"found cycles of {self.length_d} d, but {self._latest()} is given until day "
                f"{self.last_day}",
                f"give at least {self.last_day} d",
            )

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs of this cycle, each once, in order of their courses."""
        return tuple(dict.fromkeys(course.drug for course in self.courses))

    @property
    def first_day(self) -> int:
        """First day of this cycle with a dose, counted from its own day 1."""
        return min(course.first_day for course in self.courses)

    @property
    def last_day(self) -> int:
        """Last day of this cycle with a dose, counted from its own day 1."""
        return max(course.last_day for course in self.courses)

    def _latest(self) -> str:
        return next(c.drug for c in self.courses if c.last_day == self.last_day)

    def days_of(self, drug: str) -> tuple[int, ...]:
        """The days of this cycle on which the drug is given; none if it is not."""
        return tuple(sorted(day for c in self.courses if c.drug == drug for day in c.days))

    def shifted(self, days: int) -> "Cycle":
        """The same cycle, starting so many days later."""
        return replace(self, start_d=self.start_d + days)


type Plan = tuple[Cycle, ...]
"""The cycles of a regimen in order of time."""


class Dose(NamedTuple):
    """One dose as it falls: time from day 1 [h], amount [mg], length [h], drug."""

    time_h: float
    amount_mg: float
    duration_h: float
    drug: str


def doses_of(plan: Sequence[Cycle], body_surface_area_m2: float | None) -> list[Dose]:
    """Every dose of a row of cycles, in the order of the cycles and courses.

    Times are kept in hours, which are exact for whole hours; thirds of a day are not.

    Args:
        plan: The cycles.
        body_surface_area_m2: For doses in mg/m2 [m2].

    Raises:
        InputError: If it is needed and missing, or implausible.
    """
    return [
        Dose(
            HOURS_PER_DAY * (cycle.start_d + day - 1) + course.hour,
            amount_mg(course, body_surface_area_m2),
            float(course.infusion_h),
            course.drug,
        )
        for cycle in plan
        for course in cycle.courses
        for day in course.days
    ]


def amount_mg(course: Course, body_surface_area_m2: float | None) -> float:
    """The amount of one dose [mg].

    Args:
        course: The course.
        body_surface_area_m2: Body-surface area, for a dose in mg/m2 [m2].

    Raises:
        InputError: If the body-surface area is needed and missing, or implausible.
    """
    if course.unit == "mg":
        return float(course.dose)
    if body_surface_area_m2 is None:
        raise InputError(
            "regimen, body_surface_area_m2",
            f"found none, but {course.drug} is dosed in mg/m2 (days {day_ranges(course.days)})",
            "give the patient's area in m2",
        )
    return course.dose * float(checked_body_surface_area_m2(body_surface_area_m2, "regimen"))
