"""MTD selection: BOIN's printed estimates, its ties and its exclusions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs.cases import family
from myelodose.designs import Boin, Keyboard, isotonic_table

NONE = 99


def _shown(value: str) -> float | None:
    return None if "-" in value else float(value)


@pytest.mark.parametrize("known", family("boin_select_mtd"))
def test_the_selection_is_that_of_the_packages(known):
    # BOIN 2.7.2 select.mtd, Keyboard select.mtd.kb.
    n, y = (np.array([known["inputs"][name]]) for name in ("n", "y"))
    target, expected = known["inputs"]["target"], known["outputs"]
    picked = {
        "mtd": Boin(len(n[0]), target).pick(n, y)[0],
        "keyboard_mtd": Keyboard(len(n[0]), target).pick(n, y)[0],
    }
    for name, level in picked.items():
        assert (NONE if level < 0 else level + 1) == expected[name]


@pytest.mark.parametrize("known", family("boin_select_mtd"))
def test_the_estimates_are_those_that_boin_prints(known):
    n, y = (np.array(known["inputs"][name]) for name in ("n", "y"))
    table = isotonic_table(n, y, target=known["inputs"]["target"])
    expected = known["outputs"]
    for k in range(len(n)):
        rate = _shown(expected["isotonic_phat_2dp"][k])
        if rate is None:
            assert table.loc[k].isna().all()
            continue
        low, high = (float(end) for end in expected["ci95"][k].strip("()").split(","))
        assert table.rate[k] == pytest.approx(rate, abs=0.006)
        assert table.lower[k] == pytest.approx(low, abs=0.006)
        assert table.upper[k] == pytest.approx(high, abs=0.006)
        over = float(expected["prob_over_target_2dp"][k])
        assert table.prob_over[k] == pytest.approx(over, abs=0.006)


def _pick(n, y, **options):
    return int(Boin(len(n), 0.3, **options).pick(np.array([n]), np.array([y]))[0])


def test_of_equal_estimates_below_the_target_the_highest_is_selected():
    assert _pick([6, 6, 6], [1, 1, 1]) == 2


def test_of_equal_estimates_above_the_target_the_lowest_is_selected():
    assert _pick([6, 6, 6], [3, 3, 3]) == 0


def test_pooled_estimates_count_as_equal():
    # 2/6 and 1/6 pool to 0.25.
    assert _pick([6, 6, 6], [2, 1, 4]) == 1


def test_a_dose_that_was_not_tried_is_not_selected():
    assert _pick([3, 0, 0], [0, 0, 0]) == 0
    assert _pick([0, 0, 0], [0, 0, 0]) == -1


def test_an_excluded_dose_and_those_above_are_not_selected():
    assert _pick([3, 6, 6], [0, 5, 1]) == 0
    assert _pick([3, 6, 6], [3, 1, 1]) == -1


def test_extra_safety_excludes_the_lowest_dose_sooner():
    # P(p > 0.3) after 3 of 5 is 0.930 under Beta(1, 1): over 0.9, not over 0.95.
    assert _pick([5, 0], [3, 0]) == 0
    assert _pick([5, 0], [3, 0], extra_safe=0.05) == -1


def test_a_bound_keeps_the_mtd_under_the_de_escalation_limit():
    assert _pick([6, 0], [3, 0]) == 0
    assert _pick([6, 0], [3, 0], bound=True) == -1


counts = st.lists(st.tuples(st.integers(0, 12), st.floats(0, 1)), min_size=1, max_size=6)


@settings(deadline=None)
@given(counts)
def test_what_is_selected_was_tried_and_nearest(rows):
    n = np.array([row[0] for row in rows])
    y = np.floor(n * np.array([row[1] for row in rows])).astype(int)
    design = Boin(len(n), 0.3)
    best = int(design.pick(n[None], y[None])[0])
    closed = design.closed(n[None], y[None])[0]
    if best < 0:
        assert not ((n > 0) & ~closed).any()
        return
    assert n[best] > 0
    assert not closed[best]
    open_n, open_y = n[~closed], y[~closed]
    rate = isotonic_table(open_n, open_y, target=0.3).rate.to_numpy()
    assert abs(rate[best] - 0.3) <= np.nanmin(np.abs(rate - 0.3)) + 1e-9
