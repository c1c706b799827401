"""A population by the name of its source; a stored posterior brings its spreads and errors."""

import numpy as np
import pytest
import xarray as xr

from myelodose.errors import InputError
from myelodose.forecast import People, Reading, people_from, people_of
from myelodose.forecast.people import draw_patients
from myelodose.forecast.seen import Given, Seen
from myelodose.forecast.study import PatientStudy, answer, tried_table
from myelodose.population.document import to_document
from myelodose.population.examples import marrow_model
from myelodose.posterior import (
    Diagnostics,
    Model,
    PosteriorError,
    Provenance,
    save_posterior,
)

HIM = Seen((Given(0, "azacitidine", 135.0),), (Reading(0, "ANC", 2.0),))


def made_up(r_hat=1.001):
    """SIMULATED: a posterior as it is stored, with draws of no data."""
    random, model = np.random.default_rng(1), marrow_model()
    values = {
        site: (0.3 if site.startswith("omega_") else prior.median)
        * np.exp(0.05 * random.standard_normal((2, 50)))
        for site, prior in model.sites().items()
    }
    group = xr.Dataset({k: (("chain", "draw"), v) for k, v in values.items()})
    tree = xr.DataTree.from_dict({"posterior": group})
    fine = Diagnostics(r_hat, 900.0, 800.0, 0)
    prior = {"population_model": to_document(model)}
    tree.attrs["provenance"] = Provenance(
        Model("population-marrow", 1), "made up", "0" * 64, 1, {}, fine, "2026-11-26", {}, prior
    ).to_json()
    return tree


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


def test_a_posterior_that_did_not_converge_makes_no_forecast(tmp_path):
    path = save_posterior(made_up(r_hat=1.3), tmp_path / "bad.nc")
    with pytest.raises(PosteriorError, match="has not converged"):
        people_from(str(path), seed=1)


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
