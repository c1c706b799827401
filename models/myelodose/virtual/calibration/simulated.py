"""Simulated 20-patient trials at given parameters, and what is kept of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.regimen import platzbecker2013
from myelodose.solve.settings import Fast
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual.calibration.uncertain import draws_of, hazards_of, values_at
from myelodose.virtual.covariates import drawn_covariates, trial_covariates
from myelodose.virtual.dlt_risk import ANY, dlt_risk
from myelodose.virtual.facts import COHORTS, predicted_facts
from myelodose.virtual.follow import QUICK, STEADY
from myelodose.virtual.population import virtual_patients
from myelodose.virtual.replay import replay_trial
from myelodose.virtual.sequences import nadir_days

QUANTITIES = (
    "DLTs at 10 mg",
    "DLTs at 15 mg",
    "DLTs at 20 mg",
    "DLTs at 25 mg",
    "DLTs by recovery, all doses",
    "DLTs by infection, all doses",
    "DLTs by thrombosis, all doses",
    "grade 3-4 thrombocytopenia of 20",
    "grade 3-4 neutropenia of 20",
    "the first minus the second",
    "cytogenetic responders later than cycle 1",
    "cytogenetic responses of 19",
    "complete among them",
    "share of cytogenetic responses, TP53 mutated minus wild type",
    "share of cytogenetic responses, 25 mg minus 20 mg",
    "median cytogenetic response [months]",
    "t of the FISH fall in responders",
    "t of the FISH fall in the others ('unchanged')",
    "mean fall in responders [percentage points]",
    "patient 15: complete cytogenetic response after cycle 1",
    "patient 15: cycle 2 delayed",
    "patient 15: both, and lost at day 56",
    "patient 13: complete cytogenetic response by cycle 3",
    "patient 13: TP53 below 2 % and back by day 364",
    "patient 13: 8 cycles every 28 d leave less TP53 clone at day 308 than 4",
)
"""Words of `predicted_facts` that are kept, in the order of `Trials.facts`."""

NADIR_PATIENTS = 10
"""Patients whose median nadir day is looked at."""


class Trials(NamedTuple):
    """One simulated trial at each set of parameters.

    Attributes:
        z: Standard normal numbers of the parameters, in the order of `uncertain.NAMES`.
        facts: What `predicted_facts` says of each, by `QUANTITIES`; NaN where a trial has none.
        p_dlt: Mean P(DLT) of the patients of a dose, by cause.
        nadir_day: Median day of the neutrophils' nadir in ten patients: azacitidine alone, and
            with lenalidomide 20 mg.
    """

    z: Float[np.ndarray, "trial parameter"]
    facts: Float[np.ndarray, "trial fact"]
    p_dlt: Float[np.ndarray, "trial cause dose"]
    nadir_day: Float[np.ndarray, "trial 2"]


def simulate_trials(z: Float[np.ndarray, "trial parameter"], seed: int) -> Trials:
    """One trial of twenty patients for each row of parameters. SIMULATED.

    Far out in the tails six nodes a day may not do for somebody; then all are simulated with more,
    and if that does not do either, with other patients.

    Args:
        z: Standard normal numbers, in the order of `uncertain.NAMES`.
        seed: Seed.

    Raises:
        ArithmeticError: If the solver does not converge for some of the other patients either.
    """
    return steadily(lambda own, solver: _simulated(z, own, solver), seed)


def steadily[T](simulate: Callable[[int, Fast], T], seed: int) -> T:
    """What is simulated with six nodes a day, or with more, or with more and another seed.

    Args:
        simulate: Takes a seed and a solver.
        seed: Seed.

    Raises:
        ArithmeticError: If the solver does not converge with the other seed either.

    Example:
        >>> steadily(lambda seed, solver: seed, 3)
        3
    """
    for solver in (QUICK, STEADY):
        try:
            return simulate(seed, solver)
        except ArithmeticError:
            continue
    return simulate(seed + 1, STEADY)


def _simulated(z: np.ndarray, seed: int, solver: Fast) -> Trials:
    values = values_at(z)
    draws, hazards = draws_of(values), hazards_of(values)
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()
    some = virtual_patients(seeds[1], drawn_covariates(seeds[2], NADIR_PATIENTS), draws=draws)
    nadir = nadir_days(some, solver=solver).nadir_day.values
    middle = np.median(nadir.reshape(2, len(z), -1), -1)
    replayed = replay_trial(
        seeds[0], len(z), rule=DltRule(), hazards=hazards, draws=draws, solver=solver
    )
    said = {one.quantity: one.values for one in predicted_facts(replayed)}
    facts = np.stack([said[words] for words in QUANTITIES], -1)
    p = replayed.stacked("p_dlt")
    by_dose = np.stack([p[..., those].mean(-1) for those in COHORTS.values()], -1)
    return Trials(z, facts, np.moveaxis(by_dose, 0, 1), middle.T)


def simulate_risks(
    z: Float[np.ndarray, "draw parameter"], seed: int, *, trials: int = 40
) -> Float[np.ndarray, "draw dose"]:
    """P(DLT) of any cause in cycle 1 by dose, in many patients like those of the trial. SIMULATED.

    Args:
        z: Standard normal numbers, in the order of `uncertain.NAMES`.
        seed: Seed.
        trials: How often the patients of each dose of `facts.COHORTS` are drawn.

    Raises:
        ArithmeticError: As `simulate_trials`, which goes on to more nodes and other patients too.
    """
    return steadily(lambda own, solver: _simulated_risks(z, own, trials, solver), seed)


def _simulated_risks(z: np.ndarray, seed: int, trials: int, solver: Fast) -> np.ndarray:
    values = values_at(z)
    hazards = hazards_of(values)
    seeds = np.random.SeedSequence(seed).generate_state(1 + trials).tolist()
    copies = xr.concat([trial_covariates(one) for one in seeds[1:]], "patient", join="override")
    everyone = virtual_patients(seeds[0], copies, draws=draws_of(values))
    found = []
    for dose, cohort in COHORTS.items():
        place = np.arange(everyone.draws * everyone.patients).reshape(-1, 20)[:, cohort]
        those = replace(everyone.take(place.ravel()), draws=everyone.draws)
        regimen = {"one": platzbecker2013(dose)}
        risk = dlt_risk(those, regimen, DltRule(), hazards, solver=solver)
        found.append(risk.p.sel(regimen="one", cycle=1, cause=ANY).values)
    return np.stack(found, -1)


def trials_in_folder(
    path: Path, z: Float[np.ndarray, "trial parameter"], seed: int
) -> tuple[Trials, bool]:
    """The trials of a file if it is there, otherwise simulated now and written.

    Args:
        path: The file.
        z: Parameters.
        seed: Seed.

    Returns:
        The trials, and whether they were there.
    """
    there = path.exists()
    if not there:
        found = simulate_trials(z, seed)
        partial = path.with_suffix(".partial.npz")
        facts, p_dlt, nadir_day = (np.asarray(x, np.float32) for x in found[1:])
        np.savez_compressed(partial, z=found.z, facts=facts, p_dlt=p_dlt, nadir_day=nadir_day)
        partial.replace(path)
    # Read back in either case: what is stored is rounded, and a run that goes on must not differ.
    with np.load(path) as stored:
        return Trials(*(stored[name] for name in Trials._fields)), there


def together(parts: list[Trials]) -> Trials:
    """All trials of several parts.

    Args:
        parts: Trials.
    """
    return Trials(*(np.concatenate(x).astype(float) for x in zip(*parts, strict=True)))
