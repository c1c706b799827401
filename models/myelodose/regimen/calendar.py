"""A regimen as a calendar: letters for a terminal, a coloured table for a notebook."""

import math
from collections.abc import Sequence
from html import escape

from myelodose.regimen.courses import Course
from myelodose.regimen.cycle import Cycle
from myelodose.units import DAYS_PER_WEEK

# Okabe and Ito's colours (as in plots/style.py, a room above), and text that is legible on them.
COLOURS = (
    ("#0072B2", "#FFFFFF"),
    ("#E69F00", "#222222"),
    ("#009E73", "#222222"),
    ("#CC79A7", "#222222"),
    ("#56B4E9", "#222222"),
    ("#F0E442", "#222222"),
)
LEAST_COLUMNS = 4 * DAYS_PER_WEEK
"""Days that are shown of a longer cycle, unless doses fall later."""


def shown_days(plan: Sequence[Cycle]) -> int:
    """Days a row of the calendar shows: whole weeks that hold every dose, at least four."""
    latest = max((cycle.last_day for cycle in plan if cycle.courses), default=1)
    longest = max(cycle.length_d or latest for cycle in plan)
    weeks = math.ceil(latest / DAYS_PER_WEEK) * DAYS_PER_WEEK
    return max(weeks, min(LEAST_COLUMNS, math.ceil(longest / DAYS_PER_WEEK) * DAYS_PER_WEEK))


def _drugs(plan: Sequence[Cycle]) -> list[str]:
    return list(dict.fromkeys(name for cycle in plan for name in cycle.drugs))


def _letters(drugs: Sequence[str]) -> dict[str, str]:
    """A letter a drug: its initial, or the next letter of its name that is free."""
    taken: dict[str, str] = {}
    for drug in drugs:
        free = [letter for letter in drug.upper() if letter.isalpha() and letter not in taken]
        taken[free[0] if free else "#"] = drug
    return {drug: letter for letter, drug in taken.items()}


def _cycle_title(number: int, cycle: Cycle) -> str:
    length = f", {cycle.length_d} d" if cycle.length_d else ""
    return f"Cycle {number} from day {cycle.start_d + 1}{length}"


def _dose_label(course: Course) -> str:
    return f"{course.drug} {course.dose:g} {course.unit} {course.route}"


def calendar_text(plan: Sequence[Cycle]) -> str:
    """One line a course: a letter on days with a dose, a dot on others, a gap between weeks.

    Args:
        plan: The cycles of a regimen, `regimen.plan`.

    Example:
        >>> from myelodose.regimen import azacitidine
        >>> print(calendar_text(azacitidine(75, days=range(1, 6)).plan))
                              day  1
        Cycle 1 from day 1
          azacitidine 75 mg/m2 sc  AAAAA..
    """
    days, letters = shown_days(plan), _letters(_drugs(plan))
    labels = [_dose_label(course) for cycle in plan for course in cycle.courses]
    width = max([*map(len, labels), len("no dose")], default=0)
    starts = range(1, days + 1, DAYS_PER_WEEK)
    ruler = " ".join(f"{day:<{DAYS_PER_WEEK}}" for day in starts).rstrip()
    lines = [f"  {'day':>{width}}  {ruler}"]
    for number, cycle in enumerate(plan, start=1):
        lines.append(_cycle_title(number, cycle))
        for course in cycle.courses:
            marks = _marks(course, letters[course.drug], cycle.length_d, days)
            lines.append(f"  {_dose_label(course):<{width}}  {marks}")
        if not cycle.courses:
            lines.append("  no dose")
    return "\n".join(lines)


def _marks(course: Course, letter: str, length: int | None, days: int) -> str:
    """The days of one course; blank after the end of the cycle."""
    last = min(days, length or days)
    marks = "".join(letter if day in course.days else "." for day in range(1, last + 1))
    return " ".join(marks[i : i + DAYS_PER_WEEK] for i in range(0, last, DAYS_PER_WEEK))


_TABLE = "color:inherit;border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums"
_CELL = "border:1px solid rgba(140,140,140,.35);padding:2px 0;text-align:center;min-width:1.9em"
_HEAD = "padding:2px .8em 2px 0;text-align:left;font-weight:normal;white-space:nowrap"


def calendar_html(plan: Sequence[Cycle]) -> str:
    """One row a course, one column a day, the dose in the cell, a colour a drug.

    Text and lines take the colours of the page, so that it reads on dark pages too.

    Args:
        plan: The cycles of a regimen, `regimen.plan`.

    Example:
        >>> from myelodose.regimen import azacitidine
        >>> calendar_html(azacitidine(75, days=range(1, 6)).plan).count(">75</td>")
        5
    """
    days, drugs = shown_days(plan), _drugs(plan)
    colours = {drug: COLOURS[i % len(COLOURS)] for i, drug in enumerate(drugs)}
    rows = "".join(
        _html_cycle(number, cycle, days, colours) for number, cycle in enumerate(plan, start=1)
    )
    return (
        f"<table style='{_TABLE}'><thead><tr><th style='{_HEAD}' scope='col'>day of cycle</th>"
        + "".join(
            f"<th scope='col' style='{_CELL};font-weight:normal;{_week(day)}'>{day}</th>"
            for day in range(1, days + 1)
        )
        + f"</tr></thead><tbody>{rows}</tbody></table>"
    )


def _html_cycle(number: int, cycle: Cycle, days: int, colours: dict[str, tuple[str, str]]) -> str:
    title = (
        f"<tr><th scope='rowgroup' colspan='{days + 1}' style='{_HEAD};padding-top:.8em;"
        f"font-weight:bold'>{_cycle_title(number, cycle)}</th></tr>"
    )
    rows = [
        f"<tr><th scope='row' style='{_HEAD}'>{_html_label(course)}</th>"
        + "".join(
            _html_cell(course, day, cycle.length_d, colours[course.drug])
            for day in range(1, days + 1)
        )
        + "</tr>"
        for course in cycle.courses
    ]
    return title + ("".join(rows) or f"<tr><th scope='row' style='{_HEAD}'>no dose</th></tr>")


def _html_label(course: Course) -> str:
    return escape(_dose_label(course)).replace("mg/m2", "mg/m²")


def _html_cell(course: Course, day: int, length: int | None, colour: tuple[str, str]) -> str:
    if day in course.days:
        fill, ink = colour
        style = f"{_CELL};{_week(day)};background:{fill};color:{ink}"
        return f"<td style='{style}'>{course.dose:g}</td>"
    beyond = length is not None and day > length
    return "<td></td>" if beyond else f"<td style='{_CELL};{_week(day)}'></td>"


def _week(day: int) -> str:
    """A heavier line at the start of each week."""
    first = day % DAYS_PER_WEEK == 1
    return "border-left:2px solid rgba(140,140,140,.9)" if first else ""
