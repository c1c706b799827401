"""Event tables with the columns of NM-TRAN or Monolix: read, checked row by row, written back.

from myelodose.records import describe, read_records

records = read_records("cohort.csv", observed={"1": "concentration", "2": "neutrophils"})
describe(records)
"""

from myelodose.records.examples import example_records
from myelodose.records.faults import ALLOWED, RecordsError
from myelodose.records.read import VARIABLES, read_records
from myelodose.records.views import (
    covariate_names,
    covariate_table,
    describe,
    observations,
    of_patient,
    patients,
)
from myelodose.records.write import to_table, write_records

__all__ = [
    "ALLOWED",
    "VARIABLES",
    "RecordsError",
    "covariate_names",
    "covariate_table",
    "describe",
    "example_records",
    "observations",
    "of_patient",
    "patients",
    "read_records",
    "to_table",
    "write_records",
]
