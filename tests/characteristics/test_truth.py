"""True risks are read from lists, tables, mappings and labelled data alike."""

import numpy as np
import pytest
import xarray as xr

from myelodose.characteristics.truth import read_truth
from myelodose.designs import Boin

DESIGN = Boin((10, 20), 0.3)
ROWS = [[0.1, 0.2], [0.3, 0.4]]


@pytest.mark.parametrize(
    "truth",
    [
        ROWS,
        np.array(ROWS),
        {"1": ROWS[0], "2": ROWS[1]},
        xr.DataArray(ROWS, {"scenario": ["1", "2"]}, ("scenario", "dose")),
        xr.DataArray(np.transpose(ROWS), {"scenario": ["1", "2"]}, ("level", "scenario")),
    ],
)
def test_the_same_scenarios_in_any_form(truth):
    found = read_truth(truth, DESIGN, "here")
    assert found.names == ("1", "2")
    assert found.risk.tolist() == ROWS
    assert not found.single


@pytest.mark.parametrize("truth", [ROWS[0], xr.DataArray(ROWS[0], dims="dose")])
def test_one_unnamed_scenario_is_single(truth):
    found = read_truth(truth, DESIGN, "here")
    assert found.single
    assert found.risk.tolist() == [ROWS[0]]
