"""A population by the name of its source; a stored posterior brings its spreads and errors."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from forecast.made_up import made_up
from myelodose.errors import InputError
from myelodose.forecast import People, Reading, people_from, people_of, prior_of
from myelodose.forecast.course import NAMES
from myelodose.forecast.people import draw_patients
from myelodose.forecast.seen import Given, Seen
from myelodose.forecast.study import PatientStudy, answer, tried_table
from myelodose.posterior import (
    PosteriorError,
    save_posterior,
)
from myelodose.virtual import ExtrapolationWarning

HIM = Seen((Given(0, "azacitidine", 135.0),), (Reading(0, "ANC", 2.0),))


def test_a_posterior_brings_spreads_and_errors_of_its_own():
    stored = made_up()
    people = people_of(stored, seed=1, draws=80)
    assert people.number == 80
    assert people.source.startswith("posterior of population-marrow")
    mean = stored["posterior"].to_dataset().mean()
    assert people.errors.count_sd[1] == pytest.approx(float(mean.sigma_PLT))
    assert people.errors.fish_overdispersion == pytest.approx(float(mean.rho_FISH))
    assert (people.errors.false_positive, people.errors.read_error) == (0.03, 0.008)
    spread = np.log(draw_patients(people, HIM, 20_000, 1)["kill_aza"]).std()
    assert spread == pytest.approx(0.3, rel=0.05)


def test_a_posterior_that_did_not_converge_makes_no_forecast_unless_the_check_is_named(tmp_path):
    path = str(save_posterior(made_up(r_hat=1.3), tmp_path / "bad.nc"))
    with pytest.raises(PosteriorError, match="has not converged"):
        people_from(path, seed=1)
    with pytest.raises(PosteriorError, match="r_hat"):
        people_from(path, seed=1, accept_failed=("ess_bulk",))
    assert people_from(path, seed=1, draws=10, accept_failed=("r_hat",)).number == 10


def test_a_patient_outside_the_fitted_range_is_refused_until_it_is_meant_so():
    stored = made_up()
    with pytest.raises(InputError, match=r"fitted range of body_surface_area_m2 .* not known"):
        people_of(stored, seed=1, draws=10, patient=HIM)
    ranges = {"CRCL": ("patient", [40.0, 95.0]), "BSA": ("patient", [1.7, 2.0])}
    stored["records"] = xr.DataTree(xr.Dataset(ranges))
    assert people_of(stored, seed=1, draws=10, patient=HIM).number == 10
    weak = replace(HIM, creatinine_clearance_ml_per_min=25.0)
    with pytest.raises(InputError, match="extrapolate=True"):
        people_of(stored, seed=1, draws=10, patient=weak)
    with pytest.warns(ExtrapolationWarning, match="creatinine_clearance"):
        people_of(stored, seed=1, draws=10, patient=weak, extrapolate=True)


@pytest.mark.parametrize("switch", [{"extrapolate": True}, {"accept_failed": ("r_hat",)}])
def test_switches_of_a_posterior_are_refused_where_there_is_none(switch):
    with pytest.raises(InputError, match="'literature'"):
        people_from("literature", seed=1, **switch)


def test_correlations_of_a_posterior_are_carried_with_the_draws_they_belong_to():
    names = ("kill_aza", "set_point_anc", "set_point_plt")
    stored = made_up(correlated=names)
    people = people_of(stored, seed=4, draws=80)
    assert people.correlated is not None
    assert people.correlated.names == names
    root = people.correlated.root
    matrix = root @ root.swapaxes(1, 2)
    assert matrix[:, 0, 1] == pytest.approx(people.draws["omega_kill_aza"], abs=1e-6)
    drawn = draw_patients(people, HIM, 20_000, 1)
    found = np.corrcoef(np.log(drawn["kill_aza"]), np.log(drawn["set_point_plt"]))[0, 1]
    # Typical values vary by 5 % on their own, spreads are 0.3.
    assert found == pytest.approx(matrix[:, 0, 2].mean() / (1 + (0.05 / 0.3) ** 2), abs=0.03)
    own = prior_of(people, HIM, 1).coordinates
    place = [list(own.place).index(NAMES.index(name)) for name in (names[0], names[2])]
    scores = own.root @ own.root.T
    assert scores[place[0], place[1]] == pytest.approx(found, abs=0.03)


def test_a_posterior_without_the_correlations_of_its_model_is_refused():
    stored = made_up(correlated=("kill_aza", "set_point_anc"))
    del stored["posterior"]["correlation"]
    with pytest.raises(PosteriorError, match="correlation of kill_aza, set_point_anc"):
        people_of(stored, seed=1)


def test_the_calibrated_population_says_what_it_is():
    people = people_from("calibrated", seed=1, draws=50)
    assert people.number == 50
    assert "calibrated" in people.source


def test_a_population_without_a_name_is_that_of_the_literature():
    assert People({}).source == "literature priors"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"planned_d": 10.0}, "planned_d"),
        ({"doses_mg": "10; 20"}, "10; 20"),
        ({"draws": 1}, "draws"),
    ],
)
def test_settings_of_a_study_that_cannot_be_are_refused(given, words):
    with pytest.raises(InputError, match=words):
        PatientStudy(**given)


def test_a_study_knows_nothing_of_readings_after_today():
    study = PatientStudy(now_d=14.0, planned_d=28.0)
    assert study.seen.now_d == 14
    assert study.whole.now_d == 28
    assert study.seen.simulated


@pytest.mark.slow
def test_a_study_ends_in_a_recommendation_in_words():
    from myelodose.forecast import recommend

    study = PatientStudy(doses_mg="0, 20", delays_d="0, 7", draws=100)
    individual = study.posterior()
    assert tried_table(individual)["Pareto k"].iloc[-1] <= 0.7
    said = answer(recommend(study.ahead(individual)), study.planned_d, simulated=True)
    assert said.startswith("SIMULATED patient. P(counts ready on day 56) is")
