"""Differences in the same patients, and doses that another one beats."""

import numpy as np

from myelodose.decision.frontier import dominated, paired, steps

RANDOM = np.random.default_rng(1)


def test_what_two_doses_share_does_not_blur_their_difference():
    common = RANDOM.normal(0, 1, (200, 5))
    found = paired(common + 0.1, common)
    assert np.isclose(found.mean, 0.1)
    assert found.error < 1e-12
    assert found.sign == 1


def test_a_difference_within_its_error_has_no_sign():
    one, other = RANDOM.normal(0, 1, (2, 100, 1))
    assert paired(one, other).sign == 0


def test_the_error_counts_draws_and_not_the_pairs_within_them():
    by_draw = RANDOM.normal(0, 1, (100, 1))
    zero = np.zeros((100, 50))
    error = paired(by_draw + zero, zero).error
    assert np.isclose(error, 2 * by_draw.std(ddof=1) / 10)


def test_less_benefit_for_more_risk_is_dominated_and_a_trade_is_not():
    benefit = np.array([0.1, 0.3, 0.2])[:, None, None] + np.zeros((3, 10, 1))
    risk = np.array([0.1, 0.2, 0.3])[:, None, None] + np.zeros((3, 10, 1))
    assert dominated([10.0, 20.0, 25.0], benefit, risk) == {25.0: 20.0}


def test_a_benefit_that_the_error_hides_does_not_save_a_dose_with_more_risk():
    noise = RANDOM.normal(0, 0.1, (2, 50, 1))
    risk = np.array([0.1, 0.2])[:, None, None] + np.zeros((2, 50, 1))
    assert dominated([20.0, 25.0], 0.3 + noise, risk) == {25.0: 20.0}


def test_steps_go_from_each_dose_to_the_next():
    values = np.array([0.1, 0.3, 0.2])[:, None, None] + np.zeros((3, 10, 1))
    found = steps([10.0, 20.0, 25.0], values, values, values)
    assert [(s.lower, s.higher) for s in found] == [(10.0, 20.0), (20.0, 25.0)]
    np.testing.assert_allclose([s.benefit.mean for s in found], [0.2, -0.1])
