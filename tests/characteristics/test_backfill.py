"""Simulated BF-BOIN trials: the published characteristics, and BOIN where nobody waits."""

import numpy as np
import pytest

from designs.cases import case
from myelodose.characteristics import exact
from myelodose.characteristics.backfill import Accrual, simulate_backfill
from myelodose.designs import BackfillBoin, Boin
from myelodose.errors import InputError

RISK = [0.12, 0.25, 0.42, 0.49, 0.55]
RESPONSE = [0.2, 0.3, 0.4, 0.5, 0.6]


@pytest.fixture(scope="module")
def published():
    """Scenario 2 of Zhao 2024 as bfboin 0.1.1 simulates it, and here with more trials."""
    known = case("backfill_bfboin.scenario2")
    given = known["inputs"]
    boin = Boin(5, given["target"], given["p_saf"], given["p_tox"], stop_at=given["n_earlystop"])
    found = simulate_backfill(
        BackfillBoin(boin, given["n_cap"]),
        given["truth"],
        response=given["response"],
        accrual=Accrual(given["n_per_month"], given["dlt_window"]),
        cohorts=given["cohorts"],
        trials=12_000,
        seed=1,
    )
    return known, found


def test_the_characteristics_are_those_of_the_package_bfboin(published):
    known, found = published
    expected, within = known["outputs"]["bfboin_1000"], known["tolerance"]
    percent = 100 * found.selected.values
    assert percent == pytest.approx(expected["select"], abs=within["pct_points"])
    assert found.patients.values == pytest.approx(expected["npat"], abs=within["mean_n"])
    assert found["size"].item() == pytest.approx(expected["total"], abs=within["mean_n"])
    assert 100 * found.selected_none.item() == pytest.approx(expected["stop"], abs=1)
    assert found.months.item() == pytest.approx(expected["duration"], abs=0.3)


def test_the_correct_selection_is_that_of_the_paper(published):
    known, found = published
    paper, within = known["outputs"]["published"], known["tolerance"]["pct_points"]
    assert 100 * found.selected[1].item() == pytest.approx(paper["correct"], abs=within)
    assert 100 * found.selected[2:].sum().item() == pytest.approx(paper["overdose_sel"], abs=within)
    assert found["size"].item() == pytest.approx(paper["mean_n"], abs=0.6)


def _simulate(boin, response, per_month, **options):
    given = {"cohorts": 8, "trials": 6000, "seed": 2} | options
    accrual = Accrual(per_month, 1.0, "poisson")
    return simulate_backfill(BackfillBoin(boin), RISK, response=response, accrual=accrual, **given)


def test_without_responses_nobody_is_backfilled_and_it_is_boin():
    boin = Boin(5, 0.25)
    found, sure = _simulate(boin, [0.0] * 5, 3.0), exact(boin, RISK, cohorts=8)
    for name in ("selected", "patients", "dlts", "selected_none", "size"):
        gap = np.abs(found[name] - sure[name])
        assert (gap <= 4.5 * found[f"{name}_se"] + 1e-9).all(), name


def test_more_arrivals_mean_more_backfill_and_a_shorter_trial():
    few, many = (_simulate(Boin(5, 0.25), RESPONSE, rate, trials=800) for rate in (1.0, 6.0))
    assert many["size"] > few["size"] + 3
    assert many.months < few.months / 2


def test_the_same_seed_gives_the_same_trials():
    one, two, other = (
        _simulate(Boin(5, 0.25), RESPONSE, 3.0, trials=50, seed=seed) for seed in (7, 7, 8)
    )
    assert one.equals(two)
    assert not one.equals(other)


def test_certain_toxicity_and_certain_safety_are_simulated_too():
    boin = Boin(2, 0.25)
    for risk, none in (([1.0, 1.0], 1), ([0.0, 0.0], 0)):
        found = simulate_backfill(
            BackfillBoin(boin),
            risk,
            response=[1.0, 1.0],
            accrual=Accrual(2.0),
            cohorts=3,
            trials=20,
            seed=1,
        )
        assert found.selected_none.item() == none


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"response": [0.1]}, "response: found 1 probabilities; give 5"),
        ({"response": [0.1] * 4 + [1.4]}, "response: found 1.4"),
        ({"seed": None}, "found seed None"),
        ({"trials": 0}, "0 trials"),
        ({"truth": [0.1]}, "found 1 risks"),
    ],
)
def test_what_cannot_be_simulated_is_refused(change, says):
    given = {"truth": RISK, "response": RESPONSE, "accrual": Accrual(3.0), "cohorts": 3}
    given |= {"trials": 5, "seed": 1} | change
    with pytest.raises(InputError) as caught:
        simulate_backfill(BackfillBoin(Boin(5, 0.25)), given.pop("truth"), **given)
    assert says in str(caught.value)


def test_an_impossible_accrual_is_refused():
    with pytest.raises(InputError, match="per_month: found 0"):
        Accrual(0)
    with pytest.raises(InputError, match="kind: found 'steady'"):
        Accrual(3, 1, "steady")  # type: ignore[arg-type]
