"""The 20-patient trial of Platzbecker 2013 again, many times, with virtual patients.

Every replicate draws typical values from the literature priors (or takes those of a calibration or
posterior), then twenty virtual patients with the printed dose, TP53, karyotype and number of
cycles, and treats them. The number of cycles is an input, because what ended treatment in the
trial, disease and adverse events, is mostly not in the model. SIMULATED.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.marrow.protocol.written import Maintenance, Protocol
from myelodose.regimen import platzbecker2013, platzbecker2013_maintenance
from myelodose.regimen.courses import checked_whole
from myelodose.solve.settings import Fast
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.covariates import trial_covariates
from myelodose.virtual.cytogenetics import Cytogenetics, read_cytogenetics, read_fish
from myelodose.virtual.follow import STEADY, trial_protocol
from myelodose.virtual.hyperprior import prior_draws
from myelodose.virtual.population import Population, virtual_patients
from myelodose.virtual.trial import READ_EVERY_D, run_trial

DAYS = 14 * READ_EVERY_D + 1
"""Days of a replicate [d]: three cycles, four of maintenance and three months more."""

PATIENT_13, PATIENT_15 = 12, 14
"""Positions of the two patients whose course is told in words."""


@dataclass(frozen=True)
class Replayed:
    """Replicates of the trial; patients in the order of Table 1, the twentieth last.

    Args:
        events: Of each of the twenty in all replicates, from `run_trial`; `patient` is the
            replicate.
        cytogenetics: What metaphases showed.
        fish: Share of positive nuclei, (reading, replicate).
        often: Patient 13 with maintenance of the same doses every 28 days over the same time.
    """

    events: tuple[xr.Dataset, ...]
    cytogenetics: tuple[Cytogenetics, ...]
    fish: tuple[Float[np.ndarray, "reading replicate"], ...]
    often: xr.Dataset

    @property
    def replicates(self) -> int:
        """How many."""
        return self.events[0].sizes["patient"]

    def stacked(self, name: str) -> np.ndarray:
        """A variable of `events`, the trial's patients as the last axis."""
        return np.stack([one[name].values for one in self.events], -1)


def replay_trial(
    seed: int,
    replicates: int,
    *,
    rule: DltRule | None = None,
    hazards: Sequence[Hazards] | Hazards = Hazards(),  # noqa: B008
    draws: Mapping[str, Float[np.ndarray, " draw"]] | None = None,
    days: int = DAYS,
    solver: Fast = STEADY,
) -> Replayed:
    """Replicates of the trial.

    Args:
        seed: Seed.
        replicates: How many; each has its own typical values.
        rule: The DLT rule of counts; `DltRule()` if not given.
        hazards: The other causes of a DLT, one for all or one for each replicate.
        draws: Typical values by name, one for each replicate; from `prior_draws` if not given.
        days: Days of each patient [d].
        solver: The fast solver.

    Raises:
        InputError: If a value cannot be.
    """
    number = checked_whole(replicates, "replay_trial, replicates", least=1)
    seeds = np.random.SeedSequence(seed).generate_state(number + 4).tolist()
    covariates = [trial_covariates(one) for one in seeds[4:]]
    values = prior_draws(seeds[0], number) if draws is None else draws
    everyone = virtual_patients(seeds[1], covariates, draws=values)
    used = DltRule() if rule is None else rule
    events, read, fish = [], [], []
    for place in range(20):
        one = covariates[0].isel(patient=place)
        protocol = protocol_of(place, float(one.dose_mg), one)
        result = _of_one(everyone, place, protocol, seeds[2] + place, used, hazards, days, solver)
        events.append(result)
        cycles = int(one.induction_cycles)
        read.append(read_cytogenetics(result, seeds[3] + place, within=cycles))
        fish.append(read_fish(result, seeds[3] + 20 + place))
    one = covariates[0].isel(patient=PATIENT_13)
    protocol = protocol_of(PATIENT_13, float(one.dose_mg), one, every=28)
    often = _of_one(
        everyone, PATIENT_13, protocol, seeds[2] + PATIENT_13, used, hazards, days, solver
    )
    return Replayed(tuple(events), tuple(read), tuple(fish), often)


def protocol_of(place: int, dose_mg: float, patient: xr.Dataset, *, every: int = 56) -> Protocol:
    """How one of the twenty was treated: printed dose and cycles, maintenance if he had any.

    Patient 15 had a second course (legend, D3), which Table 1 does not count.

    Args:
        place: Position in Table 1, from 0.
        dose_mg: Lenalidomide [mg].
        patient: His covariates.
        every: Days between cycles of maintenance [d]; as many as fit into the time of the printed
            ones every 56 days.
    """
    cycles = int(patient.induction_cycles) + (place == PATIENT_15)
    later = int(patient.maintenance_cycles)
    maintenance = None
    if later:
        maintenance = Maintenance(
            platzbecker2013_maintenance(every=every),
            later * 56 // every,
            clone_below=1.0,
            after=cycles,
        )
    return trial_protocol(
        platzbecker2013(dose_mg), cycles=cycles, maintenance=maintenance, clone_above=None
    )


def _of_one(
    everyone: Population,
    place: int,
    protocol: Protocol,
    seed: int,
    rule: DltRule,
    hazards: Sequence[Hazards] | Hazards,
    days: int,
    solver: Fast,
) -> xr.Dataset:
    rows = np.arange(everyone.draws) * everyone.patients + place
    those = everyone.take(rows)
    return run_trial(those, protocol, seed, days=days, rule=rule, hazards=hazards, solver=solver)
