"""A recommendation keeps its limits, says why, and says nothing where nothing is acceptable."""

import numpy as np
import pytest
import xarray as xr

from myelodose.errors import InputError
from myelodose.forecast import Acceptable, recommend


def ahead(rows):
    """Options with given shares of 100 draws: (dose, delay, ready, long, recovered, burden)."""
    draws = np.arange(100) / 100
    flag = lambda k: np.array([draws < row[k] for row in rows])  # noqa: E731
    both, wide = ("option", "draw"), ("option", "lineage", "draw")
    none = np.zeros((len(rows), 100), bool)
    return xr.Dataset(
        {
            "ready": (both, flag(2)),
            "long_grade4": (both, flag(3)),
            "recovered": (both, flag(4)),
            "burden": (both, np.array([[row[5]] * 100 for row in rows])),
            "cells_left": (both, np.ones((len(rows), 100))),
            "relapse": (both, none),
            "clears": (both, none),
            "nadir_day": (wide, np.ones((len(rows), 3, 100))),
            "dose_mg": ("option", [float(row[0]) for row in rows]),
            "delay_d": ("option", [row[1] for row in rows]),
        },
        {"option": [f"{r[0]} mg, {r[1]} d" for r in rows], "lineage": ["ANC", "PLT", "Hb"]},
        {"status": "SIMULATED", "method": "hand"},
    )


SAFE = (10, 0, 0.9, 0.05, 0.95, 0.8)
STRONG = (20, 0, 0.9, 0.2, 0.9, 0.5)
HARSH = (25, 0, 0.9, 0.6, 0.5, 0.2)


def test_the_least_clone_within_the_limits_is_taken():
    found = recommend(ahead([SAFE, STRONG, HARSH]))
    assert found.option == "20 mg, 0 d"
    assert "2 of 3 options keep all limits" in found.because
    said = "long grade 4 60%, above 25%; not recovered 50%, above 25%"
    assert found.table.misses["25 mg, 0 d"] == said


def test_the_lowest_risk_may_be_the_aim():
    assert recommend(ahead([SAFE, STRONG]), Acceptable(aim="lowest risk")).option == "10 mg, 0 d"


def test_a_limit_on_the_clone_rules_out_what_is_too_weak():
    found = recommend(ahead([SAFE, STRONG]), Acceptable(aim="lowest risk", burden=0.6))
    assert found.option == "20 mg, 0 d"


def test_of_two_that_are_alike_the_safer_one_is_taken():
    close = (25, 7, 0.9, 0.24, 0.9, 0.49)
    assert recommend(ahead([STRONG, close])).option == "20 mg, 0 d"


def test_where_nothing_is_acceptable_nothing_is_recommended():
    found = recommend(ahead([HARSH]))
    assert found.option == ""
    assert "All 1 options break a limit" in found.because
    assert str(found).startswith("No option is acceptable.")


def test_closeness_to_a_limit_is_said():
    assert any("Monte Carlo" in one for one in recommend(ahead([STRONG])).cautions)
    far = recommend(ahead([(10, 0, 1.0, 0.0, 1.0, 0.8)]))
    assert not any("Monte Carlo" in one for one in far.cautions)


def test_what_is_simulated_says_so():
    assert recommend(ahead([SAFE])).cautions[0].startswith("SIMULATED")


@pytest.mark.parametrize("given", [{"ready": 1.2}, {"aim": "best"}, {"burden": 0.0}])
def test_limits_that_cannot_be_are_refused(given):
    with pytest.raises(InputError, match=next(iter(given))):
        Acceptable(**given)
