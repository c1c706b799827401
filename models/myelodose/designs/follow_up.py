r"""DLT rates while some patients are still in their observation window.

At one dose n patients, y DLTs so far, c pending, r = n - c over. The pending ones have completed
s of c windows in sum: the standardised total follow-up time, STFT.

    effective   y / (r + s)
    imputed     (y + (c - s) p / (1 - p)) / n,   p = (y + target / 2) / (r + 1)

The first counts a pending patient as the share of the window completed. The second puts the
expected number of DLTs for each missing outcome, with a uniform time to DLT and p the posterior
mean under a beta prior worth one patient. Both fall with s, so every rule is a pair of bounds on s.

Source:
    Lin and Yuan, Biostatistics 2020;21:807 (doi 10.1093/biostatistics/kxz007, effective); Yuan,
    Lin, Li, Nie and Warren, Clin Cancer Res 2018;24:4921 (doi 10.1158/1078-0432.CCR-18-0246,
    imputed).
"""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from myelodose.errors import InputError

type Estimate = Literal["effective", "imputed"]
ESTIMATES = ("effective", "imputed")


class FollowUp(NamedTuple):
    """What is known of each dose while patients are followed up.

    Attributes:
        n: Patients per level, pending ones included.
        y: Patients with a DLT so far.
        pending: Patients without a DLT whose window is not over.
        share: Sum over the pending patients of the share of the window completed: the
            standardised total follow-up time.
    """

    n: Float[np.ndarray, " level"]
    y: Float[np.ndarray, " level"]
    pending: Float[np.ndarray, " level"]
    share: Float[np.ndarray, " level"]

    @property
    def effective(self) -> Float[np.ndarray, " level"]:
        """Effective number of patients per level, r + s."""
        return self.n - self.pending + self.share

    def rate(self, estimate: Estimate, target: float) -> Float[np.ndarray, " level"]:
        """The DLT rate of each level; 0 where nothing is known yet.

        Args:
            estimate: "effective" or "imputed".
            target: Target DLT risk, the prior mean being half of it.

        Example:
            >>> known = FollowUp(*(np.array([x]) for x in (9.0, 1.0, 4.0, 2.0)))
            >>> known.rate("effective", 0.2).round(3), known.rate("imputed", 0.2).round(3)
            (array([0.143]), array([0.161]))
        """
        if estimate == "effective":
            return self.y / np.where(self.effective > 0, self.effective, 1.0)
        missing = (self.pending - self.share) * _odds(self.n, self.y, self.pending, target)
        return (self.y + missing) / np.maximum(self.n, 1)


def follow_up_at(
    limit: float,
    n: ArrayLike,
    y: ArrayLike,
    pending: ArrayLike,
    *,
    estimate: Estimate,
    target: float,
) -> Float[np.ndarray, "..."]:
    """The follow-up s at which the DLT rate equals a limit; it may lie outside of 0 to `pending`.

    Args:
        limit: The rate.
        n: Patients.
        y: Patients with a DLT.
        pending: Pending patients.
        estimate: "effective" or "imputed".
        target: Target DLT risk.

    Example:
        >>> follow_up_at(0.1571, 9, 1, 4, estimate="imputed", target=0.2).round(1)
        np.float64(2.2)
    """
    n, y, pending = (np.asarray(v, float) for v in (n, y, pending))
    if estimate == "effective":
        return y / limit - (n - pending)
    return pending - (n * limit - y) / _odds(n, y, pending, target)


def check_follow_up(known: FollowUp, levels: int, level: int) -> None:
    """Refuse counts that do not fit together.

    Raises:
        InputError: Naming the counts.
    """
    for name, part in known._asdict().items():
        if part.shape != (levels,):
            found = f"found {part.size} values"
            raise InputError(f"TiteBoin, {name}", found, f"give {levels}, one a dose")
    if not 0 <= level < levels:
        remedy = f"give a level from 0 to {levels - 1}"
        raise InputError("TiteBoin, level", f"found {level}", remedy)
    fits = (known.y >= 0) & (known.pending >= 0) & (known.y + known.pending <= known.n)
    if not fits.all():
        k = int((~fits).argmax())
        found = (
            f"found {known.y[k]:g} with a DLT and {known.pending[k]:g} pending of {known.n[k]:g}"
        )
        raise InputError("TiteBoin, counts", found, "give counts that fit into n")
    within = (known.share >= 0) & (known.share <= known.pending)
    if not within.all():
        k = int((~within).argmax())
        found = f"found {known.share[k]:g} windows of follow-up for {known.pending[k]:g} pending"
        raise InputError("TiteBoin, followup", found, "give at most one window a pending patient")


def _odds(n: np.ndarray, y: np.ndarray, pending: np.ndarray, target: float) -> np.ndarray:
    """Odds of a DLT by the posterior mean from those whose window is over."""
    over = n - pending
    return (y + target / 2) / (over + 1 - y - target / 2)
