"""Fit a NumPyro model: compiled once per shape, in chunks that survive a kill.

The model is a plain function of its data, `f(data, y=None)`. What a fit does: every chain starts
from a draw of the prior and walks downhill (`start.py`); coordinates are learnt from curvatures
there (`learn.py`); a few short windows of warm-up learn them again; then NumPyro's NUTS draws
(`kernel.py`). Each chunk is saved before the next begins (`checkpoint.py`, `run.py`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import arviz as az
import jax
import jax.numpy as jnp
import xarray as xr

from myelodose.diagnostics import convergence
from myelodose.errors import InputError
from myelodose.inference.checkpoint import Folder
from myelodose.inference.devices import chosen_method
from myelodose.inference.given import as_arrays, tree_hash
from myelodose.inference.kernel import Draws
from myelodose.inference.program import Program, program
from myelodose.inference.progress import Progress
from myelodose.inference.result import labelled, prior_draws
from myelodose.inference.run import LEAST_DRAWS, Run
from myelodose.inference.settings import FitSettings
from myelodose.packages import package_versions
from myelodose.posterior import Model, Provenance
from myelodose.precision import float64

Tree = Any


def fit(
    model: Callable,
    data: Tree,
    y: Tree = None,
    *,
    seed: int,
    settings: FitSettings | None = None,
    folder: Path | str | None = None,
    time_budget_s: float | None = None,
    identity: Model | None = None,
    data_name: str = "",
    prior: dict | None = None,
    prior_count: int = 0,
    dims: Mapping[str, Sequence[str]] | None = None,
    coords: Mapping[str, Any] | None = None,
    hide: Sequence[str] = (),
    progress: bool = True,
) -> xr.DataTree:
    """Draw from the posterior of a model.

    Args:
        model: A NumPyro model, called as `model(data, y)`, or as `model(data)` if no `y` is given.
            Give the same function again to use what is compiled already.
        data: Arrays, in any tree.
        y: What was seen, if the model takes it apart from the rest; arrays, in any tree.
        seed: Seed of all randomness.
        settings: Settings of the sampler.
        folder: Where chunks are kept. A folder that holds part of the same fit is continued.
        time_budget_s: Stop after about this time and keep what there is [s].
        identity: Name and version of the model; the function's name by default.
        data_name: Name of the data, for the record.
        prior: Settings of the prior, for the record.
        prior_count: Draws from the prior to add.
        dims: Names of dimensions by variable; those of plates are known.
        coords: Labels of dimensions.
        hide: Variables that are only means to others; not stored.
        progress: Show how far chains are.

    Returns:
        Groups `posterior`, `sample_stats` and, if asked for, `prior`, with provenance. Stopped
        early, by time or by Ctrl-C, it has fewer draws, and its provenance says why.

    Raises:
        InputError: If the data are no arrays or the model is none, or if time ended before the
            warm-up.
        PosteriorError: If the folder belongs to another fit.

    Example:
        >>> import numpy as np, numpyro, numpyro.distributions as dist
        >>> def height(data, y=None):
        ...     mean = numpyro.sample("mean", dist.Normal(0, 10))
        ...     numpyro.sample("y", dist.Normal(mean, data["sd"]), obs=y)
        >>> few = FitSettings(chains=2, warmup=50, draws=50, chain_method="vectorized")
        >>> tree = fit(height, {"sd": np.ones(3)}, np.array([1.0, 2.0, 3.0]), seed=1,
        ...            settings=few, progress=False)
        >>> dict(tree["posterior"].sizes)
        {'chain': 2, 'draw': 50}
    """
    started = time.monotonic()
    chosen = settings or FitSettings()
    chosen = replace(chosen, chain_method=chosen_method(chosen.chain_method, chosen.chains))
    identity = identity or Model(getattr(model, "__name__", type(model).__name__), 1)
    given = as_arrays((data,) if y is None else (data, y))
    data_hash = tree_hash(given)
    with float64():
        args = jax.tree.map(jnp.asarray, given)
        built = program(model, args, chosen)
        run = Run(built, args, chosen, seed, Progress(chosen, on=progress))
        if folder is not None:
            run.folder = Folder(folder, _about(identity, built, chosen, seed, data_hash))
        stopped = run.draw(started, time_budget_s)
        kept = [step.draws for step in run.steps[chosen.warmup_chunks :]]
        _check_enough(kept, chosen, stopped)
        tree = labelled(
            built, args, kept, draws=chosen.draws, hide=hide, dims=dims or {}, coords=coords or {}
        )
        if prior_count:
            _add_prior(tree, model, args[:1], seed, prior_count)
    record = Provenance(
        model=identity,
        data_name=data_name,
        data_hash=data_hash,
        seed=seed,
        sampler={"algorithm": "NUTS"} | asdict(chosen) | run.account(stopped),
        diagnostics=convergence(tree),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        packages=package_versions(),
        prior=prior or {},
    )
    tree.attrs["provenance"] = record.to_json()
    return tree


def _about(identity: Model, built: Program, settings: FitSettings, seed: int, data: str) -> dict:
    versions = package_versions()
    return {
        "model": list(identity),
        "variables": [[site.name, list(site.shape)] for site in built.layout.sites],
        "data": data,
        "seed": seed,
        "jax": versions["jax"],
        "numpyro": versions["numpyro"],
        **asdict(settings),
    }


def _check_enough(kept: Sequence[Draws], settings: FitSettings, stopped: str) -> None:
    if len(kept) * settings.chunk < LEAST_DRAWS:
        raise InputError(
            "fit, time_budget_s",
            f"the {stopped} was over before {LEAST_DRAWS} draws were made",
            "give more time; with a folder, the fit goes on where it stopped",
        )


def _add_prior(tree: xr.DataTree, model: Callable, args: Tree, seed: int, count: int) -> None:
    draws = tree["posterior"].to_dataset()
    names = [str(name) for name in draws]
    key = jax.random.fold_in(jax.random.key(seed), 1)
    values = prior_draws(model, args, key, names, count)
    dims = {name: [str(d) for d in draws[name].dims[2:]] for name in names}
    coords = {str(d): draws[d].values for d in draws.coords if d not in ("chain", "draw")}
    group = az.from_dict({"prior": values}, dims=dims, coords=coords)
    tree["prior"] = group["prior"].map_over_datasets(lambda one: one.drop_attrs())
