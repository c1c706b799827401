"""An interim look: a stored posterior reweighted by what a new cohort showed, without a fit.

The weight of a stored draw is the likelihood of the new data there, Pareto-smoothed. Where k is
above 0.7 the stored draws no longer cover the new posterior and the update is refused: fit again.
"""

from dataclasses import replace
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.errors import InputError
from myelodose.forecast.psis import LIMIT, Weights, smoothed
from myelodose.posterior import (
    DLT_LOGISTIC,
    Diagnostics,
    PosteriorError,
    content_hash,
    provenance,
    require_converged,
    require_model,
)
from myelodose.precision import float64
from myelodose.toxicity import logit_dlt_risk
from myelodose.trial import checked_counts


class Updated(NamedTuple):
    """A posterior after new data.

    Attributes:
        tree: Equally weighted draws with the provenance of both, for `decide` and `save_posterior`.
        weights: The smoothed weights of the stored draws, chains one after the other.
    """

    tree: xr.DataTree
    weights: Weights


def reweighted(
    stored: xr.DataTree,
    log_likelihood: Float[np.ndarray, "chain draw"],
    *,
    new_data: xr.Dataset,
    seed: int,
) -> Updated:
    """A stored posterior with the new data's likelihood at each draw.

    Args:
        stored: A converged posterior of any model.
        log_likelihood: Of the new data alone, given everything at each draw; random effects of new
            patients integrated out.
        new_data: The new data, for the record.
        seed: Seed of the resampling.

    Raises:
        PosteriorError: If Pareto k is above 0.7, or the posterior has not converged.
        InputError: If there is not one value for each draw.
    """
    require_converged(stored, "reweighted")
    draws = stored["posterior"].to_dataset()
    shape = (draws.sizes["chain"], draws.sizes["draw"])
    values = np.asarray(log_likelihood, float)
    if values.shape != shape:
        raise InputError("reweighted, log_likelihood", f"found {values.shape}", f"give {shape}")
    weights = smoothed(values.ravel())
    if not weights.reliable:
        raise PosteriorError(
            "reweighted",
            f"Pareto k is {weights.k:.2f}, above {LIMIT}: the stored draws do not cover the "
            "posterior with the new data",
            "fit old and new data together",
        )
    chosen = _resampled(weights.weight, seed)
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    # One chain: what was drawn from chains in turn has no order any more.
    new = flat.isel(sample=chosen).drop_vars(["chain", "draw"]).rename(sample="draw")
    group = new.expand_dims(chain=[0]).assign_coords(draw=np.arange(len(chosen)))
    group = group.transpose("chain", "draw", ...)
    kept = {"posterior": group}
    kept |= {"prior": stored["prior"].to_dataset()} if "prior" in stored else {}
    tree = xr.DataTree.from_dict(kept)
    before = provenance(stored, "reweighted")
    record = replace(
        before,
        data_name=f"{before.data_name} + {new_data.attrs.get('name', 'new data')}",
        data_hash=f"{before.data_hash}+{content_hash(new_data)}",
        seed=seed,
        sampler={"algorithm": "reweighted", "ess": weights.ess} | {"before": before.sampler},
        diagnostics=_diagnostics(before.diagnostics, weights),
    )
    tree.attrs["provenance"] = record.to_json()
    return Updated(tree, weights)


def update_dlt(stored: xr.DataTree, counts: xr.Dataset, *, seed: int) -> Updated:
    """A stored dose-toxicity posterior after a new cohort.

    Args:
        stored: Of `fit_dlt` or loaded.
        counts: `n` and `dlt` by dose of the new patients alone.
        seed: Seed of the resampling.

    Raises:
        PosteriorError: As `reweighted`, or if the posterior is of another model.
    """
    record = require_model(stored, DLT_LOGISTIC, "update_dlt")
    new = checked_counts(counts, "update_dlt")
    draws = stored["posterior"].to_dataset()
    reference = record.logistic_prior().dose_reference_mg
    alpha, beta = (draws[n].values[..., None] for n in ("log_alpha", "log_beta"))
    with float64():
        dose = jnp.asarray(new.dose.values, float)
        logit = np.asarray(logit_dlt_risk(dose, alpha, beta, dose_reference=reference))
    n, y = new.n.values, new.dlt.values
    log = (y * -np.logaddexp(0, -logit) + (n - y) * -np.logaddexp(0, logit)).sum(-1)
    return reweighted(stored, log, new_data=new, seed=seed)


def _resampled(weight: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    count = len(weight)
    at = np.searchsorted(np.cumsum(weight), (random.random() + np.arange(count)) / count)
    return random.permutation(np.minimum(at, count - 1))


def _diagnostics(before: Diagnostics, weights: Weights) -> Diagnostics:
    """Those of the stored chains with what the weights leave of their effective draws."""
    share = weights.ess / len(weights.weight)
    return replace(
        before,
        ess_bulk=before.ess_bulk * share,
        ess_tail=before.ess_tail * share,
        pareto_k=weights.k,
    )
