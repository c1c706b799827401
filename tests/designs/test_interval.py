"""Decision tables of interval designs: what packages and papers print, and what they share."""

import numpy as np
import pytest

from designs.cases import family
from myelodose.designs import STOP, Boin, I3Plus3, Keyboard, Mtpi, Mtpi2, Tpi
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

ALL = [Boin, Keyboard, Tpi, Mtpi, Mtpi2, I3Plus3]


def _limits(table, name):
    return [None if value is None else int(value) for value in table[name].astype(object)]


def _compare_boundaries(design, known):
    table = design.boundaries(known["inputs"]["max_n"])
    table = table.astype(object).where(table.notna(), None)
    assert table.index.tolist() == known["outputs"]["n"]
    for name in ("escalate_if_le", "deescalate_if_ge", "eliminate_if_ge"):
        assert _limits(table, name) == known["outputs"][name], name


@pytest.mark.parametrize("known", family("boin_boundary"))
def test_boin_boundaries_are_those_of_the_package_boin(known):
    # BOIN 2.7.2, get.boundary.
    given = known["inputs"]
    design = Boin(5, given["target"], given["p_saf"], given["p_tox"])
    assert design.exclude_above == given["cutoff_eli"]
    _compare_boundaries(design, known)
    for name, limit in zip(("lambda_e", "lambda_d"), design.limits, strict=True):
        assert limit == pytest.approx(known["outputs"][name], abs=1e-7)


@pytest.mark.parametrize("known", family("keyboard_boundary"))
def test_keyboard_boundaries_are_those_of_the_package_keyboard(known):
    # Keyboard 0.1.3, get.boundary.kb.
    given = known["inputs"]
    design = Keyboard(5, given["target"], given["margin"], given["margin"])
    _compare_boundaries(design, known)


DESIGNS = {
    "tpi_table": lambda g: Tpi(5, g["target"], g["k1"], g["k2"], (0.005, 0.005)),
    "mtpi_table": lambda g: Mtpi(5, g["target"], g["epsilon1"], g["epsilon2"]),
    "mtpi2_table": lambda g: Mtpi2(5, g["target"], g["epsilon1"], g["epsilon2"]),
    "i3plus3_table": lambda g: I3Plus3(5, g["target"], g["eps1"], g["eps2"]),
}


@pytest.mark.parametrize(
    ("name", "known"),
    [(p.values[0]["family"], p.values[0]) for name in DESIGNS for p in family(name)],
    ids=DESIGNS,
)
def test_decision_tables_are_the_published_ones(name, known):
    # escalation 0.2.3, which holds them against Ji 2007 table 1, Ji 2010 figure 2 and Guo 2017
    # figure 3; for i3+3 the rule of Liu, Wang and Ji.
    table = DESIGNS[name](known["inputs"])
    for n, letters in known["outputs"]["table"].items():
        found = table.table(sizes=(int(n),))[int(n)].tolist()
        assert found == letters, n


def test_keyboard_with_scaled_edges_is_mtpi_2_but_for_exclusion():
    for target in (0.2, 0.25, 0.3, 0.35):
        keyboard = Keyboard(5, target, exclude_from=2).table(30)
        assert keyboard.equals(Mtpi2(5, target).table(30)), target


def test_a_rate_on_the_end_of_i3_plus_3s_interval_is_inside():
    # 1/5 and 3/10 are the ends of 0.25 -+ 0.05.
    table = I3Plus3(5, 0.25).table(sizes=(5, 10))
    assert table[5][1] == "S"
    assert table[10][[2, 3]].tolist() == ["S", "S"]
    # As floats 0.4 - 0.1 is a little more than 3/10.
    assert 0.4 - 0.1 > 3 / 10
    assert I3Plus3(5, 0.4, below=0.1).table(sizes=(10,))[10][3] == "S"


def test_boins_limits_belong_to_the_moves():
    # With these margins lambda_d is 1/2 by symmetry: 2 of 4 de-escalates.
    design = Boin(5, 0.4, high=0.6)
    assert design.limits.deescalate == pytest.approx(0.5)
    assert design.table(sizes=(4,))[4].tolist()[:3] == ["E", "E", "D"]


