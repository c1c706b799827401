"""The sampler of `fit`, as simulation-based calibration wants it: what users run is what is ranked.

Data sets are sampled one after the other by one compiled program. Side by side, each of them would
wait at every draw for the longest trajectory of all.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from myelodose.errors import InputError
from myelodose.inference.calibration import Sampler
from myelodose.inference.devices import chosen_method
from myelodose.inference.layout import Position
from myelodose.inference.program import program
from myelodose.inference.progress import Progress
from myelodose.inference.run import Run
from myelodose.inference.settings import FitSettings

LogLikelihood = Callable[[dict[str, Array], Any, Array], Array]
"""log_likelihood(values, data, y)."""


def fit_sampler(
    model: Callable, settings: FitSettings, *, kept: int, log_likelihood: LogLikelihood
) -> Sampler:
    """The sampler of `fit`, for `calibrate(..., compiled=False)`.

    Args:
        model: Called as `model(data, y)`.
        settings: Settings of the fit. Chains start from draws of the prior and never at the truth.
        kept: Draws a chain that are kept, evenly from all, so that they are nearly independent.
        log_likelihood: Is drawn too.

    Raises:
        InputError: If fewer draws are made than are to be kept.
    """
    if not 2 <= kept <= settings.draws:
        found = f"found {kept} of {settings.draws} draws a chain"
        raise InputError("calibrate, kept", found, "keep 2 or more, and no more than are drawn")
    settings = replace(settings, chain_method=chosen_method(settings.chain_method, settings.chains))

    @jax.jit
    def told(values: dict[str, Array], given: Any) -> Array:
        return jax.vmap(lambda one: log_likelihood(one, *given))(values)

    def sample(key: Array, given: Any) -> dict[str, Array]:
        args = jax.tree.map(jnp.asarray, given)
        built = program(model, args, settings)
        seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
        run = Run(built, args, settings, seed, Progress(settings, on=False))
        if run.draw(time.monotonic(), None):
            # The fit keeps what it has when a person interrupts it; a calibration must end.
            raise KeyboardInterrupt
        steps = run.steps[settings.warmup_chunks :]
        z = jax.tree.map(lambda *x: np.concatenate(x, 1), *(step.draws.z for step in steps))
        values = built.told(args, _evenly(z, kept, settings.draws), ())
        pooled = {name: x.reshape(-1, *x.shape[2:]) for name, x in values.items()}
        diverging = jnp.concatenate([step.draws.diverging for step in steps], 1)
        return pooled | {"log_likelihood": told(pooled, args), "diverging": diverging}

    return sample


def _evenly(z: Position, kept: int, draws: int) -> Position:
    """Some draws of every chain, as far apart as can be."""
    pick = np.arange(draws - 1, -1, -(draws // kept))[:kept][::-1]
    return jax.tree.map(lambda x: x[:, pick], z)
