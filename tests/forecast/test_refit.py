"""The forecast's posterior is that of a full refit by NUTS, for patients of different courses."""

import warnings
from typing import NamedTuple

import numpy as np
import pytest

from myelodose.forecast import (
    ForecastWarning,
    People,
    individual_posterior,
    prior_of,
    simulate_patient,
)
from myelodose.forecast.coordinates import linked
from myelodose.forecast.refit import RefitSettings, refit
from myelodose.regimen import platzbecker2013
from myelodose.virtual import prior_draws

SETTINGS = RefitSettings(chains=48, warmup=150, draws=100)
"""4,800 draws: the error of a mean is then about 0.015 sd, beside the forecast's 0.025 at most."""


class Case(NamedTuple):
    """A SIMULATED patient: seed, readings until when and how often [d], readings, what he shows."""

    seed: int
    until_d: int
    counts_every_d: int
    clone_every_d: int
    readings: int
    words: str


CASES = (
    Case(12, 7, 7, 28, 8, "early, few readings"),
    Case(24, 14, 7, 14, 13, "early, clone read twice"),
    Case(11, 28, 7, 28, 19, "one cycle; growth of the clone bounded from above only"),
    Case(13, 28, 7, 28, 19, "one cycle"),
    Case(12, 28, 14, 28, 13, "one cycle, counts read twice a month"),
    Case(33, 56, 28, 56, 13, "two cycles, few readings; the clone falls"),
    Case(22, 56, 7, 28, 33, "two cycles, many readings; the clone is gone and does not come back"),
    Case(30, 84, 7, 28, 47, "two cycles and a month after them; the clone comes back"),
)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.seed} by day {case.until_d}")
def test_means_agree_with_a_full_refit_by_nuts(case):
    """Within 0.1 of the posterior sd, for every parameter, with everything at its default."""
    people = People(prior_draws(1, 2000))
    him = simulate_patient(
        people,
        case.seed,
        platzbecker2013(20, cycles=2 if case.until_d > 28 else 1),
        count_days=range(0, case.until_d + 1, case.counts_every_d),
        clone_days=range(0, case.until_d + 1, case.clone_every_d),
    ).seen
    assert len(him.readings) == case.readings
    own = prior_of(people, him, 3)
    quick = individual_posterior(him, people, 7, prior=own)
    assert not quick.method.startswith("NUTS")
    with warnings.catch_warnings():
        # The draws are counted below; short chains side by side have an R-hat of 1.01 and more.
        warnings.simplefilter("ignore", ForecastWarning)
        full = refit(him, people, 8, prior=own, settings=SETTINGS)
    assert full.tried[-1].ess > 2500
    (x, w), (y, _) = quick.weighted, full.weighted
    a, b = linked(own.coordinates, x), linked(own.coordinates, y)
    few = linked(own.coordinates, quick.values)
    # All points, and the 200 draws that a forecast runs on.
    for mean in (a @ w, few.mean(1)):
        away = (mean - b.mean(1)) / b.std(1)
        assert np.abs(away).max() < 0.1, away
