"""Every measurement beside a stored posterior: its log-likelihood, its residuals."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Array

from myelodose.diagnostics import residuals
from myelodose.inference.predict import model_of, patient_names
from myelodose.population.data import Data
from myelodose.population.model import PopulationModel
from myelodose.precision import float64


def with_log_likelihood(tree: xr.DataTree, records: xr.Dataset) -> xr.DataTree:
    """The posterior with a group `log_likelihood`, given each patient's random effects.

    Args:
        tree: A posterior of `fit_population`.
        records: The table that it was fitted to.

    Returns:
        A copy with `log_likelihood` (chain, draw, obs), each measurement with its `patient`.

    Raises:
        PosteriorError: If the posterior carries no model.
    """
    model = model_of(tree, "with_log_likelihood")
    draws = tree["posterior"].to_dataset()
    with float64():
        data = model.prepare(records)
        sites = [*model.sites(), *(["L"] if model.random_effects.correlated else [])]
        theta = {site: _flat(draws[site]) for site in sites}
        values = jax.device_get(_log_likelihood(model, theta, _flat(draws["eta"]), data))
    shape = (draws.sizes["chain"], draws.sizes["draw"], -1)
    who = np.asarray(patient_names(records))[np.asarray(data.patient_of_obs)]
    group = xr.Dataset(
        {"y": (("chain", "draw", "obs"), np.asarray(values).reshape(shape))},
        coords={"patient": ("obs", who), "chain": draws.chain, "draw": draws.draw},
    )
    whole = tree.copy()
    whole["log_likelihood"] = group
    return whole


def residuals_of(tree: xr.DataTree, records: xr.Dataset) -> pd.DataFrame:
    """Predictions and residuals at the posterior means.

    Args:
        tree: A posterior of `fit_population`.
        records: The table that it was fitted to.

    Returns:
        As `diagnostics.residuals`, with the label of each patient.

    Raises:
        PosteriorError: If the posterior carries no model.
    """
    model = model_of(tree, "residuals_of")
    mean = tree["posterior"].to_dataset().mean(("chain", "draw"))
    sites = [*model.sites(), *(["L"] if model.random_effects.correlated else [])]
    with float64():
        data = model.prepare(records)
        theta = {site: jnp.asarray(mean[site].values) for site in sites}
        eta = mean["eta"].transpose("patient", "effect").values
        table = residuals(model, theta, eta, data)
    return table.assign(patient=np.asarray(patient_names(records))[table.patient.to_numpy(int)])


def _flat(values: xr.DataArray) -> Array:
    """Chains one after the other, (sample, ...)."""
    ordered = values.transpose("chain", "draw", ...)
    return jnp.asarray(ordered.values.reshape(-1, *ordered.shape[2:]))


@partial(jax.jit, static_argnums=0)
def _log_likelihood(model: PopulationModel, theta: dict, eta: Array, data: Data) -> Array:
    one = lambda now: model.log_likelihood(now[0], now[1], data)  # noqa: E731
    return jax.lax.map(one, (theta, eta), batch_size=16)
