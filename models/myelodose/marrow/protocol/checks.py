"""What the fields of a protocol must be."""

from typing import Protocol

from myelodose.errors import InputError
from myelodose.marrow.course import DRUGS
from myelodose.regimen import Regimen
from myelodose.regimen.courses import checked_days, checked_whole
from myelodose.units import DAYS_PER_WEEK


class Phase(Protocol):
    """What induction and maintenance have in common."""

    @property
    def cycle(self) -> Regimen:
        """One cycle as planned."""
        ...

    @property
    def visits(self) -> tuple[int, ...] | None:
        """Protocol days of visits."""
        ...


def check_whole(record: object, **least: int) -> None:
    """Refuse fields that are not whole numbers of at least so much."""
    for name, value in least.items():
        checked_whole(getattr(record, name), f"{type(record).__name__}, {name}", least=value)


def check_whole_or_none(record: object, **least: int) -> None:
    """The same, None being allowed."""
    given = {k: v for k, v in least.items() if getattr(record, k) is not None}
    check_whole(record, **given)


def check_cycle(record: Phase) -> None:
    """One cycle of known length and drugs, doses in the morning; visits within it."""
    place = f"{type(record).__name__}, cycle"
    if len(record.cycle) != 1:
        found = f"found {len(record.cycle)} cycles"
        raise InputError(place, found, "give one, and how many in cycles")
    cycle = record.cycle.cycle(1)
    if cycle.length_d is None:
        remedy = "say it with .cycles(1, every=28)"
        raise InputError(place, "found a cycle of unknown length", remedy)
    for course in cycle.courses:
        if course.drug not in DRUGS:
            known = " and ".join(DRUGS)
            raise InputError(place, f"found {course.drug!r}", f"the marrow model knows {known}")
        if course.hour or course.infusion_h:
            remedy = "give hour=0 and infusion_h=0: a day is one step, its doses at its start"
            raise InputError(place, f"found {course.drug} at {course.hour:g} h", remedy)
    weekly = range(1, cycle.length_d + 1, DAYS_PER_WEEK)
    place = f"{type(record).__name__}, visits"
    visits = checked_days(weekly if record.visits is None else record.visits, place)
    if visits[-1] > cycle.length_d:
        remedy = f"give days of a cycle, 1 to {cycle.length_d}"
        raise InputError(place, f"found day {visits[-1]}", remedy)
    object.__setattr__(record, "visits", visits)
