"""One patient before and after his data: draws of whole patients, and draws of this one."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from myelodose.forecast.coordinates import Coordinates, fit_coordinates
from myelodose.forecast.course import NAMES
from myelodose.forecast.people import People, draw_patients
from myelodose.forecast.seen import Seen


class Prior(NamedTuple):
    """Patients before their own data: draws (all, draw), and their coordinates."""

    draws: Float[np.ndarray, "all draw"]
    coordinates: Coordinates


class Attempt(NamedTuple):
    """A way that was tried, its Pareto k and its effective number of draws."""

    method: str
    pareto_k: float
    ess: float


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
    """

    seen: Seen
    people: People
    values: Float[np.ndarray, "all draw"]
    method: str
    tried: tuple[Attempt, ...]
    weighted: tuple[np.ndarray, np.ndarray]

    @property
    def pareto_k(self) -> float:
        """Pareto k of what was used; NaN of NUTS and of a truth."""
        return self.tried[-1].pareto_k if self.tried else float("nan")


def prior_of(people: People, seen: Seen, seed: int, *, number: int = 20_000) -> Prior:
    """Patients with these covariates before their data; made once and used at every reading.

    Args:
        people: What patients are like.
        seen: Covariates.
        seed: Seed.
        number: Draws of whole patients.
    """
    draws = draw_patients(people, seen, number, seed)
    return Prior(np.stack([draws[name] for name in NAMES]), fit_coordinates(draws))
