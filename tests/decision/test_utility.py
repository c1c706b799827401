"""The utility is the sum that it says it is."""

import pytest
import xarray as xr

from myelodose.decision.utility import Utility
from myelodose.errors import InputError

VALUE = xr.DataArray(
    [0.3, 0.1, 0.5, 0.2],
    dims="quantity",
    coords={"quantity": ["response", "complete", "cells_fall", "grade4_long"]},
)
RISK = xr.DataArray([0.1, 0.4], dims="regimen")


def test_benefit_minus_harm():
    weights = Utility(response=1.0, complete=0.5, cells_fall=0.2, dlt=2.0, grade4_long=0.5)
    expected = 0.3 + 0.05 + 0.1 - 0.1
    assert weights.of(VALUE, RISK).values == pytest.approx([expected - 0.2, expected - 0.8])


def test_the_formula_is_told_and_zero_weights_are_not():
    assert Utility().describe() == "utility = P(response) - P(DLT)"
    assert "grade 4" in Utility(grade4_long=0.3).describe()


@pytest.mark.parametrize("wrong", [{"dlt": -1.0}, {"response": 0.0}, {"dlt": float("nan")}])
def test_weights_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match="Utility"):
        Utility(**wrong)
