"""Simulated and empirical risk together, without counting a toxicity twice.

Two ways. Either the count failures come from the simulation and all other DLTs from an empirical
logistic model of the dose,

    p = 1 - (1 - p_recovery)(1 - q),

or the simulated risk becomes a prior of the observed one, of limited weight and with a weak part
for the case that the simulation is wrong. In both no DLT counts twice: `haematological` says which
of the observed ones are count failures (in Platzbecker 2013 one of four, at 25 mg), and those stay
out of q.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit

from myelodose.dose_models.beta_mixture import BetaMixture
from myelodose.errors import InputError
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior

HAEMATOLOGICAL = {25.0: 1}
"""Count failures among the DLTs of Platzbecker 2013, by dose [mg]: "no haematologic recovery
despite marrow response"; the other three are two infections and a thrombosis (dlt.csv)."""

_GRID = 161
_REACH = 5.0


def without_count_failures(counts: xr.Dataset, haematological: Mapping[float, int]) -> xr.Dataset:
    """The DLT table without those that counts explain.

    Args:
        counts: `n(dose)` and `dlt(dose)`.
        haematological: Number of count failures by dose.

    Raises:
        InputError: If there are more count failures than DLTs, or none was treated at a dose.

    Example:
        >>> from myelodose.trial import dlt_counts, load_trial
        >>> without_count_failures(dlt_counts(load_trial()), HAEMATOLOGICAL).dlt.values.tolist()
        [0, 0, 1, 2]
    """
    left = counts.dlt.values.astype(int).copy()
    doses = counts.dose.values.tolist()
    for dose, number in haematological.items():
        if dose not in doses or not 0 <= number <= left[doses.index(dose)]:
            found = f"found {number} at {dose:g} mg"
            remedy = "give at most the DLTs that were observed at a dose of the table"
            raise InputError("without_count_failures, haematological", found, remedy)
        left[doses.index(dose)] -= number
    return counts.assign(dlt=("dose", left))


def empirical_draws(
    counts: xr.Dataset,
    seed: int,
    draws: int,
    *,
    doses: ArrayLike | None = None,
    prior: LogisticPrior = LENALIDOMIDE_PRIOR,
) -> Float[np.ndarray, "draw dose"]:
    """Draws of the risk in the two-parameter logistic model, from its posterior on a grid.

    Args:
        counts: `n(dose)` and `dlt(dose)`.
        seed: Seed.
        draws: How many.
        doses: Doses asked about [mg]; those of `counts` if not given.
        prior: Prior and reference dose.

    Example:
        >>> from myelodose.trial import dlt_table
        >>> empirical_draws(dlt_table([10, 20], [3, 6], [0, 1]), 1, 500).mean(0).round(1).tolist()
        [0.1, 0.2]
    """
    step = np.linspace(-_REACH, _REACH, _GRID)
    z = np.stack(np.meshgrid(step, step, indexing="ij"), -1).reshape(-1, 2)
    root = np.linalg.cholesky(prior.covariance)
    u, v = (np.asarray(prior.mean) + z @ root.T).T
    asked = counts.dose.values if doses is None else np.asarray(doses, float)
    log_dose = np.log(counts.dose.values / prior.dose_reference_mg)
    eta = u[:, None] + np.exp(v)[:, None] * log_dose
    dlt, n = counts.dlt.values, counts.n.values
    log_p = (dlt * log_expit(eta) + (n - dlt) * log_expit(-eta)).sum(1) - (z**2).sum(1) / 2
    weight = np.exp(log_p - log_p.max())
    random = np.random.default_rng(seed)
    rows = random.choice(len(z), draws, p=weight / weight.sum())
    # Spread over the cell, so that the draws are not on a lattice.
    moved = z[rows] + (random.random((draws, 2)) - 0.5) * (step[1] - step[0])
    a, b = (np.asarray(prior.mean) + moved @ root.T).T
    return expit(a[:, None] + np.exp(b)[:, None] * np.log(asked / prior.dose_reference_mg))


def joined(
    risk: xr.Dataset,
    counts: xr.Dataset,
    seed: int,
    *,
    doses: Mapping[str, float],
    haematological: Mapping[float, int],
    prior: LogisticPrior = LENALIDOMIDE_PRIOR,
) -> xr.DataArray:
    """P(DLT) of count failures from the simulation, of everything else from what was observed.

    The simulated infections and thromboses are not used: they are in the observed DLTs already.

    Args:
        risk: From `dlt_risk`.
        counts: Observed `n(dose)` and `dlt(dose)`.
        seed: Seed of the empirical draws.
        doses: Lenalidomide dose of each regimen [mg].
        haematological: Count failures among the observed DLTs, by dose; there is no default,
            because a wrong one counts a toxicity twice.
        prior: Prior of the empirical model.

    Returns:
        p (draw, regimen), of cycle 1.

    Raises:
        InputError: If a regimen has no dose, or `haematological` cannot be.
    """
    names = [str(name) for name in risk.regimen.values]
    missing = [name for name in names if name not in doses]
    if missing:
        raise InputError("joined, doses", f"found none for {missing[0]!r}", "give one each [mg]")
    rest = without_count_failures(counts, haematological)
    asked = [doses[name] for name in names]
    prior.check_doses(np.asarray(asked, float), ["joined, doses"] * len(asked))
    q = empirical_draws(rest, seed, risk.sizes["draw"], doses=asked, prior=prior)
    p = risk.p.sel(cause="recovery", drop=True).isel(cycle=0, drop=True)
    result = 1 - (1 - p) * (1 - xr.DataArray(q, dims=("draw", "regimen")))
    return result.assign_attrs(risk.attrs, long_name="P(DLT)", joined="1 - (1 - p_recovery)(1 - q)")


def robust_prior(
    p: ArrayLike, *, most_patients: float = 6.0, weak_weight: float = 0.2
) -> BetaMixture:
    """A simulated risk as prior of the observed one: matched, capped, and robust.

    A beta distribution with the mean and variance of the draws, at most as heavy as
    `most_patients`, mixed with a uniform part that takes over where data contradict it.

    Args:
        p: Draws of the risk.
        most_patients: Largest effective sample size a + b. CHOSEN: 6, one cohort.
        weak_weight: Weight of the uniform part. CHOSEN: 0.2.

    Raises:
        InputError: If there are fewer than two draws or they cannot be risks.

    Source:
        Schmidli et al., Biometrics 2014;70:1023 (doi 10.1111/biom.12242).

    Example:
        >>> prior = robust_prior(np.full(10, 0.25))
        >>> prior.a[0] + prior.b[0]
        6.0
    """
    draws = np.asarray(p, float).ravel()
    if draws.size < 2 or not ((draws >= 0) & (draws <= 1)).all():
        raise InputError("robust_prior, p", f"found {draws.size} draws", "give two risks or more")
    mean = float(np.clip(draws.mean(), 1e-3, 1 - 1e-3))
    variance = float(draws.var())
    size = mean * (1 - mean) / variance - 1 if variance > 0 else most_patients
    size = float(np.clip(size, 1e-3, most_patients))
    return BetaMixture((1.0,), (mean * size,), ((1 - mean) * size,)).robust(weak_weight, n=0.0)
