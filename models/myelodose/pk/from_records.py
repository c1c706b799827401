"""The events of one patient out of an event table.

Time is in hours, amounts in mg.
"""

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from myelodose.errors import InputError
from myelodose.pk.events import Events
from myelodose.records import of_patient

MODELLED = {"rate_mg_per_h": -1.0, "duration_h": -2.0}
"""What RATE says where the model gives the rate, or the length, of an infusion."""


def events_of(
    records: xr.Dataset,
    patient: str | None = None,
    *,
    rate_mg_per_h: ArrayLike | None = None,
    duration_h: ArrayLike | None = None,
) -> Events:
    """The events of one patient, one for each record and in their order.

    Parameters that change with a covariate are arrays over the same records: with WT of the
    patient's records, `CL=5 * (WT / 70) ** 0.75`, and `carry` of the records in `simulate`.

    Args:
        records: From `read_records`.
        patient: The label; may be left out if there is only one.
        rate_mg_per_h: Rate of the infusions that say RATE -1 [mg/h], one or one a record.
        duration_h: Length of the infusions that say RATE -2 [h], one or one a record.

    Returns:
        The events.

    Raises:
        InputError: If the patient is not there, or a modelled rate or duration is not given.

    Example:
        >>> import pandas as pd
        >>> from myelodose.records import read_records
        >>> table = pd.DataFrame({"ID": 1, "TIME": [0, 2], "AMT": [20, 0], "DV": [".", 0.4]})
        >>> events_of(read_records(table)).evid.tolist()
        [1, 0]
    """
    mine = of_patient(records, _who(records, patient))
    rate = mine.rate.values
    given = {"rate_mg_per_h": rate_mg_per_h, "duration_h": duration_h}
    modelled = {name: _modelled(mine, name, value) for name, value in given.items()}
    return Events(
        time_h=mine.time_h.values,
        evid=mine.evid.values,
        amount_mg=mine.amount.values,
        compartment=mine.compartment.values,
        rate_mg_per_h=np.where(rate > 0, rate, modelled["rate_mg_per_h"]),
        duration_h=modelled["duration_h"],
        additional=mine.additional.values,
        interval_h=mine.interval_h.values,
        steady_state=mine.steady_state.values,
    )


def _who(records: xr.Dataset, patient: str | None) -> str:
    there = list(dict.fromkeys(records.patient.values.tolist()))
    if patient is None and len(there) > 1:
        known = ", ".join(there[:8])
        raise InputError("events_of, patient", f"found {len(there)}", f"give one of {known}")
    return there[0] if patient is None else patient


def _modelled(mine: xr.Dataset, name: str, value: ArrayLike | None) -> np.ndarray:
    """What the model gives, at the records that ask for it; 0 elsewhere."""
    asks = mine.rate.values == MODELLED[name]
    if value is None and asks.any():
        row = mine.row.values[int(np.argmax(asks))]
        place = f"{mine.attrs['file']}, row {row}, RATE"
        raise InputError(place, f"found {MODELLED[name]:g}", f"give events_of {name}=...")
    number = np.asarray(0.0 if value is None else value, dtype=float)
    if number.shape not in ((), (len(asks),)) or not (np.isfinite(number) & (number >= 0)).all():
        remedy = f"give a number above 0, or one for each of {len(asks)} records"
        raise InputError(f"events_of, {name}", f"found {value!r}", remedy)
    if (np.broadcast_to(number, asks.shape)[asks] <= 0).any():
        raise InputError(f"events_of, {name}", f"found {value!r}", "give a number above 0")
    return np.where(asks, number, 0.0)
