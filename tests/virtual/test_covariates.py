"""Printed values of the trial's patients are used; what is drawn never passes for printed."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.virtual.covariates import (
    drawn_covariates,
    karyotype_kind,
    loses_17p,
    trial_covariates,
)


def test_printed_values_are_the_same_for_every_seed_and_drawn_ones_are_not():
    one, other = trial_covariates(1), trial_covariates(2)
    for name in ("dose_mg", "induction_cycles", "maintenance_cycles"):
        assert np.array_equal(one[name], other[name])
    known = [i for i in range(19) if i not in (2, 10)]
    assert np.array_equal(one.tp53_mutated[known], other.tp53_mutated[known])
    assert not np.array_equal(one.body_surface_area_m2, other.body_surface_area_m2)


def test_the_printed_counts_of_the_paper_come_out():
    data = trial_covariates(3)
    known = [i for i in range(19) if i not in (2, 10)]
    assert int(data.tp53_mutated[known].sum()) == 11  # F30: 11 of 17
    assert (data.karyotype[:19] == "complex").sum() == 15  # F35: all but 4, 6, 10, 19
    assert (data.karyotype[:19] == "isolated").sum() == 3  # F34
    assert np.unique(data.dose_mg, return_counts=True)[1].tolist() == [4, 4, 6, 6]
    assert int(data.untreated.sum()) == 9  # F36
    assert int(np.median(data.induction_cycles)) == 2  # F42


def test_17p_is_lost_in_patient_13_and_not_in_patient_15():
    lost = trial_covariates(1).loss_of_17p.values
    assert bool(lost[12])  # F74
    assert not bool(lost[14])  # F73: none printed


@pytest.mark.parametrize(
    ("karyotype", "lost"),
    [
        ("+11, -17", True),
        ("der(17)t(5;17)(q13;p13)", True),
        ("t(4;17)(q12;q11.2), -7", False),
        ("+17p, del(18q)", False),
        ("None", False),
    ],
)
def test_loss_of_17p_is_read_from_the_karyotype(karyotype, lost):
    assert loses_17p(karyotype) is lost


def test_two_aberrations_are_complex():
    assert karyotype_kind("dic(6;18)(p23;p11.1)del(18)(q21), +8") == "complex"


def test_drawn_covariates_have_the_shares_and_ranges_that_they_state():
    data = drawn_covariates(1, 20_000)
    assert float(data.tp53_mutated.mean()) == pytest.approx(11 / 17, abs=0.015)
    assert float((data.karyotype == "complex").mean()) == pytest.approx(0.8, abs=0.012)
    assert float(data.creatinine_clearance_ml_per_min.median()) == pytest.approx(77.9, rel=0.02)
    assert data.body_surface_area_m2.min() >= 1.5
    assert not bool((data.loss_of_17p & ~data.tp53_mutated).any())
    assert data.attrs["status"].startswith("SIMULATED")


def test_no_patient_is_refused():
    with pytest.raises(InputError, match="patients"):
        drawn_covariates(1, 0)
