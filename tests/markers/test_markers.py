"""Detection limits are exact; marker, lead time and retention do what their definitions say."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from myelodose.errors import InputError
from myelodose.markers.detection import (
    FISH,
    VAF,
    Assay,
    cutoff,
    detected,
    detection_limit,
    detection_limits,
    law,
)
from myelodose.markers.lead_time import Shares, lead_times, molecular_days, relapse_days
from myelodose.markers.predictive import area, marked, predictive_values
from myelodose.markers.retained import retained
from myelodose.marrow import typical_patient
from myelodose.regimen import platzbecker2013


@pytest.mark.parametrize("rho", [0.001, 0.05])
def test_the_law_is_scipys_beta_binomial(rho):
    weight = (1 - rho) / rho
    exact = stats.betabinom.pmf(np.arange(201), 200, 0.1 * weight, 0.9 * weight)
    assert law(200, 0.1, rho) == pytest.approx(exact, abs=1e-12)
    assert law(200, 0.1, 0.0) == pytest.approx(stats.binom.pmf(np.arange(201), 200, 0.1), abs=1e-12)


def test_without_errors_one_cell_is_enough_and_the_limit_is_that_of_seeing_none():
    """1 - (1 - f)^n = 0.95: the rule of three."""
    clean = Assay("FISH", error=0.0, overdispersion=0.0)
    assert cutoff(clean, 22) == 1
    assert detection_limit(clean, 22) == pytest.approx(1 - 0.05 ** (1 / 22), abs=1e-6)


def test_a_sample_without_a_clone_is_called_in_at_most_five_percent():
    for assay, n in ((FISH, 200), (VAF, 750)):
        least = cutoff(assay, n)
        p = assay.probability(0.0)
        assert law(n, p, assay.overdispersion)[least:].sum() <= 0.05
        assert law(n, p, assay.overdispersion)[least - 1 :].sum() > 0.05


def test_simulated_samples_are_called_as_often_as_computed():
    random = np.random.default_rng(1)
    weight, p = 99.0, FISH.probability(0.1)
    seen = random.binomial(200, random.beta(p * weight, (1 - p) * weight, 40_000))
    exact = detected(FISH, 0.1, 200)
    assert (seen >= cutoff(FISH, 200)).mean() == pytest.approx(
        exact, abs=4 * np.sqrt(exact * (1 - exact) / 40_000)
    )


def test_more_reads_help_until_overdispersion_takes_over():
    limits = detection_limits(VAF, [500, 5000, 50_000], [0.0, 0.01])
    assert (limits.sel(overdispersion=0.0).diff("number") < 0).all()
    last = limits.sel(overdispersion=0.01)
    assert float(last[1] - last[2]) < 0.1 * float(last[1])


def test_an_assay_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="what"):
        Assay("PCR")


def test_the_area_is_that_of_mann_and_whitney():
    random = np.random.default_rng(2)
    marker = np.round(random.normal(size=200), 1)
    response = random.random(200) < 0.4
    statistic = stats.mannwhitneyu(marker[response], marker[~response]).statistic
    assert area(marker, response) == pytest.approx(statistic / (response.sum() * (~response).sum()))


def _events(shares):
    """Patients whose clone has these shares at readings every 28 days."""
    values = np.array(shares, float).T
    clones = np.stack([1 - values, values, 0 * values], 1)
    return xr.Dataset(
        {"clone_share": (("reading", "clone", "patient"), clones)},
        {"reading": 28 * np.arange(len(values))},
    )


def test_a_clone_that_falls_early_and_stays_away_is_predicted():
    falls, stays = [0.9, 0.05, 0.0, 0.0], [0.9, 0.9, 0.9, 0.9]
    found = marked(_events([falls] * 40 + [stays] * 40), 1)
    assert found.truth[:40] == pytest.approx(1 - 0.05 / 0.9)
    table = predictive_values(found, np.array([0.5]))
    assert table.iloc[0].to_dict() == pytest.approx(
        {"share_above": 0.5, "sensitivity": 1.0, "specificity": 1.0, "ppv": 1.0, "npv": 1.0}
    )
    assert area(found.fall, found.response) == 1.0


def test_a_reading_within_cycle_1_is_no_response():
    with pytest.raises(InputError, match="reading"):
        marked(_events([[0.9, 0.1]]), 1, reading=1)


def _course():
    """TP53 gone from day 84, back from day 168; the clone at half from day 280."""
    tp53 = np.full((400, 3), 0.4)
    tp53[84:168] = 0.0
    clone = np.full((400, 3), 0.9)
    clone[84:280] = 0.2
    tp53[84:, 2] = 0.0  # the third never comes back
    clone[84:, 2] = 0.1
    clone[84:, 1], tp53[84:168, 1] = 0.9, 0.4  # the second never clears
    return Shares(clone, tp53)


def test_lead_time_runs_from_the_first_call_to_the_relapse():
    found = lead_times(_course(), 1, every_d=(28, 56), depths=(5000,))
    assert found.relapse_d.values[0] == 280
    assert found.lead_d.values[:, 0, 0].tolist() == [280 - 168, 280 - 168]
    assert np.isnan(found.lead_d.values[:, :, 1:]).all()
    assert found.relapses.values.tolist() == [[1], [1]]
    assert (found.told == 1).all()


def test_a_rarer_reading_tells_later():
    called = molecular_days(_course(), 1, every_d=80, depth=5000)
    assert called[0] == 240
    assert np.isnan(called[1])
    assert called[2] == np.inf


def test_a_relapse_needs_a_fall_before_it():
    assert relapse_days(_course())[0] == 280
    assert np.isnan(relapse_days(_course())[1:]).all()


@pytest.mark.slow
def test_retention_moves_numbers_and_hardly_the_share():
    found = retained(typical_patient("del(5q) TP53"), platzbecker2013(20), days=28)
    ratio = found.number.sel(retention="lenalidomide") / found.number.sel(retention="none")
    apart = abs(found.share.diff("retention")).max()
    assert float(ratio.min()) < 0.9
    assert float(apart) < 0.01
    assert found.attrs["status"].startswith("SIMULATED")


@pytest.mark.slow
def test_without_steepness_retention_does_nothing():
    found = retained(typical_patient(), platzbecker2013(20), days=14, theta=0.0)
    assert np.ptp(found.number.values, axis=1).max() < 1e-6
