"""From an event table and a declared model to a posterior that says what it is."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import xarray as xr

from myelodose.inference.driver import fit
from myelodose.inference.predict import DOCUMENT, patient_names
from myelodose.inference.settings import FitSettings
from myelodose.population.document import DOCUMENT_VERSION, to_document
from myelodose.population.model import PopulationModel
from myelodose.posterior import Model, content_hash, provenance

HIDDEN = ("z_eta", "phi", "z_occasion")
"""Standardised and shifted effects: means to `eta`, which is stored."""


BLOCK_DIMS = {"correlation": ("row", "column"), "L": ("L_row", "L_column")}
"""Dimensions of the block of correlated effects; `L` is in its own order."""


def fit_population(
    model: PopulationModel,
    records: xr.Dataset,
    *,
    seed: int,
    settings: FitSettings | None = None,
    folder: Path | str | None = None,
    time_budget_s: float | None = None,
    prior_count: int = 0,
    keep_records: bool = False,
    progress: bool = True,
) -> xr.DataTree:
    """Fit a population model to a table with NUTS.

    Args:
        model: The model, with its priors.
        records: The table, as `read_records` gives it.
        seed: Seed of all randomness.
        settings: Settings of the sampler.
        folder: Where chunks are kept; a fit that was stopped or killed goes on from there.
        time_budget_s: Stop after about this time and keep what there is [s].
        prior_count: Draws from the prior to add, for the contraction of prior to posterior.
        keep_records: Store the table with the posterior. Without it the posterior holds labels of
            patients, but none of their data.
        progress: Show how far chains are.

    Returns:
        Groups `posterior` (population parameters by name, `eta` by patient and effect),
        `sample_stats`, `prior` and `records` if asked for. The provenance holds model, priors,
        covariates and units, so that `predict` and decisions need nothing else.

    Raises:
        InputError: If the table lacks what the model needs.
        PosteriorError: If the folder belongs to another fit.
    """
    data = model.prepare(records)
    y = np.asarray(data.y)
    tree = fit(
        numpyro_of(model),
        data._replace(y=jnp.zeros(y.shape)),
        # What is censored has no value; its likelihood does not look at it.
        np.where(np.isfinite(y), y, 0.0),
        seed=seed,
        settings=settings,
        folder=folder,
        time_budget_s=time_budget_s,
        identity=identity_of(model),
        data_name=str(records.attrs.get("name", "")),
        prior={
            DOCUMENT: to_document(model),
            "covariates": records.attrs.get("covariates", "[]"),
            "units": records.attrs.get("units", "{}"),
        },
        prior_count=prior_count,
        dims=BLOCK_DIMS if model.random_effects.correlated else {},
        coords={"patient": patient_names(records), "effect": list(model.eta_names(data))}
        | _block_labels(model),
        hide=(*HIDDEN, *_excess(model)),
        progress=progress,
    )
    # Hashed as tables are, so that `load_posterior(data=records)` can hold the two together.
    record = replace(provenance(tree), data_hash=content_hash(records))
    tree.attrs["provenance"] = record.to_json()
    if keep_records:
        tree["records"] = records
    return tree


def identity_of(model: PopulationModel) -> Model:
    """Name and version by which a posterior of this model is known.

    Args:
        model: The model.
    """
    return Model(f"population-{model.name}", DOCUMENT_VERSION)


def _excess(model: PopulationModel) -> tuple[str, ...]:
    """By how much a constrained parameter exceeds its bound: a means to the parameter."""
    return (f"{model.constraint.parameter}_above",) if model.constraint else ()


def _block_labels(model: PopulationModel) -> dict[str, list[str]]:
    effects = model.random_effects
    if not effects.correlated:
        return {}
    named, ordered = list(effects.correlated), list(effects.block)
    return {"row": named, "column": named, "L_row": ordered, "L_column": ordered}


@lru_cache(maxsize=32)
def numpyro_of(model: PopulationModel) -> Callable:
    """The NumPyro function of a model, the same one each time, so that it is compiled once.

    Args:
        model: The model.
    """
    return model.as_numpyro()
