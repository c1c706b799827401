r"""Time-to-event weights: patients without a DLT count as far as they were followed.

    likelihood = prod_i p_i^y_i (1 - w_i p_i)^(1 - y_i),   w_i = 1 with a DLT

`linear` weights are the share of the observation window that was completed. `adaptive` weights
follow the DLT times seen so far, u_(1) <= ... <= u_(z): they are linear between them, and each
interval counts 1 / (z + 1).

Source:
    Cheung and Chappell, Biometrics 2000;56:1177 (doi 10.1111/j.0006-341X.2000.01177.x); definitions
    of titecrm in dfcrm 0.2-2.1.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.crm_fit import CrmFit, crm_fit_of, crm_lattice
from myelodose.dose_models.lattice import expectations_of
from myelodose.errors import InputError, check_numbers


def tite_weights(
    followup: ArrayLike,
    dlt: ArrayLike,
    *,
    window: float,
    scheme: Literal["linear", "adaptive"] = "linear",
) -> Float[np.ndarray, " patient"]:
    """Weights of the patients; 1 after a DLT.

    Args:
        followup: Time of follow-up without a DLT, or until it [any unit].
        dlt: 1 with a DLT, 0 without.
        window: Length of the observation window, in the same unit.
        scheme: "linear" or "adaptive".

    Returns:
        One weight from 0 to 1 for each patient.

    Raises:
        InputError: If a time is negative, the window is not positive or the scheme unknown.

    Example:
        >>> tite_weights([90, 24, 180], [0, 1, 0], window=180).tolist()
        [0.5, 1.0, 1.0]
    """
    u, y = np.asarray(followup, float), np.asarray(dlt, int)
    if not window > 0:
        raise InputError("tite_weights, window", f"found {window:g}", "give a time above 0")
    if scheme not in ("linear", "adaptive"):
        remedy = "give 'linear' or 'adaptive'"
        raise InputError("tite_weights, scheme", f"found {scheme!r}", remedy)
    check_numbers("tite_weights, followup", u, u >= 0, "give 0 or more")
    support = np.sort(u[y == 1])
    linear = scheme == "linear" or not support.size
    weight = u / window if linear else _adaptive(u, support, window)
    return np.where(y == 1, 1.0, np.minimum(weight, 1.0))


def _adaptive(u: np.ndarray, support: np.ndarray, window: float) -> np.ndarray:
    edges = np.concatenate([[0.0], support, [window]])
    before = np.searchsorted(support, u, "right")
    width = edges[before + 1] - edges[before]
    # A DLT at the end of the window leaves no interval after it.
    part = np.where(width > 0, (u - edges[before]) / np.where(width > 0, width, 1.0), 1.0)
    return (before + part) / (len(support) + 1)


def fit_tite(
    model: CrmModel,
    level: ArrayLike,
    dlt: ArrayLike,
    weight: ArrayLike,
    *,
    thresholds: Sequence[float] = (),
) -> CrmFit:
    """Posteriors with partly observed patients.

    Args:
        model: Skeleton, curve and prior.
        level: Level of each patient, 0 for the lowest, -1 for nobody; (patient,) or
            (state, patient).
        dlt: 1 with a DLT, 0 without; same shape.
        weight: Weight of each patient; same shape.
        thresholds: Risks t for which P(p_k > t) is wanted.

    Returns:
        As `fit_crm`.

    Example:
        >>> model = CrmModel((0.05, 0.1, 0.2, 0.35, 0.5, 0.7))
        >>> fit_tite(model, [2, 3], [0, 1], [0.5, 1.0]).plug_in.shape
        (1, 6)
    """
    level = np.atleast_2d(np.asarray(level, int))
    dlt, weight = (np.atleast_2d(np.asarray(x, float)) for x in (dlt, weight))
    lattice = crm_lattice(model, tuple(thresholds))
    levels = len(model.skeleton)
    risk = np.exp(lattice.log_chance[:levels])
    counts = np.zeros((len(level), 2 * levels))
    state = np.arange(len(level))
    part = (dlt == 0) & (weight < 1) & (level >= 0)
    for i in range(level.shape[1]):
        whole = (level[:, i] >= 0) & ~part[:, i]
        column = np.where(dlt[:, i] == 1, level[:, i], levels + level[:, i])
        np.add.at(counts, (state[whole], column[whole]), 1.0)
    patients = np.flatnonzero(part.any(0))

    def log_likelihood(rows: slice, out: np.ndarray) -> None:
        np.matmul(counts[rows], lattice.log_chance, out=out)
        for i in patients:
            share = np.where(part[rows, i], weight[rows, i], 0.0)
            out += np.log1p(-share[:, None] * risk[level[rows, i]])

    return crm_fit_of(model, expectations_of(lattice, log_likelihood, len(level)))
