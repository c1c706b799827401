"""What is written reads back as the same records."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.records import ALLOWED, example_records, read_records, to_table, write_records
from records.tables import TWO, read

amounts = st.floats(1e-3, 1e4)
words = st.text("abcXYZ é,;'\"", min_size=1, max_size=6).map(lambda s: f"k{s.strip()}")


@st.composite
def patient_rows(draw, patient: str) -> list[dict]:
    """Rows of one patient, all of which can be."""
    time, rows = 0.0, []
    weight, sex = draw(st.floats(30, 150)), draw(st.sampled_from(["f", "m"]))
    for _ in range(draw(st.integers(1, 8))):
        time += draw(st.floats(0, 100))
        row: dict[str, Any] = {
            "ID": patient,
            "TIME": time,
            "EVID": draw(st.integers(0, 4)),
            "WT": weight,
        }
        if row["EVID"] in (3, 4) and draw(st.booleans()):
            time = row["TIME"] = 0.0
        row |= {"SEX": sex, "OCC": draw(st.integers(0, 3)), "CMT": draw(st.integers(1, 3))}
        if row["EVID"] in (1, 4):
            row |= draw(st.fixed_dictionaries({
                "AMT": amounts, "RATE": st.sampled_from([0, -1, -2, 12.5, 1 / 3]),
                "ADDL": st.integers(0, 5), "SS": st.integers(0, 2), "II": amounts,
            }))  # fmt: skip
        if row["EVID"] == 0 and draw(st.booleans()):
            row |= {"DV": draw(amounts), "CENS": draw(st.integers(-1, 1)), "DVID": draw(words)}
            row["LLOQ"] = row["DV"] if row["CENS"] == 1 else draw(st.sampled_from([np.nan, 1e-4]))
            row["TRIALS"] = draw(st.sampled_from([0, 100_000]))
            if row["CENS"]:
                row["LIMIT"] = draw(st.sampled_from([np.nan, row["DV"] * 2.0 ** -row["CENS"]]))
        row["MDV"] = int("DV" not in row)
        rows.append(row)
    return rows


@st.composite
def tables(draw) -> pd.DataFrame:
    names = draw(st.lists(words | st.integers(1, 99).map(str), min_size=1, max_size=4, unique=True))
    rows = [row for name in names for row in draw(patient_rows(name))]
    everything = (
        "AMT",
        "RATE",
        "ADDL",
        "SS",
        "II",
        "DV",
        "CENS",
        "DVID",
        "LLOQ",
        "LIMIT",
        "TRIALS",
    )
    return pd.DataFrame(rows).reindex(
        columns=[*rows[0], *(c for c in everything if c not in rows[0])]
    )


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables(), st.sampled_from(["csv", "parquet", "nc"]), st.sampled_from(["h", "d"]))
def test_writing_and_reading_back_gives_the_same_records_to_the_last_bit(
    tmp_path, table, ending, time_unit
):
    records = read_records(table, allow=ALLOWED, time_unit=time_unit, carry="forward", name="x")
    path = write_records(records, tmp_path / f"x.{ending}", overwrite=True)
    csv = ending == "csv"
    back = read_records(path, allow=ALLOWED if csv else None, carry="forward" if csv else None)
    keep = {"records": records, "back": back}
    if ending != "nc":
        keep = {name: data.drop_vars("row").drop_attrs(deep=False) for name, data in keep.items()}
    xr.testing.assert_identical(keep["records"], keep["back"])
    for name in ("name", "carry", "covariates", "allowed"):
        assert back.attrs[name] == records.attrs[name]


@pytest.mark.parametrize("name", ["theophylline", "phenobarbital", "indometacin"])
def test_published_data_come_back_from_every_kind_of_file(name, tmp_path):
    records = example_records(name)
    for ending in ("csv", "parquet", "nc"):
        path = write_records(records, tmp_path / f"{name}.{ending}")
        allow = json.loads(records.attrs["allowed"]) if ending == "csv" else None
        back = read_records(path, allow=allow)
        assert back.drop_vars("row").equals(records.drop_vars("row"))
        if ending != "csv":
            assert back.attrs["units"] == records.attrs["units"]


def test_a_table_has_the_columns_of_nonmem():
    table = to_table(read(TWO))
    assert table.columns.tolist() == [
        "ID", "TIME", "EVID", "AMT", "CMT", "RATE", "ADDL", "II", "SS", "DV", "DVID", "CENS",
        "LLOQ", "OCC", "MDV", "WT",
    ]  # fmt: skip
    assert table.MDV.tolist() == [1, 0, 1, 0]


def test_nothing_is_replaced_unasked_and_nothing_is_left_half_written(tmp_path):
    records = read(TWO)
    path = write_records(records, tmp_path / "a.csv")
    before = path.read_text()
    with pytest.raises(InputError, match="the file is there already; give overwrite=True"):
        write_records(records, path)
    broken = records.assign(WT=("record", np.array([object()] * 4, dtype=object)))
    with pytest.raises((TypeError, ValueError)):
        write_records(broken, tmp_path / "a.nc")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    assert path.read_text() == before


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"found the ending '.xlsx'; end in .csv, .parquet or .nc"):
        write_records(read(TWO), tmp_path / "a.xlsx")


def test_a_netcdf_file_takes_no_options(tmp_path):
    path = write_records(read(TWO), tmp_path / "a.nc")
    with pytest.raises(InputError, match="read_records, carry: found 'forward'; leave it out"):
        read_records(path, carry="forward")


def test_a_netcdf_file_of_something_else_is_refused(tmp_path):
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(InputError, match="found no variable 'patient'"):
        read_records(tmp_path / "a.nc")
