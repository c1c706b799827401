"""The compiled side of a fit: built once for a model and the shapes of its data.

Data are arguments of every compiled function and never constants in it, so other data of the same
shapes run through what is compiled already.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpyro.infer.util import constrain_fn, potential_energy

from myelodose.inference import kernel, learn, start
from myelodose.inference.coordinates import Coordinates, plain
from myelodose.inference.devices import over_chains
from myelodose.inference.effects import Effects, find_effects
from myelodose.inference.kernel import Chain, Draws, Phase
from myelodose.inference.layout import Layout, Position, look_at
from myelodose.inference.settings import FitSettings

Tree = Any

LEARN_FROM = 24
"""Draws of all chains together at which curvatures are computed."""


@dataclass(frozen=True)
class Program:
    """Compiled functions of one model, for data of one shape.

    Args:
        model: The NumPyro model.
        layout: Its variables.
        effects: Its standardised effects.
        settings: Settings, with the chain method that is really used.
        begin: (args, keys) to starting positions of all chains.
        chunk: ((args, coordinates, phase), chains) to chains and draws.
        likelihood: (args, draws) to `learn.Likelihood` of each chain.
        whitened: ((args, coordinates), draws) to `learn.Whitened` of each chain.
        told: (args, positions, names) to every value of the model but those names; positions have
            chain and draw first.
        density: (args, positions of all chains) to their log posterior densities.
    """

    model: Callable
    layout: Layout
    effects: Effects
    settings: FitSettings
    begin: Callable[..., Position]
    chunk: Callable[..., tuple[Chain, Draws]]
    likelihood: Callable[..., learn.Likelihood]
    whitened: Callable[..., learn.Whitened]
    told: Callable[..., dict[str, Array]]
    density: Callable[..., Array]

    def learnt(self, args: Tree, draws: Position) -> Coordinates:
        """Coordinates from draws of all chains, (chain, draw, ...)."""
        # Not -1: a model without patients has arrays without entries.
        count = draws.common.shape[0] * draws.common.shape[1]
        pooled = jax.tree.map(lambda x: np.asarray(x).reshape(count, *x.shape[2:]), draws)
        found = plain(jax.tree.map(lambda x: x.mean(0), pooled))
        if self.settings.geometry == "structured":
            return _from_covariance(found, pooled, self._blocks())
        places = tuple(self.effects.places(self.layout).tolist())
        if places:
            found = _with_likelihood(found, self.likelihood(args, draws), places)
        return _with_affine(found, self.whitened((args, found), draws))

    def _blocks(self) -> tuple[tuple[int, ...], ...]:
        """Dense blocks as numbers of common values."""
        every = np.arange(self.layout.common_size)
        common = {site.name for site in self.layout.common}
        return tuple(
            tuple(
                int(i) for name in block if name in common for i in every[self.layout.columns(name)]
            )
            for block in self.settings.dense
        )


def program(model: Callable, args: Tree, settings: FitSettings) -> Program:
    """The program of a model, made anew only for another model, shape or setting.

    Args:
        model: The NumPyro model, called as `model(*args)`.
        args: Its arguments as arrays.
        settings: Settings; how many draws are made does not matter here.
    """
    leaves, tree = jax.tree.flatten(args)
    shapes = tuple((x.shape, str(x.dtype)) for x in leaves)
    # How many draws are made is no part of what is compiled.
    return _made(model, (tree, shapes), replace(settings, warmup=1, draws=4))


@lru_cache(maxsize=32)
def _made(
    model: Callable,
    structure: tuple[Any, tuple],
    settings: FitSettings,
) -> Program:
    tree, shapes = structure
    method, chains = settings.chain_method, settings.chains
    args = jax.tree.unflatten(tree, [jax.ShapeDtypeStruct(*one) for one in shapes])
    layout = look_at(model, args, plate=settings.plate)
    for name in (name for block in settings.dense for name in block):
        layout.columns(name)
    effects = find_effects(model, layout, args) if settings.geometry == "learnt" else Effects()
    functions = _Functions(model, layout, effects, settings)
    every = {
        name: over_chains(getattr(functions, name), method, chains)
        for name in ("begin", "chunk", "likelihood", "whitened")
    }

    def told(args: Tree, z: Position, hide: tuple[str, ...]) -> dict[str, Array]:
        return jax.vmap(jax.vmap(lambda one: functions.told(args, one, hide)))(z)

    def density(args: Tree, z: Position) -> Array:
        return -jax.vmap(functions.potential(args))(z)

    return Program(
        model,
        layout,
        effects,
        settings,
        **every,
        told=jax.jit(told, static_argnums=2),
        density=jax.jit(density),
    )


def potential_of(model: Callable, layout: Layout, args: Tree) -> Callable[[Position], Array]:
    """Minus the log posterior density of unconstrained values; infinite, never NaN."""

    def of(z: Position) -> Array:
        value = potential_energy(model, args, {}, layout.values(z))
        return jnp.where(jnp.isnan(value), jnp.inf, value)

    return of


@dataclass(frozen=True)
class _Functions:
    """The same, of one chain and not yet compiled."""

    model: Callable
    layout: Layout
    effects: Effects
    settings: FitSettings

    def potential(self, args: Tree) -> Callable[[Position], Array]:
        """Minus the log posterior density."""
        return potential_of(self.model, self.layout, args)

    def loading(self, args: Tree):
        """The matrix from standardised to real effects, None without effects."""
        if not self.effects.names:
            return None
        return lambda common: self.effects.loading(self.model, self.layout, args, common)

    def begin(self, args: Tree, key: Array) -> Position:
        """Where a chain starts."""
        keys = jax.random.split(jax.random.wrap_key_data(key), start.TRIES)
        draw = jax.vmap(lambda one: start.from_prior(self.model, self.layout, args, one))
        z = start.first_finite(self.potential(args), draw(keys))
        steps = start.NEWTON_STEPS if self.settings.geometry == "learnt" else 0
        return start.walk(self.potential(args), z, steps=steps)

    def chunk(self, shared: tuple[Tree, Coordinates, Phase], chain: Chain):
        """The next draws."""
        args, coordinates, phase = shared
        return kernel.chunk(
            self.potential(args),
            self.loading(args),
            coordinates,
            chain,
            phase,
            draws=self.settings.chunk,
            target_accept=self.settings.target_accept,
            max_tree_depth=self.settings.max_tree_depth,
        )

    def likelihood(self, args: Tree, draws: Position) -> learn.Likelihood:
        """What the data say about effects."""
        loading = self.loading(args)
        assert loading is not None
        places = self.effects.places(self.layout)
        return learn.curvature_of_likelihood(self.potential(args), loading, places, draws)

    def whitened(self, shared: tuple[Tree, Coordinates], draws: Position) -> learn.Whitened:
        """What is left for the affine layer."""
        args, coordinates = shared
        return learn.curvature_whitened(
            self.potential(args), self.loading(args), coordinates, draws
        )

    def told(self, args: Tree, z: Position, hide: tuple[str, ...]) -> dict[str, Array]:
        """Every random variable and deterministic value."""
        values = self.layout.values(z)
        every = constrain_fn(self.model, args, {}, values, return_deterministic=True)
        return {name: value for name, value in every.items() if name not in hide}


def _average(tree: Tree) -> Tree:
    return jax.tree.map(lambda x: x.mean(0), tree)


@partial(jax.jit, static_argnums=2)
def _from_covariance(start: Coordinates, draws: Position, blocks: tuple) -> Coordinates:
    return learn.from_covariance(start, draws, blocks)


@partial(jax.jit, static_argnums=2)
def _with_likelihood(start: Coordinates, found: Tree, places: tuple[int, ...]) -> Coordinates:
    return learn.with_likelihood(start, _average(found), np.array(places))


@jax.jit
def _with_affine(start: Coordinates, found: Tree) -> Coordinates:
    return learn.with_affine(start, _average(found))
