"""Typical values by name: literature, calibration, or a stored posterior."""

import numpy as np
import pytest
import xarray as xr

from decision.made import FEW, few
from myelodose.decision.estimates import covariates_of
from myelodose.decision.from_counts import decide_from_counts
from myelodose.decision.question import Question
from myelodose.decision.sources import CALIBRATED, LITERATURE, source_named, source_of
from myelodose.errors import InputError
from myelodose.population.examples import marrow_model
from myelodose.posterior import Diagnostics, PosteriorError, save_posterior
from myelodose.virtual.from_posterior import ExtrapolationWarning
from virtual.test_from_posterior import made_up

QUESTION = Question(seed=3, **FEW)
RANGE = xr.Dataset({"CRCL": ("record", [1.0, 400.0]), "BSA": ("record", [1.0, 3.0])})


def test_literature_priors_follow_from_the_seed():
    assert source_of(LITERATURE, QUESTION).draws is None


def test_the_calibration_brings_draws_and_their_hazards():
    found = source_of(CALIBRATED, QUESTION)
    assert found.draws is not None
    assert {len(values) for values in found.draws.values()} == {12}
    assert found.hazards is not None
    assert len(found.hazards) == 12
    assert "printed DLTs" in found.cautions[0]


@pytest.mark.parametrize("name", [LITERATURE, CALIBRATED])
def test_the_words_of_a_document_lead_back_to_the_source(name):
    assert source_named(source_of(name, QUESTION).source) == name


def test_a_posterior_cannot_be_found_by_its_words():
    with pytest.raises(InputError, match="--draws-from"):
        source_named("posterior of population-marrow, fitted to mine")


@pytest.mark.filterwarnings("ignore::myelodose.posterior.PosteriorWarning")
def test_a_stored_posterior_decides_with_its_own_draws(tmp_path):
    """SIMULATED: the posterior is made up and fitted to nothing."""
    path = save_posterior(made_up(marrow_model(), records=RANGE), tmp_path / "made-up.nc")
    source = source_of(path, QUESTION)
    made = decide_from_counts(QUESTION, **source._asdict())
    assert made.estimates.table.attrs["population"].startswith("posterior of population-marrow")
    assert any("Not in the posterior" in line for line in made.assumed)
    assert not np.allclose(made.estimates.risk, few().estimates.risk)


@pytest.mark.filterwarnings("ignore::myelodose.posterior.PosteriorWarning")
def test_a_posterior_that_cannot_answer_is_refused(tmp_path):
    bad = Diagnostics(r_hat=1.4, ess_bulk=9.0, ess_tail=8.0, divergences=3)
    tree = made_up(marrow_model(), diagnostics=bad, records=RANGE)
    path = save_posterior(tree, tmp_path / "bad.nc")
    with pytest.raises(PosteriorError, match="r_hat"):
        source_of(path, QUESTION)
    narrow = xr.Dataset({"CRCL": ("record", [70.0, 80.0]), "BSA": ("record", [1.5, 2.3])})
    path = save_posterior(made_up(marrow_model(), records=narrow), tmp_path / "narrow.nc")
    with pytest.raises(InputError, match="outside the fitted range"):
        source_of(path, QUESTION)
    with pytest.warns(ExtrapolationWarning, match="70 to 80"):
        source_of(path, QUESTION, extrapolate=True)


def test_more_draws_than_there_are_are_refused():
    with pytest.raises(InputError, match="calibrated_draws, draws"):
        source_of(CALIBRATED, Question(seed=1, draws=1_000_000))


def test_every_draw_has_covariates_of_its_own():
    sets = covariates_of(QUESTION, 3)
    values = [one.creatinine_clearance_ml_per_min.values for one in sets]
    assert not np.allclose(values[0], values[1])
