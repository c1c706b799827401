"""Shrinkage: how far individual estimates are drawn to the typical value."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from myelodose.errors import InputError

HIGH = 0.3
"""Above it (sd), plots of eta and IPRED mislead (Savic and Karlsson 2009)."""


def eta_shrinkage(
    eta: Float[np.ndarray, "patient eta"],
    omega: Float[np.ndarray, " eta"],
    *,
    names: Sequence[str],
) -> pd.DataFrame:
    """Shrinkage of random effects, on the scale of the sd and of the variance.

    Of estimates eta^ (posterior means or modes) with sample sd over the patients (divisor n - 1):

        sd: 1 - sd(eta^) / omega        variance: 1 - var(eta^) / omega^2

    NONMEM prints both, Monolix the variance. 0 is none; near 1 patients' own data say nothing.

    Args:
        eta: Individual estimates.
        omega: Standard deviations between patients, never variances.
        names: Name of each effect.

    Returns:
        One row an effect: `omega`, `sd_of_estimates`, `shrinkage_sd`, `shrinkage_variance`, and
        `high`, whether the sd version is above 0.3.

    Raises:
        InputError: If shapes do not fit.

    Source:
        Savic and Karlsson 2009 (doi 10.1208/s12248-009-9133-0).

    Example:
        >>> eta = np.array([[-0.1], [0.1]]) / 2**0.5
        >>> round(float(eta_shrinkage(eta, np.array([0.2]), names=["CL"]).shrinkage_sd["CL"]), 9)
        0.5
    """
    eta, omega = np.asarray(eta, float), np.asarray(omega, float)
    if eta.ndim != 2 or not eta.shape[1] == len(omega) == len(names):
        found = f"found eta {eta.shape}, {len(omega)} omegas and {len(names)} names"
        raise InputError("eta_shrinkage", found, "give [patient, eta] and one omega an effect")
    spread = eta.std(axis=0, ddof=1)
    ratio = spread / omega
    return pd.DataFrame(
        {
            "omega": omega,
            "sd_of_estimates": spread,
            "shrinkage_sd": 1 - ratio,
            "shrinkage_variance": 1 - ratio**2,
            "high": 1 - ratio > HIGH,
        },
        index=pd.Index(names, name="effect"),
    )


def epsilon_shrinkage(iwres: Float[np.ndarray, " obs"]) -> float:
    """Shrinkage of residuals, 1 - sd(IWRES): near 1 the fit goes through every point.

    Args:
        iwres: Individual weighted residuals; NaN, of what is censored, is left out.

    Source:
        Savic and Karlsson 2009 (doi 10.1208/s12248-009-9133-0).

    Example:
        >>> round(epsilon_shrinkage(np.array([-1.0, 1.0, np.nan]) / 2**0.5 * 0.75), 9)
        0.25
    """
    values = np.asarray(iwres, float)
    return float(1 - np.std(values[np.isfinite(values)], ddof=1))
