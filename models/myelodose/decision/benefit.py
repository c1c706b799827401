"""The probability of a response by dose and TP53, from stored draws."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from myelodose.posterior import ORDINAL_RESPONSE, require_converged, require_model
from myelodose.precision import float64
from myelodose.response import cutpoints, marginal_scale, normal_nodes

TP53_CODE = {"wild type": -0.5, "mutated": 0.5}
_NODES = 40
_BELOW_RESPONSE = 1  # the cut-point between SD and PR, the second of each scale


def response_probability(
    posterior: xr.DataTree, *, accept_failed: Sequence[str] = ()
) -> xr.Dataset:
    """P(at least a partial response) of a new patient at each dose of the trial.

    The patient's own effect is integrated out; the effect of the dose cohort is the trial's.

    Args:
        posterior: An `ordinal-response` posterior, from `fit_response` or `load_posterior`.
        accept_failed: Convergence checks whose failure is accepted, each by its name.

    Returns:
        Over `outcome` (haem, cyto), `dose` [mg] and `tp53`: `mean`, `lower` and `upper`, the
        posterior mean and 95 % interval of the probability.

    Raises:
        PosteriorError: If the posterior is of another model or did not converge.
    """
    record = require_model(posterior, ORDINAL_RESPONSE, "response_probability")
    require_converged(posterior, "response_probability", accept_failed)
    draws = posterior["posterior"].to_dataset().stack(sample=("chain", "draw"))
    log_dose = np.log(draws.cohort / record.prior["dose_reference_mg"])
    tp53 = xr.DataArray(list(TP53_CODE.values()), coords={"tp53": list(TP53_CODE)}, dims="tp53")
    with float64():
        shares = [
            jnp.asarray(draws[f"share_{name}"].transpose("sample", ...).values)
            for name in draws.outcome.values
        ]
        cut = np.stack([cutpoints(share)[:, _BELOW_RESPONSE] for share in shares])
    eta = draws.slope * log_dose + draws.tp53_effect * tp53 + draws.cohort_effect
    above = eta - xr.DataArray(cut, dims=("outcome", "sample"), coords={"outcome": draws.outcome})
    # The share over all patients of logistic(scale * above + patient_sd * z), z standard normal.
    node, weight = (xr.DataArray(values, dims="node") for values in normal_nodes(_NODES))
    with float64():
        scale = draws.patient_sd.copy(data=np.asarray(marginal_scale(draws.patient_sd.values)))
        one_patient = scale * above + draws.patient_sd * node
        share = one_patient.copy(data=np.asarray(jax.nn.sigmoid(one_patient.values)))
    probability = (share * weight).sum("node").rename(cohort="dose")
    return xr.Dataset(
        {
            "mean": probability.mean("sample"),
            "lower": probability.quantile(0.025, "sample").drop_vars("quantile"),
            "upper": probability.quantile(0.975, "sample").drop_vars("quantile"),
        }
    )
