"""Summed metaphases say what drawn ones say."""

import numpy as np
import pytest
import xarray as xr

from myelodose.decision.metaphases import metaphase_response
from myelodose.virtual.cytogenetics import read_cytogenetics


def test_it_is_the_mean_of_what_read_cytogenetics_draws():
    """50,000 draws of each pair: five standard errors are below 0.012."""
    pairs = [(0.9, 0.4), (0.6, 0.05), (0.3, 0.3), (0.1, 0.0)]
    for before, after in pairs:
        share = np.zeros((2, 3, 50_000))
        share[:, 1] = np.array([before, after])[:, None]
        events = xr.Dataset(
            {"clone_share": (("reading", "clone", "patient"), share)}, {"reading": [0, 28]}
        )
        drawn = read_cytogenetics(events, 1)
        response, complete = metaphase_response(before, after)
        assert float(response) == pytest.approx(drawn.response[1].mean(), abs=0.012)
        assert float(complete) == pytest.approx(drawn.complete[1].mean(), abs=0.012)


def test_no_clone_before_is_no_response_and_complete_is_a_response():
    response, complete = metaphase_response(np.array([0.0, 0.5]), np.array([0.0, 0.1]))
    assert response[0] == complete[0] == 0
    assert 0 < complete[1] < response[1] < 1


def test_fewer_metaphases_call_more_responses_complete():
    assert metaphase_response(0.9, 0.05, metaphases=10)[1] > metaphase_response(0.9, 0.05)[1]
