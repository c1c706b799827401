"""Bad tables: every fault in one report, with row, column, value and remedy."""

import pickle

import pytest

from myelodose.records import ALLOWED, RecordsError, read_records
from records.tables import TWO, csv, frame, read

HEAD = "ID TIME AMT DV EVID MDV CMT RATE TINF ADDL II SS CENS LLOQ LIMIT DVID OCC WT\n"
DOSE = "1 0 100 . 1 1 1 . . . . . . . . . 1 70\n"
SEEN = "1 1 . 5 0 0 1 . . . . . . . . 1 1 70\n"


def row(line: str, **changes: str) -> str:
    """A line of the table with some of its cells changed."""
    cells = dict(zip(HEAD.split(), line.split(), strict=True)) | changes
    return " ".join(cells.values()) + "\n"


def faults_of(text: str, **options):
    with pytest.raises(RecordsError) as caught:
        read(text, **options)
    return caught.value.faults


FAULTS = [
    (row(DOSE, TIME="-1") + SEEN, 1, "TIME", "negative time", "-1"),
    (row(DOSE, TIME="2") + SEEN, 2, "TIME", "time falls", "1"),
    (row(DOSE, TIME=".") + SEEN, 1, "TIME", "nothing there", ""),
    (row(DOSE, TIME="10:30") + SEEN, 1, "TIME", "clock time", "10:30"),
    (row(DOSE, TIME="soon") + SEEN, 1, "TIME", "not a number", "soon"),
    (row(DOSE, EVID="5") + SEEN, 1, "EVID", "unknown EVID", "5"),
    (row(DOSE, EVID="-1") + SEEN, 1, "EVID", "unknown EVID", "-1"),
    (row(DOSE, EVID=".") + SEEN, 1, "EVID", "nothing there", ""),
    (DOSE + SEEN + row(SEEN, ID=".", TIME="2"), 3, "ID", "nothing there", ""),
    (DOSE, 1, "ID", "patient without observations", "1"),
    (DOSE + row(SEEN, MDV="1"), 1, "ID", "patient without observations", "1"),
    (DOSE + SEEN + SEEN, 3, "ID", "duplicated row", "1"),
    (DOSE + DOSE + SEEN, 2, "ID", "duplicated row", "1"),
    (DOSE + SEEN + row(DOSE, TIME="2"), 3, "AMT", "dose after the last observation", "100"),
    (DOSE + row(SEEN, DV="."), 2, "DV", "value missing", ""),
    (DOSE + row(SEEN, DV="<0.1"), 2, "DV", "not a number", "<0.1"),
    (DOSE + row(SEEN, DV="inf"), 2, "DV", "not a number", "inf"),
    (row(DOSE, DV="3") + SEEN, 1, "DV", "value on a dose", "3"),
    (row(DOSE, MDV="0") + SEEN, 1, "MDV", "MDV 0 without an observation", "0"),
    (row(DOSE, MDV="2") + SEEN, 1, "MDV", "unknown MDV", "2"),
    (DOSE + row(SEEN, DV="0.2", LLOQ="0.5"), 2, "DV", "below the limit without CENS", "0.2"),
    (DOSE + row(SEEN, DV="0.7", LLOQ="0.5", CENS="1"), 2, "DV", "censored value above", "0.7"),
    (DOSE + row(SEEN, CENS="1", LIMIT="7"), 2, "LIMIT", "empty interval", "7"),
    (DOSE + row(SEEN, CENS="-1", LIMIT="3"), 2, "LIMIT", "empty interval", "3"),
    (DOSE + row(SEEN, CENS="1", DV="0"), 2, "DV", "censored without a limit", "0"),
    (DOSE + row(SEEN, CENS="2"), 2, "CENS", "unknown CENS", "2"),
    (DOSE + row(SEEN, DVID="."), 2, "DVID", "nothing there", ""),
    (DOSE + row(SEEN, OCC="."), 2, "OCC", "nothing there", ""),
    (DOSE + row(SEEN, OCC="1.5"), 2, "OCC", "not a whole number", "1.5"),
    (DOSE + row(SEEN, WT="."), 2, "WT", "covariate missing", "nothing in 1 of 2 rows"),
    (DOSE + SEEN + row(SEEN, TIME="2", WT="7O"), 3, "WT", "not a number", "7O"),
    (row(DOSE, AMT="-5") + SEEN, 1, "AMT", "negative dose", "-5"),
    (row(DOSE, AMT="0") + SEEN, 1, "AMT", "dose of nothing", "0"),
    (DOSE + row(SEEN, AMT="5"), 2, "AMT", "dose without EVID 1 or 4", "5"),
    (row(DOSE, RATE="-3") + SEEN, 1, "RATE", "unknown RATE", "-3"),
    (DOSE + row(SEEN, RATE="-1"), 2, "RATE", "rate without a dose", "-1"),
    (row(DOSE, AMT="0", RATE="5") + SEEN, 1, "AMT", "infusion of nothing", "0"),
    (row(DOSE, RATE="5", TINF="2") + SEEN, 1, "TINF", "rate and duration", "2"),
    (row(DOSE, TINF="-2") + SEEN, 1, "TINF", "negative duration", "-2"),
    (DOSE + row(SEEN, TINF="2"), 2, "TINF", "duration without a dose", "2"),
    (row(DOSE, ADDL="3") + SEEN, 1, "II", "interval missing", ""),
    (row(DOSE, SS="1", II="0") + SEEN, 1, "II", "interval missing", "0"),
    (row(DOSE, SS="3", II="9") + SEEN, 1, "SS", "unknown SS", "3"),
    (row(DOSE, ADDL="-3", II="9") + SEEN, 1, "ADDL", "not a whole number", "-3"),
    (row(DOSE, ADDL="3", II="-9") + SEEN, 1, "II", "negative interval", "-9"),
    (DOSE + row(SEEN, ADDL="3"), 2, "ADDL", "further doses without a dose", "3"),
    (DOSE + row(SEEN, SS="1"), 2, "SS", "steady state without a dose", "1"),
    (
        row(DOSE, AMT="0", RATE="5", SS="1", II="9") + SEEN,
        1,
        "II",
        "interval of a constant infusion",
        "9",
    ),
    (
        row(DOSE, AMT="0", RATE="5", SS="1", ADDL="9") + SEEN,
        1,
        "ADDL",
        "further doses of a constant infusion",
        "9",
    ),
    (row(DOSE, CMT="-2") + SEEN, 1, "CMT", "not a whole number", "-2"),
    (
        DOSE + SEEN + row(DOSE, ID="2") + row(SEEN, ID="2") + row(SEEN, TIME="3"),
        5,
        "ID",
        "patient in pieces",
        "1",
    ),
]


