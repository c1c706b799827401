"""Whatever a table holds: it is read, or refused with what would do."""

import pandas as pd
from hypothesis import event, given, settings
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.records import ALLOWED, covariate_table, describe, read_records, to_table

GOOD = {
    "ID": ["1", "1.0", "2", "a"],
    "TIME": ["0", "1", "2.5", "24", "1e3"],
    "AMT": ["0", "100", ".", "1e9"],
    "DV": ["1", "0.2", "0", ".", "1500", "NA"],
    "EVID": ["0", "1", "2", "3", "4"],
    "MDV": ["1", "."],
    "CMT": ["1", "2", ".", "0"],
    "RATE": ["0", "."],
    "II": ["12"],
    "ADDL": ["0", "."],
    "DVID": ["1", "2", "pk"],
    "CENS": ["0", "."],
    "LLOQ": [".", "0.1"],
    "TRIALS": [".", "10000"],
    "OCC": ["1", "2"],
    "WT": ["70", "60", "."],
}
BAD = {
    "ID": [""],
    "TIME": ["-1", "10:30", "x", "."],
    "AMT": ["-5", "y"],
    "DV": ["-3", "<1", "inf"],
    "EVID": ["7", ".", "0.5"],
    "MDV": ["0", "2"],
    "CMT": ["-1", "1.5"],
    "RATE": ["-1", "-2", "10", "-7"],
    "II": ["0", ".", "-1"],
    "ADDL": ["3", "-1"],
    "DVID": ["."],
    "CENS": ["1", "-1", "2"],
    "LLOQ": ["0.5", "z"],
    "TRIALS": ["-1", "1"],
    "OCC": [".", "1.5"],
    "WT": ["70000", "f"],
    "SS": ["0", "1", "2", "3", "."],
    "TINF": [".", "2", "-2"],
    "LIMIT": [".", "0.1", "3"],
}


@st.composite
def any_tables(draw) -> pd.DataFrame:
    tidy = draw(st.booleans())
    cells = GOOD if tidy else {name: GOOD.get(name, []) + BAD[name] for name in BAD}
    others = [name for name in cells if name not in ("ID", "TIME", "AMT", "DV")]
    columns = ["ID", "TIME", "AMT", "DV", *draw(st.lists(st.sampled_from(others), unique=True))]
    rows = draw(st.integers(1, 7))
    table = pd.DataFrame(
        {
            name: draw(st.lists(st.sampled_from(cells[name]), min_size=rows, max_size=rows))
            for name in columns
        }
    )
    if tidy:
        number, who = table.TIME.astype(float).tolist(), table.ID.replace({"1.0": "1"}).tolist()
        table = table.take(sorted(range(rows), key=lambda i: (who[i], number[i])))
    return table


@settings(deadline=None, max_examples=150)
@given(any_tables(), st.booleans(), st.booleans())
def test_any_table_is_read_or_refused_with_what_would_do(table, lenient, fill):
    try:
        records = read_records(table, allow=ALLOWED if lenient else (), fill=fill)
    except InputError as refused:
        event("refused")
        found = (refused.place, refused.remedy)
    else:
        event("read")
        assert records.sizes["record"] == len(table)
        assert len(to_table(records)) == len(table)
        assert len(covariate_table(records, changing="first")) == len(set(records.patient.values))
        found = tuple(describe(records).index)
        assert set(found) == set(records.observed.values) - {""}
    assert all(found)
