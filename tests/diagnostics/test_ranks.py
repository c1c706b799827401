"""Uniform ranks stay in their band as often as it says; others do not."""

import numpy as np
import pytest
import xarray as xr

from myelodose.diagnostics.ranks import calibration_table, rank_difference, uniform_band

DRAWS = 63


def dataset(**ranks):
    values = np.stack(list(ranks.values()), 1)
    return xr.Dataset(
        {"rank": (("simulation", "parameter"), values)},
        {"parameter": list(ranks)},
        {"draws": DRAWS},
    )


@pytest.mark.parametrize(("probability", "count"), [(0.95, 200), (0.9, 60)])
def test_the_band_holds_uniform_ranks_as_often_as_it_says(probability, count):
    _, low, high = uniform_band(count, DRAWS, probability=probability)
    generator = np.random.default_rng(1)
    inside = 0
    for _ in range(1000):
        difference = rank_difference(generator.integers(0, DRAWS + 1, count), DRAWS)
        inside += bool(((difference >= low - 1e-12) & (difference <= high + 1e-12)).all())
    # Of 1000: sd 0.7 % at 95 %, 1 % at 90 %; the band itself errs by about as much.
    assert inside / 1000 == pytest.approx(probability, abs=0.035)


def test_uniform_ranks_fit_and_others_do_not():
    generator = np.random.default_rng(2)
    uniform = generator.integers(0, DRAWS + 1, 400)
    narrow = np.clip(np.round((uniform - 31.5) * 1.4 + 31.5), 0, DRAWS).astype(int)
    wide = np.round((uniform - 31.5) * 0.75 + 31.5).astype(int)
    biased = np.minimum(uniform + 8, DRAWS)
    table = calibration_table(dataset(good=uniform, narrow=narrow, wide=wide, biased=biased))
    assert table.fits.tolist() == [True, False, False, False]
    assert (table.p[["narrow", "wide", "biased"]] < 1e-3).all()
    assert table.p["good"] > 0.01
    assert table.mean_rank["biased"] > 0.58


def test_difference_is_that_of_the_distribution_of_ranks():
    ranks = np.array([0, 5, 5, 63])
    points = np.arange(1, 64) / 64
    expected = [(ranks < 64 * z).mean() - z for z in points]
    assert rank_difference(ranks, DRAWS) == pytest.approx(expected)


def test_with_many_parameters_all_fit_together_as_often_as_said():
    generator = np.random.default_rng(3)
    fit = sum(
        calibration_table(
            dataset(**{f"p{k}": generator.integers(0, DRAWS + 1, 100) for k in range(10)})
        ).fits.all()
        for _ in range(15)
    )
    # 15 with probability 0.95 each: 11 or fewer has probability 0.005.
    assert fit >= 12


def test_few_simulations_are_grouped_so_that_five_are_expected():
    few = np.random.default_rng(4).integers(0, DRAWS + 1, 12)
    assert np.isfinite(calibration_table(dataset(x=few)).p["x"])
