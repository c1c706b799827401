"""The search ranks settings by what they do, and says what it could not try."""

import numpy as np
import pytest

from myelodose.characteristics.calibrate import correct_selection, search_designs
from myelodose.characteristics.exact import exact
from myelodose.designs.boin import Boin
from myelodose.errors import InputError

TRUTH = {"first": [0.28, 0.5, 0.6], "second": [0.1, 0.3, 0.5], "none": [0.5, 0.6, 0.7]}


def boin(stop_at: int, target: float = 0.3) -> Boin:
    return Boin(doses=3, target=target, stop_at=stop_at)


def test_scores_are_the_exact_characteristics():
    found = search_designs(boin, {"stop_at": [9]}, TRUTH, target=0.3, patients=18)
    sure = exact(boin(9), TRUTH, patients=18)
    each = [sure.selected[0, 0], sure.selected[1, 1], sure.selected_none[2]]
    assert float(found.correct.iloc[0]) == pytest.approx(float(sum(each)) / 3)
    assert float(found.worst.iloc[0]) == pytest.approx(float(min(each)))


def test_the_best_setting_comes_first_and_a_refused_one_says_why():
    grid = {"stop_at": [3, 18], "target": [0.3, 2.0]}
    found = search_designs(boin, grid, TRUTH, target=0.3, patients=18)
    assert found.index[0] == (18, 0.3)
    assert list(found.correct.dropna()) == sorted(found.correct.dropna(), reverse=True)
    assert found.refused.notna().sum() == 2
    assert "target" in found.refused.dropna().iloc[0]


def test_no_dose_is_right_where_all_are_toxic():
    assert correct_selection(np.array([0.4, 0.5]), 0.3) == -1


def test_an_empty_grid_is_refused():
    with pytest.raises(InputError, match="give values to try"):
        search_designs(boin, {}, TRUTH, target=0.3, patients=18)
