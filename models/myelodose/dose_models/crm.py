r"""The one-parameter models of the continual reassessment method (CRM).

    empiric    p_k = s_k^exp(b)
    logistic   logit p_k = a0 + exp(b) x_k,   x_k = logit s_k - a0,   a0 fixed

with the skeleton s, so that b = 0 gives p = s. The prior is b ~ Normal(0, sd), or a gamma
distribution of the slope exp(b). With one parameter the nodes hold every posterior that a trial of
some hundred patients can reach; see `lattice` and `crm_fit`.

Source:
    O'Quigley, Pepe and Fisher, Biometrics 1990;46:33; Cheung, Dose Finding by the Continual
    Reassessment Method, 2011. Definitions and defaults are those of the R package dfcrm 0.2-2.1.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import log_expit, logit

from myelodose.errors import InputError, check_fields

DFCRM_SD = float(np.sqrt(1.34))


@dataclass(frozen=True)
class CrmModel:
    """Skeleton, curve and prior of a one-parameter model.

    Args:
        skeleton: Prior guesses of the risk per level, increasing, between 0 and 1.
        curve: "empiric" or "logistic".
        intercept: a0 of the logistic curve.
        prior_sd: Standard deviation of b.
        slope_gamma: Shape and rate of a gamma prior of exp(b), instead of the normal prior.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> CrmModel((0.1, 0.2, 0.35)).risk(0.0).round(3).tolist()
        [0.1, 0.2, 0.35]
    """

    skeleton: tuple[float, ...]
    curve: Literal["empiric", "logistic"] = "empiric"
    intercept: float = 3.0
    prior_sd: float = DFCRM_SD
    slope_gamma: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        object.__setattr__(self, "skeleton", tuple(float(s) for s in self.skeleton))
        s = np.array(self.skeleton)
        gamma = self.slope_gamma
        rising = s.size > 0 and np.all(np.diff(s) > 0) and np.all((s > 0) & (s < 1))
        checks = {
            "skeleton": (bool(rising), "increasing risks between 0 and 1"),
            "curve": (self.curve in ("empiric", "logistic"), "'empiric' or 'logistic'"),
            "prior_sd": (0 < self.prior_sd < np.inf, "a number above 0"),
            "slope_gamma": (gamma is None or min(gamma) > 0, "shape and rate above 0"),
        }
        check_fields(self, checks)
        if self.curve == "logistic" and np.any(self.dose_codes >= 0):
            raise InputError(
                "CrmModel, intercept",
                f"found {self.intercept:g}, at or below logit {s[-1]:g} of the skeleton",
                f"give more than {logit(s[-1]):.3g}, so that every risk falls with b",
            )

    @property
    def dose_codes(self) -> Float[np.ndarray, " level"]:
        """x_k: log s_k, or logit s_k - a0."""
        s = np.array(self.skeleton)
        return np.log(s) if self.curve == "empiric" else logit(s) - self.intercept

    def risk(self, b: ArrayLike) -> Float[np.ndarray, "... level"]:
        """The risk of each level at a value of b; the last axis is the level."""
        return np.exp(self.log_chances(b)[0])

    def log_chances(self, b: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms of p and 1 - p, both (..., level)."""
        eta = np.exp(np.asarray(b, float))[..., None] * self.dose_codes
        if self.curve == "empiric":
            # exp(b) below the smallest number makes p 1 to the last digit; its log stays finite.
            return eta, np.log(np.maximum(-np.expm1(eta), 1e-300))
        return log_expit(self.intercept + eta), log_expit(-self.intercept - eta)

    def parameter_at(self, risk: float) -> Float[np.ndarray, " level"]:
        """The b at which each level has the given risk: p_k <= risk is b >= it.

        Infinite where no b gives that risk.
        """
        if self.curve == "empiric":
            return np.log(np.log(risk) / self.dose_codes)
        slope = (logit(risk) - self.intercept) / self.dose_codes
        return np.where(slope > 0, np.log(np.maximum(slope, 1e-300)), -np.inf)

    def log_prior(self, b: Float[np.ndarray, " node"]) -> Float[np.ndarray, " node"]:
        """Log density of b without its constant."""
        if self.slope_gamma is None:
            return -0.5 * (b / self.prior_sd) ** 2
        shape, rate = self.slope_gamma
        return shape * b - rate * np.exp(b)
