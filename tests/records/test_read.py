"""What a table says is what the records hold."""

import json

import numpy as np
import pandas as pd
import pytest

from myelodose.errors import InputError
from myelodose.records import RecordsError, read_records
from records.tables import TWO, csv, frame, read

NONMEM = """
ID TIME AMT  RATE CMT EVID MDV SS II ADDL DV   DVID WT OCC
7  0    100  50   1   1    1   1  12 3    .    .    70 1
7  2    .    .    2   0    0   .  .  .    2.5  1    70 1
7  2    .    .    2   0    1   .  .  .    9.9  2    71 2
7  5    .    .    .   2    1   .  .  .    .    .    72 2
"""


def test_the_columns_of_nonmem_become_the_variables_of_a_record():
    records = read(NONMEM)
    got = {name: records[name].values.tolist() for name in records.data_vars}
    nan = pytest.approx(np.nan, nan_ok=True)
    assert got == {
        "patient": ["7"] * 4,
        "time_h": [0, 2, 2, 5],
        "evid": [1, 0, 0, 2],
        "amount": [100, 0, 0, 0],
        "compartment": [1, 2, 2, 1],
        "rate": [50, 0, 0, 0],
        "additional": [3, 0, 0, 0],
        "interval_h": [12, 0, 0, 0],
        "steady_state": [1, 0, 0, 0],
        "value": [nan, 2.5, nan, nan],
        "observed": ["", "1", "", ""],
        "censored": [0] * 4,
        "limit": [nan] * 4,
        "occasion": [1, 1, 2, 2],
        "WT": [70, 70, 71, 72],
    }
    assert json.loads(records.attrs["covariates"]) == ["WT"]
    assert records.attrs["carry"] == "backward"


def test_the_names_of_monolix_mean_the_same():
    records = read(
        """
        ID TIME AMOUNT Y   ADM TINF YTYPE CENS LIMIT AGE
        a  0    100    .   2   4    .     .    .     50
        a  1    .      0.2 .   .    pk    1    0.1   50
        a  3    .      9   .   .    pk    -1   .     50
        """
    )
    assert records.evid.values.tolist() == [1, 0, 0]
    assert records.rate.values.tolist() == [25, 0, 0]
    assert records.compartment.values.tolist() == [2, 1, 1]
    assert records.observed.values.tolist() == ["", "pk", "pk"]
    assert records.censored.values.tolist() == [0, 1, -1]
    np.testing.assert_array_equal(records.limit, [np.nan, 0.2, 9])
    np.testing.assert_array_equal(records.lower, [np.nan, 0.1, np.nan])
    assert "upper" not in records


def test_names_with_blanks_or_small_letters_or_a_hash_are_found():
    table = frame(TWO).rename(
        columns={"ID": "#ID", "TIME": "time", "AMT": "Amount", "EVID": "event id"}
    )
    assert read_records(table).evid.values.tolist() == [1, 0, 1, 0]


def test_your_own_names_are_given_by_standard_name():
    table = frame(TWO).rename(columns={"DV": "conc", "ID": "Subject"})
    records = read_records(table, columns={"ID": "Subject", "DV": "conc"})
    assert records.value.values[1] == 2.5
    with pytest.raises(InputError, match=r"found the key 'conc'; turn it round: \{'DV': 'conc'\}"):
        read_records(table, columns={"ID": "Subject", "conc": "DV"})


@pytest.mark.parametrize(
    ("amount", "rate", "steady", "evid"),
    [("100", ".", ".", 1), (".", ".", ".", 0), ("0", "20", "1", 1), ("0", "0", "0", 0)],
)
def test_without_evid_a_record_with_a_dose_is_a_dose(amount, rate, steady, evid):
    records = read(
        f"""
        ID TIME AMT RATE SS DV MDV
        1  0    {amount} {rate} {steady} . 1
        1  1    .   .    .  5 0
        """
    )
    assert records.evid.values.tolist() == [evid, 0]


def test_days_become_hours_and_rates_per_hour():
    records = read(
        """
        ID TIME AMT RATE ADDL II DV
        1  1    48  48   2    1  .
        1  1.5  .   .    .    .  3
        """,
        time_unit="d",
    )
    assert records.time_h.values.tolist() == [24, 36]
    assert records.interval_h.values[0] == 24
    assert records.rate.values[0] == 2


def test_modelled_rates_and_durations_stay_what_they_are_in_days_too():
    text = """
        ID TIME AMT RATE DV
        1  0    48  -1   .
        1  1    48  -2   .
        1  2    .   .    3
        """
    assert read(text, time_unit="d").rate.values.tolist() == [-1, -2, 0]


def test_the_order_of_the_rows_is_the_order_of_the_records():
    records = read(
        """
        ID TIME AMT DV EVID
        b  0    .   0  0
        b  0    10  .  1
        b  0    .   9  0
        a  0    10  .  1
        a  0    .   7  0
        """
    )
    assert records.evid.values.tolist() == [0, 1, 0, 1, 0]
    assert records.patient.values.tolist() == ["b", "b", "b", "a", "a"]


@pytest.mark.parametrize("name", ["LLOQ", "LIMIT"])
def test_a_limit_beside_every_value_is_the_limit_of_quantification(name):
    records = read(
        f"""
        ID TIME AMT DV BLQ {name}
        1  0    100 .  .   .
        1  1    .   3  0   0.5
        1  9    .   0  1   0.5
        """
    )
    assert records.censored.values.tolist() == [0, 0, 1]
    assert records.value.values[2] == 0.5
    assert records.limit.values[1:].tolist() == [0.5, 0.5]
    assert "lower" not in records


