"""An interim look by weights gives what a fit to all data gives, or refuses."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.forecast import reweighted, update_dlt
from myelodose.posterior import PosteriorError, provenance, require_converged
from myelodose.priors import LENALIDOMIDE_PRIOR
from myelodose.trial import dlt_table


def exact_risk(dose, *tables):
    """Mean risk given all tables, by sums over a fine grid of the posterior."""
    prior = LENALIDOMIDE_PRIOR
    a, b = np.meshgrid(
        *(m + s * np.linspace(-6, 6, 601) for m, s in zip(prior.mean, prior.sd, strict=True))
    )
    log = -0.5 * ((a - prior.mean[0]) / prior.sd[0]) ** 2
    log -= 0.5 * ((b - prior.mean[1]) / prior.sd[1]) ** 2
    logit = lambda d: a + np.exp(b) * np.log(d / prior.dose_reference_mg)  # noqa: E731
    for table in tables:
        for d, n, y in zip(table.dose.values, table.n.values, table.dlt.values, strict=True):
            log = log - y * np.logaddexp(0, -logit(d)) - (n - y) * np.logaddexp(0, logit(d))
    mass = np.exp(log - log.max())
    return float((mass / (1 + np.exp(-logit(dose)))).sum() / mass.sum())


def test_reweighted_risks_are_those_of_all_data_together(dlt_posterior, counts):
    cohort = dlt_table([20], [3], [1])
    found = update_dlt(dlt_posterior, cohort, seed=1)
    draws = found.tree["posterior"].to_dataset()
    for dose in (15.0, 20.0, 25.0):
        logit = draws.log_alpha + np.exp(draws.log_beta) * np.log(dose / 20)
        risk = 1 / (1 + np.exp(-logit.values.ravel()))
        # Monte Carlo error of the weighted draws, four of them.
        error = 4 * risk.std() / np.sqrt(found.weights.ess / 3)
        assert risk.mean() == pytest.approx(exact_risk(dose, counts, cohort), abs=error)


def test_the_update_says_what_it_is_made_of(dlt_posterior):
    found = update_dlt(dlt_posterior, dlt_table([20], [3], [1]), seed=1)
    record = provenance(found.tree)
    assert record.sampler["algorithm"] == "reweighted"
    assert record.diagnostics.pareto_k == found.weights.k <= 0.7
    assert record.data_hash.startswith(provenance(dlt_posterior).data_hash)
    require_converged(found.tree, "test")


def test_data_that_the_draws_do_not_cover_are_refused(dlt_posterior):
    with pytest.raises(PosteriorError, match="fit old and new data together"):
        update_dlt(dlt_posterior, dlt_table([10], [400], [200]), seed=1)


def test_the_number_of_values_is_checked(dlt_posterior):
    with pytest.raises(InputError, match="log_likelihood"):
        reweighted(dlt_posterior, np.zeros(3), new_data=dlt_table([20], [3], [1]), seed=1)


def test_nothing_new_changes_nothing(dlt_posterior):
    shape = tuple(dlt_posterior["posterior"].sizes[d] for d in ("chain", "draw"))
    new = dlt_table([20], [3], [1])
    found = reweighted(dlt_posterior, np.zeros(shape), new_data=new, seed=1)
    before = np.sort(dlt_posterior["posterior"].log_alpha.values.ravel())
    assert np.array_equal(np.sort(found.tree["posterior"].log_alpha.values.ravel()), before)
