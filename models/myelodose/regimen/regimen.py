"""Who gets what when: drugs composed into a cycle, cycles laid out in time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from myelodose.errors import InputError
from myelodose.regimen import changes, joining
from myelodose.regimen.calendar import calendar_html, calendar_text
from myelodose.regimen.changes import checked_cycle
from myelodose.regimen.courses import checked_whole
from myelodose.regimen.cycle import Cycle, Plan, doses_of
from myelodose.regimen.doses import Doses, doses_from


@dataclass(frozen=True)
class Regimen:
    """Courses of drugs in one cycle or several. A value: every method returns a new one.

    Day 1 starts at time 0 d, day d at d - 1. `azacitidine`, `lenalidomide` and `course` make
    regimens of one course; `then` and `with_` join them into a cycle; `cycles` repeats it;
    `delay`, `hold`, `reduce`, `set_dose` and `followed_by` change what was laid out.

    Args:
        plan: The cycles in order of time.

    Raises:
        InputError: If there is no cycle, or a cycle starts before the one before it has ended.

    Example:
        >>> from myelodose.regimen import azacitidine, lenalidomide
        >>> block = azacitidine(75, days=range(1, 6)).then(lenalidomide(20, days=range(6, 20)))
        >>> block.cycles(3, every=28).delay(cycle=2, days=7).last_day
        82
    """

    plan: Plan

    def __post_init__(self) -> None:
        """Check that the cycles follow one another."""
        if not self.plan:
            raise InputError("Regimen, plan", "found no cycle", "give at least one")
        for number, (one, two) in enumerate(zip(self.plan, self.plan[1:], strict=False), start=1):
            end = one.start_d + (one.length_d or 1)
            if two.start_d < end:
                raise InputError(
                    "Regimen, plan",
                    f"cycle {number + 1} starts at {two.start_d} d, before cycle {number} ends",
                    f"start it at {end} d or later",
                )

    # Composition: a cycle out of courses.

    def then(self, other: "Regimen", *, gap: int | None = None, overlap: bool = False) -> "Regimen":
        """This, and after its last day the other one, in the same cycle.

        Args:
            other: What follows, of one cycle.
            gap: Days free of any drug between the two; the other one is moved to fit. None
                leaves its days as they are written.
            overlap: Allow the other one to start before this one has ended.

        Raises:
            InputError: If they overlap and nobody allowed it, or either has several cycles.

        Example:
            >>> from myelodose.regimen import azacitidine, lenalidomide
            >>> print(azacitidine(75, days=range(1, 6)).then(
            ...     lenalidomide(20, days=range(1, 15)), gap=2).cycle(1).courses[1])
            lenalidomide 20 mg po d8-21
        """
        return Regimen((joining.after(self.plan, other.plan, gap=gap, overlap=overlap),))

    def with_(self, other: "Regimen") -> "Regimen":
        """This and the other one in the same cycle, on the days as they are written.

        Raises:
            InputError: If a drug would be given twice on a day, or either has several cycles.

        Example:
            >>> from myelodose.regimen import azacitidine, lenalidomide
            >>> azacitidine(75, days=range(1, 6)).with_(lenalidomide(20, days=range(1, 15))).drugs
            ('azacitidine', 'lenalidomide')
        """
        return Regimen((joining.beside(self.plan, other.plan),))

    # Time: cycles, delays, what follows.

    def cycles(self, number: int, *, every: int) -> "Regimen":
        """The cycle so many times.

        Args:
            number: How many cycles, at least 1.
            every: Days from the start of one cycle to that of the next [d].

        Raises:
            InputError: If a cycle is shorter than its doses take, or is repeated already.

        Example:
            >>> from myelodose.regimen import lenalidomide
            >>> len(lenalidomide(10, days=range(1, 22)).cycles(6, every=28))
            6
        """
        number = checked_whole(number, "Regimen.cycles, number", least=1)
        every = checked_whole(every, "Regimen.cycles, every", least=1)
        remedy = "call .cycles once, and .followed_by(...) for what comes after"
        return Regimen(
            changes.repeated(joining.only_cycle(self.plan, "cycles", remedy), number, every)
        )

    def delay(self, *, cycle: int, days: int) -> "Regimen":
        """This cycle and all later ones start so many days later.

        Args:
            cycle: Number of the cycle, from 1.
            days: Whole days, at least 0 [d].

        Raises:
            InputError: If there is no such cycle, or the delay is negative.

        Example:
            >>> from myelodose.regimen import platzbecker2013
            >>> [c.start_d for c in platzbecker2013("III", cycles=3).delay(cycle=2, days=7).plan]
            [0, 35, 63]
        """
        first = checked_cycle(self.plan, cycle, "Regimen.delay, cycle")
        days = checked_whole(days, "Regimen.delay, days", least=0)
        return Regimen(changes.delayed(self.plan, first, days))

    def followed_by(self, other: "Regimen") -> "Regimen":
        """This, and after the end of its last cycle the other one: maintenance, for example.

        Raises:
            InputError: If nobody has said how long the last cycle is.

        Example:
            >>> from myelodose.regimen import azacitidine, platzbecker2013
            >>> alone = azacitidine(75, days=range(1, 6)).cycles(2, every=28)
            >>> alone.followed_by(platzbecker2013(10)).cycle(3).start_d
            56
        """
        return Regimen(changes.appended(self.plan, other.plan))

    # Doses: left out or changed.

    def hold(self, drug: str, *, cycle: int, days: Iterable[int] | None = None) -> "Regimen":
        """Leave a drug out in one cycle.

        Args:
            drug: The drug.
            cycle: Number of the cycle, from 1.
            days: Days of that cycle, its first being 1; None for all.

        Raises:
            InputError: If there is no such cycle, or the drug is not given then.

        Example:
            >>> from myelodose.regimen import platzbecker2013
            >>> held = platzbecker2013("III").hold("lenalidomide", cycle=1, days=range(13, 20))
            >>> held.total_dose_mg("lenalidomide")
            140.0
        """
        index = checked_cycle(self.plan, cycle, "Regimen.hold, cycle")
        return Regimen(changes.held(self.plan, drug, index, days))

    def reduce(self, drug: str, *, to: float, from_cycle: int = 1) -> "Regimen":
        """From one cycle on at most this dose; lower doses stay.

        Args:
            drug: The drug.
            to: Dose a day, in the unit of its courses.
            from_cycle: Number of the first such cycle.

        Raises:
            InputError: If there is no such cycle or drug, or every dose is lower already.

        Example:
            >>> from myelodose.regimen import platzbecker2013
            >>> less = platzbecker2013("IV", cycles=2).reduce("lenalidomide", to=20, from_cycle=2)
            >>> [cycle.courses[1].dose for cycle in less.plan]
            [25.0, 20]
        """
        first = checked_cycle(self.plan, from_cycle, "Regimen.reduce, from_cycle")
        to = changes.checked_dose(to, "Regimen.reduce, to")
        highest = max(changes.doses_given(self.plan, drug, first, "reduce"))
        if to > highest:
            raise InputError(
                "Regimen.reduce, to",
                f"found {to:g}, but {drug} is given at {highest:g}",
                "give a lower dose, or use .set_dose(...) to raise it",
            )
        return Regimen(changes.redosed(self.plan, drug, first, lambda dose: min(dose, to)))

    def set_dose(self, drug: str, *, to: float, from_cycle: int = 1) -> "Regimen":
        """From one cycle on exactly this dose, higher or lower.

        Args:
            drug: The drug.
            to: Dose a day, in the unit of its courses.
            from_cycle: Number of the first such cycle.

        Raises:
            InputError: If there is no such cycle or drug, or the dose cannot be.
        """
        first = checked_cycle(self.plan, from_cycle, "Regimen.set_dose, from_cycle")
        to = changes.checked_dose(to, "Regimen.set_dose, to")
        changes.doses_given(self.plan, drug, first, "set_dose")
        return Regimen(changes.redosed(self.plan, drug, first, lambda _: to))

    # Reading.

    def __len__(self) -> int:
        return len(self.plan)

    def cycle(self, number: int) -> Cycle:
        """One cycle, counted from 1.

        Raises:
            InputError: If there is no such cycle.
        """
        return self.plan[checked_cycle(self.plan, number, "Regimen.cycle, number")]

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs, each once, in order of their courses."""
        return tuple(dict.fromkeys(name for cycle in self.plan for name in cycle.drugs))

    @property
    def first_day(self) -> int:
        """Day of the first dose, counted from day 1 of the first cycle."""
        return min(cycle.start_d + cycle.first_day for cycle in self._given("first_day"))

    @property
    def last_day(self) -> int:
        """Day of the last dose, counted from day 1 of the first cycle."""
        return max(cycle.start_d + cycle.last_day for cycle in self._given("last_day"))

    def _given(self, asked: str) -> list[Cycle]:
        given = [cycle for cycle in self.plan if cycle.courses]
        if not given:
            raise InputError(f"Regimen.{asked}", "every dose is held", "keep at least one")
        return given

    def total_dose_mg(self, drug: str, *, body_surface_area_m2: float | None = None) -> float:
        """All doses of a drug together [mg].

        Args:
            drug: The drug.
            body_surface_area_m2: For doses in mg/m2 [m2].

        Raises:
            InputError: If the drug is unknown, or the area is needed and missing.

        Example:
            >>> from myelodose.regimen import lenalidomide
            >>> lenalidomide(20, days=range(6, 20)).total_dose_mg("lenalidomide")
            280.0
        """
        changes.doses_given(self.plan, drug, 0, "total_dose_mg")
        only = [
            replace(c, courses=tuple(x for x in c.courses if x.drug == drug)) for c in self.plan
        ]
        return sum(dose.amount_mg for dose in doses_of(only, body_surface_area_m2))

    def doses(
        self,
        *,
        body_surface_area_m2: float | None = None,
        drugs: Sequence[str] | None = None,
        pad_to: int | None = None,
    ) -> Doses:
        """Every dose as arrays in order of time.

        Args:
            body_surface_area_m2: Needed where a dose is in mg/m2 [m2].
            drugs: Names in the wanted order; `self.drugs` if None.
            pad_to: Length of the arrays; the number of doses if None.

        Raises:
            InputError: If the area is needed and missing, a drug is not named, or there are more
                doses than places.

        Example:
            >>> from myelodose.regimen import lenalidomide
            >>> lenalidomide(20, days=range(6, 9)).doses().time_d.tolist()
            [5.0, 6.0, 7.0]
        """
        names = self.drugs if drugs is None else tuple(drugs)
        return doses_from(doses_of(self.plan, body_surface_area_m2), drugs=names, pad_to=pad_to)

    def __str__(self) -> str:
        return calendar_text(self.plan)

    def _repr_html_(self) -> str:
        return calendar_html(self.plan)
