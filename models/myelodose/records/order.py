"""Faults between the rows of a patient: order, repeats, what comes after the last observation."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from myelodose.records.doses import OBSERVATION, OTHER, RESET, RESET_AND_DOSE, is_dose
from myelodose.records.sheet import Sheet
from myelodose.records.source import label


def read_patients(sheet: Sheet) -> np.ndarray:
    """The label of the patient of each record [record]."""
    remedy = "name the patient in every row"
    sheet.fault("nothing there", ~sheet.given("ID"), "ID", remedy)
    return np.array([label(text) for text in sheet.text("ID")], dtype=object)


def elapsed_h(time: np.ndarray, evid: np.ndarray, patient: np.ndarray) -> np.ndarray:
    """Time that never falls within a patient [record] [h].

    After a reset (EVID 3 or 4) a table may count from 0 again. What came before no longer matters
    then, so the reset is put at the time of the record above it and what follows keeps its
    distance from the reset.

    Args:
        time: TIME, which falls only where a reset begins anew [record] [h].
        evid: EVID [record].
        patient: Labels [record].

    Example:
        >>> evid, patient = np.array([1, 0, 4, 0]), np.array(["a"] * 4)
        >>> elapsed_h(np.array([0.0, 30.0, 0.0, 8.0]), evid, patient).tolist()
        [0.0, 30.0, 30.0, 38.0]
    """
    elapsed, shift = time.copy(), 0.0
    for i in range(1, len(time)):
        if patient[i] != patient[i - 1]:
            shift = 0.0
        elif time[i] < time[i - 1] and evid[i] in (RESET, RESET_AND_DOSE):
            shift = elapsed[i - 1] - time[i]
        elapsed[i] = time[i] + shift
    return elapsed


def check_order(sheet: Sheet, data: Mapping[str, np.ndarray]) -> None:
    """Note what is wrong between rows; data as `read_records` puts them together."""
    patient, time, evid = data["patient"], data["time_h"], data["evid"]
    first = np.append(True, patient[1:] != patient[:-1])
    _check_pieces(sheet, patient, first)
    falls = np.append(False, np.diff(time) < 0) & ~first
    remedy = "sort the rows of the patient by time, or begin anew with EVID 3 or 4"
    sheet.fault("time falls", falls & ~np.isin(evid, (RESET, RESET_AND_DOSE)), "TIME", remedy)
    # A row of EVID 2 may repeat another: it only says what the covariates are.
    repeated = pd.DataFrame({name: list(column) for name, column in data.items()}).duplicated()
    remedy = "drop one of the two rows"
    sheet.fault("duplicated row", repeated.to_numpy() & (evid != OTHER), "ID", remedy)
    meant = _meant(sheet, data)
    for rows in pd.Series(patient).groupby(patient).indices.values():
        _check_patient(sheet, data, meant, np.asarray(rows))


def _check_pieces(sheet: Sheet, patient: np.ndarray, first: np.ndarray) -> None:
    """A patient whose rows are interrupted: other programs take the second part for another."""
    seen: set[str] = set()
    again = np.zeros(len(patient), dtype=bool)
    for i in np.flatnonzero(first):
        again[i] = patient[i] in seen
        seen.add(patient[i])
    remedy = "put all rows of the patient together, or give the second patient another ID"
    sheet.fault("patient in pieces", again, "ID", remedy)


def _meant(sheet: Sheet, data: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which records are meant to hold a value, also where it is faulty and named as such."""
    empty = ~sheet.given("DV") & ("value missing" in sheet.report.allow or not sheet.has("DV"))
    marked = np.isin(sheet.text("MDV"), ("1", "1.0"))
    return (data["observed"] != "") | ((data["evid"] == OBSERVATION) & ~marked & ~empty)


def _check_patient(
    sheet: Sheet, data: Mapping[str, np.ndarray], meant: np.ndarray, rows: np.ndarray
) -> None:
    here = np.zeros(sheet.count, dtype=bool)
    if not meant[rows].any():
        here[rows[0]] = True
        remedy = "leave the patient out, or give an observation"
        sheet.fault("patient without observations", here, "ID", remedy)
        return
    # A record of EVID 0 with MDV 1 is a time to predict at: doses before it matter.
    last = rows[data["evid"][rows] == OBSERVATION][-1]
    here[rows] = (rows > last) & is_dose(data["evid"][rows])
    remedy = "drop the dose, or give the observation that follows it"
    sheet.fault("dose after the last observation", here, "AMT", remedy)
