"""Priors from what is believed about risks."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta

from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.prior_quantiles import (
    least_informative_sd,
    minimally_informative_beta,
    minimally_informative_prior,
    prior_from_quantiles,
    probability_below,
)
from myelodose.errors import InputError

DOSES = (10, 15, 20, 25)


def test_quantiles_of_a_prior_give_the_prior_back():
    log_dose = np.log(np.array(DOSES) / 20)
    truth = {"mean": (-1.2, 0.1), "sd": (1.4, 0.6), "correlation": -0.3}
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    risk = np.empty((4, 5))
    grid = expit(np.linspace(-25, 12, 20001))
    for k, x in enumerate(log_dose):
        below = probability_below(grid[None], [x], **truth)[0]
        risk[k] = np.interp(levels, below, grid)
    found = prior_from_quantiles(DOSES, risk, levels, dose_reference=20)
    assert found.error < 1e-3
    assert found.mean == pytest.approx(truth["mean"], abs=0.02)
    assert found.sd == pytest.approx(truth["sd"], abs=0.02)
    assert found.correlation == pytest.approx(truth["correlation"], abs=0.05)


def test_probability_below_is_that_of_drawn_parameters():
    draw = np.random.default_rng(2)
    x, y = draw.normal(size=(2, 400_000))
    u, v = -1 + 1.5 * x, 0.2 + 0.8 * (0.4 * x + np.sqrt(1 - 0.16) * y)
    risk = expit(u + np.exp(v) * -0.5)
    found = probability_below([[0.2]], [-0.5], mean=(-1, 0.2), sd=(1.5, 0.8), correlation=0.4)
    # Four Monte Carlo errors of 0.5 / sqrt(400,000).
    assert found[0, 0] == pytest.approx((risk <= 0.2).mean(), abs=3.2e-3)


@pytest.mark.parametrize(("risk", "level"), [(0.3, 0.95), (0.2, 0.05), (0.4, 0.4)])
def test_minimally_informative_beta_meets_its_statement(risk, level):
    a, b = minimally_informative_beta(risk, level)
    assert beta.cdf(risk, a, b) == pytest.approx(level)
    assert min(a, b) == 1.0


def test_minimally_informative_prior_says_how_well_it_fits():
    found = minimally_informative_prior(
        DOSES, lowest=(0.4, 0.9), highest=(0.2, 0.1), dose_reference=20
    )
    log_dose = np.log(np.array(DOSES) / 20)
    medians = probability_below(
        np.full((4, 1), 0.3), log_dose, mean=found.mean, sd=found.sd, correlation=found.correlation
    )
    assert (np.diff(medians[:, 0]) < 0).all()
    assert 0 < found.error < 0.2


def test_least_informative_sd_spreads_the_mtd_over_the_levels():
    skeleton = (0.05, 0.12, 0.25, 0.4, 0.55)
    sd = least_informative_sd(skeleton, 0.25)
    b = np.random.default_rng(1).normal(0, sd, 200_000)
    level = np.abs(CrmModel(skeleton).risk(b) - 0.25).argmin(1)
    # Lee and Cheung 2011: variance of the MTD's level (5^2 - 1) / 12 = 2.
    assert level.var() == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"doses": [0.0, 1.0]}, "doses above 0"),
        ({"risks": [[0.1], [1.2]]}, "between 0 and 1"),
        ({"risks": [[0.1]]}, "give 2 x 1"),
        ({"levels": [1.5]}, "give 0 to 1"),
    ],
)
def test_impossible_wishes_are_refused(change, words):
    wish = {"doses": [1.0, 2.0], "risks": [[0.1], [0.3]], "levels": [0.5]} | change
    with pytest.raises(InputError, match=words):
        prior_from_quantiles(**wish, dose_reference=1.0)