def test_a_value_below_the_limit_may_be_empty():
    records = read("ID TIME AMT DV CENS LLOQ\n1 0 100 . . .\n1 1 . . 1 0.5")
    assert records.value.values[1] == 0.5


def test_time_goes_on_after_a_reset_that_begins_anew():
    records = read(
        """
        ID TIME EVID AMT DV
        1  0    1    9   .
        1  30   0    .   1
        1  2    4    9   .
        1  5    0    .   1
        1  1    3    .   .
        1  1    1    9   .
        1  3    0    .   1
        2  4    1    9   .
        2  5    0    .   1
        """
    )
    assert records.time_h.values.tolist() == [0, 30, 30, 33, 33, 33, 35, 4, 5]
    assert records.clock_h.values.tolist() == [0, 30, 2, 5, 1, 1, 3, 4, 5]


def test_what_is_counted_has_its_number_of_trials():
    text = "ID TIME AMT DV DVID TRIALS\n1 0 9 . . .\n1 1 . 12 fish {}\n1 1 . 5 pk ."
    assert read(text.format(200)).trials.values.tolist() == [0, 200, 0]
    with pytest.raises(RecordsError, match="more than were counted, found '12'"):
        read(text.format(10))


def test_dvid_can_be_named_and_so_can_the_only_observation():
    records = read(NONMEM, observed={1: "concentration", 2: "neutrophils"})
    assert records.observed.values[1] == "concentration"
    assert read(TWO, observed="concentration").observed.values[3] == "concentration"


def test_without_dvid_the_compartment_says_what_was_observed():
    text = "ID TIME AMT DV CMT\n1 0 9 . 1\n1 1 . 5 2\n1 1 . 7 3"
    assert read(text).observed.values.tolist() == ["", "2", "3"]
    named = read(text, observed={"2": "pk", "3": "anc"})
    assert named.observed.values.tolist() == ["", "pk", "anc"]
    with pytest.raises(InputError, match="give a mapping with the keys 2, 3"):
        read(text, observed="pk")


def test_a_covariate_of_words_stays_words():
    records = read(TWO.replace("WT", "SEX").replace("70", "F").replace("60", "M"))
    assert records.SEX.values.tolist() == ["F", "F", "M", "M"]


def test_covariates_can_be_chosen():
    assert "WT" not in read(TWO, covariates=())
    assert "WT" in read(TWO, covariates=["WT"])
    with pytest.raises(InputError, match=r"found no column 'wt' among .*; rename 'WT'"):
        read(TWO, covariates=["wt"])


@pytest.mark.parametrize(
    ("carry", "weights"), [("backward", [70, 70, 72, 72]), ("forward", [70, 70, 70, 72])]
)
def test_gaps_in_a_covariate_are_filled_the_way_it_is_carried(carry, weights):
    text = """
        ID TIME AMT DV WT
        1  0    9   .  .
        1  1    .   5  70
        1  2    .   6  .
        1  3    .   7  72
        """
    records = read(text, carry=carry, fill=True)
    assert records.WT.values.tolist() == weights
    assert records.attrs["carry"] == carry


def test_csv_parquet_and_frame_hold_the_same_records(tmp_path):
    path = csv(TWO, tmp_path)
    table = pd.read_csv(path, na_values=".")
    table.to_parquet(tmp_path / "table.parquet")
    from_csv, from_parquet = read_records(path), read_records(tmp_path / "table.parquet")
    for other in (from_parquet, read_records(table), read_records(frame(TWO))):
        assert other.drop_vars("row").equals(from_csv.drop_vars("row"))
    assert from_csv.row.values.tolist() == [2, 3, 4, 5]
    assert from_parquet.row.values.tolist() == [1, 2, 3, 4]
    assert from_csv.attrs["name"] == "table"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"carry": "back"}, "read_records, carry: found 'back'; give 'backward' or 'forward'"),
        ({"time_unit": "min"}, "read_records, time_unit: found 'min'; give 'h' or 'd'"),
        ({"allow": "duplicate"}, "read_records, allow: found 'duplicate'; name one of duplicated"),
        ({"columns": {"DVV": "DV"}}, "found the key 'DVV'; name one of DV"),
    ],
)
def test_an_argument_that_cannot_be_is_refused(options, says):
    with pytest.raises(InputError) as caught:
        read(TWO, **options)
    assert says in str(caught.value)


def test_a_table_without_id_and_time_says_which_columns_may_be_they():
    with pytest.raises(RecordsError) as caught:
        read_records(frame(TWO).rename(columns={"TIME": "Tme", "ID": "Subject"}))
    assert caught.value.faults.column.tolist() == ["ID", "TIME"]
    assert "rename 'Tme', or say columns={'TIME': 'Tme'}" in str(caught.value)
    assert "rename 'Subject', or say columns={'ID': 'Subject'}" in str(caught.value)


def test_a_table_of_doses_alone_needs_no_dv():
    text = "ID TIME AMT\n1 0 100\n1 24 100"
    with pytest.raises(RecordsError, match="'DV': column missing"):
        read(text)
    assert np.isnan(read(text, allow="patient without observations").value).all()


def test_rows_marked_as_comments_are_left_out():
    table = frame(TWO).assign(C=[".", ".", "C", "C"])
    records = read_records(table)
    assert records.row.values.tolist() == [1, 2]
    assert "C" not in records
    with pytest.raises(InputError, match="found comments only"):
        read_records(table.assign(C="C"))


def test_two_columns_of_one_meaning_are_refused():
    table = frame(TWO).assign(Y=1)
    with pytest.raises(InputError, match="columns 'DV' and 'Y': both mean DV; rename one"):
        read_records(table)
