"""Draws of typical values and spreads from a stored posterior of the joint model.

The posterior carries its model as a document, which is read as words and numbers here: a decision
needs neither NumPyro nor the code that declared the model.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Int

from myelodose.errors import InputError
from myelodose.marrow.spread import spread_scale
from myelodose.marrow.values import TYPICAL
from myelodose.posterior import (
    PosteriorError,
    posterior_hash,
    provenance,
    require_converged,
)
from myelodose.virtual.draws import OMEGA, Draws
from myelodose.virtual.hyperprior import CRCL_EXPONENT, prior_draws
from myelodose.virtual.population import REFERENCE_CRCL_ML_PER_MIN

FITTED_COVARIATES = {"creatinine_clearance_ml_per_min": "CRCL", "body_surface_area_m2": "BSA"}
"""Covariate of virtual patients -> column of the table that was fitted."""

_CLEARANCE = "len_clearance_l_per_h"


class ExtrapolationWarning(UserWarning):
    """Virtual patients are used beyond the covariates that a posterior has seen."""


def posterior_draws(
    stored: xr.DataTree,
    draws: int,
    seed: int,
    *,
    needs: Sequence[str] = (),
    covariates: xr.Dataset | None = None,
    extrapolate: bool = False,
    names: Mapping[str, str] = FITTED_COVARIATES,
    accept_failed: Sequence[str] = (),
) -> Draws:
    """Typical values and spreads between patients from a posterior of the joint model.

    What the fit does not hold comes from the literature priors (`prior_draws`) or stays typical;
    `attrs["from_priors"]` names it. Correlations between random effects are left out, because
    virtual patients vary independently; `attrs["correlated"]` names them.

    Args:
        stored: From `fit_population` with a `MarrowAndClones` structure, or `load_posterior`.
        draws: How many, at most as many as are stored.
        seed: Seed of which ones, and of what comes from the priors.
        needs: Parameters that must have been estimated.
        covariates: Of the virtual patients, to hold against those that were fitted; the posterior
            must hold its records for that.
        extrapolate: Go on with an `ExtrapolationWarning` where covariates lie outside the fitted
            range or the range is not known.
        names: Covariate of virtual patients -> column of the table that was fitted.
        accept_failed: Convergence checks whose failure is accepted, each by its name.

    Returns:
        As `prior_draws`, with "omega_" before the names of standard deviations between patients.

    Raises:
        PosteriorError: If it has not converged, is of another model, or lacks a parameter.
        InputError: If covariates lie outside the fitted range, or there are not so many draws.

    Warns:
        ExtrapolationWarning: With `extrapolate`, naming covariate, values and range.
    """
    place = "posterior_draws"
    require_converged(stored, place, accept_failed)
    model = _joint_model(stored, place)
    flat = stored["posterior"].to_dataset().stack(sample=("chain", "draw"), create_index=False)
    if not 1 <= draws <= flat.sizes["sample"]:
        remedy = f"give 1 to {flat.sizes['sample']}"
        raise InputError(f"{place}, draws", f"found {draws}", remedy)
    rows = rows_taken(flat.sizes["sample"], draws, seed)
    held: dict[str, np.ndarray] = {}
    for one in model["parameters"]:
        held |= _of_parameter(one, flat.isel(sample=rows), draws, names, place)
    missing = [name for name in needs if name not in held]
    if missing:
        found = f"found no estimate of {', '.join(missing)}"
        raise PosteriorError(place, found, f"fit it, or do without; estimated: {', '.join(held)}")
    if covariates is not None:
        _check_range(stored, covariates, names, extrapolate)
    return _completed(held, stored, model, draws, seed)


def rows_taken(stored: int, draws: int, seed: int) -> Int[np.ndarray, " draw"]:
    """Which stored draws `posterior_draws` takes, counted chain after chain.

    Args:
        stored: How many there are.
        draws: How many are taken.
        seed: Seed.

    Example:
        >>> sorted(rows_taken(4, 4, seed=1).tolist())
        [0, 1, 2, 3]
    """
    return np.random.default_rng(seed).permutation(stored)[:draws]


def _joint_model(stored: xr.DataTree, place: str) -> dict[str, Any]:
    document = provenance(stored, place).prior.get("population_model")
    model = (document or {}).get("model", {})
    kind = model.get("structure", {}).get("class", "no population model")
    if kind != "MarrowAndClones":
        remedy = "give one of fit_population with a MarrowAndClones structure"
        raise PosteriorError(place, f"found a posterior of {kind}", remedy)
    return model


def _of_parameter(
    one: Mapping[str, Any], chosen: xr.Dataset, draws: int, names: Mapping[str, str], place: str
) -> dict[str, np.ndarray]:
    """Typical value and standard deviation of one parameter of the document."""
    name = one["name"]
    if name not in TYPICAL:
        return {}
    if one["random"] and one["link"] != spread_scale(TYPICAL[name]):
        found = f"found the link {one['link']!r} of {name}"
        raise PosteriorError(place, found, f"fit it with {spread_scale(TYPICAL[name])!r}")
    fixed = one["prior"]["name"] == "Fixed"
    value = np.full(draws, one["prior"]["numbers"][0]) if fixed else _site(chosen, name, place)
    held = {name: value}
    held[OMEGA + name] = _site(chosen, OMEGA + name, place) if one["random"] else np.zeros(draws)
    renal = names["creatinine_clearance_ml_per_min"]
    if name == _CLEARANCE:
        held[CRCL_EXPONENT] = np.zeros(draws)
    for effect in one["covariates"]:
        if (effect["class"], effect["covariate"], name) != ("Power", renal, _CLEARANCE):
            found = f"found an effect of {effect['covariate']} on {name}"
            remedy = f"virtual patients know a Power of {renal} on {_CLEARANCE} alone"
            raise PosteriorError(place, found, remedy)
        exponent = effect["exponent"]
        known = exponent if isinstance(exponent, int | float) else None
        if known is None and exponent["name"] == "Fixed":
            known = exponent["numbers"][0]
        own = np.full(draws, known) if known is not None else None
        held[CRCL_EXPONENT] = _site(chosen, f"{name}_{renal}", place) if own is None else own
        moved = (REFERENCE_CRCL_ML_PER_MIN / effect["reference"]) ** held[CRCL_EXPONENT]
        held[name] = held[name] * moved
    return held


def _site(chosen: xr.Dataset, site: str, place: str) -> np.ndarray:
    if site not in chosen or chosen[site].dims != ("sample",):
        raise PosteriorError(place, f"found no draws of {site}", "store all parameters of the fit")
    return chosen[site].values.astype(float)


def _completed(
    held: dict[str, np.ndarray],
    stored: xr.DataTree,
    model: Mapping[str, Any],
    draws: int,
    seed: int,
) -> Draws:
    prior = prior_draws(int(np.random.SeedSequence(seed).generate_state(1)[0]), draws)
    if "block_half_um" in held and "arrest_half_um" not in held:
        prior["arrest_half_um"] = held["block_half_um"]
    lacking = [name for name in prior if name not in held]
    record = provenance(stored)
    attrs = {
        "source": f"posterior of {record.model.name}, fitted to {record.data_name or 'unnamed'}",
        "posterior": posterior_hash(stored),
        "fitted": ", ".join(name for name in held if not name.startswith(OMEGA)),
        "from_priors": ", ".join(lacking),
        "correlated": ", ".join(model["random_effects"]["correlated"]),
    }
    return Draws({name: prior[name] for name in lacking} | held, attrs)


def _check_range(
    stored: xr.DataTree, covariates: xr.Dataset, names: Mapping[str, str], extrapolate: bool
) -> None:
    """Hold covariates of virtual patients against those of the table that was fitted."""
    table = stored["records"].to_dataset() if "records" in stored else xr.Dataset()
    problems = []
    for ours, theirs in names.items():
        if ours not in covariates:
            continue
        if theirs not in table:
            problems.append(f"the fitted range of {ours} ({theirs}) is not known")
            continue
        low, high = float(table[theirs].min()), float(table[theirs].max())
        values = covariates[ours].values
        outside = values[(values < low) | (values > high)]
        if len(outside):
            problems.append(
                f"{ours} of {len(outside)} patients ({outside.min():.3g} to {outside.max():.3g}) "
                f"is outside the fitted range ({low:.3g} to {high:.3g})"
            )
    if not problems:
        return
    words = "; ".join(problems)
    if not extrapolate:
        remedy = "leave those patients out, keep_records in the fit, or say extrapolate=True"
        raise InputError("posterior_draws, covariates", f"found that {words}", remedy)
    warnings.warn(f"posterior_draws: {words}", ExtrapolationWarning, stacklevel=3)
