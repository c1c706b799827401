"""Event tables: written, read back exactly, and refused by row and column."""

import io
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.regimen import (
    azacitidine,
    course,
    doses_from_events,
    lenalidomide,
    platzbecker2013,
    to_events,
)
from myelodose.regimen.events import COLUMNS
from regimen.strategies import AREA, regimens, rows

THREE = {"azacitidine": 1, "lenalidomide": 2, "cytarabine": 3}
laws = settings(deadline=None, max_examples=60)


@laws
@given(regimens(), st.booleans())
def test_writing_and_reading_back_gives_the_same_doses_to_the_last_bit(regimen, compress):
    table = to_events(regimen, body_surface_area_m2=AREA, compartments=THREE, compress=compress)
    back = doses_from_events(table, compartments=THREE)
    assert rows(back) == rows(regimen.doses(body_surface_area_m2=AREA, drugs=tuple(THREE)))
    assert back.drugs == tuple(THREE)


@laws
@given(regimens())
def test_a_csv_file_in_between_changes_nothing(regimen):
    table = to_events(regimen, body_surface_area_m2=AREA, compartments=THREE)
    text = table.to_csv(index=False)
    back = doses_from_events(pd.read_csv(io.StringIO(text)), compartments=THREE)
    assert rows(back) == rows(regimen.doses(body_surface_area_m2=AREA, drugs=tuple(THREE)))


@laws
@given(regimens())
def test_compression_conserves_the_number_of_doses(regimen):
    short, long = (
        to_events(regimen, body_surface_area_m2=AREA, compartments=THREE, compress=compress)
        for compress in (True, False)
    )
    assert len(short) + short.ADDL.sum() == len(long)
    assert (long.ADDL == 0).all()
    assert (short.TIME.diff().dropna() >= 0).all()


def test_a_cycle_of_the_trial_is_two_records():
    table = to_events(platzbecker2013("III"), patient=7, body_surface_area_m2=2.0)
    # 75 mg/m2 on 2 m2 on days 1-5 into compartment 1, then 20 mg on days 6-19 into 2.
    assert table.to_dict("list") == {
        "ID": [7, 7],
        "TIME": [0.0, 120.0],
        "AMT": [150.0, 20.0],
        "RATE": [0.0, 0.0],
        "ADDL": [4, 13],
        "II": [24.0, 24.0],
        "CMT": [1, 2],
        "EVID": [1, 1],
        "MDV": [1, 1],
    }


def test_a_rate_is_amount_over_length():
    infusion = azacitidine(75, days=[1], route="iv", infusion_h=0.5)
    (rate,) = to_events(infusion, body_surface_area_m2=2.0).RATE
    assert rate == 300.0


def test_a_gap_in_the_days_ends_a_run():
    table = to_events(lenalidomide(10, days=[1, 2, 3, 8, 9]))
    assert table[["TIME", "ADDL"]].to_numpy().tolist() == [[0, 2], [168, 1]]


def test_any_interval_is_expanded():
    table = pd.DataFrame(
        {"ID": 1, "TIME": [0], "AMT": [5], "CMT": [2], "EVID": [1], "ADDL": [2], "II": [12]}
    )
    assert doses_from_events(table).time_d.tolist() == [0, 0.5, 1]


def test_observations_and_empty_cells_are_passed_over():
    table = pd.DataFrame(
        {
            "ID": [1, 1, 1],
            "TIME": [0, 2, 24],
            "AMT": ["20", ".", 20],
            "RATE": [".", None, 0],
            "CMT": [2, 1, 2],
            "EVID": [1, 0, 1],
            "DV": [".", 0.4, "."],
            "MDV": [1, 0, 1],
        }
    )
    doses = doses_from_events(table)
    assert doses.time_d.tolist() == [0, 1]
    assert doses.amount_mg.tolist() == [20, 20]


def test_patients_are_kept_apart():
    both = pd.concat(
        [
            to_events(lenalidomide(10, days=[1]), patient=1),
            to_events(lenalidomide(25, days=[1]), patient=2),
        ]
    )
    assert doses_from_events(both, patient=2).amount_mg.tolist() == [25]
    with pytest.raises(InputError, match="patient: found 2 patients; give one of 1, 2"):
        doses_from_events(both)
    with pytest.raises(InputError, match="patient: found patient 3; give one of 1, 2"):
        doses_from_events(both, patient=3)


