"""Maximum likelihood with a `PopulationModel`: priors are not used, but for where to start."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.inference.marginal.estimates import MaximumLikelihood
from myelodose.inference.marginal.individual import IndividualEstimates, individual_estimates
from myelodose.inference.marginal.joint import Predict
from myelodose.inference.marginal.maximum_likelihood import fit_unknowns
from myelodose.inference.marginal.objective import Method, Objective, objective
from myelodose.inference.marginal.observed import Observed, Parameters, observed, parameters
from myelodose.inference.marginal.unknowns import Unknowns
from myelodose.population import Data, PopulationModel, Residual
from myelodose.precision import float64


@lru_cache(maxsize=64)
def predictor(model: PopulationModel) -> Predict:
    """Predictions of a model from {"theta", "data"} and eta; one for each, to compile once."""
    return lambda given, eta: model.predict(given["theta"], eta, given["data"])


def observed_of(model: PopulationModel, data: Data) -> Observed:
    """The measurements of a table, each with its residual error and censoring.

    Args:
        model: The model.
        data: From `model.prepare`.

    Raises:
        InputError: If a residual error is not one of those of `observed`.
    """
    censored = np.asarray(data.censored)
    lower = np.full(len(censored), np.nan) if data.lower is None else np.asarray(data.lower)
    residuals = list(_residuals(model).values())
    return observed(
        np.where(censored != 0, np.asarray(data.limit), np.asarray(data.y)),
        np.asarray(data.patient_of_obs),
        kind=[one.kind for one in residuals],
        label=np.asarray(data.kind_of_obs),
        censored=censored,
        limit=lower,
        censoring=[one.censoring for one in residuals],
        patients=len(data.patients),
    )


def parameters_of(model: PopulationModel, theta: Mapping[str, Any], data: Data) -> Parameters:
    """Parameters of the likelihood from population values by site.

    Args:
        model: The model.
        theta: By the sites of the model: typical values, `omega_CL`, `L`, `sigma`. Omegas and
            sigmas are sds.
        data: From `model.prepare`.
    """
    given = dict(theta)
    pairs = []
    with float64():
        for label, residual in _residuals(model).items():
            sd = [float(one) for one in residual.sd(given, label)]
            pairs.append((sd[0], sd[-1]))
        omega = np.asarray(model.covariance(given, data))
    return parameters({"theta": given, "data": data}, omega=omega, sigma=pairs)


def model_objective(
    model: PopulationModel,
    theta: Mapping[str, Any],
    records: xr.Dataset | Data,
    *,
    method: Method = "FOCEI",
    **settings: Any,
) -> Objective:
    """Objective function value of a model at given population values.

    Args:
        model: The model.
        theta: Population values by site, see `parameters_of`.
        records: The table, or what `model.prepare` made of it.
        method: See `objective`.
        **settings: `key`, `draws`, `freedom`, `nodes` of `objective`.

    Raises:
        InputError: See `objective`.
    """
    data = _prepared(model, records)
    at, seen = parameters_of(model, theta, data), observed_of(model, data)
    return objective(predictor(model), at, seen, method=method, **settings)


def model_individual_estimates(
    model: PopulationModel,
    theta: Mapping[str, Any],
    records: xr.Dataset | Data,
    *,
    method: str = "FOCEI",
) -> IndividualEstimates:
    """Individual maximum-a-posteriori estimates of a model at given population values.

    Args:
        model: The model.
        theta: Population values by site, see `parameters_of`.
        records: The table, or what `model.prepare` made of it.
        method: See `individual_estimates`.

    Raises:
        InputError: See `individual_estimates`.
    """
    data = _prepared(model, records)
    at, seen = parameters_of(model, theta, data), observed_of(model, data)
    return individual_estimates(predictor(model), at, seen, method=method)


def fit_maximum_likelihood(
    model: PopulationModel,
    records: xr.Dataset | Data,
    *,
    start: Mapping[str, float] | None = None,
    method: str = "FOCEI",
    fixed: Iterable[str] = (),
    covariance: Literal["sandwich", "hessian"] = "sandwich",
    steps: int = 500,
) -> MaximumLikelihood:
    """Maximum-likelihood estimates of a model.

    Args:
        model: The model. Its priors count only as starts, by their medians; a fixed prior is a
            known number. A correlated block is estimated with all its correlations.
        records: The table, or what `model.prepare` made of it.
        start: Starts by site, in place of the medians.
        method: See `maximum_likelihood`.
        fixed: Sites that keep their start.
        covariance: "sandwich" or "hessian".
        steps: Most iterations of the search.

    Raises:
        InputError: If a start, a site or the method cannot be.
    """
    data = _prepared(model, records)
    unknowns = unknowns_of(model, data, start=dict(start or {}), fixed=frozenset(fixed))
    log_links = [one.name for one in model.parameters if one.link == "log"]
    return fit_unknowns(
        predictor(model),
        unknowns,
        observed_of(model, data),
        data,
        method=method,
        log_normal=tuple(f"omega_{name}{end}" for name in log_links for end in ("", "_occasion")),
        covariance=covariance,
        steps=steps,
    )


def unknowns_of(
    model: PopulationModel, data: Data, *, start: dict[str, float], fixed: frozenset[str]
) -> Unknowns:
    """What is estimated in a model."""
    unknown = sorted(set(start) - set(model.sites()))
    if unknown:
        remedy = f"give some of {', '.join(model.sites())}"
        raise InputError("start", f"found {', '.join(unknown)}", remedy)
    theta, links = {}, {}
    for one in model.parameters:
        for site, prior in one.sites().items():
            theta[site] = start.get(site, prior.median)
            links[site] = one.link if site == one.name else "identity"
    effects = model.random_effects
    priors = {f"omega_{name}": effects.prior(name) for name in model.effects}
    priors |= {f"omega_{name}_occasion": effects.prior_occasion(name) for name in effects.occasion}
    columns = [f"omega_{name}" for name in model.effects]
    for name in effects.occasion:
        columns += [f"omega_{name}_occasion"] * data.occasions.shape[0]
    sigma, reads = {}, []
    for label, residual in _residuals(model).items():
        mentioned = {}
        for prior, end in ((residual.sigma, "_add"), (residual.proportional, "_prop")):
            if prior is not None:
                site = f"sigma_{label}" if label else "sigma"
                mentioned[site + (end if residual.proportional is not None else "")] = prior
        priors |= mentioned
        sigma |= {site: start.get(site, prior.median) for site, prior in mentioned.items()}
        reads.append((next(iter(mentioned)), list(mentioned)[-1]))
    known = {site for site, prior in priors.items() if prior.fixed}
    return Unknowns(
        theta=theta,
        omega={site: start.get(site, priors[site].median) for site in dict.fromkeys(columns)},
        sigma=sigma,
        effects=tuple(columns),
        residual=tuple(reads),
        links=links,
        blocks=(tuple(model.effects.index(n) for n in model.effects if n in effects.correlated),)
        if effects.correlated
        else (),
        fixed=fixed | known,
    )


def _residuals(model: PopulationModel) -> dict[str, Residual]:
    """Residual errors by label; what is counted has none, and no objective function here."""
    for label, one in model.residuals.items():
        if not isinstance(one, Residual):
            raise InputError(
                f"residuals[{label!r}]",
                f"found {type(one).__name__}, which is no normal residual error",
                "leave it out, or fit the model by sampling",
            )
    return {label: one for label, one in model.residuals.items() if isinstance(one, Residual)}


def _prepared(model: PopulationModel, records: xr.Dataset | Data) -> Data:
    return records if isinstance(records, Data) else model.prepare(records)