def test_the_edges_of_the_keyboard_do_not_matter_for_usual_targets():
    for target in (0.16, 0.2, 0.25, 0.3, 0.4):
        tables = [Keyboard(5, target, edges=e).table(24) for e in ("scaled", "left out")]
        assert tables[0].equals(tables[1])


def test_the_edges_of_the_keyboard_can_matter():
    n, y = np.array([3]), np.array([0])
    dropped = Keyboard(5, 0.12, edges="left out").strengths(n, y)
    scaled = Keyboard(5, 0.12).strengths(n, y)
    assert dropped.argmax() == 1
    assert scaled.argmax() == 0


@pytest.mark.parametrize("kind", ALL)
def test_more_dlts_never_mean_a_milder_decision(kind):
    harshness = {"E": 0, "S": 1, "D": 2, "DU": 3}
    for target in (0.15, 0.25, 0.33):
        table = kind(5, target).table(24)
        for n in table:
            levels = [harshness[letter] for letter in table[n] if letter]
            assert levels == sorted(levels), (target, n)


@pytest.mark.parametrize("kind", ALL)
def test_an_excluded_lowest_dose_stops_without_an_mtd(kind):
    call = kind(3, 0.25).next(Outcomes.read("1TTT", doses=3))
    assert call.stop
    assert call.level is None
    assert "overly toxic" in call.because
    assert call.reasons[0].verdict == "excluded"


@pytest.mark.parametrize("kind", ALL)
def test_an_excluded_dose_is_never_given_again(kind):
    design = kind(3, 0.25)
    n, y = np.array([[3, 6, 0]]), np.array([[0, 6, 0]])
    assert design.decide(n, y, np.array([1])).tolist() == [0]
    assert design.decide(n, y, np.array([0])).tolist() == [0]
    assert design.pick(n, y).tolist() == [0]


@pytest.mark.parametrize("kind", ALL)
def test_the_ends_of_the_dose_range_hold_the_trial(kind):
    design = kind(2, 0.3)
    top = design.next(Outcomes.read("1NNN 2NNN", doses=2))
    assert top.level == 1
    assert "but it is the highest dose" in top.because
    low = design.next(Outcomes.read("1NNTT", doses=2))
    assert low.level == 0


def test_enough_patients_stop_a_trial_that_would_stay():
    design = Boin(3, 0.3, stop_at=9)
    n, y = np.array([[3, 9, 0]]), np.array([[0, 3, 0]])
    assert design.decide(n, y, np.array([1])).tolist() == [STOP]
    # It would go on elsewhere.
    assert design.decide(n, np.array([[0, 5, 0]]), np.array([1])).tolist() == [0]
    reasons = design.next(Outcomes.from_counts(n[0].tolist(), y[0].tolist(), last=1)).reasons
    assert reasons[-1].without == "stay at level 2"


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        (Boin, {"target": 0.0}, "target: found 0.0; give a probability between 0 and 1"),
        (Boin, {"low": 0.4}, "interval: found 0.4 to 0.42; give 0 < lower end < target 0.3"),
        (Boin, {"extra_safe": 0.6}, "extra_safe: found 0.6; give an offset between 0 and 0.5"),
        (Boin, {"stop_at": 0}, "stop_at: found 0"),
        (Keyboard, {"below": 0.3}, "interval: found 0 to 0.35"),
        (Keyboard, {"edges": "cut"}, "edges: found 'cut'; give scaled or as they are or left out"),
        (Tpi, {"k1": 0}, "k1: found 0; give a number above 0"),
        (Mtpi, {"prior": (0, 1)}, "prior: found (0, 1); give two numbers above 0"),
        (Mtpi2, {"above": 0.8}, "interval: found 0.25 to 1.1"),
        (I3Plus3, {"exclude_above": 1.5}, "exclude_above: found 1.5"),
        (I3Plus3, {"cohort_size": 0}, "cohort_size: found 0"),
    ],
)
def test_an_impossible_design_is_refused(kind, change, says):
    with pytest.raises(InputError) as caught:
        kind(**({"doses": 4, "target": 0.3} | change))
    assert says in str(caught.value)
