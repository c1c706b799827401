"""Float64 and CPU devices: the two settings of JAX that results depend on."""

from contextlib import AbstractContextManager

import jax


def float64() -> AbstractContextManager:
    """A `with` block in which JAX computes in float64 [context manager].

    Every function of the package that a person calls opens this block itself, so nobody has to
    change the precision of the whole process.

    Example:
        >>> with float64():
        ...     print(jax.numpy.ones(1).dtype)
        float64
    """
    return jax.enable_x64(True)


def declare_cpu_devices(count: int) -> None:
    """Give JAX `count` CPU devices, so that as many chains run side by side.

    Args:
        count: Number of chains that shall run in parallel.

    Raises:
        RuntimeError: If JAX has started already with fewer devices; it cannot be changed then.
    """
    try:
        jax.config.update("jax_num_cpu_devices", count)
    except RuntimeError as late:
        have = jax.local_device_count("cpu")
        if have < count:
            raise RuntimeError(
                f"{count} chains in parallel need {count} CPU devices, but JAX has started with "
                f"{have}; call myelodose.declare_cpu_devices({count}) before anything else uses "
                "JAX, or pass chain_method='sequential'"
            ) from late
