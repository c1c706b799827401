"""Random numbers belong to a trial and a patient, whatever the batch."""

import numpy as np
import pytest

from myelodose.characteristics.draws import STREAMS, tolerances
from myelodose.errors import InputError


def test_a_trial_has_the_same_numbers_in_every_batch():
    whole = tolerances(3, range(40), 12)
    parts = [tolerances(3, range(first, first + 7), 12) for first in range(0, 35, 7)]
    assert (np.concatenate(parts) == whole[:35]).all()


def test_the_first_patients_do_not_depend_on_how_many_there_are():
    assert (tolerances(3, range(5), 4) == tolerances(3, range(5), 30)[:, :4]).all()


def test_streams_and_seeds_are_independent():
    drawn = [tolerances(seed, range(400), 10, s).ravel() for s in STREAMS for seed in (1, 2)]
    correlation = np.corrcoef(drawn) - np.eye(len(drawn))
    # 4,000 numbers each: a correlation beyond 5 standard errors of 0.016 would be no chance.
    assert np.abs(correlation).max() < 0.08


def test_numbers_are_uniform():
    u = tolerances(11, range(2000), 10).ravel()
    counts, _ = np.histogram(u, bins=20, range=(0, 1))
    # Chi-square with 19 degrees of freedom is above 50 with probability 0.0001.
    assert ((counts - 1000) ** 2 / 1000).sum() < 50


@pytest.mark.parametrize("seed", [None, -1, 1.5, True])
def test_a_simulation_without_a_seed_is_refused(seed):
    with pytest.raises(InputError, match="whole number of at least 0"):
        tolerances(seed, range(1), 1)


def test_an_unknown_stream_is_refused():
    with pytest.raises(InputError, match="toxicity, efficacy"):
        tolerances(1, range(1), 1, "weather")
