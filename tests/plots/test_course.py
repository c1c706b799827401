"""Figures of courses show what was simulated, labelled, with units, and cut nothing off."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.patches import Rectangle

from myelodose.marrow.explore import explore
from myelodose.marrow.grades import GRADE_LIMITS
from myelodose.marrow.labelled import morning
from myelodose.marrow.sequences import Exploration, compare
from myelodose.marrow.typical import typical_patient
from myelodose.plots.course import DRUG_COLOURS, compare_figure, course_figure
from myelodose.regimen import platzbecker2013
from myelodose.regimen.calendar import COLOURS


@pytest.fixture(scope="module")
def settings():
    return Exploration(
        len_dose_mg=20, aza_dose_mg_m2=75, cycles=2, patients=6, compare_gaps_d="0, 10"
    )


@pytest.fixture(scope="module")
def course(settings):
    return explore(settings.regimen, settings.population, settings.days, every_d=1.0)


@pytest.fixture(scope="module")
def comparison(settings):
    return compare(settings.arrangements(), settings.population, every_d=1.0)


@pytest.fixture(scope="module")
def figures(course, comparison):
    tp53 = explore(
        platzbecker2013("III", cycles=2), typical_patient("del(5q) TP53"), 56, every_d=1.0
    )
    untreated = explore(None, typical_patient("healthy"), 56, every_d=1.0)
    return {
        "population": course_figure(course),
        "one": course_figure(tp53),
        "untreated": course_figure(untreated),
        "comparison": compare_figure(comparison),
        "one compared": compare_figure(comparison.isel(patient=[0])),
    }


def test_nothing_is_cut_off(figures):
    for name, figure in figures.items():
        figure.savefig(io.BytesIO())
        frame = figure.bbox
        for axis in figure.axes:
            for text in [*axis.texts, axis.xaxis.label, axis.yaxis.label]:
                if text.get_text() and text.get_visible():
                    box = text.get_window_extent()
                    inside = box.x0 >= -1 and box.y0 >= -1
                    inside &= box.x1 <= frame.x1 + 1 and box.y1 <= frame.y1 + 1
                    assert inside, (name, text.get_text())


def test_every_axis_of_numbers_has_a_unit(figures):
    for axis in figures["population"].axes[:-1]:
        assert "[" in axis.get_ylabel()
    assert figures["population"].axes[-1].get_xlabel() == "days since the start of cycle 1 [d]"
    for axis in figures["comparison"].axes:
        assert "[" in axis.get_xlabel()


def test_every_figure_says_that_it_is_simulated(figures):
    for figure in figures.values():
        assert figure.get_suptitle().startswith("SIMULATED")


def test_the_line_of_a_count_is_the_median_of_the_mornings(figures, course):
    line = figures["population"].axes[1].lines[0]
    expected = morning(course["count"]).sel(lineage="ANC").median("patient")
    assert line.get_ydata() == pytest.approx(expected.values)
    assert line.get_xdata().tolist() == list(range(57))


def test_grades_are_drawn_at_their_limits_and_named(figures):
    for axis, lineage in zip(figures["population"].axes[1:4], ("ANC", "PLT", "Hb"), strict=True):
        heights = [line.get_ydata()[0] for line in axis.lines if len(set(line.get_ydata())) == 1]
        assert set(GRADE_LIMITS[lineage]) <= set(heights)
        assert axis.texts[0].get_text().startswith("grade 2: < ")


def test_clone_medians_are_shares_of_one_for_one_patient(figures):
    axis = figures["one"].axes[4]
    lines = np.stack([line.get_ydata() for line in axis.lines[:3]])
    assert lines.sum(0) == pytest.approx(1)


def test_every_day_with_a_dose_has_a_mark_in_the_colour_of_its_drug(figures):
    marks = [p for p in figures["population"].axes[-1].patches if isinstance(p, Rectangle)]
    assert len(marks) == 2 * (5 + 14)
    assert [m.get_x() + 0.4 for m in marks[:5]] == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5])
    assert len(figures["untreated"].axes[-1].patches) == 0


def test_drugs_have_the_colours_of_the_calendar():
    assert list(DRUG_COLOURS.values()) == [fill for fill, _ in COLOURS[:2]]


def dots(axis):
    """The scattered dots of an axis, each collection at one time of reading."""
    return [c for c in axis.collections if isinstance(c, PathCollection)]


def test_a_comparison_shows_its_medians_row_by_row(figures, comparison):
    (drawn,) = dots(figures["comparison"].axes[1])
    expected = comparison.nadir.sel(lineage="ANC").median("patient")
    assert np.asarray(drawn.get_offsets())[:, 0] == pytest.approx(expected.values)
    labels = [text.get_text() for text in figures["comparison"].axes[0].get_yticklabels()]
    assert labels == list(comparison.arrangement.values)


def test_reads_before_the_last_dose_are_open_dots(figures, comparison):
    # Gap 10 d: lenalidomide on d16-29, so day 28 comes too early.
    assert comparison.last_day.max("drug").values.tolist() == [14, 19, 19, 29]
    early, late = dots(figures["comparison"].axes[3])
    open_dots = [(np.asarray(c.get_facecolor()) == 1).all(1).tolist() for c in (early, late)]
    assert open_dots == [[False, False, False, True], [False] * 4]


def test_pyplot_keeps_no_figure(figures):
    assert plt.get_fignums() == []
