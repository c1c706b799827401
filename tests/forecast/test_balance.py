"""Balanced draws are drawn with the chances of their weights, and have the means of all points."""

import numpy as np
import pytest

from myelodose.forecast.balance import MOST, balanced, systematic

DRAWS, REPEATS = 100, 60


@pytest.fixture(scope="module")
def points():
    random = np.random.default_rng(1)
    x = random.standard_normal((8, 800))
    x[0] = np.exp(x[0])
    weight = random.random(800) ** 2
    return x, weight / weight.sum()


def test_means_are_those_of_all_points_and_chances_those_of_the_weights(points):
    x, weight = points
    random = np.random.default_rng(2)
    mean = x @ weight
    sd = np.sqrt((x - mean[:, None]) ** 2 @ weight)
    away, spread, count = [], [], np.zeros(800)
    for _ in range(REPEATS):
        picked = balanced(x, weight, DRAWS, random)
        assert len(picked) == DRAWS
        away.append((x[:, picked].mean(1) - mean) / sd)
        spread.append(x[:, picked].std(1) / sd)
        count += np.bincount(picked, minlength=800)
    # A root of 100 would be 0.1.
    assert np.sqrt(np.mean(np.square(away))) < 0.03
    assert np.mean(spread) == pytest.approx(1, abs=0.02)
    expected = REPEATS * DRAWS * weight
    often = expected > 2
    score = (count - expected)[often] ** 2 / expected[often]
    # Chi-squared with one degree of freedom at most: four standard errors of its mean.
    assert score.mean() < 1 + 4 * np.sqrt(2 / often.sum())


@pytest.mark.parametrize("count", [10, MOST + 1])
def test_too_few_or_very_many_are_drawn_without_balance(points, count):
    x, weight = points
    picked = balanced(x, weight, count, np.random.default_rng(3))
    assert np.array_equal(picked, systematic(weight, count, np.random.default_rng(3)))


def test_what_does_not_vary_and_what_is_said_twice_do_no_harm(points):
    x, weight = points
    more = np.vstack([x[:3], x[:1], np.ones(800)])
    picked = balanced(more, weight, DRAWS, np.random.default_rng(4))
    mean = x[:3] @ weight
    assert x[:3, picked].mean(1) == pytest.approx(mean, abs=0.1)
