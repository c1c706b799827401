"""What is drawn of each patient, from a table and what a posterior predicts for it."""

import numpy as np
import xarray as xr

from myelodose.diagnostics.labelled import measured_beside
from myelodose.plots.individual import PatientFit


def patient_fits(
    records: xr.Dataset, predicted: xr.Dataset, *, observed: str | None = None
) -> list[PatientFit]:
    """What is drawn of each patient of a table.

    Curves go through the records of EVID 0; add such records without a value where they should be
    smooth.

    Args:
        records: The table.
        predicted: From `inference.predict` for these records, of patients "fitted".
        observed: Label of the measurements; not needed where there is one kind.

    Returns:
        One for each patient with a measurement, in the order of the table.
    """
    found = measured_beside(records, predicted, observed=observed)
    # Where there is one kind only, curves go through records without a label as well.
    shown = predicted.observed.isin(["" if observed is None else observed, *found.table.observed])
    fits = []
    for name in dict.fromkeys(found.patients.tolist()):
        at = np.flatnonzero((predicted.patient.values.astype(str) == str(name)) & shown.values)
        at = at[np.argsort(predicted.time_h.values[at], kind="stable")]
        own = found.patients == name
        doses = _dose_times(records, name)
        limit = np.where(found.censored == -1, found.upper_limit, found.lower_limit)
        fits.append(
            PatientFit(
                f"patient {name}",
                predicted.time_h.values[at],
                predicted.individual.values[:, at],
                found.times[own],
                np.where(found.censored == 0, found.observed, limit)[own],
                population=np.median(predicted.typical.values[:, at], axis=0),
                censored=found.censored[own],
                dose_times=doses[0],
                dose_amounts=doses[1],
            )
        )
    return fits


def _dose_times(records: xr.Dataset, name) -> tuple[np.ndarray, np.ndarray]:
    """Times and amounts of one patient's doses, additional ones among them."""
    own = (records.patient.values == name) & np.isin(records.evid.values, (1, 4))
    more = records.get("additional", xr.zeros_like(records.evid)).values[own].astype(int)
    interval = records.get("interval_h", xr.zeros_like(records.evid)).values[own].astype(float)
    starts, amounts = records.time_h.values[own], records.amount.values[own]
    times = [t + i * np.arange(n + 1) for t, i, n in zip(starts, interval, more, strict=True)]
    return (
        np.concatenate(times) if times else np.zeros(0),
        np.repeat(amounts, more + 1),
    )
