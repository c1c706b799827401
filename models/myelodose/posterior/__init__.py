"""Fitted posteriors on disk: ArviZ-shaped DataTrees with provenance, checked when loaded.

A stored posterior is an `xarray.DataTree` (groups `posterior`, `prior`, `sample_stats`) in NetCDF
(`.nc`) or Zarr (`.zarr`). Its root attributes hold the provenance as JSON text, and a hash over
all draws and the provenance, so that nothing can be lost or changed unnoticed.
"""

from myelodose.posterior.record import (
    CHECKS,
    DLT_LOGISTIC,
    ORDINAL_RESPONSE,
    Diagnostics,
    Model,
    PosteriorError,
    PosteriorWarning,
    Provenance,
    content_hash,
    posterior_hash,
    provenance,
    require_converged,
    require_model,
)
from myelodose.posterior.store import (
    fit_or_load,
    load_posterior,
    posterior_path,
    save_posterior,
)

__all__ = [
    "CHECKS",
    "DLT_LOGISTIC",
    "ORDINAL_RESPONSE",
    "Diagnostics",
    "Model",
    "PosteriorError",
    "PosteriorWarning",
    "Provenance",
    "content_hash",
    "fit_or_load",
    "load_posterior",
    "posterior_hash",
    "posterior_path",
    "provenance",
    "require_converged",
    "require_model",
    "save_posterior",
]
