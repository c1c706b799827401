"""A protocol as it is written: cycles, visits, limits, levels, and when to stop.

No source states the rules of Platzbecker 2013 beyond these facts (data/trials/platzbecker2013):
up to 8 induction cycles (F07), patients with a DLT could continue at the next lower level (F08),
cycles were delayed until recovery (F73), and a delay of more than 4 weeks was counted as a DLT
(dlt.csv); maintenance every 8 weeks for up to 6 cycles after blast clearance and at least two
cycles (F06). The definition of a DLT is never stated (D12). Every other default here is chosen,
and every limit is a parameter.
"""

from dataclasses import dataclass, field

from myelodose.errors import InputError, check_fields
from myelodose.marrow.course import DRUGS, LENALIDOMIDE
from myelodose.marrow.protocol.checks import check_cycle, check_whole, check_whole_or_none
from myelodose.marrow.protocol.limits import NEVER, Limits
from myelodose.regimen import Regimen, platzbecker2013_maintenance
from myelodose.regimen.courses import number_or_nan
from myelodose.regimen.named import PLATZBECKER_COHORTS
from myelodose.units import DAYS_PER_WEEK

GRADE_4 = Limits(0.5, 25, of_baseline=0.5)
"""Below is grade 4 of CTCAE v5. That nobody is low at half of his baseline is chosen."""

GRADE_3 = Limits(1.0, 50, of_baseline=0.75)
"""Below is grade 3 of CTCAE v5. That three quarters of the baseline will do is chosen."""


@dataclass(frozen=True)
class Reductions:
    """Lenalidomide by one level lower, at most once a cycle; when no level is left, it stops.

    Args:
        levels_mg: Levels in rising order [mg a day]; those of the trial by default.
        most: How many reductions; the next one stops treatment. Chosen: 2.
        after_hold: One level lower after a hold. Chosen.
        after_low_days: One level lower once counts were below `Protocol.low` on more than so many
            days running, a DLT-like event; None for never. Chosen: 7.
        after_delay_d: One level lower where a cycle began more than so many days late [d]; None
            for never.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Reductions().levels_mg
        (10.0, 15.0, 20.0, 25.0)
    """

    levels_mg: tuple[float, ...] = tuple(PLATZBECKER_COHORTS.values())
    most: int = 2
    after_hold: bool = True
    after_low_days: int | None = 7
    after_delay_d: int | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        levels = tuple(map(number_or_nan, self.levels_mg))
        rising = all(a < b for a, b in zip((0.0, *levels), levels, strict=False))
        fine = bool(levels) and rising and levels[-1] < float("inf")
        check_fields(self, {"levels_mg": (fine, "one dose or more above 0 mg, in rising order")})
        check_whole(self, most=0)
        check_whole_or_none(self, after_low_days=1, after_delay_d=0)


@dataclass(frozen=True)
class Stops:
    """What ends treatment besides a delay that is too long and levels that have run out.

    Args:
        low_days: Counts below `Protocol.low` on more than so many days running; None for never.
            Chosen: 42.
        clone_above: Share of both del(5q) clones among cycling progenitors, at a visit; None for
            never.
        clone_after: The share counts after so many whole cycles. Chosen: 2.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Stops(clone_above=0.9).low_days
        42
    """

    low_days: int | None = 42
    clone_above: float | None = None
    clone_after: int = 2

    def __post_init__(self) -> None:
        """Check every value."""
        fine = self.clone_above is None or 0 < number_or_nan(self.clone_above) < 1
        check_fields(self, {"clone_above": (fine, "a share between 0 and 1, or None")})
        check_whole(self, clone_after=0)
        check_whole_or_none(self, low_days=1)


