"""The transcribed data: whole, described, cited, consistent."""

import csv

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.literature import load_literature, read_provenance
from myelodose.paths import data_folder
from myelodose.trial import (
    clopper_pearson,
    counts_by_dose,
    dlt_counts,
    load_discrepancies,
    load_facts,
    load_trial,
)

FOLDERS = [data_folder() / "trials" / "platzbecker2013", data_folder() / "literature"]
FILES = [path for folder in FOLDERS for path in sorted(folder.glob("*.csv"))]


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_and_column_is_described_and_every_row_counted(path):
    described = read_provenance(path.parent)["files"][path.name]
    rows = rows_of(path)
    assert len(rows) == described["rows"]
    assert list(rows[0]) == list(described["columns"])
    assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_provenance_describes_no_file_that_is_not_there(folder):
    described = read_provenance(folder)
    assert set(described["files"]) == {path.name for path in folder.glob("*.csv")}
    assert described["licence"]
    assert described["citation"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_row_names_its_source_and_support(path):
    described = read_provenance(path.parent)["files"][path.name]
    columns = described["columns"]
    for row in rows_of(path):
        cited = row.get("source") or row.get("basis") or read_provenance(path.parent).get("doi")
        assert cited, row
        if "support" in columns:
            assert row["support"], row
        else:
            assert described["support"]


def test_all_facts_and_discrepancies_are_there():
    facts = load_facts()
    assert facts.fact_id.iloc[0] == "F01"
    assert facts.fact_id.iloc[-1] == "F75"
    assert facts.fact_id.is_unique
    assert load_discrepancies().discrepancy_id.tolist() == [f"D{i}" for i in range(1, 14)]


def test_the_trial_is_labelled(trial):
    assert trial.sizes == {"patient": 19, "dose": 4}
    assert trial.dose.values.tolist() == [10, 15, 20, 25]
    assert trial.n.values.tolist() == [4, 4, 6, 6]
    assert trial.dlt.values.tolist() == [0, 0, 1, 3]
    assert trial.attrs["doi"] == "10.1038/leu.2013.26"
    assert trial.len_dose_mg.attrs["units"] == "mg/day"
    assert "inferred" in trial.len_dose_mg.attrs["long_name"]
    assert trial.dlt.attrs["status"] == "inferred, inferred, printed, printed"
    assert trial.tp53.sel(patient=3) == "not evaluable"
    assert trial.best_haem_response.attrs["order"] == "PD < SD < PR < CRi < CR"


def test_tables_of_the_same_trial_agree(trial):
    related = load_literature("dlt_trials").set_index("trial_id").loc["platzbecker-2013"]
    assert related.len_dose_mg.astype(float).tolist() == trial.dose.values.tolist()
    assert related.n_treated.astype(int).tolist() == trial.n.values.tolist()
    assert related.n_dlt.astype(int).tolist() == trial.dlt.values.tolist()
    rows = [int((trial.len_dose_mg == dose).sum()) for dose in trial.dose]
    # The sixth patient at 25 mg was not evaluable for response (D5).
    assert rows == [4, 4, 6, 5]


def test_sensitivity_denominators_replace_the_printed_ones(trial):
    assert dlt_counts(trial, denominators="n_lowest").n.values.tolist() == [3, 3, 6, 6]


def test_an_unknown_trial_or_table_names_those_that_are_there():
    with pytest.raises(InputError, match="found no trial 'viola'; use platzbecker2013"):
        load_trial("viola")
    with pytest.raises(InputError, match="use dlt_trials, pd_parameters, pk_parameters, priors"):
        load_literature("pk")


@pytest.mark.parametrize(
    ("k", "n", "lower", "upper"),
    # Printed beside facts F10, F11, F50, F51, F54 and F55.
    [
        (5, 19, 0.091, 0.512),
        (8, 19, 0.203, 0.665),
        (3, 6, 0.118, 0.882),
        (1, 6, 0.004, 0.641),
        (9, 20, 0.231, 0.685),
        (7, 20, 0.154, 0.592),
    ],
)
def test_exact_intervals_match_the_transcribed_ones(k, n, lower, upper):
    assert np.round(clopper_pearson(k, n), 3).tolist() == [lower, upper]


def test_exact_intervals_end_at_zero_and_one():
    assert clopper_pearson(0, 4)[0] == 0
    assert clopper_pearson(4, 4)[1] == 1
    # One-sided at the ends: 1 - 0.025^(1/n).
    assert clopper_pearson(0, 4)[1] == pytest.approx(1 - 0.025**0.25)


def test_counts_by_dose_are_those_of_the_facts(trial):
    counts = counts_by_dose(trial)
    facts = load_facts().set_index("fact_id")
    for fact, outcome in (("F19", "haematologic response"), ("F20", "cytogenetic response")):
        assert ",".join(map(str, counts.events[outcome])) == facts.numerator[fact]
        assert ",".join(map(str, counts.patients[outcome])) == facts.denominator[fact]
