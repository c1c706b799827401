"""Bands of one cycle, fast enough to drag."""

import numpy as np
import pytest

from myelodose.decision.bands import cycle_bands, people_with
from myelodose.errors import InputError
from myelodose.regimen import platzbecker2013, viola
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual import dlt_risk, hazard_draws, prior_draws

DRAWS = prior_draws(1, 4)


def bands_at(clearance: float, dose: float = 20):
    people = people_with(1, DRAWS, creatinine_clearance_ml_per_min=clearance)
    return cycle_bands(people, platzbecker2013(dose), DltRule(), hazard_draws(2, 4))


@pytest.mark.slow
def test_poor_kidneys_lower_counts_and_clone_and_raise_the_risk():
    well, poor = bands_at(120), bands_at(30)
    assert (
        poor["count"].sel(level=0.5).min("day") <= well["count"].sel(level=0.5).min("day")
    ).all()
    at = {"level": 0.5, "day": 29}
    assert poor.clone_share.sel(at) < well.clone_share.sel(at)
    assert poor.p_dlt.sel(cause="any") >= well.p_dlt.sel(cause="any")


@pytest.mark.slow
def test_the_risk_is_that_of_dlt_risk_and_bands_are_ordered():
    people, hazards = people_with(1, DRAWS), hazard_draws(2, 4)
    found = cycle_bands(people, platzbecker2013(20), DltRule(), hazards)
    risk = dlt_risk(people, {"a": platzbecker2013(20)}, DltRule(), hazards)
    mean = risk.p.mean("draw").isel(regimen=0, cycle=0)
    np.testing.assert_allclose(found.p_dlt.values, mean.values, atol=1e-9)
    assert (found["count"].diff("level") >= 0).all()
    planned = found.dosed.sel(drug="lenalidomide")
    assert found.day.values[planned.values].tolist() == list(range(6, 20))


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="10 to 250 mL/min"):
        people_with(1, DRAWS, creatinine_clearance_ml_per_min=1.2)
    with pytest.raises(InputError, match="a cycle of 42 d with a rule for 28 d"):
        cycle_bands(people_with(1, DRAWS), viola(10), DltRule())