@pytest.mark.parametrize(
    ("text", "row_number", "column", "kind", "value"),
    [pytest.param(*fault, id=f"{i}-{fault[3]}") for i, fault in enumerate(FAULTS)],
)
def test_a_fault_is_named_by_row_column_and_value(text, row_number, column, kind, value):
    faults = faults_of(HEAD + text)
    assert len(faults) == 1, faults.to_string()
    fault = faults.iloc[0]
    assert (fault.row, fault.column) == (row_number, column)
    assert fault.kind.startswith(kind)
    assert fault.value.startswith(value)
    assert fault.remedy


BAD = (
    HEAD
    + row(DOSE, TIME="-1")
    + row(SEEN, DV="0.2", LLOQ="0.5", WT=".")
    + row(DOSE, TIME="9", EVID="7")
    + row(DOSE, ID="2", CMT="x")
    + row(SEEN, ID="3", TIME="5")
    + row(SEEN, ID="3", TIME="4")
)


def test_all_faults_of_a_table_come_in_one_report_in_the_order_of_the_rows(tmp_path):
    with pytest.raises(RecordsError) as caught:
        read_records(csv(BAD, tmp_path))
    faults = caught.value.faults
    assert faults[["row", "kind"]].to_numpy().tolist() == [
        [2, "negative time"],
        [3, "below the limit without CENS"],
        [3, "covariate missing"],
        [4, "unknown EVID"],
        [4, "dose after the last observation"],
        [5, "not a number"],
        [5, "patient without observations"],
        [7, "time falls"],
    ]
    assert "table.csv: 8 faults" in str(caught.value)
    for line in ("row 2, column 'TIME': negative time, found '-1'", "row 5, column 'CMT'"):
        assert line in str(caught.value)


def test_a_report_survives_the_way_between_processes():
    with pytest.raises(RecordsError) as caught:
        read(BAD)
    back = pickle.loads(pickle.dumps(caught.value))
    assert str(back) == str(caught.value)
    assert back.faults.equals(caught.value.faults)


def test_a_long_report_is_cut_in_the_message_and_whole_in_the_table():
    text = HEAD + DOSE + "".join(row(SEEN, TIME=str(n), RATE="-1") for n in range(1, 60))
    with pytest.raises(RecordsError, match="rate without a dose: 39 more rows"):
        read(text)
    assert len(faults_of(text)) == 59


