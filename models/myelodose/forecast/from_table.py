"""One patient out of an event table."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.forecast.seen import Given, Reading, Seen
from myelodose.marrow.course import DRUGS
from myelodose.records.views import of_patient
from myelodose.units import HOURS_PER_DAY


def seen_in(
    records: xr.Dataset,
    patient: str,
    *,
    tp53_mutated: bool | None = True,
    loss_of_17p: bool | None = False,
    accept: Sequence[str] = (),
    simulated: bool = False,
) -> Seen:
    """One patient of an event table.

    Compartment 1 is lenalidomide and 2 azacitidine [mg]; values are labelled ANC, PLT, Hb, FISH
    and VAF, the last two with `trials`. Covariates CRCL [mL/min] and BSA [m2] are taken if there.

    Args:
        records: From `records.read_records`.
        patient: His label.
        tp53_mutated: Whether part of the clone is mutated; None if not known.
        loss_of_17p: Whether mutated cells lost the other copy; None if not known.
        accept: As in `Seen`.
        simulated: As in `Seen`.

    Raises:
        InputError: If there is no such patient, or something in the table is not known here.
    """
    own = of_patient(records, patient)
    doses, readings = [], []
    for row in range(own.sizes["record"]):
        one = {str(name): own[name].values[row] for name in own.data_vars}
        if one["evid"] == 1:
            doses += _doses(one, f"records, patient {patient}, row {row + 1}")
        elif one["evid"] == 0 and np.isfinite(one["value"]):
            what, of = str(one["observed"]), int(one.get("trials", 0))
            day = float(one["time_h"]) / HOURS_PER_DAY
            readings.append(Reading(day, what, float(one["value"]), of, int(one["censored"])))
        elif one["evid"] > 2:
            place = f"records, patient {patient}, row {row + 1}"
            raise InputError(place, f"found EVID {one['evid']}", "write out the doses")
    names = {"CRCL": "creatinine_clearance_ml_per_min", "BSA": "body_surface_area_m2"}
    known = {to: float(own[name].values[0]) for name, to in names.items() if name in own}
    flags = {"tp53_mutated": tp53_mutated, "loss_of_17p": loss_of_17p, "simulated": simulated}
    return Seen(tuple(doses), tuple(readings), accept=tuple(accept), **flags, **known)


def _doses(one: dict, place: str) -> list[Given]:
    """A dose record with its further doses written out."""
    compartment = int(one["compartment"])
    if not 1 <= compartment <= len(DRUGS):
        remedy = "give 1 for lenalidomide and 2 for azacitidine; other drugs are not known"
        raise InputError(place, f"found a dose into compartment {compartment}", remedy)
    if one["steady_state"] or one["rate"] < 0:
        raise InputError(place, "found SS or a negative RATE", "write out the doses")
    mg, rate = float(one["amount"]), float(one["rate"])
    hours = mg / rate if rate > 0 else 0.0
    times = one["time_h"] + one["interval_h"] * np.arange(int(one["additional"]) + 1)
    return [Given(float(t) / HOURS_PER_DAY, DRUGS[compartment - 1], mg, hours) for t in times]
