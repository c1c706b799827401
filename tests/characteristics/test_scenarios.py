"""Sets of true curves are increasing, hold the target where they say, and repeat with a seed."""

import numpy as np
import pytest

from myelodose.characteristics import (
    exact,
    logistic_scenarios,
    random_scenarios,
    scenarios_from_draws,
)
from myelodose.designs import Boin
from myelodose.errors import InputError

MG = (10, 15, 20, 25)


def test_logistic_curves_hold_the_target_at_their_mtd():
    curves = logistic_scenarios(MG, target=0.25)
    for dose in MG:
        assert curves.sel(scenario=f"MTD {dose}", dose=dose).item() == pytest.approx(0.25)
    assert (curves.sel(scenario="all too toxic") > 0.25).all()
    assert (curves.sel(scenario="all too safe") < 0.25).all()
    assert (curves.diff("dose") > 0).all()


def test_random_curves_increase_and_repeat():
    one, two = (random_scenarios(MG, target=0.3, count=400, seed=3) for _ in range(2))
    assert one.equals(two)
    assert not one.equals(random_scenarios(MG, target=0.3, count=400, seed=4))
    assert (one.diff("dose") > 0).all()
    nearest = np.abs(one.values - 0.3).argmin(1)
    share = np.bincount(nearest, minlength=4) / 400
    assert share == pytest.approx(0.25, abs=0.1)


def test_curves_out_of_a_posterior_are_whole_draws():
    draws = np.sort(np.random.default_rng(1).random((101, 4)), axis=1)
    curves = scenarios_from_draws(draws, MG, quantiles=(0.5,), at=2)
    assert curves.sel(scenario="mean").values == pytest.approx(draws.mean(0))
    chosen = curves.sel(scenario="quantile 0.5").values
    assert chosen[2] == pytest.approx(np.median(draws[:, 2]))
    assert any((draw == chosen).all() for draw in draws)


def test_scenarios_go_straight_into_exact():
    found = exact(Boin(MG, 0.25), logistic_scenarios(MG, target=0.25), cohorts=6)
    assert found.scenario.size == 6
    best = found.selected.sel(scenario=[f"MTD {d}" for d in MG]).argmax("level")
    assert best.values.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: logistic_scenarios(MG, target=1.0), "target: found 1.0"),
        (lambda: logistic_scenarios(MG, target=0.2, slope=0), "slope: found 0"),
        (lambda: random_scenarios(MG, target=0.2, count=0, seed=1), "count: found 0"),
        (lambda: scenarios_from_draws(np.zeros((3, 2)), MG), "found draws of shape (3, 2)"),
    ],
)
def test_what_cannot_be_is_refused(make, says):
    with pytest.raises(InputError) as caught:
        make()
    assert says in str(caught.value)
