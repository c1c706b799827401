"""An interim look: a stored posterior reweighted by what a new cohort showed, without a fit.

The weight of a stored draw is the likelihood of the new data there, Pareto-smoothed. Where k is
above 0.7, or hardly a draw is left in effect, the stored draws no longer cover the new posterior
and the update is refused: fit again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.errors import InputError
from myelodose.forecast.balance import systematic
from myelodose.forecast.cohort import Tell, cohort_likelihood
from myelodose.forecast.people import People
from myelodose.forecast.psis import Weights, smoothed
from myelodose.forecast.seen import Seen
from myelodose.forecast.sources import people_of
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
from myelodose.virtual.from_posterior import rows_taken


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
    accept_failed: Sequence[str] = (),
) -> Updated:
    """A stored posterior with the new data's likelihood at each draw.

    Args:
        stored: A converged posterior of any model.
        log_likelihood: Of the new data alone, given everything at each draw; random effects of new
            patients integrated out.
        new_data: The new data, for the record.
        seed: Seed of the resampling.
        accept_failed: Convergence checks of the posterior whose failure is accepted.

    Raises:
        PosteriorError: If Pareto k is above 0.7 or fewer than 50 draws are left in effect, or the
            posterior has not converged.
        InputError: If there is not one value for each draw.
    """
    require_converged(stored, "reweighted", accept_failed)
    draws = stored["posterior"].to_dataset()
    shape = (draws.sizes["chain"], draws.sizes["draw"])
    values = np.asarray(log_likelihood, float)
    if values.shape != shape:
        raise InputError("reweighted, log_likelihood", f"found {values.shape}", f"give {shape}")
    weights = smoothed(values.ravel())
    if not weights.cover:
        raise PosteriorError(
            "reweighted",
            f"found {weights.told}: the stored draws do not cover the posterior with the new data",
            "fit old and new data together",
        )
    chosen = systematic(weights.weight, len(weights.weight), np.random.default_rng(seed))
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    # One chain: what was drawn from chains in turn has no order any more.
    flat = flat.drop_vars(["chain", "draw"], errors="ignore")
    new = flat.isel(sample=chosen).rename(sample="draw")
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


def update_joint(
    stored: xr.DataTree,
    cohort: Sequence[Seen],
    *,
    seed: int,
    points: int = 128,
    tell: Tell | None = None,
    accept_failed: Sequence[str] = (),
    extrapolate: bool = False,
) -> Updated:
    """A stored posterior of the joint marrow-and-clone model after new patients.

    Random effects are integrated out by `cohort_likelihood` at every stored draw; errors of assays
    are those of `people_of`, posterior means. Individual parameters of the old patients are drawn
    along.

    Args:
        stored: From `fit_population` with a `MarrowAndClones` structure, or `load_posterior`.
        cohort: The new patients, each as far as he is known.
        seed: Seed of all randomness.
        points: Points for each patient and draw.
        tell: Called with one line after every patient, such as `print`.
        accept_failed: Convergence checks whose failure is accepted, each by its name.
        extrapolate: Whether new patients may lie outside the covariates that were fitted.

    Raises:
        PosteriorError: As `reweighted`, or if the posterior is of another model.
        InputError: If a new patient lies outside the fitted covariates, or there is none.
    """
    sizes = stored["posterior"].sizes
    shape = (sizes["chain"], sizes["draw"])
    total = shape[0] * shape[1]
    switches = {"accept_failed": accept_failed, "extrapolate": extrapolate}
    people = [people_of(stored, seed=seed, draws=total, patient=one, **switches) for one in cohort]
    found = cohort_likelihood(
        people[0] if people else People({}), cohort, seed=seed, points=points, tell=tell
    )
    log = np.empty(total)
    log[rows_taken(total, total, seed)] = found.log_likelihood.sum(0)
    return reweighted(
        stored,
        log.reshape(shape),
        new_data=_table(cohort),
        seed=seed,
        accept_failed=accept_failed,
    )


def _table(cohort: Sequence[Seen]) -> xr.Dataset:
    """New patients as data, for the record."""
    rows = [
        (number, one.day, what, value, of)
        for number, seen in enumerate(cohort)
        for what, one, value, of in [
            *((dose.drug, dose, dose.mg, 0) for dose in seen.doses),
            *((read.what, read, read.value, read.of) for read in seen.readings),
        ]
    ]
    names = ("patient", "day", "what", "value", "of")
    columns = {
        name: ("row", np.array(column))
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    words = f"{len(cohort)} new patient{'s' * (len(cohort) > 1)}"
    return xr.Dataset(columns, attrs={"name": words})


def _diagnostics(before: Diagnostics, weights: Weights) -> Diagnostics:
    """Those of the stored chains with what the weights leave of their effective draws."""
    share = weights.ess / len(weights.weight)
    return replace(
        before,
        ess_bulk=before.ess_bulk * share,
        ess_tail=before.ess_tail * share,
        pareto_k=weights.k,
    )
