"""BOIN12: the published table, and the branches of its decision."""

from typing import Any

import numpy as np
import pytest

from designs.cases import family
from myelodose.designs import STOP, Boin12, rank_desirability
from myelodose.designs.seen import Seen
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes

DESIGN = Boin12(doses=5, toxicity=0.35, efficacy=0.25)


@pytest.mark.parametrize("known", family("boin12_rds"))
def test_the_desirability_table_is_the_published_one(known):
    # Lin 2020, table 3, as escalation 0.2.3 computes it.
    given = known["inputs"]
    design = Boin12(
        5,
        given["phi_t"],
        given["phi_e"],
        tuple(given["u"]),
        toxic_above=given["c_t"],
        futile_above=given["c_e"],
        prior=tuple(given["prior"]),
    )
    table: Any = rank_desirability(design, given["sample_sizes"]).set_index(["n", "tox", "eff"])
    for n, tox, eff, admissible, rank in known["outputs"]["rows"]:
        row = table.loc[n, tox, eff]
        assert bool(row["admissible"]) == admissible
        if admissible:
            assert row["rank"] == rank
        else:
            assert np.isnan(row["rank"])


def test_utilities_that_do_not_add_up_need_the_joint_outcome():
    design = Boin12(5, 0.35, 0.25, utility=(100, 30, 50, 0))
    table: Any = rank_desirability(design, [1])
    assert "both" in table
    assert len(table) == 4
    with_both = table[(table.tox == 1) & (table.eff == 1)]
    assert with_both.both.tolist() == [1]


def test_the_benchmark_is_half_way_from_the_undesirable_utility():
    # 0.65 * 0.25 * 100 + 0.65 * 0.75 * 40 + 0.35 * 0.25 * 60 = 41
    assert pytest.approx((41 + 100) / 2) == DESIGN.benchmark


@pytest.mark.parametrize(
    ("outcomes", "level"),
    [
        ("", 0),
        # y / n >= lambda_d: down, and not below the lowest.
        ("1NNN 2NTT", 0),
        ("1NTT", 0),
        # Few patients: of three doses the most desirable, the untried one above.
        ("1NNN", 1),
        # An untried dose beats 1 response in 3, but not 3 in 3.
        ("1EEE", 0),
        # lambda_e < y / n < lambda_d and 6 patients: not up.
        ("1NNE 2NTN 2NTN", 0),
        ("1NNN 2ETE 2ETE", 1),
        # 9 patients, safe: the next dose, though nothing is better than this one.
        ("1EEE 1EEE 1EEE", 1),
        # The example of escalation's documentation.
        ("1NNN 2ENT 3ETT 2EEN", 1),
    ],
)
def test_the_next_dose_follows_table_2_of_the_paper(outcomes, level):
    assert DESIGN.next(Outcomes.read(outcomes, doses=5)).level == level


def test_a_futile_neighbourhood_stops_the_trial():
    design = Boin12(1, 0.35, 0.25)
    call = design.next(Outcomes.read("1NNNNNNNNNNNN", doses=1))
    assert call.stop
    assert call.level is None


def test_a_toxic_lowest_dose_stops_the_trial():
    call = DESIGN.next(Outcomes.read("1BBBB", doses=5))
    assert call.stop
    assert call.level is None


def test_doses_above_one_that_is_too_toxic_are_not_admissible():
    n, y = np.array([[3, 6, 0, 0, 0]]), np.array([[0, 6, 0, 0, 0]])
    seen = Seen(n, y, n * 0, n * 0)
    assert DESIGN.admissible(seen)[0].tolist() == [True, False, False, False, False]
    assert DESIGN.decide(seen, np.array([0])).tolist() == [0]


def test_the_optimal_dose_is_no_higher_than_the_mtd():
    n = np.array([[6, 6, 6, 0, 0]])
    y = np.array([[0, 2, 4, 0, 0]])
    e = np.array([[1, 3, 6, 0, 0]])
    seen = Seen(n, y, e, np.array([[0, 1, 4, 0, 0]]))
    assert DESIGN.pick(seen).tolist() == [1]
    nothing = Seen(*(n * 0,) * 4)
    assert DESIGN.pick(nothing).tolist() == [-1]
    assert DESIGN.decide(nothing, np.array([0])).tolist() == [0]


def test_patients_without_both_outcomes_do_not_count():
    seen = Outcomes((1, 2), (0, 0, 0), (0, 1, None), (0, 0, 0), efficacy=(1, None, None))
    counts = Boin12(2, 0.35, 0.25).counts(seen)
    assert [part[0, 0] for part in counts] == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"toxicity": 0}, "toxicity: found 0"),
        ({"utility": (90, 40, 60, 0)}, "utility: found (90, 40, 60, 0); give 100, two numbers"),
        ({"enough": 0}, "enough: found 0"),
        ({"prior": (0, 1)}, "prior: found (0, 1)"),
        ({"start": 5}, "start: found 5"),
    ],
)
def test_an_impossible_design_is_refused(change, says):
    with pytest.raises(InputError) as caught:
        Boin12(**({"doses": 5, "toxicity": 0.35, "efficacy": 0.25} | change))
    assert says in str(caught.value)


def test_a_stop_is_a_stop_in_a_batch_too():
    n, y = np.array([[4, 0], [4, 0]]), np.array([[4, 0], [0, 0]])
    design = Boin12(2, 0.35, 0.25)
    seen = Seen(n, y, n * 0, n * 0)
    assert design.decide(seen, np.zeros(2, int)).tolist()[0] == STOP
