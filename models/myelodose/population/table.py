"""A table of records patient by patient, as NumPy arrays."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from myelodose.errors import InputError

NEEDED = {
    "patient": "which patient a record belongs to",
    "time_h": "when it was [h]",
    "evid": "whether it is an observation (0) or a dose (1)",
    "value": "what was measured",
}
_DEFAULTS = {
    "amount": 0.0,
    "compartment": 1,
    "rate": 0.0,
    "additional": 0,
    "interval_h": 0.0,
    "steady_state": 0,
    "observed": "",
    "censored": 0,
    "limit": np.nan,
    "occasion": 1,
}


@dataclass(frozen=True, eq=False)
class Table:
    """Records of all patients.

    Args:
        columns: By name, (record,), patients one after the other.
        patients: Labels, in the order of their first record.
        rows: For each patient the numbers of its records.
        observations: Numbers of the records to be predicted.
        carry: "backward" or "forward": which record's parameters hold between two.
    """

    columns: dict[str, np.ndarray]
    patients: tuple
    rows: tuple[np.ndarray, ...]
    observations: np.ndarray
    carry: str

    @property
    def longest(self) -> int:
        """Most records of a patient."""
        return max(len(own) for own in self.rows)

    @property
    def patient_of(self) -> np.ndarray:
        """Number of the patient of every record."""
        number = np.empty(len(self.columns["time_h"]), int)
        for i, own in enumerate(self.rows):
            number[own] = i
        return number

    @property
    def record_of(self) -> np.ndarray:
        """Number within the patient of every record."""
        number = np.empty(len(self.columns["time_h"]), int)
        for own in self.rows:
            number[own] = np.arange(len(own))
        return number

    def padded(self, column: np.ndarray) -> np.ndarray:
        """A column as (patient, record); a patient's last value fills the rest."""
        ends = [np.minimum(np.arange(self.longest), len(own) - 1) for own in self.rows]
        return np.stack([column[own[end]] for own, end in zip(self.rows, ends, strict=True)])


def read_table(records: xr.Dataset, *, at: str = "observations") -> Table:
    """Records patient by patient.

    Args:
        records: One dimension `record`, in the order in which records count.
        at: "observations": records of EVID 0 with a value, or censored; "records": all of EVID 0.

    Raises:
        InputError: If a variable that everything needs is absent, or nothing was observed.

    Source:
        NONMEM Users Guide VI (PREDPP), for the meaning of the columns.
    """
    if at not in ("observations", "records"):
        raise InputError("prepare, at", f"found {at!r}", "give 'observations' or 'records'")
    for name, why in NEEDED.items():
        if name not in records:
            found = f"found no {name!r} among {', '.join(map(str, records.variables))}"
            raise InputError("records", found, f"give it: it says {why}")
    count = records.sizes["record"]
    columns = {str(name): np.asarray(records[name].values) for name in records.variables}
    for name, default in _DEFAULTS.items():
        columns.setdefault(name, np.full(count, default))
    columns["observed"] = columns["observed"].astype(str)
    labels, first = np.unique(columns["patient"], return_index=True)
    labels = labels[np.argsort(first)]
    rows = tuple(np.flatnonzero(columns["patient"] == label) for label in labels)
    seen = columns["evid"] == 0
    if at == "observations":
        seen &= np.isfinite(columns["value"]) | (columns["censored"] != 0)
    if not seen.any():
        raise InputError("records", "found no observation", "give a record of EVID 0 with a value")
    carry = str(records.attrs.get("carry", "backward"))
    return Table(columns, tuple(labels.tolist()), rows, np.flatnonzero(seen), carry)
