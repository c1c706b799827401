"""Versions of the packages that results depend on."""

from importlib.metadata import version

PACKAGES = ("myelodose", "jax", "numpyro", "arviz", "xarray", "numpy")


def package_versions() -> dict[str, str]:
    """Name and version of this package and of those that its numbers come from."""
    return {name: version(name) for name in PACKAGES}
