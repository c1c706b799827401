"""How small a clone can be and still be seen: exact beta-binomial detection limits.

A sample is called positive when at least c of n nuclei or reads are, with c the smallest number
that a sample without the clone reaches with probability at most `alpha`. The detection limit is the
smallest share that is called positive with probability `power`. More nuclei or reads help only
until overdispersion and the error rate of the assay take over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.special import betaln, gammaln

from myelodose.errors import check_fields
from myelodose.observation import allele_fraction, positive_fraction
from myelodose.observation.shares import Zygosity


@dataclass(frozen=True)
class Assay:
    """An assay that counts positives.

    Args:
        what: "FISH" (nuclei with the deletion) or "VAF" (reads with the mutation).
        error: FISH: false positive rate of nuclei; VAF: error of a read.
        overdispersion: rho, 0 (binomial) to below 1.
        zygosity: Of the mutation, for reads.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Assay("FISH").probability(0.0)
        0.03
    """

    what: str
    error: float = 0.03
    overdispersion: float = 0.01
    zygosity: Zygosity = "heterozygous"

    def __post_init__(self) -> None:
        """Check every value."""
        checks = {
            "what": (self.what in ("FISH", "VAF"), "'FISH' or 'VAF'"),
            "error": (0 <= self.error < 0.5, "0 to below 0.5"),
            "overdispersion": (0 <= self.overdispersion < 1, "0 to below 1"),
        }
        check_fields(self, checks)

    def probability(self, share: float) -> float:
        """Probability that a nucleus or a read is positive where the clone has this share."""
        if self.what == "FISH":
            return float(positive_fraction(share, false_positive=self.error))
        return float(allele_fraction(share, zygosity=self.zygosity, read_error=self.error))


FISH = Assay("FISH")
"""FISH with the median false positive rate of priors.csv; overdispersion chosen."""

VAF = Assay("VAF", error=0.008, overdispersion=0.001)
"""Sequencing with the median error floor of priors.csv; overdispersion chosen."""


def law(n: int, p: float, overdispersion: float) -> Float[np.ndarray, " count"]:
    """Probabilities of 0 to n positives.

    Args:
        n: Nuclei or reads.
        p: Probability of a positive one.
        overdispersion: rho; 0 is binomial.

    Example:
        >>> law(2, 0.5, 0.0).tolist()
        [0.25, 0.5, 0.25]
    """
    y = np.arange(n + 1.0)
    choose = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    if p <= 0 or p >= 1:
        return (y == (0 if p <= 0 else n)).astype(float)
    if overdispersion == 0:
        return np.exp(choose + y * np.log(p) + (n - y) * np.log1p(-p))
    weight = (1 - overdispersion) / overdispersion
    a, b = p * weight, (1 - p) * weight
    return np.exp(choose + betaln(y + a, n - y + b) - betaln(a, b))


@lru_cache(maxsize=1024)
def cutoff(assay: Assay, n: int, *, alpha: float = 0.05) -> int:
    """Fewest positives of n that call a sample positive.

    Args:
        assay: The assay.
        n: Nuclei or reads.
        alpha: Most probability of a call without a clone.

    Example:
        >>> cutoff(Assay("FISH", error=0.0, overdispersion=0.0), 100)
        1
    """
    beyond = law(n, assay.probability(0.0), assay.overdispersion)[::-1].cumsum()[::-1]
    fine = np.flatnonzero(beyond <= alpha)
    return int(fine[0]) if len(fine) else n + 1


def detected(assay: Assay, share: float, n: int, *, alpha: float = 0.05) -> float:
    """Probability that a clone of this share is called positive.

    Args:
        assay: The assay.
        share: Share of cells.
        n: Nuclei or reads.
        alpha: As in `cutoff`.

    Example:
        >>> round(detected(Assay("FISH", error=0.0, overdispersion=0.0), 0.05, 22), 3)
        0.676
    """
    least = cutoff(assay, n, alpha=alpha)
    return float(law(n, assay.probability(share), assay.overdispersion)[least:].sum())


def detection_limit(assay: Assay, n: int, *, power: float = 0.95, alpha: float = 0.05) -> float:
    """Smallest share of cells that is called positive with probability `power`.

    Args:
        assay: The assay.
        n: Nuclei or reads.
        power: Probability of a call.
        alpha: As in `cutoff`.

    Returns:
        The share; NaN where not even a pure clone is called so often.

    Example:
        >>> round(detection_limit(Assay("FISH", error=0.0, overdispersion=0.0), 100), 3)
        0.03
    """
    low, high = 0.0, 1.0
    if detected(assay, high, n, alpha=alpha) < power:
        return float("nan")
    while high - low > 1e-6:
        middle = (low + high) / 2
        enough = detected(assay, middle, n, alpha=alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def detection_limits(
    assay: Assay,
    numbers: Sequence[int],
    overdispersions: Sequence[float],
    *,
    power: float = 0.95,
    alpha: float = 0.05,
) -> xr.DataArray:
    """Detection limits by depth or nuclei, and by overdispersion.

    Args:
        assay: The assay; its own overdispersion is not read.
        numbers: Nuclei or reads.
        overdispersions: rho.
        power: As in `detection_limit`.
        alpha: As in `cutoff`.

    Returns:
        Shares of cells (overdispersion, number).
    """
    made = [Assay(assay.what, assay.error, rho, assay.zygosity) for rho in overdispersions]
    limits = [[detection_limit(a, n, power=power, alpha=alpha) for n in numbers] for a in made]
    return xr.DataArray(
        limits,
        dims=("overdispersion", "number"),
        coords={"overdispersion": list(overdispersions), "number": list(numbers)},
        attrs={"long_name": "smallest share of cells that is seen", "units": "1", "power": power,
               "alpha": alpha, "assay": assay.what},
    )  # fmt: skip
