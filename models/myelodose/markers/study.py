"""The clone as a marker, from settings to words: what the notebook shows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from myelodose.errors import check_fields
from myelodose.forecast.sources import people_from
from myelodose.markers.detection import FISH, VAF, detection_limit
from myelodose.markers.lead_time import Shares, patient_13_course
from myelodose.markers.predictive import Marked, in_words, marked
from myelodose.regimen import platzbecker2013
from myelodose.virtual import (
    DltRule,
    Population,
    drawn_covariates,
    run_trial,
    trial_protocol,
    virtual_patients,
)


@dataclass(frozen=True)
class CloneStudy:
    """Virtual patients and assays.

    Args:
        population: "literature", "calibrated", or the path of a stored posterior.
        draws: Draws of the typical values.
        patients: Patients of each draw.
        dose_mg: Lenalidomide a day [mg].
        nuclei: Nuclei of a FISH.
        depth: Reads of a VAF.
        relapse_share: Clone share that stands for a haematologic relapse; an ASSUMPTION.
        seed: Seed of everything.

    Raises:
        InputError: If a value cannot be.
    """

    population: str = "literature"
    draws: int = 200
    patients: int = 10
    dose_mg: float = 20.0
    nuclei: int = 200
    depth: int = 1000
    relapse_share: float = 0.5
    seed: int = 20130227

    def __post_init__(self) -> None:
        """Check every value."""
        checks = {
            "draws": (self.draws >= 1, "1 or more"),
            "patients": (self.patients >= 1, "1 or more"),
            "nuclei": (self.nuclei >= 10, "10 or more"),
            "depth": (self.depth >= 50, "50 or more"),
            "relapse_share": (0 < self.relapse_share < 1, "a share between 0 and 1"),
            "seed": (self.seed >= 0, "a whole number of at least 0"),
        }
        check_fields(self, checks)

    @cached_property
    def people(self) -> Population:
        """Virtual patients of all draws."""
        source = people_from(self.population, seed=self.seed, draws=self.draws)
        covariates = drawn_covariates(self.seed + 1, self.patients)
        return virtual_patients(self.seed + 2, covariates, draws=source.draws, source=source.source)

    def marker(self) -> Marked:
        """FISH after cycle 1, and response at day 84."""
        protocol = trial_protocol(platzbecker2013(self.dose_mg), cycles=4)
        events = run_trial(self.people, protocol, self.seed, days=85, rule=DltRule())
        return marked(events, self.seed + 3)

    def course(self, *, every: int = 56) -> Shares:
        """Everybody as patient 13 was treated.

        Args:
            every: Days between cycles of maintenance [d].
        """
        return patient_13_course(self.people, maintenance_every_d=every)


def answer(study: CloneStudy, found: Marked, lead: xr.Dataset, blood: xr.Dataset) -> str:
    """All of it in a few sentences.

    Args:
        study: The settings.
        found: From `CloneStudy.marker`.
        lead: From `lead_times`.
        blood: From `retained`.
    """
    fish, vaf = detection_limit(FISH, study.nuclei), detection_limit(VAF, study.depth)
    best = lead.sel(every_d=lead.every_d[0], depth=lead.depth[-1])
    number = blood.number.sel(retention="lenalidomide") / blood.number.sel(retention="none")
    apart = float(np.abs(blood.share.diff("retention")).max())
    told = (
        f"{float(best.told):.0%} of the relapses are called before ({float(best.told_tp53):.0%} of "
        f"those by the mutated clone), the median {float(best.median_d):.0f} d before"
    )
    return (
        f"FISH of {study.nuclei} nuclei sees a clone of {fish:.1%} of cells, sequencing of "
        f"{study.depth} reads one of {vaf:.1%} (exact, 95 % power). {in_words(found)} On patient "
        f"13's schedule {int(best.relapses)} simulated patients relapse after their TP53 mutation "
        f"was no longer seen; read every {int(best.every_d)} d at {int(best.depth)} reads, {told}. "
        f"CXCR4 retention lowers CD34+ numbers in the blood by up to {1 - float(number.min()):.0%} "
        f"and moves the FISH share by at most {apart:.2%}."
    )
