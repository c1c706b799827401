"""The forecast's posterior is that of a full refit by NUTS, for patients of different courses."""

import numpy as np
import pytest

from forecast.refits import CASES, by_nuts, patient_of, stored
from myelodose.forecast import individual_posterior
from myelodose.forecast.coordinates import linked
from myelodose.forecast.course import NAMES

LEAST = 2500
"""Effective draws of a refit: the error of a mean is then 0.02 sd, beside the forecast's 0.025."""


@pytest.fixture(params=CASES, ids=lambda case: case.label)
def case(request):
    return request.param


@pytest.fixture
def full(case):
    return stored(case)


def test_means_agree_with_a_full_refit_by_nuts(case, full):
    """Within 0.1 of the posterior sd, for every parameter, with everything at its default."""
    him, people, own = patient_of(case)
    seen = [(one.day, one.what, pytest.approx(one.value, rel=1e-4)) for one in him.readings]
    assert seen == [tuple(one) for one in full.readings]
    assert full.parameters == [NAMES[k] for k in own.coordinates.place]
    assert full.ess > LEAST
    quick = individual_posterior(him, people, 7, prior=own)
    assert not quick.method.startswith("NUTS")
    values, weight = quick.weighted
    few = linked(own.coordinates, quick.values).mean(1)
    # All points, and the 200 draws that a forecast runs on.
    for mean in (linked(own.coordinates, values) @ weight, few):
        away = (mean - full.mean) / full.sd
        assert np.abs(away).max() < 0.1, away


@pytest.mark.slow
def test_the_stored_refit_is_what_nuts_finds(case, full):
    """With another seed: means within four of the errors of both."""
    _, _, own = patient_of(case)
    again = by_nuts(case, seed=10)
    x = linked(own.coordinates, again.weighted[0])
    error = np.sqrt(1 / again.tried[-1].ess + 1 / full.ess)
    away = (x.mean(1) - full.mean) / full.sd
    assert np.abs(away).max() < 4 * error, away
    assert x.std(1) == pytest.approx(full.sd, rel=0.1)
