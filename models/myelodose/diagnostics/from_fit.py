"""Shrinkage and covariate effects of a fitted population model, taken from its posterior."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from myelodose.diagnostics.forest import CovariateEffect
from myelodose.diagnostics.shrinkage import eta_shrinkage
from myelodose.errors import InputError
from myelodose.population.covariates import Categorical, Covariate
from myelodose.population.model import PopulationModel
from myelodose.population.parameter import Parameter
from myelodose.precision import float64


def shrinkage_of(tree: xr.DataTree | xr.Dataset) -> pd.DataFrame:
    """Shrinkage of the posterior means of eta; omega is its posterior mean.

    Args:
        tree: A posterior with `eta` over `patient` and `effect`, and `omega_<effect>`. Effects
            whose omega is known, or that belong to one occasion, are left out.

    Returns:
        As `eta_shrinkage`.

    Raises:
        InputError: If there is no such eta.
    """
    draws = tree["posterior"].to_dataset() if isinstance(tree, xr.DataTree) else tree
    if "eta" not in draws or not {"patient", "effect"} <= set(draws["eta"].dims):
        found = f"found {', '.join(map(str, draws.data_vars))}"
        raise InputError("shrinkage_of", found, "give a posterior with eta by patient and effect")
    mean = draws["eta"].mean(("chain", "draw")).transpose("patient", "effect")
    names = [str(name) for name in mean.effect.values if f"omega_{name}" in draws]
    omega = np.array([float(draws[f"omega_{name}"].mean()) for name in names])
    return eta_shrinkage(mean.sel(effect=names).values, omega, names=names)


def effects_of(
    model: PopulationModel, tree: xr.DataTree, *, units: dict[str, str] | None = None
) -> list[CovariateEffect]:
    """Every covariate effect of a model, for `covariate_forest`.

    Args:
        model: The population model.
        tree: Its posterior.
        units: Of the covariates, for labels.

    Returns:
        One for each parameter and covariate: the parameter at a value of the covariate, with all
        else typical. Of levels the first is the reference.
    """
    posterior = tree["posterior"].to_dataset().stack(sample=("chain", "draw"), create_index=False)
    return [
        _effect(parameter, effect, posterior, (units or {}).get(effect.covariate, ""))
        for parameter in model.parameters
        for effect in parameter.covariates
    ]


def _effect(
    parameter: Parameter, effect: Covariate, posterior: xr.Dataset, unit: str
) -> CovariateEffect:
    own = [*effect.sites(parameter.name), *([] if parameter.prior.fixed else [parameter.name])]
    theta = {site: posterior[site].values for site in own}
    levels = [str(level) for level in effect.levels] if isinstance(effect, Categorical) else None
    count = posterior.sizes["sample"]

    def at(x) -> np.ndarray:
        with float64():
            value = jnp.asarray(levels.index(str(x)) if levels else float(x))

            def one(theta):
                shift = effect.shift(theta, parameter.name, value, parameter.link)
                return parameter.from_link(parameter.to_link(parameter.typical(theta)) + shift)

            found = jax.vmap(one)(theta) if theta else one({})
            return np.broadcast_to(np.asarray(found), count)

    reference = str(effect.levels[0]) if isinstance(effect, Categorical) else effect.reference
    return CovariateEffect(parameter.name, effect.covariate, at, reference, unit)
