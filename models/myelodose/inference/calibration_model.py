"""Simulation-based calibration of a NumPyro model, by a short NUTS run or the sampler of `fit`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpyro
import xarray as xr
from jaxtyping import Array
from numpyro.infer.hmc import hmc
from numpyro.infer.util import constrain_fn, potential_energy, unconstrain_fn

from myelodose.errors import check_fields
from myelodose.inference.calibration import Sampler, Simulate, calibrate
from myelodose.inference.calibration_fit import fit_sampler
from myelodose.inference.settings import FitSettings

_STARTS = 4
_MOST_TRIES = 100


@dataclass(frozen=True)
class ShortNuts:
    """A short NUTS run with a fixed warm-up.

    Args:
        warmup: Warm-up draws.
        draws: Kept draws, L; one less than a power of 2 bins well.
        thin: Draws made for each one kept, so that those kept are nearly independent.
        target_accept: Mean acceptance that the step size is adapted to.
        max_tree_depth: Most doublings of a trajectory.
        dense: Whether the mass matrix is dense.

    Raises:
        InputError: If a value cannot be.
    """

    warmup: int = 300
    draws: int = 63
    thin: int = 5
    target_accept: float = 0.9
    max_tree_depth: int = 8
    dense: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        checks = {name: (getattr(self, name) >= 1, "1 or more") for name in ("warmup", "thin")}
        checks["draws"] = (self.draws >= 4, "4 or more")
        checks["target_accept"] = (0 < self.target_accept < 1, "a number between 0 and 1")
        check_fields(self, checks)


def calibrate_model(
    model: Callable,
    data: Any,
    *,
    seed: int,
    simulations: int,
    observed: str = "y",
    nuts: ShortNuts | FitSettings | None = None,
    kept: int = 32,
    posterior_model: Callable | None = None,
    **kwargs,
) -> xr.Dataset:
    """Simulation-based calibration of a NumPyro model f(data, y=None).

    Beside all values of the model the log-likelihood is ranked, log p(y | theta): it depends on the
    data, and so finds posteriors that are wrong although each value alone looks right.

    `data` is the design: doses, times, covariates, with nothing censored. A model whose draws
    with y=None are not from the joint density that it gives with y, as one with a `factor`, cannot
    be calibrated so. A `PopulationModel` can, also with a constraint, which its draws obey.

    Args:
        model: Called as `model(data)` to simulate.
        data: Its first argument, a pytree of arrays.
        seed: Seed.
        simulations: How many.
        observed: Name of the site of the data.
        nuts: `ShortNuts` runs data sets side by side in one compiled program: for cheap models.
            `FitSettings` runs the sampler of `fit` on one after the other: for models whose
            solution takes time.
        kept: With `FitSettings`, the draws a chain that a truth is ranked among.
        posterior_model: What is fitted, if it is not the model that simulates: to see whether a
            wrong model would be noticed.
        **kwargs: Further arguments of `calibrate`.

    Returns:
        As `calibrate`.

    Source:
        Modrák et al. 2023 (doi 10.1214/23-BA1404) for the log-likelihood.
    """
    settings, fitted = nuts or ShortNuts(), posterior_model or model
    label = getattr(model, "__name__", "")
    asked: dict[str, Any] = {"label": label, "settings": str(settings)} | kwargs
    simulate = prior_simulation(model, observed=observed, fitted=fitted)
    if isinstance(settings, ShortNuts):
        sampler = nuts_sampler(fitted, settings, observed=observed)
    else:
        simulate = jax.jit(simulate)

        def log_likelihood(values: dict[str, Array], data: Any, y: Array) -> Array:
            return _log_likelihood(fitted, values, data, y, observed)

        sampler = fit_sampler(fitted, settings, kept=kept, log_likelihood=log_likelihood)
        asked |= {"compiled": False, "settings": f"{settings}, kept={kept}"}
        # A batch is what is lost when a run is stopped.
        asked.setdefault("batch", 8)
    return calibrate(
        simulate,
        sampler,
        seed=seed,
        simulations=simulations,
        context=data,
        **asked,
    )


def prior_simulation(
    model: Callable, *, observed: str = "y", fitted: Callable | None = None
) -> Simulate:
    """Draws of all values of a model and of its data, as `calibrate` wants them.

    Args:
        model: Called as `model(data)`.
        observed: Name of the site of the data.
        fitted: The model whose log-likelihood is computed, if it is another.
    """

    def simulate(key: Array, data: Any) -> tuple[dict[str, Array], Any]:
        values = _finite_draw(model, key, data, observed)
        y = values.pop(observed)
        values["log_likelihood"] = _log_likelihood(fitted or model, values, data, y, observed)
        return values, (data, y)

    return simulate


def nuts_sampler(model: Callable, settings: ShortNuts, *, observed: str = "y") -> Sampler:
    """NUTS from a prior draw, as `calibrate` wants it.

    It starts at the likeliest of a few prior draws, never at the truth, which would hide a
    warm-up that is too short.

    Args:
        model: Called as `model(data, y=y)`.
        settings: Of the sampler.
        observed: Name of the site of the data.
    """

    def sample(key: Array, given: Any) -> dict[str, Array]:
        data, y = given
        key_start, key_chain = jax.random.split(key)

        def potential(z: dict[str, Array]) -> Array:
            value = potential_energy(model, (data,), {"y": y}, z)
            return jnp.where(jnp.isnan(value), jnp.inf, value)

        begin, move = hmc(potential, algo="NUTS")
        state = begin(
            _start(model, data, y, potential, key_start),
            num_warmup=settings.warmup,
            dense_mass=settings.dense,
            target_accept_prob=settings.target_accept,
            max_tree_depth=settings.max_tree_depth,
            rng_key=key_chain,
        )

        def thinned(state, _):
            state = jax.lax.fori_loop(0, settings.thin, lambda _, s: move(s), state)
            return state, (state.z, state.diverging)

        # Warm-up goes through the same loop, so that the sampler is compiled once.
        before = -(-settings.warmup // settings.thin)
        _, drawn = jax.lax.scan(thinned, state, length=before + settings.draws)
        z, diverging = jax.tree.map(lambda values: values[before:], drawn)

        def values_of(z: dict[str, Array]) -> dict[str, Array]:
            values = constrain_fn(model, (data,), {"y": y}, z, return_deterministic=True)
            return values | {"log_likelihood": _log_likelihood(model, values, data, y, observed)}

        return jax.vmap(values_of)(z) | {"diverging": diverging}

    return sample


def _finite_draw(model: Callable, key: Array, data: Any, observed: str) -> dict[str, Array]:
    """A simulation whose data are numbers.

    Where a prediction fails, the density of the model is 0: its prior is what it says, given that
    predictions succeed. So truths without data are drawn again.
    """

    def wanted(state) -> Array:
        count, values = state
        return (count == 0) | ((count < _MOST_TRIES) & ~jnp.isfinite(values[observed]).all())

    def one(state):
        count, _ = state
        own = jnp.where(count > 0, jax.random.fold_in(key, count), key)
        return count + 1, _draw(model, own, data)

    shapes = jax.eval_shape(lambda key: _draw(model, key, data), key)
    empty = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    return jax.lax.while_loop(wanted, one, (jnp.asarray(0), empty))[1]


def _draw(model: Callable, key: Array, data: Any) -> dict[str, Array]:
    """Every sampled and deterministic value of one simulation."""
    trace = numpyro.handlers.trace(numpyro.handlers.seed(model, key)).get_trace(data)
    kinds = ("sample", "deterministic")
    return {name: site["value"] for name, site in trace.items() if site["type"] in kinds}


def _log_likelihood(model: Callable, values: dict, data: Any, y: Array, observed: str) -> Array:
    """Log p(y | values)."""
    fixed = numpyro.handlers.substitute(numpyro.handlers.seed(model, 0), values)
    site = numpyro.handlers.trace(fixed).get_trace(data, y=y)[observed]
    return jnp.sum(site["fn"].log_prob(site["value"]))


def _start(model, data, y, potential: Callable, key: Array) -> dict[str, Array]:
    """The likeliest of a few prior draws, unconstrained."""

    def one(key: Array) -> tuple[dict[str, Array], Array]:
        trace = numpyro.handlers.trace(numpyro.handlers.seed(model, key)).get_trace(data, y=y)
        values = {
            name: site["value"]
            for name, site in trace.items()
            if site["type"] == "sample" and not site["is_observed"]
        }
        z = unconstrain_fn(model, (data,), {"y": y}, values)
        return z, potential(z)

    starts, energies = jax.vmap(one)(jax.random.split(key, _STARTS))
    best = jnp.argmin(energies)
    return jax.tree.map(lambda value: value[best], starts)
