"""The calendars show every dose on its day, and nothing else."""

import re
from html.parser import HTMLParser

from hypothesis import given, settings

from myelodose.plots import style
from myelodose.regimen import azacitidine, course, lenalidomide, platzbecker2013, viola
from myelodose.regimen.calendar import COLOURS
from regimen.strategies import AREA, regimens

laws = settings(deadline=None, max_examples=25)


@laws
@given(regimens())
def test_the_text_has_one_letter_a_dose(regimen):
    marks = re.findall(r"(?:po|sc|iv)  +([A-Z. ]+)$", str(regimen), flags=re.MULTILINE)
    letters = sum(letter not in ". " for row in marks for letter in row)
    assert letters == regimen.doses(body_surface_area_m2=AREA).count


@laws
@given(regimens())
def test_the_html_has_one_filled_cell_a_dose_in_the_column_of_its_day(regimen):
    page = _Cells()
    page.feed(regimen._repr_html_())
    expected = [
        (course.days, f"{course.dose:g}") for cycle in regimen.plan for course in cycle.courses
    ]
    shown = [
        (tuple(day for day, text in enumerate(row, start=1) if text), next(filter(None, row)))
        for row in page.rows
    ]
    assert shown == expected


def test_a_cycle_of_the_trial_reads_as_printed():
    assert str(platzbecker2013("III", cycles=2).delay(cycle=2, days=7)) == (
        "                      day  1       8       15      22\n"
        "Cycle 1 from day 1, 28 d\n"
        "  azacitidine 75 mg/m2 sc  AAAAA.. ....... ....... .......\n"
        "  lenalidomide 20 mg po    .....LL LLLLLLL LLLLL.. .......\n"
        "Cycle 2 from day 36, 28 d\n"
        "  azacitidine 75 mg/m2 sc  AAAAA.. ....... ....... .......\n"
        "  lenalidomide 20 mg po    .....LL LLLLLLL LLLLL.. ......."
    )


def test_a_cycle_with_every_dose_held_says_so():
    none = lenalidomide(10, days=[1]).hold("lenalidomide", cycle=1)
    assert "no dose" in str(none)
    assert "no dose" in none._repr_html_()


def test_late_doses_are_shown_and_short_cycles_end_where_they_end():
    assert str(viola(25)).splitlines()[0].split() == ["day", "1", "8", "15", "22", "29"]
    short = azacitidine(75, days=[1]).cycles(1, every=21)
    mixed = str(short.followed_by(platzbecker2013("I")))
    assert mixed.splitlines()[2].count(".") == 20


def test_drugs_with_one_initial_get_two_letters():
    both = azacitidine(75, days=[1]).with_(
        course("aclarubicin", 10, unit="mg/m2", days=[2], route="iv")
    )
    first, second = str(both).splitlines()[2:]
    assert first.split()[-1] == "A......"
    assert second.split()[-1] == ".C....."


def test_names_are_escaped_on_the_page():
    odd = course("<b>x</b>", 1, unit="mg", days=[1], route="po")
    assert "<b>" not in odd._repr_html_()
    assert "&lt;b&gt;" in odd._repr_html_()


def test_the_colours_are_those_of_the_figures():
    palette = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.SKY, style.YELLOW)
    assert tuple(fill for fill, _ in COLOURS) == palette


def test_numbers_are_legible_on_their_colour():
    # WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1 for text.
    assert all(_contrast(fill, ink) >= 4.5 for fill, ink in COLOURS)


def _contrast(one: str, two: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


class _Cells(HTMLParser):
    """The text of every td, by row; rows without one are headings."""

    def __init__(self):
        super().__init__()
        self.rows, self.inside = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.row = []
        if tag == "td":
            self.inside = True
            self.row.append("")

    def handle_data(self, data):
        if self.inside:
            self.row[-1] += data

    def handle_endtag(self, tag):
        if tag == "td":
            self.inside = False
        if tag == "tr" and self.row:
            self.rows.append(self.row)
