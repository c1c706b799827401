"""The calibration that is shipped is whole, says what it is, and makes patients that can be."""

import json

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.paths import data_folder
from myelodose.virtual import (
    calibrated_draws,
    calibrated_hazards,
    drawn_covariates,
    shipped_calibration,
    split_spread,
    virtual_patients,
)
from myelodose.virtual.calibrated import FILE
from myelodose.virtual.calibration.result import LABEL, facts_hash
from myelodose.virtual.calibration.targets import HELD_OUT, described
from myelodose.virtual.calibration_report import moved_table, without_table
from myelodose.virtual.hyperprior import ROWS, limits_of, prior_draws

STORED = shipped_calibration()


def test_it_is_small_and_labelled():
    assert (data_folder() / "calibration" / FILE).stat().st_size < 300_000
    assert STORED.attrs["status"] == LABEL
    assert "no patient data" in LABEL


def test_it_was_made_from_the_facts_as_they_are_now():
    assert STORED.attrs["facts_hash"] == facts_hash()
    assert json.loads(STORED.attrs["facts_used"]) == described()
    held = json.loads(STORED.attrs["facts_held_out"])
    assert held == [f"{fact}: {words}" for fact, words in HELD_OUT]


def test_known_truths_are_found_again():
    # 300 simulated trials: 90 % within a standard error of 1.7 %, 17 parameters, and an emulator
    # that is not exact.
    assert float(STORED.inside_90.min()) > 0.8
    assert float(STORED.inside_90.mean()) == pytest.approx(0.9, abs=0.03)
    assert float(STORED.attrs["effective_sample_size"]) > 1000


def test_draws_are_the_stored_ones_without_repeats():
    draws = calibrated_draws(STORED.sizes["draw"], 1)
    assert np.sort(draws["kill_aza"]) == pytest.approx(np.sort(STORED.kill_aza.values))
    again = calibrated_draws(20, 3)
    assert np.array_equal(again["kill_aza"], calibrated_draws(20, 3)["kill_aza"])
    assert not np.array_equal(again["kill_aza"], calibrated_draws(20, 4)["kill_aza"])


def test_names_are_those_of_the_prior_draws():
    typical, spread = split_spread(calibrated_draws(5, 1))
    assert set(typical) == set(prior_draws(1, 5))
    assert {"kill_aza", "clone_share"} <= set(spread)


def test_hazards_belong_to_the_same_draws():
    thrombosis = [one.thrombosis for one in calibrated_hazards(30, 2)]
    kill = calibrated_draws(30, 2)["kill_aza"]
    rows = [int(np.abs(STORED.kill_aza.values - one).argmin()) for one in kill]
    assert STORED.thrombosis.values[rows] == pytest.approx(thrombosis)


def test_every_draw_can_be_and_says_where_it_is_from():
    for name, values in split_spread(calibrated_draws(STORED.sizes["draw"], 1))[0].items():
        low, high = limits_of(name) if name in ROWS else (0.01, 50.0)
        assert low <= values.min() <= values.max() <= high, name
    people = virtual_patients(1, drawn_covariates(2, 10), draws=calibrated_draws(50, 1))
    assert np.isfinite(people.baseline).all()
    assert people.source == "calibrated to printed aggregate facts; no patient data"


@pytest.mark.parametrize("draws", [0, 100_000])
def test_more_draws_than_are_stored_are_refused(draws):
    with pytest.raises(InputError, match="calibrated_draws"):
        calibrated_draws(draws, 1)


def test_tables_name_every_parameter_and_every_fact():
    moved = moved_table(STORED)
    assert moved.index.tolist() == STORED.parameter.values.tolist()
    without = without_table(STORED)
    assert len(without) == STORED.sizes["target"] + 2
    risk = without.filter(like="P(DLT)").to_numpy()
    assert ((risk > 0) & (risk < 1)).all()
