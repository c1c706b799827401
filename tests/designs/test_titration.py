"""Accelerated titration: one patient a dose until the first DLT."""

import numpy as np
import pytest

from myelodose.designs import AcceleratedTitration, Boin, ThreePlusThree
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def _steps(design, text):
    """Next level and cohort size after each cohort of a trial."""
    found = []
    for seen in Outcomes.read(text, doses=design.labels).history():
        call = design.next(seen)
        n, y = design.counts(seen)
        size = int(design.size(n[None], y[None], np.array([call.level or 0]))[0])
        found.append("stop" if call.stop else (call.level, size))
    return found


def test_single_patients_go_up_until_the_first_dlt_and_3_plus_3_takes_over():
    design = AcceleratedTitration(ThreePlusThree(4))
    found = _steps(design, "1N 2N 3T 3NN 3NNN 4NTT")
    assert found[:6] == [(0, 1), (1, 1), (2, 1), (2, 2), (2, 3), (3, 3)]
    assert found[6] == "stop"


def test_a_titrated_dose_below_is_filled_up_when_it_comes_down():
    design = AcceleratedTitration(ThreePlusThree(3))
    assert _steps(design, "1N 2T 2NT 1NN 1NNN") == [(0, 1), (1, 1), (1, 2), (0, 2), (0, 3), "stop"]


def test_without_a_dlt_the_highest_dose_is_filled_up():
    design = AcceleratedTitration(ThreePlusThree(2))
    assert _steps(design, "1N 2N 2NN") == [(0, 1), (1, 1), (1, 2), "stop"]


def test_boin_goes_down_one_dose_after_the_dlt():
    # Yuan 2016: the dose below the first DLT is filled up to a cohort.
    design = AcceleratedTitration(Boin(4, 0.3))
    assert _steps(design, "1N 2N 3T") == [(0, 1), (1, 1), (2, 1), (1, 2)]


def test_titration_ends_at_its_last_level():
    design = AcceleratedTitration(Boin(4, 0.3), up_to=1)
    # BOIN goes up after 0 of 1; single patients are over.
    assert _steps(design, "1N 2N")[2] == (2, 3)


def test_switched_off_it_is_the_design_that_takes_over():
    design = AcceleratedTitration(ThreePlusThree(3), on=False)
    assert _steps(design, "1N 2N")[2] == (1, 2)
    assert design.ends


def test_an_unknown_last_level_is_refused():
    with pytest.raises(InputError, match="up_to: found 4; give a level from 0 to 3, or None"):
        AcceleratedTitration(ThreePlusThree(4), up_to=4)
