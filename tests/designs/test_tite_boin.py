"""TITE-BOIN: the package's examples, waiting, and BOIN once everyone was followed up."""

import numpy as np
import pytest

from designs.cases import case
from myelodose.designs import Boin, TiteBoin
from myelodose.designs.tite_boin import FollowUp
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def _design(given: dict) -> TiteBoin:
    boin = Boin(len(given["n"]), given["target"], given["p_saf"], given["p_tox"])
    return TiteBoin(boin, given["max_pending_fraction"])


def test_the_manuals_example_is_met():
    # TITEgBOIN 0.4.0, help page of next_TITE_QuasiBOIN.
    known = case("tite_boin_next.man_example")
    given, expected = known["inputs"], known["outputs"]
    design = _design(given)
    call = design.with_pending(
        given["n"],
        given["y"],
        pending=given["pending"],
        followup=given["total_followup"],
        window=given["window"],
        level=given["current"] - 1,
    )
    assert call.level == expected["next"] - 1
    share = np.array(given["total_followup"]) / given["window"]
    n, y, pending = (np.array(given[name], float) for name in ("n", "y", "pending"))
    effective = design.effective(FollowUp(n, y, pending, share))
    assert effective.tolist() == expected["effective_n"]
    for rate, dlts, patients in zip(expected["rate"], y, effective, strict=True):
        if rate is None:
            assert patients == 0
        else:
            assert dlts / patients == pytest.approx(rate, abs=1e-6)


def test_more_follow_up_without_toxicity_escalates_at_the_published_point():
    # TITEgBOIN 0.4.0.
    known = case("tite_boin_next.stft_n6_y1_c3")
    given = known["inputs"]
    found = [
        _design(given).with_pending(
            given["n"],
            given["y"],
            pending=given["pending"],
            followup=[0, followup, 0],
            window=given["window"],
            level=given["current"] - 1,
        )
        for followup in given["total_followup_at_2"]
    ]
    assert [call.level + 1 for call in found if call.level is not None] == known["outputs"]["next"]
    assert not any(call.wait for call in found)


def _call(n, y, pending, followup, level, **options):
    design = TiteBoin(Boin(len(n), 0.3, **options))
    return design.with_pending(n, y, pending=pending, followup=followup, window=1.0, level=level)


def test_enrolment_waits_for_more_than_half_of_the_current_patients():
    assert not _call([6, 0], [0, 0], [3, 0], [1.5, 0], 0).wait
    call = _call([6, 0], [0, 0], [4, 0], [3.9, 0], 0)
    assert call.wait
    assert call.level == 0
    assert "wait: 4 of 6" in call.because


def test_toxicity_at_the_lowest_dose_waits_for_who_is_pending():
    call = _call([6, 0], [2, 0], [2, 0], [0.5, 0], 0)
    assert (call.level, call.stop, call.wait) == (0, False, True)


def test_exclusion_does_not_wait():
    # 3 DLTs in 3, and 3 pending: P(p > 0.3) is 0.874 for 3 of 6, 0.992 for 3 of 3.
    call = _call([3, 4, 0], [0, 4, 0], [0, 0, 0], [0, 0, 0], 1)
    assert call.level == 0
    call = _call([3, 8, 0], [0, 5, 0], [0, 3, 0], [0, 0, 0], 1)
    assert call.level == 0
    assert "excluded" in call.because


def test_without_pending_patients_it_is_boin():
    boin = Boin(3, 0.3)
    for outcomes in ("1NNN 2NNT", "1NNN 2NTT", "1NNT", "1TTT", "1NNN 2NNN 3NNT 3NNN"):
        seen = Outcomes.read(outcomes, doses=3)
        followed = Outcomes.read(outcomes, doses=3, weight=[1.0] * len(seen))
        for given in (seen, followed):
            found, expected = TiteBoin(boin).next(given), boin.next(given)
            assert (found.level, found.stop) == (expected.level, expected.stop)


def test_patients_with_weights_are_the_same_as_counts():
    seen = Outcomes.read("1NNN 2NNT 2NNN", doses=3, weight=[1] * 6 + [0.1, 0.2, 0.4])
    one = TiteBoin(Boin(3, 0.3)).next(seen)
    two = _call([3, 6, 0], [0, 1, 0], [0, 3, 0], [0, 0.7, 0], 1)
    assert (one.level, one.because) == (two.level, two.because)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pending": [0, 6]}, "found 1 with a DLT and 6 pending of 6"),
        ({"followup": [0, 4]}, "found 4 windows of follow-up for 3 pending"),
        ({"window": 0.0}, "window: found 0"),
        ({"y": [0]}, "y: found 1 values; give 2"),
        ({"level": 2}, "level: found 2; give a level from 0 to 1"),
    ],
)
def test_counts_that_do_not_fit_are_refused(change, says):
    given = {"pending": [0, 3], "followup": [0, 1.0], "window": 1.0, "level": 1}
    given = {"n": [3, 6], "y": [0, 1]} | given | change
    with pytest.raises(InputError) as caught:
        TiteBoin(Boin(2, 0.3)).with_pending(given.pop("n"), given.pop("y"), **given)
    assert says in str(caught.value)


def test_an_impossible_share_is_refused():
    with pytest.raises(InputError, match="most_pending: found 2"):
        TiteBoin(Boin(2, 0.3), 2)
