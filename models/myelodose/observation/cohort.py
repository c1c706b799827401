"""A simulated cohort as an event table, with the truth beside it.

Virtual patients are treated by the trial's schedule with its delays and reductions; assays then
read their counts, the clone's share of cells (FISH) and the mutated share of reads (VAF).
Everything is simulated and says so; nobody was treated so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np
import pandas as pd
import xarray as xr

from myelodose.errors import check_fields
from myelodose.marrow.course import DRUGS, Patient
from myelodose.marrow.everyone import with_patients
from myelodose.marrow.protocol import Protocol, follow_protocol
from myelodose.marrow.typical import virtual_population
from myelodose.observation.shares import allele_fraction, positive_fraction
from myelodose.regimen import platzbecker2013
from myelodose.units import HOURS_PER_DAY

COHORTS = {10.0: 4, 15.0: 4, 20.0: 6, 25.0: 6}
"""Patients by lenalidomide dose [mg], as in the trial (data/trials/platzbecker2013)."""

LABELS = {"ANC": "1e9/L", "PLT": "1e9/L", "Hb": "g/dL", "FISH": "nuclei", "VAF": "reads"}
"""What is measured, with its unit."""


@dataclass(frozen=True)
class Assays:
    """When measurements are taken and how they err.

    Args:
        count_days: Days of blood counts, in the morning before the dose; 0 is the first day.
        clone_days: Days of FISH and of sequencing.
        count_sd: Standard deviation of the logarithm of ANC, platelets and haemoglobin. Chosen.
        lloq: Limit of quantification of ANC and platelets [1e9/L]. Chosen.
        nuclei: Nuclei counted by FISH (data/literature/priors.csv: 100-200).
        depth: Reads (data/literature/priors.csv: 500-1000).
        overdispersion: Of FISH and sequencing, as in `beta_binomial_log_probability`. Chosen.
        false_positive: Of FISH (priors.csv: false positive rate).
        read_error: Of a read (priors.csv: error floor).

    Raises:
        InputError: If a value cannot be.
    """

    count_days: tuple[int, ...] = tuple(range(0, 85, 7))
    clone_days: tuple[int, ...] = (0, 28, 56, 84)
    count_sd: tuple[float, float, float] = (0.25, 0.2, 0.05)
    lloq: tuple[float, float] = (0.05, 5.0)
    nuclei: int = 200
    depth: int = 750
    overdispersion: float = 0.01
    false_positive: float = 0.03
    read_error: float = 0.008

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        days = (*self.count_days, *self.clone_days)
        checks = {
            "count_days": (bool(days) and min(days) >= 0, "days of at least 0"),
            "count_sd": (min(self.count_sd) > 0, "three numbers above 0"),
            "lloq": (min(self.lloq) >= 0, "two limits of at least 0"),
            "nuclei": (self.nuclei >= 1, "1 or more"),
            "depth": (self.depth >= 1, "1 or more"),
            "overdispersion": (0 < self.overdispersion < 1, "a number between 0 and 1"),
        }
        check_fields(self, checks)


class Cohort(NamedTuple):
    """A simulated cohort.

    Args:
        table: Event table, one row a record, for `read_records`.
        truth: Every patient's true parameters, one row a patient.
        course: What happened without the errors of assays, as `follow_protocol` gives it.
    """

    table: pd.DataFrame
    truth: pd.DataFrame
    course: xr.Dataset


def simulate_cohort(
    seed: int,
    *,
    cohorts: Mapping[float, int] = COHORTS,
    cycles: int = 3,
    assays: Assays = Assays(),
    disease: str = "del(5q) TP53",
    body_surface_area_m2: float = 1.8,
) -> Cohort:
    """Treat virtual patients by the trial's schedule and read their blood and clones.

    Args:
        seed: Seed of patients and assays.
        cohorts: Patients by lenalidomide dose [mg].
        cycles: Most cycles of 28 days, each delayed until counts have recovered.
        assays: When and how measurements are taken.
        disease: As in `virtual_population`.
        body_surface_area_m2: Of all patients [m2].

    Returns:
        Table, truth and course. Time in hours from the first morning; CMT 1 is lenalidomide by
        mouth [mg], 2 azacitidine sc [mg]; DVID ANC and PLT [1e9/L], Hb [g/dL], FISH (positive
        nuclei) and VAF (mutated reads) of TRIALS.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> cohort = simulate_cohort(1, cohorts={20.0: 2}, cycles=1)
        >>> sorted(set(cohort.table.DVID) - {"."})
        ['ANC', 'FISH', 'Hb', 'PLT', 'VAF']
    """
    random = np.random.default_rng(seed)
    number = sum(cohorts.values())
    clearance = np.round(np.clip(random.normal(85, 20, number), 50, 140))
    everyone = virtual_population(
        int(random.integers(2**31)),
        number,
        disease=disease,
        creatinine_clearance_ml_per_min=clearance,
    )
    last = max(*assays.count_days, *assays.clone_days) + 1
    courses = []
    first = 0
    for dose, count in cohorts.items():
        some = _some(everyone, range(first, first + count), number)
        protocol = Protocol(platzbecker2013(dose), cycles=cycles)
        course = follow_protocol(
            some, protocol, days=last, body_surface_area_m2=body_surface_area_m2
        )
        courses.append(course.assign(dose_mg=("patient", np.full(count, dose))).drop_attrs())
        first += count
    course = xr.concat(courses, "patient", data_vars="all", coords="minimal", compat="override")
    course = course.assign_coords(patient=1 + np.arange(number)).assign_attrs(kind="simulated")
    rows = [
        row
        for i in range(number)
        for row in _records(course.isel(patient=i), i + 1, assays, random)
    ]
    table = pd.DataFrame(rows)
    known = {"CRCL": clearance, "BSA": body_surface_area_m2, "DOSE": course.dose_mg.values}
    for name, values in known.items():
        table[name] = np.broadcast_to(values, number)[table["ID"] - 1]
    return Cohort(table, _truth(everyone, number), course)


def _some(everyone: Patient, which: range, number: int) -> Patient:
    return jax.tree.map(lambda x: np.asarray(x)[..., list(which)], with_patients(everyone, number))


def _records(one: xr.Dataset, number: int, assays: Assays, random: np.random.Generator) -> list:
    """The rows of one patient in order: what was read in a morning, then the day's doses."""
    blank = {"AMT": ".", "CMT": ".", "DV": ".", "DVID": ".", "TRIALS": ".", "CENS": 0, "LLOQ": "."}
    rows: list[dict] = []
    days = {*assays.count_days, *assays.clone_days}
    last_seen = max(days)
    for day in range(one.sizes["day"]):
        base = {"ID": number, "TIME": day * HOURS_PER_DAY}
        if day in days:
            rows += [base | blank | {"EVID": 0} | read for read in _read(one, day, assays, random)]
        for k, drug in enumerate(DRUGS):
            amount = float(one.given_mg.sel(drug=drug)[day])
            if amount > 0 and day < last_seen:
                rows.append(base | blank | {"EVID": 1, "AMT": amount, "CMT": k + 1})
    return rows


