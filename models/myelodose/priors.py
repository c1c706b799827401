"""Priors with what they rest on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from myelodose.errors import InputError, check_fields


@dataclass(frozen=True)
class LogisticPrior:
    """Bivariate normal prior of the two-parameter logistic dose-toxicity model.

    (log a, log b) ~ Normal(mean, covariance), where exp(log a) is the odds of a DLT at
    `dose_reference_mg`.

    Args:
        mean: Means of log a and log b.
        sd: Their standard deviations, above 0.
        correlation: Their correlation, between -1 and 1.
        dose_reference_mg: Reference dose [mg].
        dose_range_mg: Lowest and highest dose for which the prior was meant [mg].
        source: What it rests on.
        name: Short name for tables.

    Raises:
        InputError: If a value cannot be.
    """

    mean: tuple[float, float]
    sd: tuple[float, float]
    dose_reference_mg: float
    source: str
    correlation: float = 0.0
    dose_range_mg: tuple[float, float] = (0.0, math.inf)
    name: str = "prior"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "mean": (all(map(math.isfinite, self.mean)), "two finite numbers"),
            "sd": (all(0 < s < math.inf for s in self.sd), "two numbers above 0"),
            "correlation": (-1 < self.correlation < 1, "a number between -1 and 1"),
            "dose_reference_mg": (0 < self.dose_reference_mg < math.inf, "a dose above 0 mg"),
            "dose_range_mg": (
                0 <= self.dose_range_mg[0] < self.dose_range_mg[1],
                "a lower and a higher dose",
            ),
        }
        check_fields(self, checks)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance matrix of (log a, log b), shape (2, 2)."""
        a, b = self.sd
        return np.array([[a * a, self.correlation * a * b], [self.correlation * a * b, b * b]])

    def check_doses(self, dose: np.ndarray, places: Sequence[str]) -> None:
        """Refuse doses for which the prior was not meant.

        Args:
            dose: Doses [mg].
            places: Where each of them stands, for the error.

        Raises:
            InputError: Naming the dose and the range.
        """
        low, high = self.dose_range_mg
        for value, place in zip(dose, places, strict=True):
            if not low <= value <= high or value <= 0:
                raise InputError(
                    place,
                    f"found a dose of {value:g} mg outside the modelled range",
                    f"the prior '{self.name}' holds from {low:g} to {high:g} mg; correct the "
                    "dose, or give a prior and a reference dose for your drug",
                )


def logit(probability: float) -> float:
    """Log-odds of a probability.

    Example:
        >>> logit(0.5)
        0.0
    """
    return math.log(probability / (1 - probability))


def standard_prior(
    dose_reference_mg: float,
    *,
    median_risk: float = 0.25,
    dose_range_mg: tuple[float, float] = (0.0, math.inf),
    name: str = "",
    source: str = "standard BLRM, weak",
) -> LogisticPrior:
    """The usual weak prior: log a ~ Normal(logit median_risk, 2), log b ~ Normal(0, 1).

    Args:
        dose_reference_mg: Reference dose [mg].
        median_risk: Prior median of the DLT risk there, between 0 and 1.
        dose_range_mg: Doses for which it is meant [mg].
        name: Short name for tables.
        source: What it rests on.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> standard_prior(25, median_risk=0.33).name
        'standard BLRM, 33 % at 25 mg'
    """
    if not 0 < median_risk < 1:
        raise InputError(
            "standard_prior, median_risk", f"found {median_risk}", "give a risk between 0 and 1"
        )
    return LogisticPrior(
        name=name or f"standard BLRM, {100 * median_risk:.0f} % at {dose_reference_mg:g} mg",
        mean=(logit(median_risk), 0.0),
        sd=(2.0, 1.0),
        dose_reference_mg=dose_reference_mg,
        dose_range_mg=dose_range_mg,
        source=source,
    )


LENALIDOMIDE_PRIOR = standard_prior(
    20.0,
    # The lowest and the highest lenalidomide dose in data/literature/dlt_trials.csv.
    dose_range_mg=(5.0, 75.0),
    source="standard BLRM, weak: data/literature/priors.csv, block DLT",
)
"""log a ~ Normal(logit 0.25, 2), log b ~ Normal(0, 1), reference dose 20 mg of lenalidomide."""
