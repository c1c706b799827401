"""What a stored population posterior expects of patients: those fitted, or new ones.

The posterior carries its model as a document, so a fresh process needs neither the data nor the
code that declared the model.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from myelodose.errors import InputError
from myelodose.population.data import Data
from myelodose.population.document import from_document
from myelodose.population.model import PopulationModel
from myelodose.posterior import PosteriorError, posterior_hash, provenance, require_converged
from myelodose.precision import float64

DOCUMENT = "population_model"
"""Where the provenance of a posterior keeps the model: in `prior`, under this name."""


def model_of(tree: xr.DataTree, place: str = "posterior") -> PopulationModel:
    """The population model that a posterior was fitted with.

    Args:
        tree: A posterior of `fit_population`.
        place: Who asks, for the error.

    Raises:
        PosteriorError: If it carries none.
    """
    document = provenance(tree, place).prior.get(DOCUMENT)
    if document is None:
        remedy = "give a posterior that fit_population made"
        raise PosteriorError(place, "found no population model in it", remedy)
    return from_document(document)


def predict(
    tree: xr.DataTree,
    records: xr.Dataset,
    *,
    seed: int,
    draws: int = 200,
    patients: Literal["new", "fitted"] = "new",
    accept_failed: tuple[str, ...] = (),
) -> xr.Dataset:
    """Predictions at every record of EVID 0, whether a value stands there or not.

    Args:
        tree: A posterior of `fit_population`, in memory or loaded.
        records: Doses, times and covariates, as `read_records` gives them.
        seed: Seed of the choice of draws, of new patients and of measurements.
        draws: How many posterior draws to use.
        patients: "new": random effects are drawn from the population; "fitted": those of the
            posterior, found by the labels of the patients.
        accept_failed: Convergence checks whose failure is accepted, each by its name.

    Returns:
        `individual` (draw, record), what is expected of each patient; `measured`, a simulated
        measurement around it; `typical`, of a patient whose random effects are 0. Coordinates of
        `record`: `patient`, `time_h`, `observed`. Everything is simulated and says so.

    Raises:
        PosteriorError: If the posterior has not converged, or carries no model.
        InputError: If a patient was not fitted, or the records lack what the model needs.
    """
    require_converged(tree, "predict", accept_failed)
    model = model_of(tree, "predict")
    if draws < 1:
        raise InputError("predict, draws", f"found {draws}", "give 1 or more")
    with float64():
        data = model.prepare(records, at="records")
        names = patient_names(records)
        key = jax.random.key(seed)
        chosen, theta = _chosen(tree, model, draws, key)
        if patients == "fitted":
            eta = _fitted(tree, names, chosen, model.eta_names(data))
        else:
            eta = _new(model, theta, data, jax.random.fold_in(key, 1))
        individual, measured, typical = jax.device_get(
            _predicted(model, theta, eta, data, jax.random.fold_in(key, 2))
        )
    dims = ("draw", "record")
    labels = np.array([label or "" for label in model.labels], dtype=str)
    return xr.Dataset(
        {
            "individual": (dims, individual),
            "measured": (dims, measured),
            "typical": (dims, typical),
        },
        coords={
            "patient": ("record", np.asarray(names)[np.asarray(data.patient_of_obs)]),
            "time_h": ("record", np.asarray(data.time_h), {"units": "h"}),
            "observed": ("record", labels[np.asarray(data.kind_of_obs)]),
        },
        attrs={"kind": "simulated from a posterior", "posterior": posterior_hash(tree)},
    )


def patient_names(records: xr.Dataset) -> list[str]:
    """Labels of the patients, in the order of their first record.

    Args:
        records: The table.
    """
    return list(dict.fromkeys(records["patient"].values.astype(str).tolist()))


def _chosen(
    tree: xr.DataTree, model: PopulationModel, draws: int, key: Array
) -> tuple[np.ndarray, dict[str, Array]]:
    """Which draws of the flattened posterior, and the population parameters there."""
    posterior = tree["posterior"].to_dataset().stack(sample=("chain", "draw"), create_index=False)
    count = posterior.sizes["sample"]
    if draws > count:
        remedy = f"give at most {count}, or fit with more draws"
        raise InputError("predict, draws", f"found {draws}", remedy)
    index = np.sort(np.asarray(jax.random.choice(key, count, (draws,), replace=False)))
    sites = [*model.sites(), *(["L"] if model.random_effects.correlated else [])]
    missing = [site for site in sites if site not in posterior]
    if missing:
        found = f"found no draws of {', '.join(missing)}"
        raise PosteriorError("predict", found, "give a posterior with all its parameters")
    columns = (posterior[site].transpose("sample", ...).values[index] for site in sites)
    return index, dict(zip(sites, map(jnp.asarray, columns), strict=True))


def _fitted(
    tree: xr.DataTree, names: list[str], index: np.ndarray, columns: tuple[str, ...]
) -> Float[Array, "draw patient eta"]:
    eta = tree["posterior"].to_dataset()["eta"]
    known = eta["patient"].values.astype(str).tolist()
    for name in names:
        if name not in known:
            remedy = "say patients='new', or fit the posterior with this patient"
            raise InputError("predict, records", f"found patient {name!r}", remedy)
    stacked = eta.stack(sample=("chain", "draw"), create_index=False)
    stacked = stacked.transpose("sample", "patient", "effect")
    if stacked.sizes["effect"] != len(columns):
        found = f"found {len(columns)} random effects, {stacked.sizes['effect']} in the posterior"
        raise InputError("predict, records", found, "give the occasions that were fitted")
    at = [known.index(name) for name in names]
    return jnp.asarray(stacked.values[index][:, at])


def _new(
    model: PopulationModel, theta: dict[str, Array], data: Data, key: Array
) -> Float[Array, "draw patient eta"]:
    count, columns = len(data.patients), len(model.eta_names(data))
    draws = len(next(iter(theta.values())))
    z = jax.random.normal(key, (draws, count, columns))
    if not columns:
        return z
    root = jax.vmap(lambda one: jnp.linalg.cholesky(model.covariance(one, data)))(theta)
    return jnp.einsum("dpe,dfe->dpf", z, root)


@partial(jax.jit, static_argnums=0)
def _predicted(
    model: PopulationModel, theta: Mapping[str, Array], eta: Array, data: Data, key: Array
) -> tuple[Any, Any, Any]:
    def one(now):
        values, effects, own = now
        individual = model.predict(values, effects, data)
        return (
            individual,
            model.simulate(own, values, individual, data),
            model.predict(values, jnp.zeros_like(effects), data),
        )

    keys = jax.random.split(key, len(eta))
    return jax.lax.map(one, (dict(theta), eta, keys), batch_size=16)
