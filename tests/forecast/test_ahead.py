"""What is ahead: the past and the options are one course, events are read off it rightly."""

import numpy as np
import pytest
import xarray as xr

from myelodose.errors import InputError
from myelodose.forecast import NOTHING, NextCycle, People, Rules, forecast, options, so_far
from myelodose.forecast.events import events_of
from myelodose.forecast.options import longest_run
from myelodose.forecast.simulated import simulate_patient
from myelodose.regimen import platzbecker2013
from myelodose.virtual import prior_draws

PEOPLE = People(prior_draws(1, 200))


@pytest.fixture(scope="module")
def patient():
    return simulate_patient(PEOPLE, 11, platzbecker2013(20))


def test_the_options_go_on_from_where_the_past_ended(patient):
    """The truth of a simulated patient, cut on day 21, is his course to day 28 in one piece."""
    whole = so_far(patient.truth(28))
    after = forecast(patient.truth(21), planned_d=28, choices=[NOTHING], days=7)
    found = after["count"].isel(option=0).sel(day=[21, 28]).values
    assert found == pytest.approx(whole["count"].sel(day=[21, 28]).values, rel=1e-4)
    assert after.attrs["status"].startswith("SIMULATED")


def test_doses_from_the_last_reading_on_are_still_given(patient):
    """Cut on day 7, with lenalidomide until day 19 already planned."""
    from dataclasses import replace

    early = patient.truth(7)
    more = replace(early, seen=replace(early.seen, doses=patient.seen.doses))
    held, given = (forecast(one, planned_d=28, choices=[NOTHING], days=21) for one in (early, more))
    whole = so_far(patient.truth(28))["count"].sel(day=28).values
    assert given["count"].isel(option=0, day=-1).values == pytest.approx(whole, rel=1e-4)
    assert float(held["count"].isel(option=0, day=-1).sel(lineage="PLT")[0]) > whole[1, 0]


def test_more_lenalidomide_leaves_fewer_clonal_cells_and_a_delay_nothing_before_it(patient):
    chosen = [NextCycle(5), NextCycle(25), NextCycle(25, delay_d=7), NOTHING]
    found = forecast(patient.truth(28), planned_d=28, choices=chosen, days=28)
    left = found.cells_left.isel(draw=0).values
    assert left[1] < left[0] < left[3]
    burden = found.burden.isel(draw=0).values
    assert burden[1] < burden[2] < burden[3]
    before = found["count"].sel(day=slice(28, 35)).isel(draw=0)
    assert before.sel(option="25 mg, 7 d later").values == pytest.approx(
        before.sel(option="no treatment").values
    )


@pytest.mark.parametrize(
    ("planned_d", "choices", "words"),
    [(20.0, [NOTHING], "the last reading is on day 28"), (28.0, [], "found none")],
)
def test_what_cannot_be_asked_is_refused(patient, planned_d, choices, words):
    with pytest.raises(InputError, match=words):
        forecast(patient.truth(28), planned_d=planned_d, choices=choices)


def test_options_are_every_combination_once():
    made = options((0, 10), (0, 7), (0, 14))
    assert [str(one) for one in made] == [
        "azacitidine alone",
        "azacitidine alone, 7 d later",
        "10 mg",
        "10 mg, gap 14 d",
        "10 mg, 7 d later",
        "10 mg, 7 d later, gap 14 d",
    ]


def test_doses_of_an_option_are_written_out():
    doses = NextCycle(15, delay_d=7, gap_d=2).doses(28, 2.0)
    assert [one.day for one in doses[:5]] == [35, 36, 37, 38, 39]
    assert doses[0].mg == 150
    assert (doses[5].day, len(doses)) == (42, 19)


def _events(anc, *, start=0.0, vaf=None, lowest=1.0, rules=None):
    """One option and draw with these neutrophils, and healthy platelets."""
    day = np.arange(len(anc), dtype=float)
    counts = np.stack([anc, np.full(len(anc), 200.0), np.full(len(anc), 12.0)], 1)
    seen = np.zeros(len(anc)) if vaf is None else np.asarray(vaf)
    data = xr.Dataset(
        {
            "count": (("option", "day", "lineage", "draw"), counts[None, :, :, None]),
            "vaf": (("option", "day", "draw"), seen[None, :, None]),
        },
        {"day": day, "option": ["one"]},
    )
    found = events_of(
        data,
        np.ones((1, len(anc), 1)),
        starts=np.array([start]),
        baseline=np.array([[4.0], [200.0]]),
        lowest_vaf=np.array([lowest]),
        rules=rules or Rules(),
    )
    return {name: np.asarray(value[1])[0, ..., 0] for name, value in found.items()}


def test_eight_days_of_grade_4_are_long_and_seven_are_not():
    anc = np.full(60, 2.0)
    anc[10:17] = 0.4
    assert not _events(anc)["long_grade4"]
    anc[10:18] = 0.4
    found = _events(anc)
    assert found["long_grade4"]
    assert (found["grade4_d"], found["nadir_day"][0]) == (8, 11)


def test_recovery_is_read_at_visits_from_day_28_to_42():
    anc = np.full(60, 0.8)
    assert not _events(anc)["recovered"]
    anc[36:] = 1.2
    assert _events(anc)["recovered"]
    anc[36:] = 0.8
    anc[43:] = 3.0
    assert not _events(anc)["recovered"]


def test_nobody_has_to_be_better_than_three_quarters_of_his_baseline():
    """min(1.0, 0.75 x 4.0) is 1.0 here; with limits of 0.2 of the baseline 0.8 will do."""
    from myelodose.marrow.protocol.limits import Limits

    anc = np.full(60, 0.85)
    assert not _events(anc)["ready"]
    assert _events(anc, rules=Rules(start=Limits(1.0, 50, of_baseline=0.2)))["ready"]


def test_a_molecular_relapse_needs_a_fall_before_the_rise():
    anc, up = np.full(50, 2.0), np.repeat([0.01, 0.05], 25)
    assert _events(anc, vaf=up)["relapse"]
    assert not _events(anc, vaf=up[::-1])["relapse"]
    assert not _events(anc, vaf=np.full(50, 0.05))["relapse"]
    # It had been below already before the last reading.
    assert _events(anc, vaf=np.full(50, 0.05), lowest=0.01)["relapse"]


def test_the_longest_run_is_found():
    low = np.array([[0, 1], [1, 1], [1, 1], [0, 1]], bool)
    assert longest_run(low).tolist() == [2, 4]
