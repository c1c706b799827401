"""What counts as a haematological DLT: a rule as data, evaluated on the counts of every morning.

No source states the rule of Platzbecker 2013 (D12 in data/trials/platzbecker2013). Printed is only
that a delay of more than four weeks was one DLT and that a missing haematologic recovery was
another, so the rule is a parameter here, and its default is an assumption that says so.
"""

from dataclasses import dataclass

from myelodose.errors import InputError
from myelodose.marrow.protocol.limits import Limits
from myelodose.marrow.protocol.written import GRADE_3, GRADE_4
from myelodose.regimen.courses import checked_whole

PARTS = ("not recovered", "grade 4 too long", "next cycle delayed")
"""The parts of a rule, each of which can be switched off."""


@dataclass(frozen=True)
class DltRule:
    """When counts of one cycle are a DLT. Days are protocol days: day d begins at time d - 1.

    Defaults are an ASSUMPTION. Printed for the trial is a delay of more than 4 weeks (dlt.csv) and
    "no haematologic recovery". Day 42 is chosen (another trial of lenalidomide counted a recovery
    beyond day 45: LEN-MEC, data/literature/dlt_trials.csv), and so are the limits, grades 3 and 4.

    Args:
        cycle_d: Length of the cycle [d]: the next one is due on its day cycle_d + 1.
        window_d: Mornings that are read, from the start of the cycle [d].
        unrecovered_by_d: A DLT if, from the day the next cycle is due (or from day d, if that is
            earlier) through day d, no morning has both counts at `recovered`; None switches off.
        recovered: Its limits, by default those of grade 4.
        grade4_over_d: A DLT if a count is below `low` on more than so many mornings running; None
            switches off (default: cytopenia alone is rarely dose-limiting in leukaemia trials).
        low: Its limits.
        delay_over_d: A DLT if the next cycle cannot start within so many days after it is due,
            seen at visits; None switches off.
        start: Limits from which the next cycle may start, by default those of grade 3.
        revisit_d: Days between visits while the next cycle waits [d].
        blasts_below: A missing recovery counts only where the share of marrow blasts is below
            this, because a marrow full of disease does not recover for another reason; None
            does not ask. The marrow model has no blasts, so they must be given.

    Raises:
        InputError: If a value cannot be, or if the rule can never fire within its window.

    Example:
        >>> DltRule(delay_over_d=None).parts
        ('not recovered',)
    """

    cycle_d: int = 28
    window_d: int = 57
    unrecovered_by_d: int | None = 42
    recovered: Limits = GRADE_4
    grade4_over_d: int | None = None
    low: Limits = GRADE_4
    delay_over_d: int | None = 28
    start: Limits = GRADE_3
    revisit_d: int = 7
    blasts_below: float | None = None

    def __post_init__(self) -> None:
        """Check every value, and that each part that is on can fire."""
        for name in ("cycle_d", "window_d", "revisit_d"):
            checked_whole(getattr(self, name), f"DltRule, {name}", least=1)
        needs = self._needs()
        if not needs:
            raise InputError("DltRule", "found every part switched off", "switch one part on")
        for name, (limits, days) in needs.items():
            given = getattr(self, name)
            checked_whole(given, f"DltRule, {name}", least=0)
            if limits.anc_1e9_per_l == 0 and limits.plt_1e9_per_l == 0:
                remedy = "give a limit above 0, or switch the part off with None"
                raise InputError(f"DltRule, {name}", "found limits of 0: it can never fire", remedy)
            if days > self.window_d:
                found = f"found {given} with a window of {self.window_d} d: it can never fire"
                remedy = f"give window_d of at least {days}, or None"
                raise InputError(f"DltRule, {name}", found, remedy)
        share = self.blasts_below
        if share is not None and not 0 < share < 1:
            remedy = "give a share between 0 and 1, or None"
            raise InputError("DltRule, blasts_below", f"found {share!r}", remedy)

    def _needs(self) -> dict[str, tuple[Limits, int]]:
        """Of each part that is on: its limits, and how many mornings it must see."""
        needs: dict[str, tuple[Limits, int]] = {}
        if self.unrecovered_by_d is not None:
            needs["unrecovered_by_d"] = (self.recovered, self.unrecovered_by_d)
        if self.grade4_over_d is not None:
            needs["grade4_over_d"] = (self.low, self.grade4_over_d + 1)
        if self.delay_over_d is not None:
            needs["delay_over_d"] = (self.start, self.cycle_d + self.delay_over_d + 1)
        return needs

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are on, in the order of `PARTS`."""
        on = (self.unrecovered_by_d, self.grade4_over_d, self.delay_over_d)
        return tuple(name for name, days in zip(PARTS, on, strict=True) if days is not None)

    def describe(self) -> str:
        """The rule in one sentence.

        Example:
            >>> print(DltRule(unrecovered_by_d=None).describe())
            DLT by counts: next cycle delayed by more than 28 d (ANC < 1 or PLT < 50)
        """
        words = {
            PARTS[0]: f"not recovered by day {self.unrecovered_by_d} ({_words(self.recovered)})",
            PARTS[1]: f"{_words(self.low)} on more than {self.grade4_over_d} days running",
            PARTS[2]: f"next cycle delayed by more than {self.delay_over_d} d "
            f"({_words(self.start)})",
        }
        text = "DLT by counts: " + "; or ".join(words[part] for part in self.parts)
        if self.blasts_below is not None:
            text += f"; a missing recovery only with blasts below {self.blasts_below:.0%}"
        return text


def _words(limits: Limits) -> str:
    names = {"ANC": limits.anc_1e9_per_l, "PLT": limits.plt_1e9_per_l}
    return " or ".join(f"{name} < {limit:g}" for name, limit in names.items() if limit)
