"""Patients differ by the standard deviations that are given, on the scale of the parameter."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.marrow.spread import spread_out
from myelodose.marrow.typical import virtual_population
from myelodose.marrow.values import TYPICAL

MANY = 5000


def test_the_given_spread_replaces_the_usual_one_and_no_other():
    usual = virtual_population(1, MANY)
    wide = virtual_population(1, MANY, spread={"kill_aza": 1.0})
    # 5000 patients: the standard error of an sd is 1 %.
    assert np.log(wide.clones.kill_aza).std() == pytest.approx(1.0, rel=0.04)
    assert np.array_equal(usual.lineages.set_point, wide.lineages.set_point)


def test_a_spread_of_zero_makes_all_alike():
    alike = virtual_population(1, 50, spread={"clone_share": 0.0})
    assert np.ptp(np.asarray(alike.clones.size)[0]) == 0


def test_a_share_that_was_fixed_varies_on_the_logit_scale():
    patient = virtual_population(1, MANY, spread={"arrest_max": 0.5})
    share = np.asarray(patient.clones.arrest_max)
    assert np.log(share / (1 - share)).std() == pytest.approx(0.5, rel=0.04)


def test_nobody_leaves_the_accepted_range():
    value = TYPICAL["kill_aza"]
    far = spread_out(value, np.array([-40.0, 40.0]))
    assert far.max() == value.high
    assert far.min() >= value.low


@pytest.mark.parametrize(
    ("name", "sd"), [("kill_azo", 0.5), ("kill_aza", 57.5), ("kill_aza", -1.0)]
)
def test_an_unknown_name_or_a_percentage_is_refused(name, sd):
    with pytest.raises(InputError, match=f"spread, {name}"):
        virtual_population(1, 5, spread={name: sd})