@dataclass(frozen=True)
class Maintenance:
    """What follows once the clone is small. Lenalidomide is never above the patient's level.

    In the trial blasts had to be cleared; the model has none, and the clones stand for them.

    Args:
        cycle: One cycle of it; that of the trial by default, azacitidine 30 mg/m2 and
            lenalidomide 20 mg every 56 days (F06).
        cycles: How many, 6 in the trial.
        clone_below: It begins where the share of both del(5q) clones is below this at the planned
            start of a cycle. Chosen: 0.05, the limit of blasts in F06.
        after: And after so many induction cycles at least, 2 in the trial.
        visits: Protocol days of its visits; weekly if None.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Maintenance().cycle.cycle(1).length_d
        56
    """

    cycle: Regimen = field(default_factory=platzbecker2013_maintenance)
    cycles: int = 6
    clone_below: float = 0.05
    after: int = 2
    visits: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Check every value and fill in the visits."""
        fine = 0 < number_or_nan(self.clone_below) <= 1
        check_fields(self, {"clone_below": (fine, "a share above 0 and at most 1")})
        check_whole(self, cycles=1, after=1)
        check_cycle(self)


@dataclass(frozen=True)
class Protocol:
    """The rules of a trial.

    Counts are those of the morning, before the dose. At every visit but day 1 of a cycle
    lenalidomide is held where a count is below `hold` and some is still planned, and resumed where
    both have reached `resume`; days that were missed are not made up. The next cycle starts at its
    planned day if both counts have reached `start`, or at the first visit after it where they have.

    Args:
        cycle: One cycle as planned, with its length: azacitidine and lenalidomide.
        cycles: Induction cycles; 8 in the trial (F07).
        visits: Protocol days of visits in a cycle; weekly from day 1 if None.
        hold: Limits below which lenalidomide is held. Chosen: `GRADE_4`.
        resume: Limits from which it is given again, nowhere below `hold`. Chosen: `GRADE_3`.
        start: Limits from which the next cycle starts, nowhere below `hold`. Chosen: `GRADE_3`.
        revisit_d: Days between visits while a cycle waits [d].
        max_delay_d: Longest delay of a cycle [d]; after it treatment stops. 28 is the delay
            that the trial counted as a DLT when exceeded.
        low: Limits of the runs of low counts in `reductions` and `stops`. Chosen: `GRADE_4`.
        reductions: When lenalidomide is reduced.
        stops: When treatment ends.
        maintenance: What may follow induction; None for nothing.

    Raises:
        InputError: If a value cannot be, or rules contradict each other.

    Example:
        >>> from myelodose.regimen import platzbecker2013
        >>> Protocol(platzbecker2013(20)).visits
        (1, 8, 15, 22)
    """

    cycle: Regimen
    cycles: int = 8
    visits: tuple[int, ...] | None = None
    hold: Limits = GRADE_4
    resume: Limits = GRADE_3
    start: Limits = GRADE_3
    revisit_d: int = DAYS_PER_WEEK
    max_delay_d: int = 28
    low: Limits = GRADE_4
    reductions: Reductions = Reductions()
    stops: Stops = Stops()
    maintenance: Maintenance | None = None

    def __post_init__(self) -> None:
        """Check every value and fill in the visits."""
        check_whole(self, cycles=1, revisit_d=1, max_delay_d=0)
        check_cycle(self)
        remedy = "limits that are nowhere below those of hold; a held drug would not come back"
        check_fields(
            self,
            {
                "resume": (self.resume.at_least(self.hold), remedy),
                "start": (self.start.at_least(self.hold), remedy),
            },
        )
        planned = self.planned_lenalidomide_mg
        if planned and planned not in self.reductions.levels_mg:
            raise InputError(
                "Protocol, reductions",
                f"found {planned:g} mg of lenalidomide in the cycle, levels "
                f"{self.reductions.levels_mg}",
                "give levels_mg that contain the planned dose",
            )

    @property
    def planned_lenalidomide_mg(self) -> float:
        """Highest dose a day in the cycle as planned [mg]; 0 if there is none."""
        courses = self.cycle.cycle(1).courses
        return max((c.dose for c in courses if c.drug == DRUGS[LENALIDOMIDE]), default=0.0)


def as_planned(cycle: Regimen, cycles: int) -> Protocol:
    """The cycles without any rule: what an open-loop simulation gives.

    Args:
        cycle: One cycle, with its length.
        cycles: How many.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> from myelodose.regimen import platzbecker2013
        >>> as_planned(platzbecker2013(20), 3).hold == NEVER
        True
    """
    doses = {c.dose for c in cycle.cycle(1).courses if c.drug == DRUGS[LENALIDOMIDE]}
    levels = tuple(sorted(doses | set(Reductions().levels_mg)))
    return Protocol(
        cycle,
        cycles,
        hold=NEVER,
        resume=NEVER,
        start=NEVER,
        low=NEVER,
        reductions=Reductions(levels, after_low_days=None),
        stops=Stops(low_days=None),
    )
