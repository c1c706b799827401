"""Priors: what they rest on, and what bad ones get."""

import numpy as np
import pytest
from scipy import stats

from myelodose.errors import InputError
from myelodose.literature import load_literature
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior, standard_prior


def test_the_lenalidomide_prior_is_the_one_in_the_data():
    rows = load_literature("priors").set_index("symbol").prior
    assert rows["log a"] == "Normal(logit 0.25, 2)"
    assert rows["log b"] == "Normal(0,1)"
    assert LENALIDOMIDE_PRIOR.mean == (pytest.approx(np.log(0.25 / 0.75)), 0)
    assert LENALIDOMIDE_PRIOR.sd == (2, 1)
    assert LENALIDOMIDE_PRIOR.dose_reference_mg == 20


def test_the_dose_range_is_that_of_the_related_trials():
    doses = [
        float(number)
        for text in load_literature("dlt_trials").len_dose_mg
        for number in [text]
        if text.replace(".", "", 1).isdigit()
    ]
    assert (min(doses), max(doses)) == LENALIDOMIDE_PRIOR.dose_range_mg


def test_covariance_is_that_of_sd_and_correlation():
    prior = LogisticPrior((0, 0), (2, 0.5), 1, "made up for this test", correlation=-0.4)
    draws = stats.multivariate_normal(prior.mean, prior.covariance).rvs(10, random_state=1)
    assert draws.shape == (10, 2)
    assert prior.covariance.tolist() == [[4, -0.4], [-0.4, 0.25]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sd": (0, 1)}, "sd: found (0, 1); give two numbers above 0"),
        ({"mean": (np.nan, 0)}, "mean: found"),
        ({"correlation": 1.0}, "correlation: found 1.0"),
        ({"dose_reference_mg": -1}, "dose_reference_mg: found -1; give a dose above 0 mg"),
        ({"dose_range_mg": (5, 5)}, "dose_range_mg: found (5, 5)"),
    ],
)
def test_an_impossible_prior_is_refused(change, says):
    fields = {"mean": (0, 0), "sd": (1, 1), "dose_reference_mg": 20, "source": ""} | change
    with pytest.raises(InputError) as caught:
        LogisticPrior(**fields)
    assert says in str(caught.value)


def test_a_risk_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"median_risk: found 1\.2"):
        standard_prior(20, median_risk=1.2)


def test_a_dose_outside_the_modelled_range_is_refused():
    with pytest.raises(
        InputError, match=r"there: found a dose of 200 mg outside the modelled range; .* 5 to 75"
    ):
        LENALIDOMIDE_PRIOR.check_doses(np.array([10.0, 200.0]), ["here", "there"])
    standard_prior(100).check_doses(np.array([0.1, 5000.0]), ["here", "there"])
