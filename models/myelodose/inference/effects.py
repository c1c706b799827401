"""How standardised random effects become effects: read off the model itself.

By convention a non-centred model has random variables whose names start with `z_`, standard
normal, inside the plate of the patients, and one deterministic value `eta` (patient, effect) that
is linear in them: `eta = z_eta @ (diag(omega) L).T`. The matrix between the two is computed by
running the model up to the point where `eta` is known; nothing behind it is run.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float
from numpyro.primitives import Messenger

from myelodose.inference.layout import Layout, Position

PREFIX = "z_"
EFFECTS = "eta"


class _EnoughError(Exception):
    """The model has told all that was asked."""


class _Until(Messenger):
    """Ends the run of a model as soon as its effects are known."""

    found: Array | None = None

    def postprocess_message(self, msg: dict) -> None:
        if msg["type"] == "deterministic" and msg["name"] == EFFECTS:
            self.found = msg["value"]
            raise _EnoughError


@dataclass(frozen=True)
class Effects:
    """Own variables that are standardised effects, in their order; none if empty."""

    names: tuple[str, ...] = ()

    def loading(
        self, model: Callable, layout: Layout, args: Any, common: Float[Array, " common"]
    ) -> Float[Array, "patient own own"]:
        """The matrix from standardised to real effects, given the common values.

        Own variables without effects get ones on the diagonal.
        """
        at = self.places(layout)

        def column(direction):
            z = jnp.broadcast_to(direction, (layout.patients, direction.size))
            eta = _effects_alone(model, args, layout.values(Position(common, z)))
            return z.at[:, at].set(eta.reshape(layout.patients, -1))

        return jnp.moveaxis(jax.vmap(column)(jnp.eye(layout.own_size)), 0, -1)

    def places(self, layout: Layout) -> np.ndarray:
        """Columns of the own values that are standardised effects."""
        columns = [np.arange(layout.own_size)[layout.columns(name)] for name in self.names]
        return np.concatenate(columns) if columns else np.zeros(0, int)


def _effects_alone(model: Callable, args: Any, values: dict[str, Array]) -> Array:
    def substitute(site):
        if site["type"] == "sample" and site["name"] in values:
            return dist.biject_to(site["fn"].support)(values[site["name"]])
        return None

    until = _Until(numpyro.handlers.substitute(model, substitute_fn=substitute))
    with contextlib.suppress(_EnoughError):
        until(*args)
    assert until.found is not None
    return until.found


def find_effects(model: Callable, layout: Layout, args: Any) -> Effects:
    """The standardised effects of a model, none if it does not follow the convention."""
    normal, size = set(), [0]

    def run(key, args):
        trace = numpyro.handlers.trace(numpyro.handlers.seed(model, key)).get_trace(*args)
        for name, site in trace.items():
            if site["type"] == "deterministic" and name == EFFECTS:
                size[0] = int(np.prod(jnp.shape(site["value"]), dtype=int))
            if site["type"] == "sample" and name.startswith(PREFIX) and _is_normal(site["fn"]):
                normal.add(name)
        return 0

    jax.eval_shape(run, jax.random.key(0), args)
    names = tuple(site.name for site in layout.own if site.name in normal)
    found = sum(site.size for site in layout.own if site.name in names)
    return Effects(names if found and found * layout.patients == size[0] else ())


def _is_normal(kind: dist.Distribution) -> bool:
    while isinstance(kind, dist.Independent | dist.ExpandedDistribution):
        kind = kind.base_dist
    return isinstance(kind, dist.Normal)
