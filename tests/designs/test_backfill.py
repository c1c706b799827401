"""BF-BOIN: how contradicting doses are reconciled, and which are open for backfill."""

import numpy as np
import pytest

from myelodose.designs import STOP, BackfillBoin, Boin
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

# lambda_e 0.197 and lambda_d 0.298.
DESIGN = BackfillBoin(Boin(4, 0.25))


def _next(n, y, level, design=DESIGN):
    return int(design.decide(np.array([n]), np.array([y]), np.array([level]))[0])


def test_without_contradiction_it_is_boin():
    for n, y, level in [
        ([3, 3, 0, 0], [0, 0, 0, 0], 1),
        ([3, 3, 0, 0], [0, 1, 0, 0], 1),
        ([6, 6, 4, 0], [1, 1, 1, 0], 2),
        ([3, 0, 0, 0], [3, 0, 0, 0], 0),
        ([6, 3, 0, 0], [0, 3, 0, 0], 1),
    ]:
        alone = DESIGN.boin.decide(np.array([n]), np.array([y]), np.array([level]))[0]
        assert _next(n, y, level) == alone


@pytest.mark.parametrize(
    ("n", "y", "level", "chosen"),
    [
        # Escalate at c, stay at b: pooled 3 of 15 stays.
        ([3, 12, 3, 0], [0, 3, 0, 0], 2, 2),
        # Pooled 2 of 14 escalates.
        ([3, 8, 6, 0], [0, 2, 0, 0], 2, 3),
        # De-escalate at b: pooled 4 of 12; 4 of 9 is unsafe at b, so b - 1.
        ([3, 9, 3, 0], [0, 4, 0, 0], 2, 0),
        # Pooled 4 of 11 down; 2 of 8 safe at b.
        ([3, 7, 3, 0], [0, 3, 2, 0], 2, 0),
        # Nothing below the lowest dose: it is given.
        ([9, 3, 0, 0], [4, 0, 0, 0], 1, 0),
        # A lowest dose that is excluded by its own data ends the trial.
        ([9, 3, 0, 0], [7, 0, 0, 0], 1, STOP),
    ],
)
def test_a_contradiction_is_decided_by_the_pooled_data(n, y, level, chosen):
    assert _next(n, y, level) == chosen


def test_the_reason_names_the_contradicting_dose():
    seen = Outcomes.from_counts([9, 3, 0, 0], [4, 0, 0, 0], last=1)
    assert "level 1 contradicts level 2; pooled" in DESIGN.next(seen).because


def test_enough_patients_count_backfilled_ones():
    design = BackfillBoin(Boin(4, 0.25, stop_at=9))
    assert _next([3, 12, 0, 0], [0, 3, 0, 0], 1, design) == STOP
    assert _next([3, 8, 0, 0], [0, 2, 0, 0], 1, design) == 1


def _open(n, y, level, responded=(True,) * 4, assigned=None, design=DESIGN):
    found = design.open_for_backfill(
        np.array([n]),
        np.array([y]),
        np.array([level]),
        responded=np.array([responded]),
        assigned=np.array([n if assigned is None else assigned]),
    )
    return found[0].tolist()


def test_doses_below_the_current_one_are_open_after_a_response():
    assert _open([3, 3, 3, 0], [0, 0, 0, 0], 2) == [True, True, False, False]
    assert _open([3, 3, 3, 0], [0, 0, 0, 0], 2, (False, True, True, True))[0] is False


def test_a_dose_closes_when_it_is_full_and_by_its_toxicity():
    assert _open([3, 3, 3, 0], [0, 0, 0, 0], 2, assigned=[13, 12, 3, 0])[:2] == [False, True]
    # 2 of 3, and 2 of 6 with the next dose: neither is under lambda_d.
    assert _open([3, 3, 3, 0], [0, 2, 0, 0], 2)[:2] == [True, False]
    # 2 of 3, but 2 of 9 with the next dose.
    assert _open([3, 3, 6, 0], [0, 2, 0, 0], 2)[:2] == [True, True]


def test_a_dose_above_a_closed_one_is_closed():
    assert _open([3, 3, 3, 0], [3, 0, 0, 0], 2)[:2] == [False, False]


def test_an_impossible_cap_is_refused():
    with pytest.raises(InputError, match="cap: found 0"):
        BackfillBoin(Boin(4, 0.25), cap=0)
