"""A virtual trial writes down what happened, and says that it is simulated."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.marrow.protocol import follow_protocol
from myelodose.regimen import platzbecker2013
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.covariates import drawn_covariates
from myelodose.virtual.follow import NO_HOLD, check_solved, trial_protocol
from myelodose.virtual.population import virtual_patients
from myelodose.virtual.sequences import nadir_days
from myelodose.virtual.trial import run_trial

PROTOCOL = trial_protocol(platzbecker2013(25), cycles=2)
DAYS = 57


@pytest.fixture(scope="module")
def population():
    return virtual_patients(3, drawn_covariates(4, 60))


@pytest.fixture(scope="module")
def events(population):
    return run_trial(population, PROTOCOL, 1, days=DAYS, rule=DltRule())


@pytest.fixture(scope="module")
def course(population):
    """The same patients by the labelled, accurate way."""
    area = population.body_surface_area_m2
    return follow_protocol(population.patient, PROTOCOL, days=DAYS, body_surface_area_m2=area)


def test_doses_and_cycles_are_those_of_the_labelled_way(events, course):
    for name in ("dose_share", "dose_intensity", "stop_d"):
        assert events[name].values == pytest.approx(course[name].values, nan_ok=True), name
    assert np.array_equal(events.cycles, course.cycle_start_d.notnull().sum("cycle"))
    assert events.delay_d.values == pytest.approx(course.delay_d.sel(cycle=2).values, nan_ok=True)
    assert np.array_equal(events.stop_reason, course.reason)


def test_clones_are_those_of_the_labelled_way(events, course):
    wanted = course.clone_share.isel(day=[0, 28, 56]).values
    assert events.clone_share.values == pytest.approx(wanted, abs=1e-3)


def test_nadirs_are_the_lowest_mornings_of_the_first_cycle(events, course):
    late = events.recovery_day.fillna(DAYS + 1).values
    for patient in range(0, 60, 7):
        mornings = course["count"].values[: int(late[patient]) - 1, :, patient]
        assert events.nadir.values[:, patient] == pytest.approx(mornings.min(0), rel=0.01)


def test_worst_grades_are_no_better_than_before_treatment(events):
    assert (events.worst_grade >= events.grade_before).all()
    assert set(np.unique(events.worst_grade)) <= {0, 1, 2, 3, 4}


def test_dlts_follow_the_seed_and_recovery_is_certain(population, events):
    again = run_trial(population, PROTOCOL, 1, days=DAYS, rule=DltRule())
    assert np.array_equal(again.dlt, events.dlt)
    sure = events.p_dlt.sel(cause="recovery") == 1
    assert np.array_equal(events.dlt.sel(cause="recovery"), sure)


def test_hazards_one_for_each_patient(population):
    each = [Hazards(0.0, 0.0, 0.0 if i % 2 else 0.5) for i in range(60)]
    events = run_trial(population, PROTOCOL, 1, days=DAYS, rule=DltRule(), hazards=each)
    assert events.p_dlt.sel(cause="thrombosis").values.tolist() == [0.5, 0.0] * 30


def test_it_says_that_it_is_simulated(events):
    assert events.attrs["status"].startswith("SIMULATED")
    assert events.body_surface_area_m2.sizes == {"patient": 60}


def test_lenalidomide_makes_recovery_late(population):
    """R13 in part: fewer have recovered on day 29 than after azacitidine alone."""
    found = nadir_days(population, hold=NO_HOLD)
    on_time = (found.recovery_day <= 29).mean("patient").values
    assert on_time[0] > on_time[1] + 0.2
    assert 9 <= float(found.nadir_day[0].median()) <= 13


def test_a_protocol_without_holds_gives_what_is_planned(population):
    free = trial_protocol(platzbecker2013(25), cycles=2, hold=NO_HOLD, clone_above=None)
    events = run_trial(population, free, 1, days=DAYS, rule=DltRule())
    assert events.dose_share.values == pytest.approx(1.0)


def test_a_lost_number_is_an_error_and_no_dlt():
    counts = np.ones((3, 2, 4))
    check_solved(counts)
    counts[1, 0, 2] = np.nan
    with pytest.raises(ArithmeticError, match="1 of 4 patients"):
        check_solved(counts)


def test_too_few_days_are_refused(population):
    with pytest.raises(InputError, match="days"):
        run_trial(population, PROTOCOL, 1, days=40, rule=DltRule())
