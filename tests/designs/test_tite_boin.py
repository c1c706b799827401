"""TITE-BOIN: the package's examples, waiting, and BOIN once everyone was followed up."""

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from designs.cases import case
from myelodose.designs import Boin, TiteBoin
from myelodose.designs.follow_up import ESTIMATES, FollowUp
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

_ENDS = ("y_to", "pending_to")


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
    effective = FollowUp(n, y, pending, share).effective
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


def _call(n, y, pending, followup, level, *, design=None):
    design = TiteBoin(Boin(len(n), 0.3)) if design is None else design
    return design.with_pending(n, y, pending=pending, followup=followup, window=1.0, level=level)


def test_enrolment_waits_for_more_than_half_of_the_current_patients():
    assert not _call([6, 0], [0, 0], [3, 0], [1.5, 0], 0).wait
    call = _call([6, 0], [0, 0], [4, 0], [3.9, 0], 0)
    assert call.wait
    assert call.level == 0
    assert "wait: 4 of 6" in call.because


def test_toxicity_at_the_lowest_dose_waits_for_who_is_pending():
    seen = ([6, 0], [2, 0], [2, 0], [0.5, 0], 0)
    call = _call(*seen)
    assert (call.level, call.stop, call.wait) == (0, False, True)
    # The first paper has no such wait: the next cohort gets the lowest dose.
    call = _call(*seen, design=TiteBoin(Boin(2, 0.3), estimate="imputed"))
    assert (call.level, call.stop, call.wait) == (0, False, False)


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


def _published(target: float) -> pd.DataFrame:
    """Every state at the end of a cohort of three: Yuan et al. 2018, tables 1 and S1."""
    table = pd.read_csv(ROOT / "tests" / "reference" / "tite_boin_2018.csv")
    states = []
    for row in table.query("target == @target").to_dict("records"):
        most = {end: row["n"] if np.isnan(row[end]) else int(row[end]) for end in _ENDS}
        for y in range(row["y_from"], most["y_to"] + 1):
            last = min(most["pending_to"], row["n"] - y)
            pending = range(row["pending_from"], last + 1)
            states += [(row["n"], y, c, row["decision"], row["follow_up"]) for c in pending]
    names = ["n", "y", "pending", "decision", "follow_up"]
    return pd.DataFrame(states, columns=names).set_index(names[:3])


@pytest.mark.parametrize("target", [0.2, 0.3])
def test_the_published_tables_of_the_imputed_rate_are_met(target):
    # 320 states each; 17 and 38 of them with a bound on the follow-up, printed to 0.01.
    expected = _published(target)
    design = TiteBoin(Boin(3, target), estimate="imputed")
    found = design.pending_table(15).set_index(["n", "y", "pending"]).loc[expected.index]
    assert len(expected) == 320
    assert expected.follow_up.notna().sum() == (17 if target == 0.2 else 38)
    assert found.decision.tolist() == expected.decision.tolist()
    bound = found.escalate_from.fillna(found.deescalate_to)
    np.testing.assert_allclose(bound, expected.follow_up, atol=0.0051)


@pytest.mark.parametrize("estimate", ["effective", "imputed"])
def test_the_table_of_pending_patients_is_what_the_design_does(estimate):
    design = TiteBoin(Boin(3, 0.3), estimate=estimate)
    move = {"E": 2, "S": 1, "D": 0, "DU": 0}
    for row in design.pending_table(9).query("pending > 0").to_dict("records"):
        pending, up, down = row["pending"], row["escalate_from"], row["deescalate_to"]
        lowest, highest = np.nan_to_num(down), np.nan_to_num(up, nan=pending)
        for step in row["decision"].split("/"):
            # Just inside of the part of the follow-up where the table has this letter.
            inside = {"E": highest + 1e-6, "D": lowest - 1e-6}
            share = inside.get(step, (lowest + highest) / 2) if "/" in row["decision"] else 0.0
            share = np.clip(share, 0, pending)
            n, y, c, s = ([0, v, 0] for v in (row["n"], row["y"], pending, share))
            call = _call(n, y, c, s, 1, design=design)
            if step == "W":
                assert call.wait
            else:
                assert (call.level, call.wait) == (move[step], False)


def test_both_rates_are_the_observed_one_at_the_end_of_the_window():
    known = FollowUp(*(np.array([v], float) for v in (6, 2, 3, 3)))
    for estimate in ESTIMATES:
        assert known.rate(estimate, 0.3)[0] == pytest.approx(2 / 6)
        begun = known._replace(share=np.array([1.0])).rate(estimate, 0.3)[0]
        assert begun > 2 / 6


def test_an_unknown_estimate_is_refused():
    with pytest.raises(InputError, match="'effective' or 'imputed'"):
        TiteBoin(Boin(2, 0.3), estimate="other")  # pyrefly: ignore
