"""The dose-toxicity function."""

import numpy as np
import pytest

from myelodose.precision import float64
from myelodose.toxicity import logit_dlt_risk


def test_at_the_reference_dose_the_slope_does_not_matter():
    with float64():
        values = logit_dlt_risk(20.0, -1.3, np.array([-2.0, 0.0, 3.0]), dose_reference=20.0)
    assert values.tolist() == [-1.3] * 3


def test_it_is_a_line_in_log_dose_with_slope_b():
    doses = np.array([5.0, 10.0, 20.0, 40.0])
    with float64():
        values = np.asarray(logit_dlt_risk(doses, 0.2, np.log(1.7), dose_reference=20.0))
    assert np.diff(values) == pytest.approx(1.7 * np.log(2))


def test_the_unit_of_the_dose_cancels():
    with float64():
        mg = logit_dlt_risk(15.0, 0.1, 0.5, dose_reference=20.0)
        ug = logit_dlt_risk(15e3, 0.1, 0.5, dose_reference=20e3)
    assert float(mg) == pytest.approx(float(ug), rel=1e-12)
