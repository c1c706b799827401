"""Simulation-based calibration: does inference recover what the model itself made up?

Parameters are drawn from the prior, data from the model, and the posterior is sampled; over many
repetitions the rank of each true value among its draws must be uniform. `diagnostics.ranks` reads
the ranks. Simulation i depends on the seed and on i alone, not on how the work was split.

Source: Talts et al. 2018 (arXiv 1804.06788); Modrák et al. 2023 (doi 10.1214/23-BA1404).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, PRNGKeyArray

from myelodose.errors import InputError
from myelodose.inference.rank_files import (
    load_batch,
    open_folder,
    save_batch,
    stored_identity,
)
from myelodose.precision import float64

type Simulate = Callable[[PRNGKeyArray, Any], tuple[dict[str, Array], Any]]
"""simulate(key, context) -> (true values by name, data)."""

type Sampler = Callable[[PRNGKeyArray, Any], dict[str, Array]]
"""sampler(key, data) -> draws by name, draws first; "diverging" is counted if it is there."""


class _Result(NamedTuple):
    """Of one simulation; all but `diverging` have one number a parameter."""

    rank: Array
    truth: Array
    mean: Array
    sd: Array
    lag1: Array
    diverging: Array


def calibrate(
    simulate: Simulate,
    sampler: Sampler,
    *,
    seed: int,
    simulations: int,
    context: Any = None,
    names: Sequence[str] | None = None,
    compiled: bool = True,
    lanes: int = 8,
    batch: int = 64,
    folder: str | Path | None = None,
    label: str = "",
    settings: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Ranks of true values among posterior draws, over many simulated data sets.

    Args:
        simulate: Draws true values from the prior and data from the model.
        sampler: Draws from the posterior of these data.
        seed: Seed; simulation i uses fold_in(seed, i).
        simulations: How many.
        context: Passed to `simulate`: the design, as an argument of the compiled program.
        names: True values to rank; by default all that the sampler draws too.
        compiled: Whether both are pure JAX, and run side by side in one compiled program; else
            they are called one by one, as any sampler may be.
        lanes: Simulations side by side in the compiled program. Part of what results depend on:
            rounding may differ between widths.
        batch: Simulations in one file; a multiple of `lanes`.
        folder: Where finished batches are kept and found again; without it nothing is.
        label: Name of the model, kept with the results.
        settings: Of the sampler, in words; a folder of other settings is refused.
        progress: Called with the number of simulations done and their total.

    Returns:
        A Dataset over `simulation` and `parameter`: `rank`, `truth`, posterior `mean` and `sd`,
        `lag1` (autocorrelation of neighbouring draws, which should be near 0: thin more if not),
        and the `divergences` of each simulation; `attrs["draws"]` is L. A value that never moves
        in any simulation, such as the diagonal of a correlation, is left out.

    Raises:
        InputError: If sizes cannot be, the folder holds another calibration, or the sampler
            draws none of the true values.

    Example:
        >>> import jax
        >>> def simulate(key, context):
        ...     mean, noise = jax.random.normal(key, (2,))
        ...     return {"mean": mean}, mean + noise
        >>> def exact(key, y):
        ...     return {"mean": y / 2 + jax.random.normal(key, (7,)) / 2**0.5}
        >>> found = calibrate(simulate, exact, seed=1, simulations=16, batch=16)
        >>> dict(found.sizes), found.attrs["draws"]
        ({'simulation': 16, 'parameter': 1}, 7)
    """
    _check(simulations, lanes, batch)
    place = None if folder is None else Path(folder)
    with float64():
        keys = _keys(seed, 0, 1)
        # A sampler that is called tells what it draws by drawing: not again for a known folder.
        known = None if compiled or place is None else stored_identity(place)
        if known is not None:
            parameters, draws = known["parameters"], known["draws"]
        else:
            parameters, draws = _parameters(simulate, sampler, keys[0], context, names, compiled)
        if place is not None:
            identity = {
                "seed": seed, "draws": draws, "parameters": parameters, "label": label,
                "settings": settings,
                "batch": batch, "lanes": lanes if compiled else 0,
            }  # fmt: skip
            open_folder(place, identity)
        kept = tuple(dict.fromkeys(name.partition("[")[0] for name in parameters))
        run = (
            _compiled(simulate, sampler, kept) if compiled else _one_by_one(simulate, sampler, kept)
        )
        parts, width = [], lanes if compiled else batch
        for number in range(-(-simulations // batch)):
            part = load_batch(place, number)
            if part is None:
                groups = [
                    run(_keys(seed, start, width), context)
                    for start in range(number * batch, (number + 1) * batch, width)
                ]
                joined = jax.tree.map(
                    lambda *x: np.concatenate([np.asarray(v) for v in x]), *groups
                )
                part = joined._asdict()
                save_batch(place, number, part)
            parts.append(part)
            if progress is not None:
                progress(min((number + 1) * batch, simulations), simulations)
    return _labelled(parts, parameters, simulations, draws, seed, label)


def _keys(seed: int, first: int, count: int) -> Array:
    """Keys of simulations, each from the seed and its own number."""
    numbers = jnp.arange(first, first + count)
    return jax.vmap(lambda i: jax.random.fold_in(jax.random.key(seed), i))(numbers)


def _one(simulate: Simulate, sampler: Sampler, kept: tuple[str, ...]):
    """One simulation as a function of key and context."""

    def run(key: Array, context: Any) -> _Result:
        key_truth, key_draws = jax.random.split(key)
        truth, data = simulate(key_truth, context)
        draws = sampler(key_draws, data)
        diverging = jnp.sum(jnp.asarray(draws.get("diverging", 0)))
        count = len(jnp.asarray(draws[kept[0]]))
        true = jnp.concatenate([jnp.ravel(jnp.asarray(truth[name])) for name in kept])
        drawn = jnp.concatenate([jnp.reshape(draws[name], (count, -1)) for name in kept], 1)
        away = drawn - drawn.mean(0)
        square = jnp.sum(away**2, 0)
        lag1 = jnp.sum(away[1:] * away[:-1], 0) / jnp.where(square > 0, square, 1.0)
        return _Result(
            jnp.sum(drawn < true, 0), true, drawn.mean(0), drawn.std(0, ddof=1), lag1, diverging
        )

    return run


def _compiled(simulate: Simulate, sampler: Sampler, kept: tuple[str, ...]):
    return jax.jit(jax.vmap(_one(simulate, sampler, kept), (0, None)))


def _one_by_one(simulate: Simulate, sampler: Sampler, kept: tuple[str, ...]):
    one = _one(simulate, sampler, kept)

    def run(keys: Array, context: Any) -> _Result:
        found = [one(key, context) for key in keys]
        return jax.tree.map(lambda *x: np.stack([np.asarray(v) for v in x]), *found)

    return run


def _parameters(simulate, sampler, key, context, names, compiled) -> tuple[list[str], int]:
    """Names of all scalars that are ranked, and the number of draws."""
    order: list[str] = []  # JAX sorts the names of what it returns

    def both(key, context):
        truth, data = simulate(key, context)
        order.extend(truth)
        return truth, sampler(key, data)

    truth, draws = (jax.eval_shape if compiled else _call)(both, key, context)
    kept = [name for name in (order if names is None else names) if name in draws]
    if not kept:
        found = f"found draws of {', '.join(draws)} and truths of {', '.join(truth)}"
        raise InputError("calibrate, names", found, "name values that both have")
    flat = []
    for name in kept:
        shape = np.shape(truth[name])
        places = [", ".join(map(str, at)) for at in np.ndindex(shape)] if shape else [""]
        flat += [f"{name}[{at}]" if at else name for at in places]
    return flat, int(np.shape(draws[kept[0]])[0])


def _call(function: Callable, *args):
    return function(*args)


def _labelled(parts, parameters, simulations: int, draws: int, seed: int, label: str) -> xr.Dataset:
    joined = {name: np.concatenate([p[name] for p in parts])[:simulations] for name in parts[0]}
    dims = ("simulation", "parameter")
    # A little more than rounding, which moves the 1 on the diagonal of a correlation.
    moves = np.any(joined["sd"] > 1e-9 * np.abs(joined["mean"]), axis=0)
    found = xr.Dataset(
        {name: (dims, joined[name]) for name in ("rank", "truth", "mean", "sd", "lag1")}
        | {"divergences": ("simulation", joined["diverging"])},
        {"parameter": parameters},
        {"draws": draws, "seed": seed, "label": label, "simulated": "data of every simulation"},
    )
    return found.isel(parameter=np.flatnonzero(moves))


def _check(simulations: int, lanes: int, batch: int) -> None:
    if simulations < 1 or lanes < 1 or batch < 1 or batch % lanes:
        found = f"found simulations={simulations}, lanes={lanes}, batch={batch}"
        raise InputError("calibrate", found, "give 1 or more, and a batch that is whole lanes")
