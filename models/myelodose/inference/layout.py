"""How the position of a sampler splits: what all patients share, and what is each patient's own.

NumPyro knows it from the plates. Values outside the plate of the patients are `common`, values
inside it are `own`, one row a patient. Given the common values patients are independent, which
is what the curvature (`curvature.py`) and the coordinates (`coordinates.py`) build on; a model
for which that is not so is sampled correctly all the same, only slower.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from jaxtyping import Array, Float
from numpyro.infer.util import unconstrain_fn

from myelodose.errors import InputError

Tree = Any


class Position(NamedTuple):
    """Unconstrained values: `common` (common,), and `own` (patient, own)."""

    common: Float[Array, " common"]
    own: Float[Array, "patient own"]


@dataclass(frozen=True)
class Site:
    """One random variable of a model on its unconstrained scale.

    Args:
        name: Its name.
        shape: Shape of its unconstrained value.
        axis: Axis of the patients, None for a common value.
        plates: Names of the plates around it, for each axis of the value or "".
    """

    name: str
    shape: tuple[int, ...]
    axis: int | None
    plates: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Numbers in it; of one patient if it has patients."""
        size = int(np.prod(self.shape, dtype=int))
        return size if self.axis is None else size // self.shape[self.axis]


@dataclass(frozen=True)
class Layout:
    """The sites of a model in a fixed order; `plate` names the patients, "" if there are none."""

    sites: tuple[Site, ...]
    plate: str
    patients: int

    @property
    def common(self) -> tuple[Site, ...]:
        """Sites outside the plate."""
        return tuple(site for site in self.sites if site.axis is None)

    @property
    def own(self) -> tuple[Site, ...]:
        """Sites inside the plate."""
        return tuple(site for site in self.sites if site.axis is not None)

    @property
    def own_size(self) -> int:
        """Own numbers of one patient."""
        return sum(site.size for site in self.own)

    @property
    def common_size(self) -> int:
        """Numbers that all share."""
        return sum(site.size for site in self.common)

    def position(self, values: dict[str, Array]) -> Position:
        """Values by site as a position."""
        common = [jnp.ravel(values[s.name]) for s in self.common]
        own = [
            jnp.moveaxis(values[s.name], s.axis, 0).reshape(self.patients, s.size)
            for s in self.own
            if s.axis is not None
        ]
        return Position(
            jnp.concatenate(common) if common else jnp.zeros(0),
            jnp.concatenate(own, 1) if own else jnp.zeros((self.patients, 0)),
        )

    def values(self, position: Position) -> dict[str, Array]:
        """A position as values by site."""
        found, start = {}, 0
        for site in self.common:
            part = position.common[start : start + site.size]
            found[site.name], start = part.reshape(site.shape), start + site.size
        start = 0
        for site in self.own:
            assert site.axis is not None
            rest = tuple(n for i, n in enumerate(site.shape) if i != site.axis)
            part = position.own[:, start : start + site.size].reshape(self.patients, *rest)
            found[site.name], start = jnp.moveaxis(part, 0, site.axis), start + site.size
        return found

    def columns(self, name: str) -> slice:
        """Where a site stands in `common` or in `own`."""
        for group in (self.common, self.own):
            start = 0
            for site in group:
                if site.name == name:
                    return slice(start, start + site.size)
                start += site.size
        known = ", ".join(site.name for site in self.sites)
        raise InputError("sites of the model", f"found no '{name}'", f"use {known}")


def look_at(model: Callable, args: Tree, *, plate: str = "") -> Layout:
    """The layout of a model, from one abstract run of it.

    Args:
        model: A NumPyro model, called as `model(*args)`.
        args: Its arguments, data among them.
        plate: The plate of the patients; if empty, the one with most random values in it.

    Raises:
        InputError: If a random variable is discrete, or the plate is not there.
    """
    sites: dict[str, tuple[tuple[str, int], ...]] = {}

    def run(key, args):
        trace = numpyro.handlers.trace(numpyro.handlers.seed(model, key)).get_trace(*args)
        values = {}
        for name, site in trace.items():
            if site["type"] != "sample" or site["is_observed"]:
                continue
            if site["fn"].support.is_discrete:
                raise InputError(
                    f"model, site '{name}'",
                    "found a discrete random variable",
                    "sum it out by hand: NUTS needs a density",
                )
            sites[name] = tuple(
                (f.name, f.dim - site["fn"].event_dim) for f in site["cond_indep_stack"]
            )
            values[name] = site["value"]
        return unconstrain_fn(model, args, {}, values)

    seeded = jax.eval_shape(run, jax.random.key(0), args)
    shapes = {name: tuple(seeded[name].shape) for name in sites}
    if not sites:
        raise InputError("model", "found no random variable", "give a model with priors")
    chosen = _plate(sites, shapes, plate)
    return Layout(*_sites(sites, shapes, chosen))


def _plate(sites, shapes, asked: str) -> str:
    """The plate that is asked for, or the one that holds most."""
    held: dict[str, int] = {}
    for name, frames in sites.items():
        for plate, _ in frames:
            held[plate] = held.get(plate, 0) + int(np.prod(shapes[name], dtype=int))
    if asked and asked not in held:
        raise InputError(
            "plate",
            f"found no plate '{asked}' around a random variable",
            f"use one of {', '.join(held) or 'none: the model has no plates'}",
        )
    return asked or max(held, key=lambda name: held[name], default="")


def _sites(sites, shapes, chosen: str):
    found, patients = [], 0
    for name, frames in sites.items():
        shape = shapes[name]
        axis = next((dim % len(shape) for plate, dim in frames if chosen and plate == chosen), None)
        labels = {dim % len(shape): plate for plate, dim in frames if shape}
        found.append(Site(name, shape, axis, tuple(labels.get(i, "") for i in range(len(shape)))))
        patients = patients if axis is None else shape[axis]
    return tuple(found), chosen, patients
