"""Does the order of two drugs matter? The same doses in other orders and with other gaps."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from myelodose.errors import InputError, check_fields
from myelodose.marrow.course import DRUGS, Patient
from myelodose.marrow.explore import explore
from myelodose.marrow.labelled import morning, worst_grades
from myelodose.marrow.patient import REFERENCE_BODY_SURFACE_AREA_M2
from myelodose.marrow.typical import DISEASES, typical_patient, virtual_population
from myelodose.regimen import Regimen, azacitidine, lenalidomide
from myelodose.regimen.courses import checked_whole
from myelodose.units import DAYS_PER_WEEK, checked_body_surface_area_m2

ORDERS = ("sequential", "concurrent", "reverse")
"""Azacitidine then lenalidomide; both from day 1; lenalidomide then azacitidine."""


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """One regimen of azacitidine and lenalidomide, and the simulated patients who get it.

    Args:
        len_dose_mg: Lenalidomide a day [mg].
        aza_dose_mg_m2: Azacitidine a day [mg/m2].
        len_days: Days of lenalidomide a cycle.
        aza_days: Days of azacitidine a cycle.
        order: "sequential", "concurrent" or "reverse".
        gap_days: Days free of drug between the two; 0 if concurrent.
        cycles: Number of cycles.
        cycle_length_d: Days from the start of one cycle to that of the next [d].
        disease: "healthy", "del(5q)" or "del(5q) TP53".
        creatinine_clearance_ml_per_min: Of all patients [mL/min].
        body_surface_area_m2: Of all patients [m2].
        patients: Number of simulated patients.
        seed: Seed of their parameters.
        compare_gaps_d: Gaps to compare, with commas [d].

    Raises:
        InputError: If a value cannot be, or the doses do not fit into a cycle.

    Example:
        >>> print(Exploration(len_dose_mg=20, aza_dose_mg_m2=75).regimen.cycle(1).courses[1])
        lenalidomide 20 mg po d6-19
    """

    len_dose_mg: float
    aza_dose_mg_m2: float
    len_days: int = 14
    aza_days: int = 5
    order: str = "sequential"
    gap_days: int = 0
    cycles: int = 3
    cycle_length_d: int = 28
    disease: str = "del(5q)"
    creatinine_clearance_ml_per_min: float = 90.0
    body_surface_area_m2: float = REFERENCE_BODY_SURFACE_AREA_M2
    patients: int = 100
    seed: int = 20130227
    compare_gaps_d: str = "0, 2, 4, 7, 10, 14"

    def __post_init__(self) -> None:
        """Check every value, most of them where they are used."""
        for name, least in (("len_days", 1), ("aza_days", 1), ("gap_days", 0), ("cycles", 1)):
            checked_whole(getattr(self, name), f"Exploration, {name}", least=least)
        checks = {
            "order": (self.order in ORDERS, f"one of {', '.join(ORDERS)}"),
            "gap_days": (
                self.order != "concurrent" or self.gap_days == 0,
                "0 with order='concurrent'",
            ),
            "disease": (self.disease in DISEASES, f"one of {', '.join(DISEASES)}"),
        }
        check_fields(self, checks)
        checked_body_surface_area_m2(self.body_surface_area_m2, "Exploration")
        typical_patient(
            self.disease, creatinine_clearance_ml_per_min=self.creatinine_clearance_ml_per_min
        )
        virtual_population(self.seed, min(self.patients, 1), disease=self.disease)
        _ = self.regimen, self.arrangements()

    @property
    def regimen(self) -> Regimen:
        """The regimen that is asked about."""
        return self.arranged(self.order, gap_days=self.gap_days, every=self.cycle_length_d)

    @property
    def days(self) -> int:
        """Days of all cycles [d]."""
        return self.cycles * self.cycle_length_d

    @property
    def typical(self) -> Patient:
        """The typical patient."""
        clearance = self.creatinine_clearance_ml_per_min
        return typical_patient(self.disease, creatinine_clearance_ml_per_min=clearance)

    @property
    def population(self) -> Patient:
        """The virtual patients."""
        return virtual_population(
            self.seed,
            self.patients,
            disease=self.disease,
            creatinine_clearance_ml_per_min=self.creatinine_clearance_ml_per_min,
        )

    def arranged(self, order: str, *, gap_days: int = 0, every: int) -> Regimen:
        """The same doses in another order.

        Args:
            order: "sequential", "concurrent" or "reverse".
            gap_days: Days free of drug between the two.
            every: Days from cycle to cycle [d].

        Raises:
            InputError: If the doses do not fit into the cycle.
        """
        first = azacitidine(self.aza_dose_mg_m2, days=range(1, self.aza_days + 1))
        second = lenalidomide(self.len_dose_mg, days=range(1, self.len_days + 1))
        if order == "concurrent":
            cycle = first.with_(second)
        elif order == "reverse":
            cycle = second.then(first, gap=gap_days)
        else:
            cycle = first.then(second, gap=gap_days)
        return cycle.cycles(self.cycles, every=every)

    @property
    def gaps(self) -> tuple[int, ...]:
        """The gaps to compare [d].

        Raises:
            InputError: If one of them is no whole number of days.
        """
        words = [word.strip() for word in self.compare_gaps_d.split(",") if word.strip()]
        bad = [word for word in words if not word.isdecimal()]
        if bad or not words:
            found, remedy = f"found {self.compare_gaps_d!r}", "give whole days such as '0, 2, 7'"
            raise InputError("Exploration, compare_gaps_d", found, remedy)
        return tuple(dict.fromkeys(map(int, words)))

    def arrangements(self) -> dict[str, Regimen]:
        """The same doses concurrently, in reverse, and in sequence with each of the gaps.

        All have cycles of one length, that of this regimen or, where the longest gap does not fit
        into it, the next whole number of weeks that does: otherwise dose density would differ.

        Raises:
            InputError: If a gap cannot be.
        """
        needed = self.aza_days + self.len_days + max(self.gaps)
        weeks = math.ceil(needed / DAYS_PER_WEEK) * DAYS_PER_WEEK
        every = max(self.cycle_length_d, weeks)
        named = {order: self.arranged(order, every=every) for order in ("concurrent", "reverse")}
        return named | {
            f"sequential, gap {gap} d": self.arranged("sequential", gap_days=gap, every=every)
            for gap in self.gaps
        }


def compare(
    regimens: Mapping[str, Regimen],
    patient: Patient,
    *,
    read_d: float = 28.0,
    body_surface_area_m2: ArrayLike = REFERENCE_BODY_SURFACE_AREA_M2,
    every_d: float = 0.25,
) -> xr.Dataset:
    """Nadirs and clones under several regimens, in the same patients.

    Args:
        regimens: By name, all with cycles of one length.
        patient: One patient, or many.
        read_d: Time at which the clone is read, besides the end of the last cycle [d].
        body_surface_area_m2: One for all, or one for each patient [m2].
        every_d: Step of the counts in time [d].

    Returns:
        `nadir` of the morning counts of the first cycle and its protocol day `nadir_day`
        (arrangement, lineage, patient); `clone_share`
        of both del(5q) clones among cycling progenitors and `clone_size`, their cells, cycling and
        resting, over those at the start (arrangement, read, patient); `first_day` and `last_day`
        of each drug (arrangement, drug).

    Raises:
        InputError: If there is no regimen, or their cycles differ in length or number.
    """
    length, days = _common_length(regimens)
    if not 0 < read_d <= days:
        raise InputError("compare, read_d", f"found {read_d}", f"give above 0 to {days} d")
    parts = []
    for regimen in regimens.values():
        course = explore(
            regimen, patient, days, body_surface_area_m2=body_surface_area_m2, every_d=every_d
        )
        parts.append(
            _summary(course, length, sorted({float(read_d), float(days)})).assign(_days(regimen))
        )
    data = xr.concat(parts, "arrangement", coords="minimal", compat="override", join="exact")
    return data.assign_coords(arrangement=list(regimens)).assign_attrs(
        status=parts[0].attrs["status"], cycle_length_d=length, cycles=days // length, days=days
    )


def _common_length(regimens: Mapping[str, Regimen]) -> tuple[int, int]:
    if not regimens:
        raise InputError("compare, regimens", "found none", "give at least one")
    plans = {
        (tuple(b.start_d - a.start_d for a, b in pairwise(r.plan)), r.plan[-1].length_d)
        for r in regimens.values()
    }
    starts, last = next(iter(plans))
    if len(plans) > 1 or last is None:
        remedy = "call .cycles(number, every=days) with the same numbers on each"
        raise InputError("compare, regimens", "found cycles that differ", remedy)
    return (starts[0] if starts else last), sum(starts) + last


def _summary(course: xr.Dataset, length: float, read: list[float]) -> xr.Dataset:
    first = morning(course["count"].sel(time_d=slice(0, length - 1)))
    low = first.argmin("time_d")
    clone = course.sel(clone=course.clone[1:])
    size = (clone.cycling + clone.resting).sum("clone")
    at = {"time_d": read, "method": "nearest"}
    share = clone.clone_share.sum("clone")
    with np.errstate(invalid="ignore"):  # no clone in a healthy marrow
        relative = size / size.isel(time_d=0)
    return xr.Dataset(
        {
            "nadir": first.min("time_d"),
            "nadir_day": np.floor(first.time_d[low]).drop_vars("time_d") + 1,
            "clone_share": share.sel(**at).rename(time_d="read").assign_coords(read=read),
            "clone_size": relative.sel(**at).rename(time_d="read").assign_coords(read=read),
        },
        attrs=course.attrs,
    )


def _days(regimen: Regimen) -> xr.Dataset:
    days = [regimen.cycle(1).days_of(drug) for drug in DRUGS]
    return xr.Dataset(
        {
            "first_day": ("drug", [d[0] if d else 0 for d in days]),
            "last_day": ("drug", [d[-1] if d else 0 for d in days]),
        },
        coords={"drug": list(DRUGS)},
    )


def answer(course: xr.Dataset, comparison: xr.Dataset) -> str:
    """What a regimen does and whether the order matters, in sentences.

    Args:
        course: From `explore`, of the regimen that is asked about.
        comparison: From `compare`, in the same patients.

    Example:
        >>> settings = Exploration(
        ...     len_dose_mg=20, aza_dose_mg_m2=75, cycles=1, compare_gaps_d="0")
        >>> course = explore(settings.regimen, settings.typical, 28)
        >>> text = answer(course, compare(settings.arrangements(), settings.typical))
        >>> text.startswith("SIMULATED, 1 patient: azacitidine 75 mg/m2 sc d1-5")
        True
    """
    count, starts = course.sizes["patient"], course.cycle_start_d.values
    first = float(starts[1]) if len(starts) > 1 else float(course.time_d[-1])
    grades = worst_grades(course, until_d=first)
    severe, before = grades["grade 3-4"], grades["at start, grade 3-4"]
    who = "1 patient" if count == 1 else f"{count} virtual patients"
    text = (
        f"SIMULATED, {who}: {course.attrs['cycle_1']}. In the first {first:g} days "
        f"{severe['ANC']:.0%} have grade 3-4 neutropenia ({before['ANC']:.0%} at the start) and "
        f"{severe['PLT']:.0%} grade 3-4 thrombocytopenia ({before['PLT']:.0%})"
    )
    if float(course.clone_share.isel(time_d=0).sel(clone="normal").min()) == 1:
        return text + ". There is no clone."
    clone = (1 - course.clone_share.sel(clone="normal")).median("patient").values
    end = comparison.isel(read=-1).median("patient")
    cells, share = 100 * end.clone_size.to_pandas(), 100 * end.clone_share.to_pandas()
    apart = share.max() - share.min()
    return (
        f"{text}. The median clone share goes from {clone[0]:.0%} to {clone[-1]:.1%} in "
        f"{float(course.time_d[-1]):g} days. The order: after {float(end.read):g} days most clonal "
        f"cells are left by '{cells.idxmax()}' ({cells.max():.1f} %) and fewest by "
        f"'{cells.idxmin()}' ({cells.min():.1f} %), but the clone share, which is what FISH reads, "
        f"differs by {apart:.1f} percentage points at most."
    )