def test_a_regimen_without_doses_is_a_table_without_rows():
    none = lenalidomide(10, days=[1]).hold("lenalidomide", cycle=1)
    table = to_events(none)
    assert table.empty
    assert list(table.columns) == list(COLUMNS)


GOOD = {"ID": 1, "TIME": 0.0, "AMT": 20.0, "RATE": 0.0, "ADDL": 2, "II": 24.0, "CMT": 2, "EVID": 1}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"TIME": -1.0}, "column 'TIME': found -1.0; give hours from the start of day 1"),
        ({"TIME": "noon"}, "column 'TIME': found 'noon'; give a finite number"),
        ({"TIME": "."}, "column 'TIME': found '.'"),
        ({"AMT": 0.0}, "column 'AMT': found 0.0; give an amount above 0 mg"),
        ({"AMT": -5.0}, "column 'AMT': found -5.0"),
        ({"AMT": float("inf")}, "column 'AMT': found inf; give a finite number"),
        ({"EVID": 0}, "column 'EVID': found 0; give 1 for a dose, or 0 and AMT 0"),
        ({"EVID": 4}, "column 'EVID': found 4; give 1 for a dose"),
        ({"CMT": 3}, "column 'CMT': found 3; give one of 1, 2"),
        ({"CMT": None}, "column 'CMT': found nan"),
        ({"RATE": -2.0}, "column 'RATE': found -2.0; give 0 for a bolus"),
        ({"ADDL": -1}, "column 'ADDL': found -1; give a whole number"),
        ({"ADDL": 1.5}, "column 'ADDL': found 1.5; give a whole number"),
        ({"II": 0.0}, "column 'II': found 0.0; give the interval"),
        ({"SS": 1}, "column 'SS': found 1; give 0: write the doses"),
        ({"MDV": 0}, "column 'MDV': found 0; give 1 for a dose"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(change, says):
    fine = (
        GOOD | {name: 0 for name in change if name == "SS"} | {n: 1 for n in change if n == "MDV"}
    )
    assert doses_from_events(pd.DataFrame([fine, fine])).count == 6
    with pytest.raises(InputError) as caught:
        doses_from_events(pd.DataFrame([fine, GOOD | change]))
    assert f"event table, row 2, {says}" in str(caught.value)


def test_further_doses_without_an_interval_are_refused():
    table = pd.DataFrame([GOOD]).drop(columns="II")
    with pytest.raises(InputError, match="column 'ADDL': found 2; give 0, or add a column 'II'"):
        doses_from_events(table)


@pytest.mark.parametrize("column", ["ID", "TIME", "AMT", "CMT", "EVID"])
def test_a_missing_column_is_named(column):
    table = pd.DataFrame([GOOD])
    with pytest.raises(InputError, match=f"found no column '{column}' .*; add a column"):
        doses_from_events(table.drop(columns=column))
    with pytest.raises(InputError, match=f"no column '{column}' .*; rename '{column.lower()}'"):
        doses_from_events(table.rename(columns={column: column.lower()}))


REFUSED = {
    "a column twice": (
        lambda: doses_from_events(pd.DataFrame([[1, 0, 0, 1, 1, 1]],
                                  columns=["ID", "TIME", "TIME", "AMT", "CMT", "EVID"])),
        "column 'TIME' stands there twice",
    ),
    "no row": (lambda: doses_from_events(pd.DataFrame(columns=list(GOOD))), "found no row"),
    "two drugs in a compartment": (
        lambda: to_events(platzbecker2013("I"), body_surface_area_m2=2,
                          compartments={"azacitidine": 1, "lenalidomide": 1}),
        "to_events, compartments: found {'azacitidine': 1, 'lenalidomide': 1}; give each drug",
    ),
    "compartment 0": (
        lambda: to_events(lenalidomide(20, days=[1]), compartments={"lenalidomide": 0}),
        "to_events, compartments: found 0",
    ),
    "a drug without a compartment": (
        lambda: to_events(course("cytarabine", 1, unit="mg", days=[1], route="iv")),
        "to_events, compartments: found none for cytarabine; add 'cytarabine' to the mapping",
    ),
    "patient 0": (lambda: to_events(lenalidomide(20, days=[1]), patient=0), "patient: found 0"),
    "no area": (lambda: to_events(platzbecker2013("I")), "azacitidine is dosed in mg/m2"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_a_remedy(case):
    attempt, says = REFUSED[case]
    with pytest.raises(InputError, match=re.escape(says)):
        attempt()
