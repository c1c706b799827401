"""NumPyro made real, whoever imported what before.

ArviZ, when it is imported first, leaves a lazy stand-in for NumPyro behind. Importing a submodule
through the stand-in executes the package twice and loses names; touching an attribute first makes
it real.
"""

import numpyro

_ = numpyro.__version__

import numpyro.distributions as dist  # noqa: E402

from myelodose.population.half_normal import HalfNormal  # noqa: E402

__all__ = ["HalfNormal", "dist", "numpyro"]
