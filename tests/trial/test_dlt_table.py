"""A user's own DLT table: what is read, and what bad input gets."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.trial import dlt_table, read_dlt_table


def write(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "dose,n,dlt\n10,3,0\n20,6,1\n",
        "\ufeffdose,n,dlt\r\n10,3,0\r\n20,6,1\r\n",
        "dlt,dose,n,comment\n1,20,6,second\n0,10,3,\n",
        "dose , n , dlt\n 10 , 3 , 0\n\n20.0,6,1\n,,\n",
        "dose,dlt\n10,0\n10,0\n10,0\n" + "20,0\n" * 5 + "20,1\n",
        "patient,dose,dlt\nA,10,0\nB,10,0\nC,10,0\n"
        + "".join(f"{i},20,0\n" for i in range(5))
        + "Z,20,1\n",
    ],
)
def test_both_forms_and_small_variations_give_the_same_table(tmp_path, text):
    expected = xr.Dataset(
        {"n": ("dose", [3, 6]), "dlt": ("dose", [0, 1])}, coords={"dose": [10.0, 20.0]}
    )
    xr.testing.assert_equal(read_dlt_table(write(tmp_path, text)), expected)


BAD = {
    "more DLTs than patients": (
        "dose,n,dlt\n10,3,0\n15,4,5\n",
        "row 3, column 'dlt': found 5 DLTs in 4 patients; give a whole number from 0 to 4",
    ),
    "a negative dose": ("dose,n,dlt\n-10,3,0\n", "row 2, column 'dose': found '-10'"),
    "a dose of zero": ("dose,n,dlt\n0,3,0\n", "row 2, column 'dose': found '0'; give a dose above"),
    "a repeated dose": (
        "dose,n,dlt\n10,3,0\n20,3,0\n10,3,1\n",
        "row 4, column 'dose': found '10'; the dose stands in row 2 already",
    ),
    "the same dose spelled twice": ("dose,n,dlt\n10,3,0\n10.0,3,0\n", "row 3, column 'dose'"),
    "a missing column": ("dose,n\n10,3\n", "row 1: found no column 'dlt' among dose, n"),
    "a column with another name": ("Dose,n,dlt\n10,3,0\n", "rename 'Dose'"),
    "a column twice": ("dose,n,dlt,dlt\n10,3,0,0\n", "column 'dlt' stands there twice"),
    "text for a number": ("dose,n,dlt\n10,three,0\n", "row 2, column 'n': found 'three'"),
    "nothing for a number": ("dose,n,dlt\n10,,0\n", "row 2, column 'n': found nothing"),
    "not a number": ("dose,n,dlt\nnan,3,0\n", "row 2, column 'dose': found 'nan'"),
    "an infinite dose": ("dose,n,dlt\n1e999,3,0\n", "row 2, column 'dose': found '1e999'"),
    "an underscore": ("dose,n,dlt\n1_0,3,0\n", "row 2, column 'dose': found '1_0'"),
    "a unit": ("dose,n,dlt\n10 mg,3,0\n", "row 2, column 'dose': found '10 mg'"),
    "a fraction of a patient": ("dose,n,dlt\n10,3.5,0\n", "row 2, column 'n': found '3.5'"),
    "a negative count": ("dose,n,dlt\n10,-3,0\n", "row 2, column 'n': found '-3'"),
    "a decimal comma": ("dose,n,dlt\n2,5,3,0\n", "row 2: found 4 cells for 3 columns"),
    "a cell too few": ("dose,n,dlt\n10,3\n", "row 2: found 2 cells for 3 columns"),
    "semicolons": ("dose;n;dlt\n10;3;0\n", "separate the columns with commas"),
    "an empty file": ("", "the file is empty"),
    "only blanks": ("\n \n", "the file is empty"),
    "only a header": ("dose,n,dlt\n", "found a header and no row"),
    "a count without n": ("dose,dlt\n10,2\n", "row 2, column 'dlt': found '2'; without a column n"),
    "a patient twice": ("patient,dose,dlt\nA,10,0\nA,10,1\n", "row 2, column 'patient': found 'A'"),
    "a nameless patient": ("patient,dose,dlt\n,10,0\n", "row 2, column 'patient': found nothing"),
    "a spreadsheet": (b"PK\x03\x04\xff\xfe\x00", "this is not a text table"),
    "an open quote": ('dose,n,dlt\n"10,3,0\n', "this is not a text table"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gets_one_error_that_names_place_value_and_remedy(tmp_path, what):
    text, says = BAD[what]
    with pytest.raises(InputError) as caught:
        read_dlt_table(write(tmp_path, text))
    assert "mine.csv" in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_say_so(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv: there is no such file"):
        read_dlt_table(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="this is a folder"):
        read_dlt_table(tmp_path)


def test_lists_are_checked_like_files():
    with pytest.raises(InputError, match="dlt_table, row 2, column 'dlt': found 5 DLTs in 4"):
        dlt_table([10, 15], [3, 4], [0, 5])
    with pytest.raises(InputError, match="found 2 doses, 1 n and 2 dlt"):
        dlt_table([10, 15], [3], [0, 0])
    with pytest.raises(InputError, match="found 0 doses"):
        dlt_table([], [], [])
    with pytest.raises(InputError, match="found 'nan'"):
        dlt_table([float("nan")], [3], [0])


levels = st.lists(
    st.tuples(st.integers(1, 400), st.integers(1, 9), st.integers(0, 9)),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row[0],
).map(lambda rows: [(dose / 4, n, min(dlt, n)) for dose, n, dlt in rows])


@given(levels)
def test_one_row_per_patient_and_one_per_cohort_agree(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("tables")
    cohorts = "dose,n,dlt\n" + "".join(f"{d},{n},{k}\n" for d, n, k in rows)
    patients = "dose,dlt\n" + "".join(f"{d},{int(i < k)}\n" for d, n, k in rows for i in range(n))
    one = read_dlt_table(write(folder, cohorts, "cohorts.csv"))
    other = read_dlt_table(write(folder, patients, "patients.csv"))
    xr.testing.assert_equal(one, other)
    assert np.all(np.diff(one.dose) > 0)
