"""From unconstrained draws to a labelled posterior."""

from collections.abc import Mapping, Sequence
from typing import Any

import arviz as az
import jax
import numpy as np
import numpyro
import xarray as xr
from jaxtyping import Array

from myelodose.inference.effects import EFFECTS
from myelodose.inference.kernel import Draws
from myelodose.inference.layout import Layout, Position
from myelodose.inference.program import Program

Tree = Any
STATS = ("diverging", "energy", "n_steps", "acceptance_rate", "step_size", "lp")


def labelled(
    program: Program,
    args: Tree,
    chunks: Sequence[Draws],
    *,
    draws: int,
    hide: Sequence[str],
    dims: Mapping[str, Sequence[str]],
    coords: Mapping[str, Any],
) -> xr.DataTree:
    """Groups `posterior` and `sample_stats`.

    Args:
        program: The program that made the draws.
        args: Arguments of the model.
        chunks: Its draws after the warm-up.
        draws: How many of them to keep, a chain.
        hide: Variables to leave out.
        dims: Names of dimensions by variable, beside those that come from plates.
        coords: Labels of dimensions.
    """
    parts = [jax.device_get(program.told(args, part.z, tuple(hide))) for part in chunks]
    values = {
        name: np.concatenate([part[name] for part in parts], 1)[:, :draws] for name in parts[0]
    }
    stats = {
        name: np.concatenate([np.asarray(getattr(part, name)) for part in chunks], 1)[:, :draws]
        for name in STATS
    }
    stats["tree_depth"] = np.floor(np.log2(np.maximum(stats["n_steps"], 1))).astype(int) + 1
    named = plate_dims(program.layout, values) | {name: list(d) for name, d in dims.items()}
    tree = az.from_dict(
        {"posterior": values, "sample_stats": stats}, coords=dict(coords), dims=named
    )
    return tree.map_over_datasets(lambda group: group.drop_attrs())


def plate_dims(layout: Layout, values: Mapping[str, np.ndarray]) -> dict[str, list[str]]:
    """Dimensions that are known: those of plates, and of `eta`; the rest get a name each."""
    named = {}
    for site in layout.sites:
        if any(site.plates) and site.name in values:
            shape = values[site.name].shape[2:]
            if len(shape) == len(site.plates):
                named[site.name] = [
                    plate or ("effect" if site.axis is not None else f"{site.name}_dim_{i}")
                    for i, plate in enumerate(site.plates)
                ]
    if EFFECTS in values and layout.plate and values[EFFECTS].ndim == 4:
        named[EFFECTS] = [layout.plate, "effect"]
    return named


def prior_draws(model, args: Tree, key: Array, names: Sequence[str], count: int) -> dict:
    """Independent draws of some variables from the prior, as one chain."""

    def one(key: Array) -> dict[str, Array]:
        trace = numpyro.handlers.trace(numpyro.handlers.seed(model, key)).get_trace(*args)
        return {name: trace[name]["value"] for name in names}

    drawn = jax.jit(jax.vmap(one))(jax.random.split(key, count))
    return {name: np.asarray(value)[None] for name, value in drawn.items()}


def thinned(draws: Position, count: int) -> Position:
    """About `count` draws a chain, evenly from the last two thirds."""
    length = draws.common.shape[1]
    pick = np.unique(np.linspace(length // 3, length - 1, count).round().astype(int))
    return jax.tree.map(lambda x: np.asarray(x)[:, pick], draws)
