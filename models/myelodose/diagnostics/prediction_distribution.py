"""The place of an observation in its simulated distribution: pd, npd and decorrelated npde."""

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from scipy.special import ndtri

from myelodose.diagnostics.censoring import flags_of, limits_of
from myelodose.diagnostics.decorrelation import ROOTS, decorrelated
from myelodose.errors import InputError


def npde(
    observed: Float[np.ndarray, " obs"],
    simulated: Float[np.ndarray, "simulation obs"],
    patients: np.ndarray,
    *,
    seed: int,
    censored: Int[np.ndarray, " obs"] | None = None,
    lower_limit: float | Float[np.ndarray, " obs"] | None = None,
    upper_limit: float | Float[np.ndarray, " obs"] | None = None,
    ties: str = "keep",
    root: str = "cholesky",
) -> xr.Dataset:
    """Prediction discrepancies and normalised prediction distribution errors.

    With K simulations, the prediction discrepancy of an observation is the fraction of its
    simulations below it, and npd its normal quantile:

        pd_ij = (1 / K) sum_k 1[y_ijk < y_ij],        npd_ij = Phi^-1(pd_ij)

    Observations of one patient are dependent, so y_i and each y_ik are first centred and
    decorrelated with mean m_i and covariance V_i of the patient's simulations,
    y* = V_i^(-1/2) (y - m_i); the same fraction of y* is the prediction distribution error pde,
    and npde = Phi^-1(pde). Under the model npde are independent standard normals.

    A censored observation has pd uniform between 0 and the fraction of its simulations that are
    censored, and takes the value that its simulations have at that fraction. So do the simulated
    values that are censored, so that data and simulations are treated alike.

    Args:
        observed: Observed values; NaN is allowed where censored.
        simulated: Simulated values of the same observations, one data set a row.
        patients: The patient of each observation.
        seed: Seed of the uniforms for ties and censored values.
        censored: 1 where left-censored, -1 where right-censored, else 0.
        lower_limit: Lower limit of quantification, one or each.
        upper_limit: Upper limit of quantification.
        ties: "keep" leaves fractions as they are, with 1 / (2 K) and 1 - 1 / (2 K) at the ends;
            "smooth" draws a uniform between the fractions below and at or below the observation
            of the K + 1 values, which is exactly uniform also for counts.
        root: Square root of V: "cholesky" or "symmetric".

    Returns:
        A Dataset over `obs`: `patient`, `pd`, `npd`, `pde`, `npde`, `mean_prediction` and
        `value`, the observation with what was imputed.

    Raises:
        InputError: If shapes cannot be, or a patient has more observations than simulations.

    Source:
        Brendel et al. 2006 (doi 10.1007/s11095-006-9067-5); Comets, Brendel and Mentré 2008
        (doi 10.1016/j.cmpb.2007.12.002); censoring: Nguyen, Comets and Mentré 2012
        (doi 10.1007/s10928-012-9264-2).

    Example:
        >>> simulated = np.arange(8.0).reshape(4, 2) % 5
        >>> found = npde(np.array([2.5, 1.5]), simulated, np.array([1, 2]), seed=1)
        >>> found.pd.values.tolist()
        [0.75, 0.5]
    """
    observed, simulated = np.asarray(observed, float), np.asarray(simulated, float)
    limits = limits_of(lower_limit, len(observed)), limits_of(upper_limit, len(observed), high=True)
    flags = flags_of(observed, *limits, flagged=censored)
    _check(observed, simulated, patients, flags, ties, root)
    generator = np.random.default_rng(seed)
    full = _filled(simulated, simulated, flags_of(simulated, *limits), limits, generator)
    value = _filled(observed[None], simulated, flags[None], limits, generator)[0]
    mean = np.zeros(len(observed))
    whitened, whitened_simulated = np.zeros_like(value), np.zeros_like(full)
    for patient in np.unique(patients):
        at = np.flatnonzero(patients == patient)
        mean[at] = full[:, at].mean(axis=0)
        whitened[at], whitened_simulated[:, at] = decorrelated(value[at], full[:, at], root=root)
    discrepancy = _fractions(value, full, ties, generator)
    error = _fractions(whitened, whitened_simulated, ties, generator)
    return xr.Dataset(
        {
            "patient": ("obs", np.asarray(patients)),
            "value": ("obs", value),
            "mean_prediction": ("obs", mean),
            "pd": ("obs", discrepancy),
            "npd": ("obs", ndtri(discrepancy)),
            "pde": ("obs", error),
            "npde": ("obs", ndtri(error)),
            "censored": ("obs", flags),
        },
        attrs={"simulations": len(simulated), "ties": ties, "root": root},
    )


def _fractions(observed, simulated, ties: str, generator) -> np.ndarray:
    """The fraction of simulations below each observation, never 0 or 1."""
    count = len(simulated)
    below = np.sum(simulated < observed, axis=0)
    if ties == "keep":
        return np.clip(below / count, 1 / (2 * count), 1 - 1 / (2 * count))
    same = np.sum(simulated == observed, axis=0)
    return (below + generator.uniform(size=len(observed)) * (same + 1)) / (count + 1)


def _filled(values, simulated, flags, limits, generator) -> np.ndarray:
    """Censored values replaced by draws from the censored part of their simulations."""
    if not flags.any():
        return values
    ordered = np.sort(simulated, axis=0)
    count = len(ordered)
    row, column = np.nonzero(flags)
    left = flags[row, column] == 1
    below = np.sum(simulated < limits[0], axis=0)[column]
    above = np.sum(simulated > limits[1], axis=0)[column]
    if np.isinf(np.where(left, limits[0][column], limits[1][column])).any():
        raise InputError("npde", "found a censored value without its limit", "give the limit")
    # At least the outermost simulation, if none is censored.
    first = np.where(left, 0, count - np.maximum(above, 1))
    last = np.where(left, np.maximum(below, 1), count)
    place = generator.integers(first, last)
    filled = np.array(values, float)
    filled[row, column] = ordered[place, column]
    return filled


def _check(observed, simulated, patients, flags, ties: str, root: str) -> None:
    if simulated.ndim != 2 or not len(observed) == simulated.shape[1] == len(patients):
        found = f"found {observed.shape}, {simulated.shape} and {np.shape(patients)}"
        raise InputError("npde", found, "give [obs], [simulation, obs] and [obs]")
    if ties not in ("keep", "smooth") or root not in ROOTS:
        found = f"found ties={ties!r}, root={root!r}"
        raise InputError("npde", found, f"use ties 'keep' or 'smooth', root {' or '.join(ROOTS)}")
    missing = ~np.isfinite(observed) & (flags == 0)
    if missing.any() or not np.isfinite(simulated).all():
        raise InputError("npde", "found a value that is no number", "leave such rows out")
    most = int(np.unique(patients, return_counts=True)[1].max())
    if most >= len(simulated):
        found = f"found {len(simulated)} simulations for a patient with {most} observations"
        raise InputError("npde, simulated", found, "give several hundred simulations")
