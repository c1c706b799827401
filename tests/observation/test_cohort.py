"""The simulated cohort is what its generator makes, and reads back as what was simulated."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from conftest import ROOT
from myelodose.errors import InputError
from myelodose.observation.cohort import COHORTS, Assays, simulate_cohort
from myelodose.records import covariate_table, observations, read_records

FOLDER = ROOT / "data" / "simulated"


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(5, cohorts={20.0: 30, 25.0: 30}, cycles=2)


def test_the_files_are_what_the_generator_makes(tmp_path):
    spec: Any = importlib.util.spec_from_file_location("make_cohort", FOLDER / "make_cohort.py")
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    generator.main(tmp_path)
    for name in ("marrow-cohort.csv", "marrow-cohort-truth.csv"):
        assert (tmp_path / name).read_text() == (FOLDER / name).read_text(), name


def test_the_table_reads_without_a_fault_and_has_the_cohorts_of_the_trial():
    records = read_records(FOLDER / "marrow-cohort.csv", name="simulated cohort")
    known = covariate_table(records)
    assert known.DOSE.value_counts().to_dict() == COHORTS
    assert set(observations(records).observed.values) == {"ANC", "PLT", "Hb", "FISH", "VAF"}


def test_counts_err_around_the_truth_as_the_assay_says(cohort):
    records = read_records(cohort.table)
    seen = observations(records, "Hb")
    day = (seen.time_h.values / 24).astype(int)
    truth = cohort.course["count"].sel(lineage="Hb").transpose("patient", "day").values
    error = np.log(seen.value.values / truth[seen.patient.values.astype(int) - 1, day])
    sd = Assays().count_sd[2]
    # About 780 values: the standard error of a standard deviation is 2.5 % of it.
    assert abs(error.std() / sd - 1) < 0.12
    assert abs(error.mean()) < 4 * sd / np.sqrt(error.size)


def test_shares_err_around_the_truth(cohort):
    seen = observations(read_records(cohort.table), "FISH")
    day = (seen.time_h.values / 24).astype(int)
    share = cohort.course.clone_share.transpose("patient", "day", "clone").values
    clone = share[seen.patient.values.astype(int) - 1, day, 1:].sum(-1)
    away = seen.value.values / seen.trials.values - (0.03 + 0.97 * clone)
    variance = 0.25 * (1 + 199 * 0.01) / 200
    assert abs(away.mean()) < 4 * np.sqrt(variance / away.size)


def test_a_limit_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="lloq"):
        Assays(lloq=(-1.0, 5.0))
