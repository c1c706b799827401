"""A course as a labelled dataset, and what a ward reads off it."""

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.blood.model import LINEAGES
from myelodose.clones.model import CLONES
from myelodose.errors import InputError
from myelodose.marrow.course import DRUGS, Course
from myelodose.marrow.grades import ctcae_grade
from myelodose.marrow.patient import REFERENCE_BODY_SURFACE_AREA_M2
from myelodose.regimen import Regimen

UNITS = {"ANC": "1e9/L", "PLT": "1e9/L", "Hb": "g/dL"}
"""Unit of each lineage."""

SIMULATED = "SIMULATED from literature priors, no patient's data"
"""What every dataset and figure of virtual patients says."""


def morning(values: xr.DataArray) -> xr.DataArray:
    """Values at whole days, before a dose given there: when blood is drawn.

    Within a day neutrophils swing under lenalidomide, because they live for hours and maturation
    is blocked for hours; a daily count does not see it.

    Args:
        values: Over `time_d`, from `explore`.

    Raises:
        InputError: If there are no whole days among the times, as with `every_d=0.3`.
    """
    whole = np.isclose(values.time_d, np.round(values.time_d), atol=1e-6)
    found = np.unique(np.round(values.time_d.values[whole]))
    if len(found) < np.floor(float(values.time_d[-1])) + 1:
        remedy = "give an every_d that divides a day, such as 0.25"
        raise InputError("morning, time_d", "found days without a morning", remedy)
    return values.isel(time_d=np.flatnonzero(whole))


def worst_grades(course: xr.Dataset, *, until_d: float) -> pd.DataFrame:
    """Share of patients by their worst CTCAE grade of the mornings up to a day.

    Args:
        course: From `explore`.
        until_d: Last time that counts [d].

    Returns:
        A row a lineage, columns "at start, grade 3-4", "grade 0" to "grade 4" and "grade 3-4".

    Example:
        >>> from myelodose.marrow.explore import explore
        >>> from myelodose.marrow.typical import typical_patient
        >>> course = explore(None, typical_patient("healthy"), 7)
        >>> float(worst_grades(course, until_d=7).loc["PLT", "grade 0"])
        1.0
    """
    grade = morning(course.grade).sel(time_d=slice(0, until_d))
    worst, start = grade.max("time_d"), grade.isel(time_d=0)
    columns = {"at start, grade 3-4": (start >= 3).mean("patient")}
    columns |= {f"grade {g}": (worst == g).mean("patient") for g in range(5)}
    columns["grade 3-4"] = (worst >= 3).mean("patient")
    shares = {name: np.asarray(values) for name, values in columns.items()}
    return pd.DataFrame(shares, index=list(course.lineage.values))


def labelled(
    times: np.ndarray, course: Course, hours: np.ndarray, concentration: np.ndarray
) -> xr.Dataset:
    """Everything that `explore` returns but the schedule.

    Args:
        times: Times of the counts [d].
        course: What was simulated, patients last.
        hours: Times of the concentrations [d].
        concentration: Of `DRUGS` [uM], (time, drug, patient).
    """
    grade = np.stack(
        [ctcae_grade(course.counts[:, row], name) for row, name in enumerate(LINEAGES)], 1
    )
    by_lineage, by_clone = ("time_d", "lineage", "patient"), ("time_d", "clone", "patient")
    pool = "relative to the healthy normal pool"
    data = xr.Dataset(
        {
            "count": (by_lineage, course.counts, {"long_name": "count in blood"}),
            "grade": (by_lineage, grade, {"long_name": "grade by CTCAE v5", "units": "1"}),
            "clone_share": (
                by_clone,
                course.clone_share,
                {"long_name": "share of cycling progenitors", "units": "1"},
            ),
            "cycling": (
                by_clone,
                course.pools.cycling,
                {"long_name": f"cycling progenitors {pool}", "units": "1"},
            ),
            "resting": (
                by_clone,
                course.pools.rest,
                {"long_name": f"resting progenitors {pool}", "units": "1"},
            ),
            "concentration": (
                ("exposure_time_d", "drug", "patient"),
                concentration,
                {"long_name": "plasma concentration", "units": "uM"},
            ),
        },
        coords={
            "time_d": ("time_d", times, {"long_name": "time since the start", "units": "day"}),
            "exposure_time_d": ("exposure_time_d", hours, {"units": "day"}),
            "lineage": list(LINEAGES),
            "unit": ("lineage", [UNITS[name] for name in LINEAGES]),
            "clone": list(CLONES),
            "drug": list(DRUGS),
            "patient": np.arange(1, course.counts.shape[-1] + 1),
        },
        attrs={"status": SIMULATED, "solver_change": float(course.change)},
    )
    data["count"].attrs["units"] = "see coordinate 'unit'"
    return data


def schedule(regimen: Regimen | None, days: float) -> xr.Dataset:
    """Doses and cycles within the time shown, for the marks of a figure.

    Args:
        regimen: The regimen, or None.
        days: Days that are shown [d].
    """
    if regimen is None:
        time, milligram, drug, cycle = [], [], [], [0.0]
        said = short = "no treatment"
    else:
        # Only times and drugs are shown, so that any area will do.
        doses = regimen.doses(body_surface_area_m2=REFERENCE_BODY_SURFACE_AREA_M2, drugs=DRUGS)
        shown = doses.time_d < days
        time, milligram = doses.time_d[shown], doses.amount_mg[shown]
        drug = np.array(DRUGS)[doses.drug[shown]]
        cycle = [float(one.start_d) for one in regimen.plan if one.start_d < days]
        said = str(regimen)
        short = ", ".join(map(str, regimen.cycle(1).courses)) or "no dose"
    return xr.Dataset(
        {
            "dose_mg": ("dose", np.asarray(milligram, dtype=float), {"units": "mg"}),
            "dose_time_d": ("dose", np.asarray(time, dtype=float), {"units": "day"}),
            "dose_drug": ("dose", np.asarray(drug, dtype=str)),
            "cycle_start_d": ("cycle", np.asarray(cycle), {"units": "day"}),
        },
        attrs={"regimen": said, "cycle_1": short},
    )
