"""Cross-validation by refitting without some of the patients."""

from collections.abc import Callable
from typing import cast

import numpy as np
import xarray as xr
from arviz_stats.utils import ELPDDataLOOKFold
from jaxtyping import Float, Int
from scipy.special import logsumexp

from myelodose.errors import InputError

type Refit = Callable[
    [Int[np.ndarray, " train"], Int[np.ndarray, " test"]], Float[np.ndarray, "draw test"]
]
"""Fit to some patients; log p(y_i | theta) of each draw of the others, effects integrated out."""


def patient_folds(patients: int, folds: int, *, seed: int) -> Int[np.ndarray, " patient"]:
    """A random fold for each patient; folds differ in size by one at most.

    Args:
        patients: How many.
        folds: How many; as many as patients leaves out one at a time.
        seed: Seed of the shuffle.

    Raises:
        InputError: If there are fewer than two folds or more than patients.

    Example:
        >>> sorted(patient_folds(5, 2, seed=1).tolist())
        [0, 0, 0, 1, 1]
    """
    if not 2 <= folds <= patients:
        raise InputError("patient_folds, folds", f"found {folds}", f"give 2 to {patients}")
    return np.random.default_rng(seed).permutation(np.arange(patients) % folds)


def k_fold(
    refit: Refit, folds: Int[np.ndarray, " patient"], *, patients: np.ndarray | None = None
) -> ELPDDataLOOKFold:
    """Expected log predictive density of new patients, by refitting without each fold.

    Of each patient left out it is log mean_draw p(y_i | theta), theta from the fit without; the
    standard error is sqrt(n) times the sd over patients.

    Args:
        refit: Called as `refit(train, test)` with numbers of patients.
        folds: From `patient_folds`.
        patients: Their labels.

    Returns:
        ArviZ's result; it goes into `compare`. `p` is NaN: it would need the full fit.

    Raises:
        InputError: If `refit` returns another shape.

    Source:
        Vehtari, Gelman and Gabry 2017 (doi 10.1007/s11222-016-9696-4), section 2.3.

    Example:
        >>> found = k_fold(lambda train, test: np.zeros((10, len(test))), np.array([0, 1, 0]))
        >>> float(found.elpd)
        0.0
    """
    count = len(folds)
    pointwise = np.zeros(count)
    draws = 0
    for fold in np.unique(folds):
        test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        values = np.asarray(refit(train, test), float)
        if values.ndim != 2 or values.shape[1] != len(test):
            found = f"found shape {values.shape} for {len(test)} patients"
            raise InputError("k_fold, refit", found, "return [draw, test patient]")
        draws = len(values)
        pointwise[test] = logsumexp(values, axis=0) - np.log(draws)
    labels = np.arange(count) if patients is None else np.asarray(patients)
    return ELPDDataLOOKFold(
        elpd=float(pointwise.sum()),
        se=float(np.sqrt(count * pointwise.var())),
        p=np.nan,
        n_samples=draws,
        n_data_points=count,
        scale="log",
        warning=False,
        good_k=cast(float, None),  # as ArviZ's own k-fold says it: there are no weights
        elpd_i=xr.DataArray(pointwise, dims="patient", coords={"patient": labels}),
        n_folds=len(np.unique(folds)),
    )
