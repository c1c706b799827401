import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.inference.marginal import observed, parameters
from myelodose.inference.marginal.observed import LEFT_OUT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "poisson"}, "kind: found .*poisson"),
        ({"y": [1.0, np.nan]}, "y: found"),
        ({"patient": [0, 2]}, "patient: found"),
        ({"label": [0, 1]}, "label: found"),
        ({"censored": [0, 3]}, "censored: found"),
        ({"censoring": "M5"}, "censoring: found"),
        ({"kind": "log-normal", "y": [1.0, 0.0]}, "found 0 with log-normal"),
    ],
)
def test_what_cannot_be_observed_is_refused(change, message):
    given = {"y": [1.0, 2.0], "patient": [0, 1], "kind": "additive"} | change
    y, patient = given.pop("y"), given.pop("patient")
    with pytest.raises(InputError, match=message):
        observed(y, patient, **given)


def test_m1_leaves_censored_values_out_and_keeps_their_places():
    data = observed([1.0, 0.5], [0, 0], censored=[0, 1], censoring="M1")
    assert data.censored.tolist() == [0, LEFT_OUT]
    assert (data.used, data.normal, data.plain) == (1, 1, True)


def test_only_measured_values_count_for_the_constant():
    data = observed([1.0, 0.5, 2.0], [0, 0, 0], censored=[0, 1, -1])
    assert (data.used, data.normal, data.plain) == (3, 1, False)


def test_a_negative_sigma_is_refused():
    with pytest.raises(InputError, match="sigma: found"):
        parameters(None, omega=[[1.0]], sigma=-0.1)
