"""Simulation-based calibration of a NumPyro model, all of it one compiled program."""

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

_STARTS = 4


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
    nuts: ShortNuts | None = None,
    posterior_model: Callable | None = None,
    **kwargs,
) -> xr.Dataset:
    """Simulation-based calibration of a NumPyro model f(data, y=None).

    Beside all values of the model the log-likelihood is ranked, log p(y | theta): it depends on the
    data, and so finds posteriors that are wrong although each value alone looks right.

    `data` is the design: doses, times, covariates, with nothing censored. A model whose draws
    with y=None are not from the joint density that it gives with y, as where a constraint cuts the
    prior, cannot be calibrated so.

    Args:
        model: Called as `model(data)` to simulate.
        data: Its first argument, a pytree of arrays.
        seed: Seed.
        simulations: How many.
        observed: Name of the site of the data.
        nuts: Settings of the sampler.
        posterior_model: What is fitted, if it is not the model that simulates: to see whether a
            wrong model would be noticed.
        **kwargs: Further arguments of `calibrate`.

    Returns:
        As `calibrate`.

    Source:
        Modrák et al. 2023 (doi 10.1214/23-BA1404) for the log-likelihood.
    """
    settings, fitted = nuts or ShortNuts(), posterior_model or model
    kwargs.setdefault("label", getattr(model, "__name__", ""))
    return calibrate(
        prior_simulation(model, observed=observed, fitted=fitted),
        nuts_sampler(fitted, settings, observed=observed),
        seed=seed,
        simulations=simulations,
        context=data,
        **kwargs,
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
        values = _draw(model, key, data)
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
