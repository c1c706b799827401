"""Hazards of the dose-limiting toxicities that are not counts: infection and thrombosis."""

from dataclasses import dataclass, replace

import numpy as np

from myelodose.errors import check_fields


@dataclass(frozen=True)
class Hazards:
    """Hazards of the DLTs that are not counts.

    Args:
        infection_per_d: h1, of a dose-limiting infection on a day with few neutrophils [1/day].
            CHOSEN: 0.01, so that ten such days bring one in ten patients an infection. No table
            gives it; grade 3 or more in the trial itself is what it will be judged by.
        infection_background_per_d: h0, on any day [1/day]. CHOSEN: 0.0005, 1.4 % in 28 days.
        thrombosis: Probability in one cycle. 0.03 is what a meta-analysis of lenalidomide in
            lower-risk MDS reports over the whole treatment (Lian 2016, doi
            10.1371/journal.pone.0165948, in data/literature/pd_parameters.csv): for one cycle an
            upper bound.
        anc_below_1e9_per_l: Few neutrophils: below this [1e9/L], grade 4.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Hazards().thrombosis
        0.03
    """

    infection_per_d: float = 0.01
    infection_background_per_d: float = 0.0005
    thrombosis: float = 0.03
    anc_below_1e9_per_l: float = 0.5

    def __post_init__(self) -> None:
        """Check every value."""
        hazard = "a hazard per day from 0 to 1"
        checks = {
            "infection_per_d": (0 <= self.infection_per_d <= 1, hazard),
            "infection_background_per_d": (0 <= self.infection_background_per_d <= 1, hazard),
            "thrombosis": (0 <= self.thrombosis < 1, "a probability from 0 to below 1"),
            "anc_below_1e9_per_l": (0 <= self.anc_below_1e9_per_l <= 10, "0 to 10 in 1e9/L"),
        }
        check_fields(self, checks)


def hazard_draws(seed: int, draws: int, typical: Hazards = Hazards()) -> list[Hazards]:
    """Hazards for each draw: nobody knows them, so a decision should not rest on one value.

    All CHOSEN: both hazards of infection share one log-normal factor with sd 0.7 (95 % within
    fourfold), and thrombosis is beta around its typical value with the weight of 50 patients.

    Args:
        seed: Seed.
        draws: How many.
        typical: Medians (thrombosis: mean).

    Example:
        >>> len(hazard_draws(1, 3))
        3
    """
    random = np.random.default_rng(seed)
    factor = np.exp(0.7 * random.standard_normal(draws))
    p, size = typical.thrombosis, 50
    clots = random.beta(size * p, size * (1 - p), draws) if p else np.zeros(draws)
    return [
        replace(
            typical,
            infection_per_d=min(1.0, float(f * typical.infection_per_d)),
            infection_background_per_d=min(1.0, float(f * typical.infection_background_per_d)),
            thrombosis=float(c),
        )
        for f, c in zip(factor, clots, strict=True)
    ]
