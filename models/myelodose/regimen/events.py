"""A regimen as an event table in the convention of NM-TRAN."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from myelodose.errors import InputError
from myelodose.regimen.courses import checked_whole
from myelodose.regimen.cycle import Dose, doses_of
from myelodose.regimen.regimen import Regimen
from myelodose.units import HOURS_PER_DAY

COLUMNS = ("ID", "TIME", "AMT", "RATE", "ADDL", "II", "CMT", "EVID", "MDV")
"""Columns of an event table: times in hours, amounts in mg, rates in mg/h."""

COMPARTMENTS: Mapping[str, int] = MappingProxyType({"azacitidine": 1, "lenalidomide": 2})
"""Where each drug goes unless another mapping is given."""


def to_events(
    regimen: Regimen,
    *,
    patient: int = 1,
    body_surface_area_m2: float | None = None,
    compartments: Mapping[str, int] = COMPARTMENTS,
    compress: bool = True,
) -> pd.DataFrame:
    """The doses of one patient as dose records.

    Args:
        regimen: The regimen.
        patient: Number of the patient, ID.
        body_surface_area_m2: Needed where a dose is in mg/m2 [m2].
        compartments: Number of the compartment of each drug, CMT.
        compress: Write daily runs of one dose as one record with ADDL and II = 24 h. Only runs
            whose times come back exactly are written so.

    Returns:
        One row a record, in order of TIME, with the columns `COLUMNS`.

    Raises:
        InputError: If a drug has no compartment, two share one, or the area is missing.

    Example:
        >>> from myelodose.regimen import lenalidomide
        >>> table = to_events(lenalidomide(20, days=range(6, 20)))
        >>> table[["TIME", "AMT", "ADDL", "II"]].values.tolist()
        [[120.0, 20.0, 13.0, 24.0]]
    """
    checked_whole(patient, "to_events, patient", least=1)
    checked_compartments(compartments, "to_events")
    doses = doses_of(regimen.plan, body_surface_area_m2)
    for dose in doses:
        if dose.drug not in compartments:
            found = f"found none for {dose.drug}"
            raise InputError("to_events, compartments", found, f"add '{dose.drug}' to the mapping")
    runs = [
        (dose, more)
        for drug in compartments
        for dose, more in _runs([dose for dose in doses if dose.drug == drug], compress)
    ]
    runs.sort(key=lambda run: (run[0].time_h, compartments[run[0].drug]))
    rows = [_record(patient, compartments[dose.drug], dose, more) for dose, more in runs]
    whole = dict.fromkeys(("ID", "ADDL", "CMT", "EVID", "MDV"), "int64")
    kinds = whole | dict.fromkeys(("TIME", "AMT", "RATE", "II"), "float64")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds)


def checked_compartments(compartments: Mapping[str, int], function: str) -> None:
    """Refuse what is no compartment, and two drugs in one: a reader could not tell them apart.

    Raises:
        InputError: Naming the mapping.
    """
    for number in compartments.values():
        checked_whole(number, f"{function}, compartments", least=1)
    if len(set(compartments.values())) < len(compartments):
        found = f"found {dict(compartments)!r}"
        raise InputError(f"{function}, compartments", found, "give each drug its own compartment")


def _record(patient: int, compartment: int, dose: Dose, more: int) -> tuple:
    rate = dose.amount_mg / dose.duration_h if dose.duration_h else 0.0
    interval = HOURS_PER_DAY if more else 0.0
    return (patient, dose.time_h, dose.amount_mg, rate, more, interval, compartment, 1, 1)


def _runs(doses: Sequence[Dose], compress: bool) -> list[tuple[Dose, int]]:
    """First doses of daily runs of one drug, each with the number of doses after it."""
    runs: list[tuple[Dose, int]] = []
    for dose in sorted(doses):
        if compress and runs and _continues(*runs[-1], dose):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((dose, 0))
    return runs


def _continues(first: Dose, more: int, dose: Dose) -> bool:
    """True if the dose is exactly the next of the run: floats have to agree to the last bit."""
    return dose == first._replace(time_h=first.time_h + (more + 1) * HOURS_PER_DAY)
