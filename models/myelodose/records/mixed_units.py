"""Units that cannot be: some patients off by a thousand, counts per uL, haemoglobin in g/L."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from myelodose.records.doses import is_dose
from myelodose.records.sheet import Sheet

GAP, APART = 30.0, 300.0
"""Patients are in two units if their medians fall into two groups with a gap of this factor
between neighbours, and the groups' own medians lie that far apart. Chosen: units mostly differ by
1,000, and patients of one unit by less, unless their doses do."""

MOST: Mapping[str, float] = {
    "neutrophil": 200.0,
    "anc": 200.0,
    "platelet": 5000.0,
    "plt": 5000.0,
    "leuk": 2000.0,
    "wbc": 2000.0,
    "haemoglobin": 30.0,
    "hemoglobin": 30.0,
    "hb": 30.0,
}
"""Values above are no counts in 1e9/L and no haemoglobin in g/dL, by how a word begins in the name
of the observation."""


def check_units(
    sheet: Sheet, data: Mapping[str, np.ndarray], covariates: Mapping[str, np.ndarray]
) -> None:
    """Note patients whose values, doses or covariates seem to be in another unit."""
    patient, dose = data["patient"], is_dose(data["evid"])
    for kind in dict.fromkeys(data["observed"]):
        here = (data["observed"] == kind) & (data["censored"] == 0)
        if kind and not _unusual(sheet, kind, data["value"], here):
            _check(sheet, "DV", data["value"], patient, here)
    for number in np.unique(data["compartment"]):
        here = dose & (data["compartment"] == number)
        _check(sheet, "AMT", data["amount"], patient, here)
    for name, values in covariates.items():
        if values.dtype != object:
            _check(sheet, name, values, patient, np.ones(sheet.count, dtype=bool))


def _unusual(sheet: Sheet, kind: str, value: np.ndarray, here: np.ndarray) -> bool:
    """Note blood values that are in another unit; true if there are some."""
    words = kind.lower().replace("_", " ").split()
    means = [name for name in MOST if any(word.startswith(name) for word in words)]
    if not means:
        return False
    bad = here & (value > MOST[means[0]])
    if means[0] in ("haemoglobin", "hemoglobin", "hb"):
        sheet.fault("haemoglobin in g/L", bad, "DV", "give g/dL: divide by 10")
    else:
        remedy = "give counts in 1e9/L: count_1e9_per_l of myelodose.units divides by 1,000"
        sheet.fault("counts per uL", bad, "DV", remedy)
    return bool(bad.any())


def _check(
    sheet: Sheet, column: str, values: np.ndarray, patient: np.ndarray, here: np.ndarray
) -> None:
    """Note the smaller of two groups of patients, at the first row of each in it."""
    rows = np.flatnonzero(here & (values > 0))
    by_patient = pd.Series(values[rows]).groupby(patient[rows], sort=False).median()
    who, medians = by_patient.index.to_numpy(), by_patient.to_numpy()
    odd, usual = _odd_group(medians)
    name = sheet.names.get(column, column)
    for i in np.flatnonzero(odd):
        first = rows[np.argmax(patient[rows] == who[i])]
        found = f"median {medians[i]:g} of patient {who[i]} against {usual:g} of others"
        remedy = "give all in one unit"
        sheet.report.add("mixed units", sheet.source.rows[first], name, found, remedy)


def _odd_group(medians: np.ndarray) -> tuple[np.ndarray, float]:
    """Which patients are in the smaller of two groups far apart, and the median of the others."""
    nobody = np.zeros(len(medians), dtype=bool)
    ordered = np.sort(medians)
    steps = ordered[1:] / ordered[:-1]
    if len(medians) < 2 or steps.max() < GAP:
        return nobody, np.nan
    upper = medians > ordered[np.argmax(steps)]
    high, low = np.median(medians[upper]), np.median(medians[~upper])
    if high / low < APART:
        return nobody, np.nan
    odd = upper if upper.sum() <= (~upper).sum() else ~upper
    return odd, float(np.median(medians[~odd]))
