"""Predictive checks find data that the model does not make."""

import numpy as np
import pytest

from myelodose.diagnostics.predictive import predictive_check, predictive_tree
from myelodose.errors import InputError


@pytest.fixture(scope="module")
def simulated():
    return np.random.default_rng(1).normal(size=(1000, 50))


def test_data_of_the_model_lie_inside(simulated):
    table = predictive_check(simulated[0], simulated[1:])
    assert table.share_below.between(0.01, 0.99).all()
    assert list(table.index) == ["minimum", "median", "mean", "maximum", "sd"]


def test_data_with_more_spread_lie_outside(simulated):
    table = predictive_check(2 * simulated[0], simulated[1:])
    assert table.share_below["sd"] == 1.0
    assert 0.01 < table.share_below["mean"] < 0.99


def test_a_statistic_of_ones_own_counts(simulated):
    table = predictive_check(
        simulated[0], simulated, statistics={"below 0": lambda y: (y < 0).mean(axis=-1)}
    )
    assert table.observed["below 0"] == (simulated[0] < 0).mean()


def test_the_tree_is_one_that_arviz_draws(simulated):
    tree = predictive_tree(simulated[0], simulated, kind="prior")
    assert tree["prior_predictive"].attrs["simulated"] == "from the prior"
    assert tree["prior_predictive"]["y"].dims == ("chain", "draw", "obs")
    assert tree["observed_data"]["y"].dims == ("obs",)


def test_what_cannot_be_is_refused(simulated):
    with pytest.raises(InputError, match="simulation, obs"):
        predictive_check(simulated[0], simulated[0])
    with pytest.raises(InputError, match="no number"):
        predictive_check(np.full(50, np.nan), simulated)
    with pytest.raises(InputError, match="'posterior' or 'prior'"):
        predictive_tree(simulated[0], simulated, kind="both")
