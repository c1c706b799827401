"""Schedules hold the same doses, say whether they were given, and leave what the model says."""

import pytest

from myelodose.errors import InputError
from myelodose.regimen import platzbecker2013
from myelodose.virtual import drawn_covariates, prior_draws, virtual_patients
from myelodose.virtual.maintenance import compare_maintenance
from myelodose.virtual.schedules import ASSUMED, TRIAL, compare_schedules, schedules


def people(draws: int = 4, patients: int = 20):
    sets = [drawn_covariates(k, patients) for k in range(draws)]
    return virtual_patients(1, sets, draws=prior_draws(3, draws))


def test_all_schedules_but_violas_give_the_same_doses():
    made = schedules(15)
    totals = {
        name: [
            one.cycle.total_dose_mg("lenalidomide"),
            len(one.cycle.cycle(1).days_of("azacitidine")),
        ]
        for name, one in made.items()
    }
    viola = totals.pop("VIOLA")
    assert list(totals.values()) == [[14 * 15.0, 5]] * len(totals)
    assert viola == [21 * 15.0, 7]


def test_only_what_was_given_is_known():
    known = {name for name, one in schedules(20).items() if one.known != ASSUMED}
    assert known == {TRIAL, "VIOLA"}
    assert schedules(20)[TRIAL].cycle == platzbecker2013(20)


def test_a_cycle_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="a cycle of 42 d for 'VIOLA'"):
        compare_schedules(people(), {"VIOLA": schedules(20)["VIOLA"]}, months=1)
    with pytest.raises(InputError, match="found none"):
        compare_schedules(people(), {})
    with pytest.raises(InputError, match="give whole cycles"):
        compare_maintenance(people(), platzbecker2013(20), every_d=(28, 56), weeks=12)


@pytest.mark.slow
def test_the_first_schedule_is_held_against_itself():
    found = compare_schedules(people(), schedules(20), months=3)
    assert float(found.dlt_error[0]) == 0
    assert float(found.fewer_cells[0]) == 0
    assert (found.clone_left < 1).all()
    assert found.attrs["days"] == 84
    assert found.attrs["status"].startswith("SIMULATED")
    assert found.mg_per_28_d.values.tolist() == [280.0] * 7


@pytest.mark.slow
def test_maintenance_every_four_weeks_leaves_less_clone_than_every_eight():
    """The same patients up to the second maintenance cycle, and less clone later."""
    found = compare_maintenance(people(), platzbecker2013(20))
    share = found.clone_share
    before = {"reading": slice(0, 112)}
    assert abs(share.sel(every=28, **before) - share.sel(every=56, **before)).max() < 1e-6
    assert share.sel(every=28).isel(reading=-1) < share.sel(every=56).isel(reading=-1)
    assert found.known.values.tolist() == [ASSUMED, "Platzbecker 2013"]
