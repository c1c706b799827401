"""The hierarchical NumPyro models: plain functions, data as arguments, `None` to simulate."""

import numpyro

# ArviZ, when it is imported first, leaves a lazy stand-in for numpyro behind. Importing a
# submodule through the stand-in executes the package twice and loses names; touching an
# attribute first makes it real.
_ = numpyro.__version__