def _read(one: xr.Dataset, day: int, assays: Assays, random: np.random.Generator) -> list[dict]:
    found = []
    if day in assays.count_days:
        errors = np.exp(np.array(assays.count_sd) * random.standard_normal(3))
        lloq = (*assays.lloq, None)
        for label, value, limit in zip(
            LABELS, one["count"][day].values * errors, lloq, strict=False
        ):
            below = limit is not None and value < limit
            read = {
                "DVID": label,
                "DV": float(f"{limit if below else value:.4g}"),
                "CENS": int(below),
            }
            found.append(read if limit is None else read | {"LLOQ": limit})
    if day in assays.clone_days:
        share = one.clone_share[day].values
        fish = positive_fraction(share[1] + share[2], false_positive=assays.false_positive)
        reads = allele_fraction(share[2], read_error=assays.read_error)
        for label, p, n in (("FISH", fish, assays.nuclei), ("VAF", reads, assays.depth)):
            scale = (1 - assays.overdispersion) / assays.overdispersion
            chance = random.beta(scale * float(p), scale * (1 - float(p)))
            found.append({"DVID": label, "DV": int(random.binomial(n, chance)), "TRIALS": n})
    return found


def _truth(everyone: Patient, number: int) -> pd.DataFrame:
    """Every true number of every patient, by its place in `Patient`."""
    leaves = jax.tree.leaves_with_path(with_patients(everyone, number))
    columns = {}
    for path, values in leaves:
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        for index in np.ndindex(np.shape(values)[:-1]):
            label = name + "".join(f"[{i}]" for i in index)
            columns[label] = np.asarray(values)[index]
    return pd.DataFrame(columns, index=pd.RangeIndex(1, number + 1, name="ID"))
