"""The same doses in other orders: what the model says, and only of the same patients."""

import math

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.marrow.typical import virtual_population
from myelodose.virtual.covariates import drawn_covariates
from myelodose.virtual.population import Population
from myelodose.virtual.sequences import arrangement, compare_sequences


def population(values: dict | None = None) -> Population:
    patient = virtual_population(1, 60, values=values)
    return Population(patient, drawn_covariates(1, 60), 1, "medians")


@pytest.fixture(scope="module")
def grid():
    return compare_sequences(population(), doses_mg=(10.0, 20.0), gaps_d=(0,))


def test_doses_are_the_same_in_every_arrangement():
    totals = {
        (order, gap): arrangement(order, gap, 20).total_dose_mg("lenalidomide")
        for order, gap in (("concurrent", 0), ("sequential", 7), ("reverse", 14))
    }
    assert set(totals.values()) == {280.0}


def test_sequential_leaves_fewer_clonal_cells_than_concurrent(grid):
    """R11, at day 56 in every dose."""
    left = grid.clone_left
    assert (left.sel(arrangement="sequential, gap 0 d") < left.sel(arrangement="concurrent")).all()


def test_more_lenalidomide_leaves_less_clone(grid):
    assert (grid.clone_left.sel(dose=20.0) < grid.clone_left.sel(dose=10.0)).all()


def test_without_arrest_feedback_and_rest_the_order_leaves_the_same_share():
    """The invariant of R11: kills that do not see each other commute, in the ratio of clones."""
    none = {"arrest_max": 0.0, "capacity": math.inf, "rest_share": 0.0}
    grid = compare_sequences(population(none), doses_mg=(20.0,), gaps_d=(0,))
    assert np.ptp(grid.share_left.values) < 0.01


def test_it_says_that_orders_are_assumptions(grid):
    assert grid.attrs["status"].startswith("SIMULATED")
    assert "model alone" in grid.attrs["assumed"]


@pytest.mark.parametrize(("order", "gap"), [("first", 0), ("concurrent", 3), ("sequential", 30)])
def test_an_arrangement_that_cannot_be_is_refused(order, gap):
    with pytest.raises(InputError):
        arrangement(order, gap, 20)
