"""Grades follow CTCAE v5 as data/literature prints it."""

import re

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.literature import load_literature
from myelodose.marrow.grades import GRADE_LIMITS, LOWER_LIMIT_OF_NORMAL, ctcae_grade


@pytest.mark.parametrize(
    ("lineage", "parameter"),
    [
        ("ANC", "neutrophil count decreased"),
        ("PLT", "platelet count decreased"),
        ("Hb", "anaemia (Hb)"),
    ],
)
def test_the_limits_are_those_of_the_literature_table(lineage, parameter):
    table = load_literature("pd_parameters")
    text = table[table.parameter == parameter].value.item()
    limits = [float(x) for x in re.findall(r"G[234] <([\d.]+)", text)]
    # Grade 4 anaemia is "life-threatening" there, no number.
    assert list(GRADE_LIMITS[lineage]) == limits


def test_the_lower_limits_are_those_of_the_normal_range():
    table = load_literature("pd_parameters")
    normal = table[table.parameter == "normal range"].set_index("lineage_or_clone").value
    for lineage, name in (("ANC", "neutrophils"), ("PLT", "platelets"), ("Hb", "haemoglobin")):
        assert f"{LOWER_LIMIT_OF_NORMAL[lineage]:g}" in normal[name]


@pytest.mark.parametrize("lineage", GRADE_LIMITS)
def test_a_grade_begins_strictly_below_its_limit(lineage):
    limits = np.array([LOWER_LIMIT_OF_NORMAL[lineage], *GRADE_LIMITS[lineage]])
    expected = np.arange(len(limits))
    assert ctcae_grade(limits, lineage).tolist() == expected.tolist()
    assert ctcae_grade(np.nextafter(limits, 0), lineage).tolist() == (expected + 1).tolist()


def test_a_grade_never_falls_as_a_count_falls():
    counts = np.linspace(300, 0, 999)
    assert (np.diff(ctcae_grade(counts, "PLT")) >= 0).all()


def test_the_laboratory_sets_its_lower_limit():
    assert ctcae_grade(1.7, "ANC").item() == 1
    assert ctcae_grade(1.7, "ANC", lower_limit=1.5).item() == 0


@pytest.mark.parametrize(
    ("count", "lineage", "says"),
    [
        (68_000, "PLT", "1e9/L, not cells per uL"),
        (1_500, "ANC", "1e9/L, not cells per uL"),
        (95, "Hb", "g/dL, not g/L"),
        (-1, "ANC", "found -1"),
        (np.nan, "ANC", "found nan"),
        (1.0, "WBC", "found 'WBC'"),
    ],
)
def test_what_cannot_be_graded_is_refused(count, lineage, says):
    with pytest.raises(InputError, match=re.escape(says)):
        ctcae_grade(count, lineage)


def test_a_lower_limit_below_grade_2_is_refused():
    with pytest.raises(InputError, match=re.escape("at least 1.5, where grade 2 begins")):
        ctcae_grade(1.0, "ANC", lower_limit=1.2)
