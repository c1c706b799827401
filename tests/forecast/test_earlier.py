"""A posterior that starts from the one before is the one that is found anew, and sooner."""

from dataclasses import replace

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.forecast import People, individual_posterior, prior_of, simulate_patient
from myelodose.forecast.coordinates import linked
from myelodose.regimen import platzbecker2013
from myelodose.virtual import prior_draws

PEOPLE = People(prior_draws(1, 2000))
HIM = simulate_patient(PEOPLE, 12, platzbecker2013(20)).seen


@pytest.fixture(scope="module")
def prior():
    return prior_of(PEOPLE, HIM, 3)


@pytest.fixture(scope="module")
def before(prior):
    return individual_posterior(HIM.until(21), PEOPLE, 4, prior=prior)


def test_the_next_posterior_is_the_one_found_anew(prior, before):
    anew = individual_posterior(HIM, PEOPLE, 5, prior=prior)
    later = individual_posterior(HIM, PEOPLE, 6, prior=prior, before=before)
    assert later.tried[0].method == "his posterior before, round 1"
    assert len(later.tried) < len(anew.tried)
    (x, v), (y, w) = anew.weighted, later.weighted
    a, b = linked(prior.coordinates, x), linked(prior.coordinates, y)
    middle = a @ v
    sd = np.sqrt((a - middle[:, None]) ** 2 @ v)
    # Each mean is known to 0.025 sd; four of the errors of a difference, 21 parameters.
    assert np.abs((b @ w - middle) / sd).max() < 4 * np.hypot(anew.error, later.error)
    error = np.hypot(1 / np.sqrt(anew.tried[-1].ess), 1 / np.sqrt(later.tried[-1].ess))
    assert later.log_evidence == pytest.approx(anew.log_evidence, abs=5 * error)


def test_without_a_new_reading_nothing_has_to_be_weighted(prior, before):
    again = individual_posterior(HIM.until(21), PEOPLE, 7, prior=prior, before=before)
    # Its points have its density, up to the rounding of single precision in the course.
    assert again.tried[0].ess > 0.99 * 1500
    assert len(again.tried) == 2  # one round alone is never enough


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"creatinine_clearance_ml_per_min": 50.0}, "other covariates"),
        ({"doses": HIM.doses[:3] + HIM.doses[4:]}, "other doses before day 21"),
        ({"readings": HIM.readings[1:]}, "1 readings that are not there now"),
    ],
)
def test_a_posterior_of_another_patient_is_refused(prior, before, change, found):
    with pytest.raises(InputError, match=found):
        individual_posterior(replace(HIM, **change), PEOPLE, 5, prior=prior, before=before)


def test_a_posterior_from_another_population_is_refused(prior, before):
    other = People(prior_draws(2, 500))
    with pytest.raises(InputError, match="another population"):
        individual_posterior(HIM, other, 5, before=before)


def test_it_is_not_used_where_its_density_is_not_known(prior, before):
    unknown = replace(before, log_evidence=float("nan"))
    found = individual_posterior(HIM, PEOPLE, 5, prior=prior, before=unknown)
    assert found.tried[0].method == "draws of the population"
