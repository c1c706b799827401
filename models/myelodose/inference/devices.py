"""Several chains at once: over devices, in one vectorised program, or one after the other."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from myelodose.precision import declare_cpu_devices

Tree = Any


def chosen_method(asked: str, chains: int) -> str:
    """The method that is really used; asked for "auto", what suits the machine.

    Raises:
        RuntimeError: If "parallel" is asked for and JAX has started with fewer CPU devices.
    """
    if asked not in ("auto", "parallel"):
        return asked
    try:
        # Before the first question about a backend: the answer would start JAX with one device.
        # Never fewer than were declared already: a later fit may have more chains.
        declare_cpu_devices(max(chains, jax.config.jax_num_cpu_devices))
    except RuntimeError:
        if asked == "parallel":
            raise
        return "sequential" if jax.default_backend() == "cpu" else "vectorized"
    if jax.default_backend() != "cpu" and asked == "auto":
        return "vectorized"
    return "parallel"


def over_chains(function: Callable[..., Tree], method: str, chains: int) -> Callable[..., Tree]:
    """A function of one chain as a compiled function of all.

    Args:
        function: Called as `function(shared, own)`; both are trees of arrays.
        method: "parallel", "vectorized" or "sequential".
        chains: Number of chains.

    Returns:
        Called as `(shared, own)`, where `own` and the result have chains as their first axis.
    """
    if method == "vectorized":
        return jax.jit(jax.vmap(function, in_axes=(None, 0)))
    if method == "parallel":
        return _over_devices(function, chains)
    compiled = jax.jit(function)

    def one_by_one(shared: Tree, own: Tree) -> Tree:
        results = [compiled(shared, jax.tree.map(lambda x: x[i], own)) for i in range(chains)]  # noqa: B023
        return jax.tree.map(lambda *parts: jnp.stack(parts), *results)

    return one_by_one


def _over_devices(function: Callable[..., Tree], chains: int) -> Callable[..., Tree]:
    mesh = jax.sharding.Mesh(jax.local_devices(backend="cpu")[:chains], ("chain",))
    spread = jax.sharding.PartitionSpec("chain")

    def own_part(shared: Tree, own: Tree) -> Tree:
        result = function(shared, jax.tree.map(lambda x: x[0], own))
        return jax.tree.map(lambda x: jnp.asarray(x)[None], result)

    everywhere = jax.sharding.PartitionSpec()
    return jax.jit(
        jax.shard_map(
            own_part, mesh=mesh, in_specs=(everywhere, spread), out_specs=spread, check_vma=False
        )
    )