ODD = {
    "dose after the last observation": DOSE + SEEN + row(DOSE, TIME="2"),
    "patient without observations": DOSE,
    "duplicated row": DOSE + SEEN + SEEN,
    "below the limit without CENS": DOSE + row(SEEN, DV="0.2", LLOQ="0.5"),
    "mixed units": "".join(
        row(DOSE, ID=str(n)) + row(SEEN, ID=str(n), DV=value)
        for n, value in enumerate(("5", "4", "6000", "7"))
    ),
    "value missing": DOSE + SEEN + row(SEEN, TIME="2", DV="."),
    "value on a dose": row(DOSE, DV="3") + SEEN,
    "dose of nothing": row(DOSE, AMT="0") + SEEN,
    "covariate missing": DOSE + row(SEEN, WT="."),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_meant_so_can_be_allowed_and_nothing_else_with_it(kind):
    faults = faults_of(HEAD + ODD[kind])
    assert set(faults.kind) == {kind}
    assert f"or allow='{kind}'" in faults.remedy.iloc[0]
    records = read(HEAD + ODD[kind], allow=(kind,))
    assert records.sizes["record"] == ODD[kind].count("\n")
    others = [other for other in ALLOWED if other != kind]
    assert set(faults_of(HEAD + ODD[kind], allow=others).kind) == {kind}


def test_patients_in_another_unit_are_named():
    fault = faults_of(HEAD + ODD["mixed units"]).iloc[0]
    assert (fault.row, fault.column) == (6, "DV")
    assert fault.value == "median 6000 of patient 2 against 5 of others"


def test_doses_and_covariates_in_another_unit_are_named_too():
    table = frame(TWO)
    table.loc[2, "AMT"] = "100000"
    table.loc[2:, "WT"] = "60000"
    with pytest.raises(RecordsError) as caught:
        read_records(table)
    assert caught.value.faults[["row", "column"]].to_numpy().tolist() == [[3, "AMT"], [3, "WT"]]


def test_patients_who_differ_a_hundredfold_are_no_mixed_units():
    text = HEAD + "".join(
        row(DOSE, ID=str(n), AMT=str(10**n)) + row(SEEN, ID=str(n), DV=str(10**n)) for n in range(5)
    )
    assert read(text).sizes["record"] == 10


@pytest.mark.parametrize(
    ("label", "value"), [("neutrophils", "2500"), ("ANC", "1500"), ("platelets", "150000")]
)
def test_counts_per_microlitre_are_told_by_what_was_observed(label, value):
    faults = faults_of(HEAD + DOSE + row(SEEN, DV=value), observed={"1": label})
    assert faults.kind.tolist() == ["counts per uL"]
    assert "1e9/L" in faults.remedy.iloc[0]
    fine = str(float(value) / 1000)
    assert read(HEAD + DOSE + row(SEEN, DV=fine), observed={"1": label}).value.values[1] < 200


def test_haemoglobin_in_g_per_litre_is_told_too():
    faults = faults_of(HEAD + DOSE + row(SEEN, DV="105"), observed="haemoglobin")
    assert faults.kind.tolist() == ["haemoglobin in g/L"]


EVERYTHING = (
    HEAD
    + row(DOSE, TIME="-1")
    + row(SEEN, DVID="ANC", DV="1500")
    + row(SEEN, DVID="pk", DV="0.02", LLOQ="0.05")
    + row(DOSE, TIME="9")
    + row(DOSE, ID="2", EVID="9")
    + row(SEEN, ID="2", DVID="pk", DV="4")
    + row(SEEN, ID="2", DVID="pk", DV="4")
    + row(DOSE, ID="3")
    + row(DOSE, ID="4")
    + row(SEEN, ID="4", DVID="pk", DV="6000", WT=".")
)


def test_every_bad_thing_at_once_is_in_one_report():
    assert set(faults_of(EVERYTHING).kind) == {
        "negative time",
        "counts per uL",
        "below the limit without CENS",
        "dose after the last observation",
        "unknown EVID",
        "duplicated row",
        "patient without observations",
        "covariate missing",
        "mixed units",
    }


def test_time_may_begin_anew_with_a_reset():
    for evid in ("3", "4"):
        reset = row(DOSE, TIME="0", EVID=evid, AMT="." if evid == "3" else "50")
        assert read(HEAD + DOSE + SEEN + reset + row(SEEN, TIME="0.5")).sizes["record"] == 4


def test_a_misspelt_column_is_no_covariate():
    faults = faults_of(TWO.replace("EVID", "EVDI"))
    assert "looks like EVID" in faults.kind.tolist()
    records = read(TWO.replace("WT", "RACE"))
    assert "RACE" in records


def test_dates_are_refused_with_what_would_do():
    with pytest.raises(RecordsError, match=r"'DATE': clock time.*give TIME in hours since"):
        read_records(frame(TWO).assign(DATE="2020-01-01"))
