"""One patient before and after his data: draws of whole patients, and draws of this one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from myelodose.forecast.coordinates import Coordinates, fit_coordinates
from myelodose.forecast.course import NAMES
from myelodose.forecast.people import SHARE_MUTATED, People, draw_patients
from myelodose.forecast.seen import Seen
from myelodose.observation import allele_fraction

POPULATION = "draws of the population"
"""What `Attempt.method` calls whole patients of the population, weighted."""


class Prior(NamedTuple):
    """Patients before their own data: draws (all, draw), their coordinates, and without TP53.

    `wild` is the same without a mutation, where it is not known whether there is one.
    """

    draws: Float[np.ndarray, "all draw"]
    coordinates: Coordinates
    wild: "Prior | None" = None

    def of(self, seen: Seen) -> "Prior":
        """That of a patient whose TP53 is known, or taken as known.

        Args:
            seen: The patient.
        """
        return self.wild if self.wild is not None and not seen.tp53_mutated else self


class Attempt(NamedTuple):
    """A way that was tried, its Pareto k, its effective number of draws, and its error.

    `error` is the largest standard error of a posterior mean, in posterior sd.
    """

    method: str
    pareto_k: float
    ess: float
    error: float = float("nan")


class Weighted(NamedTuple):
    """Points of a posterior: (all, point), weights (point), log probability of the readings."""

    values: Float[np.ndarray, "all point"]
    weight: Float[np.ndarray, " point"]
    log_evidence: float


@dataclass(frozen=True)
class Individual:
    """Equally weighted draws of the patient's parameters given what was seen of him.

    Args:
        seen: The patient.
        people: What he was drawn from.
        values: Parameters in the order of `marrow.typical_values`, (all, draw).
        method: What gave them.
        tried: Every way that was tried, in order.
        weighted: Points (all, point) and weights (point) before resampling.
        lost: Whether mutated cells lost the other copy of 17p, (draw,); as seen if None.
        log_evidence: Logarithm of the probability of the readings; NaN where it is not known, or
            where several possibilities were mixed.
        probability: Of "tp53_mutated" and of "loss_of_17p" with it; 0 or 1 if known, and empty
            where nothing was weighed.
    """

    seen: Seen
    people: People
    values: Float[np.ndarray, "all draw"]
    method: str
    tried: tuple[Attempt, ...]
    weighted: tuple[np.ndarray, np.ndarray]
    lost: Bool[np.ndarray, " draw"] | None = None
    log_evidence: float = float("nan")
    probability: Mapping[str, float] = field(default_factory=dict)

    @property
    def pareto_k(self) -> float:
        """Pareto k of what was used; NaN of NUTS and of a truth."""
        return self.tried[-1].pareto_k if self.tried else float("nan")

    @property
    def error(self) -> float:
        """Largest standard error of a posterior mean [posterior sd]; NaN of a truth."""
        return self.tried[-1].error if self.tried else float("nan")

    def vaf(self, share: Float[np.ndarray, "... draw"]) -> Float[np.ndarray, "... draw"]:
        """Expected VAF of TP53 before errors of reads.

        Args:
            share: Of the mutated clone among cells, draws last.
        """
        lost = np.asarray(bool(self.seen.loss_of_17p) if self.lost is None else self.lost)
        both = [
            np.asarray(allele_fraction(share, zygosity=z)) for z in ("heterozygous", "17p loss")
        ]
        return np.where(lost, both[1], both[0])


def prior_of(people: People, seen: Seen, seed: int, *, number: int = 20_000) -> Prior:
    """Patients with these covariates before their data; made once and used at every reading.

    Args:
        people: What patients are like.
        seen: Covariates.
        seed: Seed.
        number: Draws of whole patients.
    """
    draws = draw_patients(people, seen, number, seed)
    found = _prior(draws)
    if seen.tp53_mutated is not None:
        return found
    return found._replace(wild=_prior(draws | {SHARE_MUTATED: np.zeros(number)}))


def _prior(draws: dict[str, np.ndarray]) -> Prior:
    return Prior(np.stack([draws[name] for name in NAMES]), fit_coordinates(draws))
