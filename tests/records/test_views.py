"""Records patient by patient, and their summary."""

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from myelodose.errors import InputError
from myelodose.records import (
    covariate_table,
    describe,
    example_records,
    observations,
    of_patient,
    patients,
)
from records.tables import TWO, read


def test_patients_stand_in_the_order_of_the_table():
    assert patients(read(TWO.replace("2 ", "0 "))) == ["1", "0"]


def test_covariates_are_one_row_a_patient():
    assert covariate_table(read(TWO)).to_dict("index") == {"1": {"WT": 70.0}, "2": {"WT": 60.0}}


def test_a_covariate_that_changes_is_refused_where_it_does():
    records = read(TWO.replace("3.5  0    60", "3.5  0    61"))
    says = r"table, row 4, column 'WT': found '61.0' after '60.0' in patient 2; use it record by"
    with pytest.raises(InputError, match=says):
        covariate_table(records)
    assert covariate_table(records, changing="first").WT.tolist() == [70, 60]


def test_a_missing_covariate_that_was_allowed_is_not_one_that_changes():
    records = read(TWO.replace("60", "."), allow="covariate missing")
    assert np.isnan(covariate_table(records).WT["2"])


def test_observations_are_the_records_with_a_value():
    records = read(TWO, observed="concentration")
    assert observations(records).value.values.tolist() == [2.5, 3.5]
    assert observations(records, "concentration").row.values.tolist() == [2, 4]
    with pytest.raises(InputError, match="found 'neutrophils'; give one of concentration"):
        observations(records, "neutrophils")


def test_one_patient_is_found_by_label():
    assert of_patient(read(TWO), "2").row.values.tolist() == [3, 4]
    with pytest.raises(InputError, match="found '3'; give one of 1, 2"):
        of_patient(read(TWO), "3")


def test_a_summary_counts_further_doses_and_censored_values():
    table = describe(
        read(
            """
            ID TIME AMT ADDL II DV CENS DVID
            1  0    9   3    24 .  .    .
            1  1    .   .    .  2  0    pk
            1  9    .   .    .  1  1    pk
            1  99   .   .    .  7  0    pd
            2  0    9   .    .  .  .    .
            2  2    .   .    .  4  0    pk
            """
        )
    )
    assert table.loc["pk"].to_dict() == {
        "patients": 2, "doses": 5, "observations": 3, "per patient": 1.5, "censored %": 33.3,
        "first h": 1, "last h": 9, "median": 3, "least": 2, "greatest": 4,
    }  # fmt: skip
    assert table["patients"].to_list() == [1, 2]
    assert table["observations"].to_list() == [1, 3]


@pytest.mark.parametrize(
    ("name", "numbers"),
    # Subjects and samples: R 4.2 help pages of Theoph, Indometh and nlme::Phenobarb.
    [("theophylline", (12, 132)), ("phenobarbital", (59, 155)), ("indometacin", (6, 66))],
)
def test_the_published_data_are_whole(name, numbers):
    table = describe(example_records(name)).loc["concentration"]
    assert (table["patients"], table["observations"]) == numbers


def test_an_unknown_example_is_refused():
    with pytest.raises(InputError, match="found 'warfarin'; give one of theophylline, phenobarb"):
        example_records("warfarin")


def test_the_theophylline_table_has_the_numbers_of_the_source():
    """tests/reference/pk_theophylline.csv, as R distributes it: dose in mg/kg, weight, samples."""
    source = pd.read_csv(ROOT / "tests/reference/pk_theophylline.csv", dtype={"Subject": str})
    records = example_records("theophylline")
    seen = observations(records)
    np.testing.assert_array_equal(seen.value, source.conc)
    np.testing.assert_array_equal(seen.time_h, source.Time)
    assert seen.patient.values.tolist() == source.Subject.tolist()
    first = source.drop_duplicates("Subject")
    given = records.amount.values[records.evid.values == 1]
    np.testing.assert_allclose(given, first.Dose * first.Wt, rtol=1e-14)
    assert covariate_table(records).WT.tolist() == first.Wt.tolist()
