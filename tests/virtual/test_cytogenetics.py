"""Assays of simulated clones read what is there, within their errors."""

import numpy as np
import pytest
import xarray as xr

from myelodose.errors import InputError
from myelodose.virtual.cytogenetics import (
    expected_vaf,
    molecular_relapse,
    read_cytogenetics,
    read_fish,
)


def course(*shares: float, patients: int = 1, mutated: float = 0.0, loss: bool = False):
    """Clone shares at readings 28 days apart, the same in every patient."""
    f = np.asarray(shares)[:, None] * np.ones(patients)
    values = np.stack([1 - f, f * (1 - mutated), f * mutated], 1)
    return xr.Dataset(
        {
            "clone_share": (("reading", "clone", "patient"), values),
            "loss_of_17p": ("patient", np.full(patients, loss)),
        },
        {"reading": 28 * np.arange(len(shares))},
    )


def test_a_clone_that_is_gone_is_a_complete_response_at_the_first_reading():
    read = read_cytogenetics(course(1.0, 0.0, 0.0), 1)
    assert (read.best[0], read.first[0], read.lost[0], read.duration_d[0]) == (2, 1, False, 28)


def test_a_clone_that_stays_is_no_response():
    read = read_cytogenetics(course(1.0, 1.0, 1.0), 1)
    assert (read.best[0], read.first[0]) == (0, 0)
    assert np.isnan(read.duration_d[0])


def test_a_response_ends_where_it_is_lost():
    read = read_cytogenetics(course(1.0, 0.0, 0.0, 1.0, 1.0), 1)
    assert (read.duration_d[0], bool(read.lost[0])) == (56, True)


def test_only_readings_within_treatment_make_the_best_response():
    late = course(1.0, 1.0, 0.0)
    assert read_cytogenetics(late, 1, within=1).best[0] == 0
    assert read_cytogenetics(late, 1, within=2).best[0] == 2


def test_complete_is_a_limit_of_detection():
    """At a share of 5 % all 22 metaphases are normal with probability 0.95^22 = 0.32."""
    read = read_cytogenetics(course(0.9, 0.05, patients=20_000), 1)
    assert (read.best == 2).mean() == pytest.approx(0.95**22, abs=0.015)


def test_fish_reads_the_share_and_its_false_positives():
    seen = read_fish(course(0.8, 0.0, patients=20_000), 1)
    assert seen.mean(1) == pytest.approx([0.03 + 0.97 * 0.8, 0.03], abs=0.003)


def test_vaf_depends_on_the_other_copy_of_17p():
    both = expected_vaf(course(0.8, 0.8, mutated=0.5))
    lost = expected_vaf(course(0.8, 0.8, mutated=0.5, loss=True))
    assert both[0, 0] == pytest.approx(0.2)
    assert lost[0, 0] == pytest.approx(0.4 / 1.6)


def test_molecular_relapse_needs_a_fall_before_the_rise():
    assert molecular_relapse(course(0.8, 0.0, 0.8, mutated=1.0)).tolist() == [True]
    assert molecular_relapse(course(0.8, 0.5, 0.8, mutated=1.0)).tolist() == [False]
    assert molecular_relapse(course(0.0, 0.5, 0.8, mutated=1.0)).tolist() == [False]


def test_one_reading_is_refused():
    with pytest.raises(InputError, match="one reading"):
        read_cytogenetics(course(1.0), 1)
