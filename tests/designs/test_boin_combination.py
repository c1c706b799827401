"""BOIN for two drugs: the package's next step and selection, ties, closed corners."""

import numpy as np
import pytest

from designs.cases import family
from myelodose.designs import STOP, BoinCombination
from myelodose.designs.interval import DOWN, UP
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def _flat(table) -> np.ndarray:
    return np.array(table).reshape(1, -1)


@pytest.mark.parametrize("known", family("boin_combination_next"))
def test_the_next_combination_is_that_of_the_package_boin(known):
    # BOIN 2.7.2, next.comb; where it tosses a coin, one of the sides.
    n, y = np.array(known["inputs"]["npts"]), np.array(known["inputs"]["ntox"])
    rows, columns = n.shape
    design = BoinCombination(rows, columns, known["inputs"]["target"])
    row, column = known["inputs"]["current"]
    level = design.level_of(row - 1, column - 1)
    chosen = int(design.decide(_flat(n), _flat(y), np.array([level]))[0])
    tied = [[k + 1 for k in design.cell(cell)] for cell in design.tied(_flat(n), _flat(y), level)]
    assert known["outputs"]["next"] in tied
    assert [k + 1 for k in design.cell(chosen)] in tied


def test_a_tie_goes_to_the_first_drug_and_is_named():
    design = BoinCombination(3, 3, 0.3)
    n, y = _flat([[3, 0, 0], [0, 0, 0], [0, 0, 0]]), np.zeros((1, 9), int)
    assert design.tied(n, y, 0) == [3, 1]
    assert design.decide(n, y, np.array([0])).tolist() == [3]
    call = design.next(Outcomes.read("1+1:NNN", doses=design.labels))
    assert "dose 2+1 and dose 1+2 are equally good" in call.because


def test_patients_break_ties():
    # The same 0.5 P(interval) at both neighbours but for 0.0005 a patient.
    design = BoinCombination(2, 2, 0.3)
    n, y = _flat([[6, 3], [6, 0]]), _flat([[0, 1], [2, 0]])
    cells, score = design.neighbours(n, y, np.array([0]), UP)
    assert cells.tolist() == [[2, 1]]
    assert score[0, 0] > score[0, 1]


def test_an_excluded_combination_closes_the_corner_above_it():
    design = BoinCombination(3, 3, 0.3)
    n, y = _flat([[3, 0, 0], [0, 3, 0], [0, 0, 0]]), _flat([[0, 0, 0], [0, 3, 0], [0, 0, 0]])
    assert np.flatnonzero(design.closed(n, y)[0]).tolist() == [4, 5, 7, 8]
    assert design.decide(n, y, np.array([4])).tolist() in ([1], [3])
    # From (2, 1) both ways up are (3, 1) and the closed (2, 2).
    n[0, 3], y[0, 3] = 3, 0
    assert design.decide(n, y, np.array([3])).tolist() == [6]


def test_an_excluded_lowest_combination_stops_the_trial():
    design = BoinCombination(2, 2, 0.3)
    n, y = _flat([[3, 0], [0, 0]]), _flat([[3, 0], [0, 0]])
    assert design.decide(n, y, np.array([0])).tolist() == [STOP]
    assert design.pick(n, y).tolist() == [-1]


def test_going_down_has_two_ways_and_none_at_the_edge():
    design = BoinCombination(2, 2, 0.3)
    n, y = _flat([[3, 3], [3, 3]]), _flat([[0, 0], [1, 2]])
    cells, _ = design.neighbours(n, y, np.array([3]), DOWN)
    assert cells.tolist() == [[1, 2]]
    cells, score = design.neighbours(n, y, np.array([0]), DOWN)
    assert cells.tolist() == [[-1, -1]]
    assert score.tolist() == [[-1, -1]]


def test_the_selected_combination_is_that_of_boins_manual():
    # The example of BOIN's help page for select.mtd.comb: (2, 3) with a rate of 0.27.
    design = BoinCombination(3, 5, 0.3)
    n = _flat([[3, 5, 0, 0, 0], [7, 6, 15, 0, 0], [0, 0, 4, 0, 0]])
    y = _flat([[0, 1, 0, 0, 0], [1, 1, 4, 0, 0], [0, 0, 2, 0, 0]])
    assert design.cell(int(design.pick(n, y)[0])) == (1, 2)
    assert design.rates(n, y)[0, 1, 2] == pytest.approx(0.27, abs=0.005)


def test_labels_name_both_drugs():
    design = BoinCombination((10, 20), (50, 75), 0.3)
    assert design.labels == ("10+50", "10+75", "20+50", "20+75")
    assert design.cell(3) == (1, 1)
    assert design.level_of(1, 0) == 2


def test_an_impossible_design_is_refused():
    with pytest.raises(InputError, match="target: found 1"):
        BoinCombination(2, 2, 1.0)
    with pytest.raises(InputError, match="found 0 levels"):
        BoinCombination(0, 2, 0.3)
