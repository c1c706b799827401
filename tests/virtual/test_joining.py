"""Simulated and observed risk are joined without counting a toxicity twice."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom

from myelodose.errors import InputError
from myelodose.virtual.conflict import conflict
from myelodose.virtual.joining import (
    HAEMATOLOGICAL,
    empirical_draws,
    joined,
    robust_prior,
    without_count_failures,
)

DOSES = {"20 mg": 20.0, "25 mg": 25.0}


def risk_of(recovery: float, infection: float = 0.1, draws: int = 400) -> xr.Dataset:
    """As `dlt_risk` gives it, the same in every draw."""
    p = np.broadcast_to([recovery, infection, 0.03, 0.5], (draws, 2, 1, 4))
    causes = ["recovery", "infection", "thrombosis", "any"]
    coords = {"regimen": list(DOSES), "cycle": [1], "cause": causes}
    return xr.Dataset({"p": (("draw", "regimen", "cycle", "cause"), p)}, coords)


# Mean risks by exact quadrature for this prior (data of the trial; reference values of the issue).
MEANS = [0.0634, 0.1160, 0.2098, 0.3511]


def test_empirical_draws_are_from_the_exact_posterior(counts):
    draws = empirical_draws(counts, 1, 40_000)
    assert draws.mean(0) == pytest.approx(MEANS, abs=4 * 0.2 / 200)
    assert (draws[:, 3] > 1 / 3).mean() == pytest.approx(0.4953, abs=0.01)


def test_count_failures_leave_the_empirical_part(counts):
    assert without_count_failures(counts, HAEMATOLOGICAL).dlt.values.tolist() == [0, 0, 1, 2]
    assert counts.dlt.values.tolist() == [0, 0, 1, 3]


def test_simulated_infections_are_not_counted_on_top_of_observed_ones(counts):
    kwargs = {"doses": DOSES, "haematological": HAEMATOLOGICAL}
    few, many = (joined(risk_of(0.1, infection=x), counts, 1, **kwargs) for x in (0.0, 0.9))
    assert np.array_equal(few, many)


def test_joined_without_count_failures_is_the_empirical_risk(counts):
    p = joined(risk_of(0.0), counts, 1, doses=DOSES, haematological={})
    assert p.values == pytest.approx(empirical_draws(counts, 1, 400, doses=[20, 25]))


def test_joined_is_one_minus_what_both_spare(counts):
    p = joined(risk_of(0.25), counts, 1, doses=DOSES, haematological=HAEMATOLOGICAL)
    q = empirical_draws(without_count_failures(counts, HAEMATOLOGICAL), 1, 400, doses=[20, 25])
    assert p.values == pytest.approx(1 - 0.75 * (1 - q))


@pytest.mark.parametrize("wrong", [{25.0: 4}, {25.0: -1}, {30.0: 1}])
def test_more_count_failures_than_dlts_are_refused(counts, wrong):
    with pytest.raises(InputError, match="haematological"):
        joined(risk_of(0.1), counts, 1, doses=DOSES, haematological=wrong)


def test_a_robust_prior_weighs_no_more_than_it_may_and_yields_to_data():
    draws = np.random.default_rng(1).beta(20, 180, 500)
    prior = robust_prior(draws, most_patients=6)
    assert prior.a[0] + prior.b[0] == pytest.approx(6)
    strong = robust_prior(draws, most_patients=1e6)
    assert strong.a[0] + strong.b[0] == pytest.approx(200, rel=0.15)
    assert prior.update(y=3, n=6).mean > 0.3 > strong.update(y=0, n=6).mean


def test_conflict_is_the_binomial_tail_if_the_risk_is_known(counts):
    p = risk_of(0.1).p.sel(cause="recovery").isel(cycle=0)
    found = conflict(p, counts, doses=DOSES)
    assert found.at_least.values == pytest.approx(
        [binom.sf(0, 6, 0.1), binom.sf(2, 6, 0.1), binom.sf(3, 12, 0.1)]
    )
    assert found.expected.values == pytest.approx([0.6, 0.6, 1.2])
    assert (found["tail"] <= 1).all()


def test_conflict_keeps_doses_of_one_draw_together(counts):
    """With risks 0 or 1 together, the sum of twelve is 0 or 12 and nothing between."""
    p = xr.DataArray(
        [[0.0, 0.0], [1.0, 1.0]], dims=("draw", "regimen"), coords={"regimen": list(DOSES)}
    )
    found = conflict(p, counts, doses=DOSES).sel(regimen="all")
    assert (float(found.at_least), float(found.expected)) == (0.5, 6.0)


def test_conflict_without_an_observed_dose_is_refused(counts):
    p = risk_of(0.1).p.sel(cause="any").isel(cycle=0)
    with pytest.raises(InputError, match="doses"):
        conflict(p, counts, doses={"20 mg": 17.0})
