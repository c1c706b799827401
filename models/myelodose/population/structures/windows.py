"""Windows of all patients, for structures whose equations are solved from dose to dose.

A window starts at every dose and at every time at which such a structure is observed. Doses are
data here: their times and lengths are known before any parameter is.
"""

from typing import NamedTuple

import numpy as np

from myelodose.errors import InputError
from myelodose.population.table import Table
from myelodose.solve.plan import LONGEST_WINDOW_D, Plan, plan, stack
from myelodose.units import HOURS_PER_DAY


class Windows(NamedTuple):
    """Windows of all patients, patients last, and where observations are read.

    Args:
        plan: The windows.
        place: Which of its times belongs to an observation, (obs,); 0 where none does.
        grid: Which of its times are those of a grid, (grid, patient); None without a grid.
    """

    plan: Plan
    place: np.ndarray
    grid: np.ndarray | None = None


def make_windows(
    table: Table,
    read: np.ndarray,
    *,
    compartments: tuple[int, ...] = (1,),
    longest_window_d: float = LONGEST_WINDOW_D,
    after_dose_d: float | None = None,
    grid_d: np.ndarray | None = None,
) -> Windows:
    """Cut the time of all patients.

    Args:
        table: The records.
        read: Which observations are read here, (obs,).
        compartments: Compartments that are dosed, one for each drug.
        longest_window_d: As in `solve.plan`.
        after_dose_d: As in `solve.plan`.
        grid_d: Further times at which all patients are read [d].

    Raises:
        InputError: If a record asks for what windows cannot do.
    """
    patient = table.patient_of[table.observations]
    time_d = table.columns["time_h"][table.observations].astype(float) / HOURS_PER_DAY
    place = np.zeros(len(patient), int)
    times, grid = [], []
    for i in range(len(table.rows)):
        own = read & (patient == i)
        more = np.zeros(0) if grid_d is None else grid_d
        unique, at = np.unique(np.append(time_d[own], more), return_inverse=True)
        place[own] = at[: own.sum()]
        grid.append(at[own.sum() :])
        times.append(unique)
    most = max(1, max(len(own) for own in times))
    plans = []
    for i, own in enumerate(times):
        padded = np.append(own, np.full(most - len(own), own[-1] if len(own) else 0.0))
        doses = _doses(table, i, compartments)
        plans.append(
            plan(
                *doses[:3],
                drugs=len(compartments),
                times_d=padded,
                duration_d=doses[3],
                longest_window_d=longest_window_d,
                after_dose_d=after_dose_d,
            )
        )
    return Windows(stack(plans), place, None if grid_d is None else np.stack(grid, -1))


def _doses(table: Table, i: int, compartments: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Times [d], amounts [mg], drugs and durations [d] of a patient's doses, ADDL written out."""
    rows = table.rows[i]
    column = {name: table.columns[name][rows] for name in table.columns}
    given = np.isin(column["evid"], (1, 4))
    place = f"records, patient {table.patients[i]}"
    for bad, found in (
        (np.isin(column["evid"], (3, 4)).any(), "EVID 3 or 4"),
        (given & (column["steady_state"] > 0), "SS"),
        (given & (column["rate"] < 0), "a negative RATE"),
    ):
        if np.any(bad):
            remedy = "write out the doses: this structure starts empty and doses are data"
            raise InputError(place, f"found {found}", remedy)
    unknown = given & ~np.isin(column["compartment"], compartments)
    if unknown.any():
        found = f"found a dose into compartment {column['compartment'][unknown][0]}"
        raise InputError(place, found, f"give one of {', '.join(map(str, compartments))}")
    doses = []
    for k in np.flatnonzero(given):
        rate = column["rate"][k]
        duration = column["amount"][k] / rate if rate > 0 else 0.0
        drug = compartments.index(int(column["compartment"][k]))
        for n in range(int(column["additional"][k]) + 1):
            time = column["time_h"][k] + n * column["interval_h"][k]
            doses.append((time, column["amount"][k], drug, duration))
    time, amount, drug, duration = np.array(doses or [(0.0, 0.0, 0, 0.0)], float).T
    return time / HOURS_PER_DAY, amount, drug.astype(int), duration / HOURS_PER_DAY
