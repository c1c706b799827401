"""Many patients with flat memory: in blocks one after the other, or side by side on devices.

Patients are the last axis of every array. A function of a cohort is given a block of it at a time.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.errors import InputError

Tree = Any

BLOCK = 20
"""Patients in a block: what a block works on then stays in the processor's cache."""


def in_blocks(function: Callable[..., Tree], *cohort: Tree, block: int = BLOCK) -> Tree:
    """The function of a cohort, computed block by block.

    Args:
        function: Takes trees of arrays with patients last, and gives such a tree.
        *cohort: Its arguments, for all patients.
        block: Patients at a time.

    Returns:
        What the function gives for all patients, in their order.

    Raises:
        InputError: If arguments differ in their number of patients.

    Example:
        >>> in_blocks(lambda x: 2 * x, jnp.arange(5), block=2).tolist()
        [0, 2, 4, 6, 8]
    """
    patients = _patients(cohort)
    if patients <= block:
        return function(*cohort)
    blocks, _ = _split(cohort, patients, block)
    together = jax.lax.map(lambda part: function(*part), blocks)
    return jax.tree.map(lambda x: _join(x)[..., :patients], together)


def sum_in_blocks(
    function: Callable[[Tree, Tree], Float[Array, " patient"]],
    parameters: Tree,
    data: Tree,
    *,
    block: int = BLOCK,
) -> Float[Array, ""]:
    """Sum of a function over patients; its gradient is taken in the same pass, block by block.

    Reverse mode through a plain loop would keep what every block computed until all are done. Here
    each block's gradient is taken while the block is at hand, and memory does not grow with the
    cohort.

    Args:
        function: Takes the parameters and data of a block, and gives one value for each patient,
            which depends on that patient alone.
        parameters: Differentiable, patients last.
        data: Not differentiable, patients last.
        block: Patients at a time.

    Raises:
        InputError: If parameters and data differ in their number of patients.
    """
    patients = _patients((parameters, data))
    blocks, real = _split((parameters, data), patients, min(block, patients))
    return _sum(function, blocks[0], (blocks[1], real))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _sum(function, parameters: Tree, data: Tree) -> Float[Array, ""]:
    return jax.lax.map(lambda part: _one(function, *part), (parameters, data)).sum()


def _one(function, parameters: Tree, data: Tree) -> Float[Array, ""]:
    block, real = data
    return jnp.where(real, function(parameters, block), 0.0).sum()


@_sum.defjvp
def _sum_jvp(function, primals, tangents):
    parameters, data = primals
    value_and_gradient = jax.value_and_grad(partial(_one, function))
    values, gradients = jax.lax.map(lambda part: value_and_gradient(*part), (parameters, data))
    products = jax.tree.map(lambda g, t: (g * t).sum(), gradients, tangents[0])
    return values.sum(), sum(jax.tree.leaves(products))


def on_devices(
    function: Callable[..., Tree], *cohort: Tree, devices: Sequence[jax.Device] | None = None
) -> Tree:
    """The function of a cohort, an equal part of the patients on each device.

    Args:
        function: Takes trees of arrays with patients last, and gives such a tree; it must treat
            every patient alone.
        *cohort: Its arguments; their number of patients is a multiple of the number of devices.
        devices: All local devices if not given.

    Raises:
        InputError: If the patients cannot be shared out evenly.
    """
    devices = jax.local_devices() if devices is None else list(devices)
    patients = _patients(cohort)
    if patients % len(devices):
        raise InputError(
            "on_devices",
            f"found {patients} patients for {len(devices)} devices",
            "give a multiple, or fewer devices",
        )
    mesh = jax.sharding.Mesh(devices, ("patient",))
    shapes = jax.eval_shape(function, *cohort)
    return jax.shard_map(
        function,
        mesh=mesh,
        in_specs=jax.tree.map(_last, cohort),
        out_specs=jax.tree.map(_last, shapes),
        check_vma=False,
    )(*cohort)


def _last(x) -> jax.sharding.PartitionSpec:
    return jax.sharding.PartitionSpec(*(None,) * (len(x.shape) - 1), "patient")


def _patients(cohort: Tree) -> int:
    shapes = {jnp.shape(x) for x in jax.tree.leaves(cohort)}
    sizes = sorted({shape[-1] for shape in shapes if shape})
    if len(sizes) != 1 or () in shapes:
        found = f"found last axes of {sizes}" + (" and plain numbers" if () in shapes else "")
        raise InputError(
            "cohort", found, "give every array one entry per patient, as the last axis"
        )
    return sizes[0]


def _split(cohort: Tree, patients: int, block: int) -> tuple[Tree, Array]:
    """Blocks as the first axis, and which of their patients are real; the last one is repeated."""
    count = -(-patients // block)
    pick = jnp.minimum(jnp.arange(count * block), patients - 1)

    def one(x):
        parts = jnp.asarray(x)[..., pick].reshape(*x.shape[:-1], count, block)
        return jnp.moveaxis(parts, -2, 0)

    return jax.tree.map(one, cohort), jnp.arange(count * block).reshape(count, block) < patients


def _join(x: Array) -> Array:
    moved = jnp.moveaxis(x, 0, -2)
    return moved.reshape(*moved.shape[:-2], -1)
