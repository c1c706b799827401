"""One drug at one dose on some days of a protocol."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise
from numbers import Integral, Real

from myelodose.errors import InputError
from myelodose.units import BODY_SURFACE_AREA_RANGE_M2

UNITS = ("mg", "mg/m2")
ROUTES = ("po", "sc", "iv")

# Bounds that catch another unit. The highest lenalidomide dose in data/literature/dlt_trials.csv
# is 75 mg a day; 300 mg/m2 is four times the usual azacitidine dose, and in mg it is that on
# the largest body. The lower bound of 1 is chosen: a dose in grams lies below it.
DOSE_RANGES = {
    ("azacitidine", "mg/m2"): (1.0, 300.0),
    ("azacitidine", "mg"): (1.0, 300.0 * BODY_SURFACE_AREA_RANGE_M2[1]),
    ("lenalidomide", "mg"): (1.0, 75.0),
}


@dataclass(frozen=True)
class Course:
    """One drug, one dose, some days of a protocol. Protocol day 1 starts at time 0 d.

    Args:
        drug: Name in lower case.
        dose: Dose a day, above 0 [`unit`]. Azacitidine and lenalidomide are held to
            `DOSE_RANGES`.
        unit: 'mg' or 'mg/m2'.
        days: Protocol days with a dose, from 1 on; sorted here.
        route: 'po', 'sc' or 'iv'.
        hour: Hour of the day of the dose, from 0 up to 24 [h].
        infusion_h: Length of an intravenous infusion, 0 for a bolus [h].

    Raises:
        InputError: Naming argument, value and remedy.

    Example:
        >>> print(Course("cytarabine", 100, "mg/m2", days=(1, 2, 3), route="iv"))
        cytarabine 100 mg/m2 iv d1-3
    """

    drug: str
    dose: float
    unit: str
    days: tuple[int, ...]
    route: str
    hour: float = 0.0
    infusion_h: float = 0.0

    def __post_init__(self) -> None:
        """Check every value and sort the days."""
        if (
            not isinstance(self.drug, str)
            or self.drug != self.drug.strip().lower()
            or not self.drug
        ):
            raise InputError(
                "course, drug", f"found {self.drug!r}", "give a name in lower case, 'azacitidine'"
            )
        object.__setattr__(self, "days", checked_days(self.days, self._place("days")))
        self._check_choice("unit", UNITS)
        self._check_choice("route", ROUTES)
        self._check_dose()
        self._check_number("hour", 0 <= number_or_nan(self.hour) < 24, "an hour from 0 up to 24")
        long = number_or_nan(self.infusion_h)
        self._check_number("infusion_h", 0 <= long < math.inf, "a length of at least 0 h")
        if long > 0 and self.route != "iv":
            remedy = "give route='iv', or leave infusion_h at 0"
            raise InputError(
                self._place("infusion_h"), f"found {long:g} h by route {self.route!r}", remedy
            )

    def __str__(self) -> str:
        return f"{self.drug} {self.dose:g} {self.unit} {self.route} d{day_ranges(self.days)}"

    @property
    def first_day(self) -> int:
        """First protocol day with a dose."""
        return self.days[0]

    @property
    def last_day(self) -> int:
        """Last protocol day with a dose."""
        return self.days[-1]

    def _place(self, argument: str) -> str:
        return f"course of {self.drug}, {argument}"

    def _check_choice(self, argument: str, choices: tuple[str, ...]) -> None:
        value = getattr(self, argument)
        if value not in choices:
            raise InputError(
                self._place(argument), f"found {value!r}", f"give one of {', '.join(choices)}"
            )

    def _check_number(self, argument: str, fine: bool, remedy: str) -> None:
        if not fine:
            found = f"found {getattr(self, argument)!r}"
            raise InputError(self._place(argument), found, f"give {remedy}")

    def _check_dose(self) -> None:
        """A dose that can be: above 0, and plausible where the drug is known."""
        fine = 0 < number_or_nan(self.dose) < math.inf
        self._check_number("dose", fine, "a dose above 0; leave the course out for none")
        known = [unit for drug, unit in DOSE_RANGES if drug == self.drug]
        if known and self.unit not in known:
            remedy = f"give one of {', '.join(known)}"
            raise InputError(self._place("unit"), f"found {self.unit!r}", remedy)
        low, high = DOSE_RANGES.get((self.drug, self.unit), (0.0, math.inf))
        if not low <= self.dose <= high:
            raise InputError(
                self._place("dose"),
                f"found {self.dose:g} {self.unit}",
                f"give {low:g} to {high:g} {self.unit} a day; check that it is in {self.unit}",
            )


def number_or_nan(value: object) -> float:
    """The value as a float, NaN where it is no number.

    Example:
        >>> number_or_nan("20")
        nan
    """
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan


def checked_whole(value: int, place: str, *, least: int) -> int:
    """A whole number of at least `least`.

    Args:
        value: The number.
        place: Where it stands, for the error.
        least: The lowest that will do.

    Raises:
        InputError: If it is none.

    Example:
        >>> checked_whole(28, "here", least=1)
        28
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise InputError(place, f"found {value!r}", f"give a whole number of at least {least}")
    return int(value)


def checked_days(days: Iterable[int], place: str) -> tuple[int, ...]:
    """Protocol days: whole, from 1 on, none twice, sorted.

    Args:
        days: The days.
        place: Where they stand, for the error.

    Raises:
        InputError: Naming the day that cannot be.

    Example:
        >>> checked_days([3, 1, 2], "here")
        (1, 2, 3)
    """
    if not isinstance(days, Iterable):
        # Five days, or day 5? Not guessed.
        raise InputError(
            place, f"found {days!r}", "give several days, such as range(1, 6), or one, [5]"
        )
    found = tuple(days)
    for day in found:
        if not isinstance(day, Integral) or isinstance(day, bool) or day < 1:
            remedy = "give whole days from 1 on, such as range(1, 6) for days 1 to 5"
            raise InputError(place, f"found {day!r}", remedy)
    if not found:
        raise InputError(place, "found no day", "give at least one, such as range(1, 6)")
    ordered = tuple(sorted(int(day) for day in found))
    twice = [day for day, next_day in pairwise(ordered) if day == next_day]
    if twice:
        raise InputError(place, f"day {twice[0]} stands there twice", "give each day once")
    return ordered


def day_ranges(days: Iterable[int]) -> str:
    """Sorted days for people, runs joined.

    Example:
        >>> day_ranges([1, 2, 3, 8])
        '1-3, 8'
    """
    # Within a run of consecutive days the day less its position stays the same.
    runs = groupby(enumerate(days), key=lambda pair: pair[1] - pair[0])
    ends = [[day for _, day in run] for _, run in runs]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in ends)
