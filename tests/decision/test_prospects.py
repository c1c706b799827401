"""One simulation gives risk and benefit, and its risk is that of `virtual.dlt_risk`."""

import numpy as np
import pytest

from myelodose.decision.prospects import QUANTITIES, prospects
from myelodose.errors import InputError
from myelodose.regimen import platzbecker2013, viola
from myelodose.virtual import (
    NO_HOLD,
    DltRule,
    dlt_risk,
    drawn_covariates,
    hazard_draws,
    prior_draws,
    virtual_patients,
)

REGIMENS = {f"{dose} mg": platzbecker2013(dose) for dose in (10, 25)}


@pytest.fixture(scope="module")
def people():
    return virtual_patients(1, drawn_covariates(2, 20), draws=prior_draws(3, 12))


@pytest.fixture(scope="module")
def found(people):
    return prospects(people, REGIMENS, DltRule(), hazard_draws(4, 12))


@pytest.mark.slow
def test_the_risk_by_cause_and_its_error_are_those_of_dlt_risk(people, found):
    risk = dlt_risk(people, REGIMENS, DltRule(), hazard_draws(4, 12))
    for name in ("p", "error", "patients"):
        np.testing.assert_allclose(found[name].values, risk[name].values, atol=1e-12)
    assert found.attrs == risk.attrs


def test_more_lenalidomide_takes_more_clone_and_gives_less_of_the_plan(found):
    mean = found.value.mean("draw")
    low, high = mean.sel(regimen="10 mg"), mean.sel(regimen="25 mg")
    for name in ("cells_fall", "share_fall", "response", "grade4_long"):
        assert low.sel(quantity=name) < high.sel(quantity=name), name
    assert low.sel(quantity="dose_intensity") > high.sel(quantity="dose_intensity")


def test_every_probability_lies_between_0_and_1(found):
    inside = found.value.drop_sel(quantity=["cells_fall", "share_fall"])
    assert ((inside >= 0) & (inside <= 1)).all()
    assert list(found["quantity"].values) == list(QUANTITIES)


def test_other_patients_differ_by_what_the_errors_say(found):
    others = virtual_patients(11, drawn_covariates(12, 20), draws=prior_draws(3, 12))
    again = prospects(others, {"25 mg": REGIMENS["25 mg"]}, DltRule(), hazard_draws(4, 12))
    for name in ("cells_fall", "response", "dose_intensity"):
        asked = {"regimen": "25 mg", "quantity": name}
        apart = found.value.sel(asked) - again.value.sel(asked)
        error = np.hypot(found.value_error.sel(asked), again.value_error.sel(asked))
        # The mean square of 12 standardised differences: chi-square with 12 degrees of freedom
        # over 12, below 0.2 or above 3 once in a thousand.
        assert 0.2 < float(((apart / error) ** 2).mean()) < 3, name


def test_a_drug_that_is_never_held_is_given_whole(people):
    one = prospects(people, {"25 mg": REGIMENS["25 mg"]}, DltRule(), hold=NO_HOLD)
    held = prospects(people, {"25 mg": REGIMENS["25 mg"]}, DltRule())
    both = [x.value.sel(quantity="dose_intensity").mean() for x in (one, held)]
    assert both[0] > both[1]


def test_what_cannot_be_is_refused(people):
    with pytest.raises(InputError, match="found none"):
        prospects(people, {}, DltRule())
    with pytest.raises(InputError, match="found 3 for 12 draws"):
        prospects(people, REGIMENS, DltRule(), hazard_draws(1, 3))
    with pytest.raises(InputError, match="a cycle of 42 d with a rule for 28 d"):
        prospects(people, {"VIOLA": viola(10)}, DltRule())
