"""A posterior of the joint model as it is stored, SIMULATED, with draws of no data."""

from dataclasses import replace

import numpy as np
import xarray as xr

from myelodose.population.document import to_document
from myelodose.population.examples import marrow_model
from myelodose.posterior import Diagnostics, Model, Provenance


def made_up(r_hat=1.001, correlated=()):
    """Two chains of 50 draws of every population site of `marrow_model`."""
    random, model = np.random.default_rng(1), marrow_model()
    effects = replace(model.random_effects, correlated=correlated)
    model = replace(model, random_effects=effects)
    values = {
        site: (0.3 if site.startswith("omega_") else prior.median)
        * np.exp(0.05 * random.standard_normal((2, 50)))
        for site, prior in model.sites().items()
    }
    group = xr.Dataset({k: (("chain", "draw"), v) for k, v in values.items()})
    if correlated:
        # Told apart by the spread, so that every draw must meet its own.
        rho = np.clip(group.omega_kill_aza.values, 0, 0.9)[..., None, None]
        matrix = np.where(np.eye(len(correlated), dtype=bool), 1.0, rho)
        group["correlation"] = ("chain", "draw", "row", "column"), matrix
    tree = xr.DataTree.from_dict({"posterior": group})
    fine = Diagnostics(r_hat, 900.0, 800.0, 0)
    prior = {"population_model": to_document(model)}
    tree.attrs["provenance"] = Provenance(
        Model("population-marrow", 1), "made up", "0" * 64, 1, {}, fine, "2026-11-26", {}, prior
    ).to_json()
    return tree
