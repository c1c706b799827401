"""A SIMULATED trial from a known truth, its DLTs counted patient by patient.

Nothing here calls what `dlt_risk`, `prospects` or `first_cycles` compute with: courses come from
`marrow.simulate` with the doses written out, lenalidomide is held by hand at the visits of days 8
and 15, the rule is read in a loop over one patient's mornings, and infections and thromboses are
drawn day by day.
"""

import math
from dataclasses import replace

import jax
import numpy as np

from myelodose import marrow
from myelodose.marrow.course import Patient
from myelodose.marrow.everyone import with_patients
from myelodose.marrow.explore import plan_for
from myelodose.precision import float64
from myelodose.regimen import platzbecker2013
from myelodose.solve.plan import Plan
from myelodose.solve.settings import Fast
from myelodose.toxicity.hazards import Hazards

MORNINGS = 57
BLOCK = 500

# Typical values of nobody in particular, with DLTs of every cause at every dose.
TRUTH = {
    "kill_aza": 0.5,
    "gamma_anc": 0.12,
    "gamma_plt": 0.15,
    "len_clearance_l_per_h": 7.0,
    "omega_mtt_anc_h": 0.2,
}
HAZARDS = Hazards(infection_per_d=0.02, infection_background_per_d=0.001, thrombosis=0.05)

_simulate = jax.jit(marrow.simulate, static_argnames="solver")


def observed_dlts(
    patient: Patient, area_m2: np.ndarray, dose_mg: float, hazards: Hazards, seed: int
) -> np.ndarray:
    """Who had a DLT by recovery, by infection, by thrombosis, and of any cause.

    Args:
        patient: Patients.
        area_m2: Their body-surface areas [m2].
        dose_mg: Lenalidomide on days 6-19 [mg].
        hazards: Of the other causes.
        seed: Seed of infections and thromboses.

    Returns:
        (patient, 4), true or false.
    """
    random = np.random.default_rng(seed)
    counts = treated(with_patients(patient, len(area_m2)), area_m2, dose_mg)
    return np.array([_fate(counts[:, :, i], hazards, random) for i in range(counts.shape[-1])])


def treated(patient: Patient, area_m2: np.ndarray, dose_mg: float) -> np.ndarray:
    """Neutrophils and platelets of every morning [1e9/L], (57, 2, patient).

    Lenalidomide is held from a visit with grade 4 on, and given again from a visit at which
    everything is above grade 3; visits are weekly, so days 8 and 15 decide.
    """
    given = np.ones((2, len(area_m2)), bool)  # on days 8-14 and on days 15-19
    counts = _course(patient, area_m2, dose_mg, given)
    first = _below(counts, 7, 0.5, 25.0, 0.5)
    second = ~first & _below(counts, 14, 0.5, 25.0, 0.5)
    given[0, first] = given[1, first | second] = False
    _again(counts, first | second, patient, area_m2, dose_mg, given)
    back = first & ~_below(counts, 14, 1.0, 50.0, 0.75)
    given[1, back] = True
    _again(counts, back, patient, area_m2, dose_mg, given)
    return counts


def _again(
    counts: np.ndarray,
    who: np.ndarray,
    patient: Patient,
    area_m2: np.ndarray,
    dose_mg: float,
    given: np.ndarray,
) -> None:
    """Replace the courses of some patients by those with the doses that they were given."""
    if who.any():
        some = jax.tree.map(lambda x: np.asarray(x)[..., who], patient)
        counts[..., who] = _course(some, area_m2[who], dose_mg, given[:, who])


def _below(counts: np.ndarray, day: int, anc: float, plt: float, share: float) -> np.ndarray:
    """Whether a count is below its limit, or below that share of the baseline if that is less."""
    now, before = counts[day], counts[0]
    return (now[0] < np.minimum(anc, share * before[0])) | (
        now[1] < np.minimum(plt, share * before[1])
    )


def _course(patient: Patient, area_m2: np.ndarray, dose_mg: float, given: np.ndarray) -> np.ndarray:
    """Counts of every morning, (57, 2, patient), in blocks of one size."""
    total = len(area_m2)
    parts = []
    for start in range(0, total, BLOCK):
        rows = np.resize(np.arange(start, min(start + BLOCK, total)), BLOCK)
        some = jax.tree.map(lambda x, rows=rows: np.asarray(x)[..., rows], patient)
        windows = _windows(area_m2[rows], dose_mg, given[:, rows])
        with float64():
            parts.append(np.asarray(_simulate(some, windows, solver=Fast()).counts[:, :2]))
    return np.concatenate(parts, -1)[..., :total]


def _windows(area_m2: np.ndarray, dose_mg: float, given: np.ndarray) -> Plan:
    # One schedule for 1 m2; amounts of azacitidine follow the area, those that are held are 0.
    one = plan_for(platzbecker2013(dose_mg), np.arange(MORNINGS), body_surface_area_m2=1.0)
    day = 1 + np.floor(np.asarray(one.start_d) + 1e-9)  # (window, 1)
    lenalidomide = np.where(day < 8, True, np.where(day < 15, *given))
    factor = np.stack([lenalidomide, np.broadcast_to(area_m2, lenalidomide.shape)], 1)
    wide = jax.tree.map(lambda x: np.repeat(np.asarray(x), len(area_m2), -1), one)
    return replace(wide, amount=wide.amount * factor)


def _fate(counts: np.ndarray, hazards: Hazards, random: np.random.Generator) -> list[bool]:
    """One patient: DLT by recovery, infection, thrombosis, any."""
    anc, plt = counts[0]
    grade4 = min(0.5, anc / 2), min(25.0, plt / 2)
    grade3 = min(1.0, 0.75 * anc), min(50.0, 0.75 * plt)
    well = [a >= grade4[0] and p >= grade4[1] for a, p in counts]
    ready = [a >= grade3[0] and p >= grade3[1] for a, p in counts]
    visits = [day for day in range(28, MORNINGS, 7) if ready[day]]
    recovery = not any(well[28:42]) or not visits
    cycle_d = visits[0] if visits else MORNINGS
    infection = False
    for day in range(cycle_d):
        hazard = hazards.infection_background_per_d
        if counts[day, 0] < hazards.anc_below_1e9_per_l:
            hazard += hazards.infection_per_d
        infection |= random.random() < -math.expm1(-hazard)
    thrombosis = random.random() < hazards.thrombosis
    return [recovery, infection, thrombosis, recovery or infection or thrombosis]
