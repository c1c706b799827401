"""Published trials and a user's own DLT table: read, validate, label, recompute."""

from myelodose.trial.by_dose import counts_by_dose
from myelodose.trial.dlt_table import (
    checked_counts,
    dlt_table,
    dose_places,
    read_dlt_table,
)
from myelodose.trial.proportions import clopper_pearson
from myelodose.trial.published import (
    CYTO_ORDER,
    HAEM_ORDER,
    dlt_counts,
    load_discrepancies,
    load_facts,
    load_trial,
    response_table,
)
from myelodose.trial.recompute import recompute_facts

__all__ = [
    "CYTO_ORDER",
    "HAEM_ORDER",
    "checked_counts",
    "clopper_pearson",
    "counts_by_dose",
    "dlt_counts",
    "dlt_table",
    "dose_places",
    "load_discrepancies",
    "load_facts",
    "load_trial",
    "read_dlt_table",
    "recompute_facts",
    "response_table",
]
