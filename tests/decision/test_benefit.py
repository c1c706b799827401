"""Response probabilities from stored draws."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from myelodose.decision import response_probability
from myelodose.posterior import PosteriorError


def test_every_outcome_dose_and_tp53_has_its_interval(response_posterior):
    found = response_probability(response_posterior)
    assert dict(found.sizes) == {"outcome": 2, "dose": 4, "tp53": 2}
    assert ((found.lower < found["mean"]) & (found["mean"] < found.upper)).all()
    assert ((found.lower >= 0) & (found.upper <= 1)).all()


def test_one_draw_is_what_the_formula_gives(response_posterior):
    one = response_posterior.isel(chain=[0], draw=[0])
    one.attrs = response_posterior.attrs
    draw = {name: value.values[0, 0] for name, value in one["posterior"].data_vars.items()}
    found = response_probability(one)["mean"].sel(outcome="cyto", dose=25, tp53="mutated")
    cut = np.log((cumulative := draw["share_cyto"][:2].sum()) / (1 - cumulative))
    above = draw["slope"][1] * np.log(25 / 20) + 0.5 * draw["tp53_effect"][1]
    above += draw["cohort_effect"][3] - cut
    z = np.random.default_rng(0).normal(size=400_000)
    sd = draw["patient_sd"]
    scale = np.sqrt(1 + (16 * np.sqrt(3) / (15 * np.pi)) ** 2 * sd**2)
    simulated = expit(scale * above + sd * z).mean()
    # The standard error of the simulation is below 0.5 / sqrt(400,000) = 0.0008.
    assert float(found) == pytest.approx(simulated, abs=0.0032)


def test_another_model_is_refused(dlt_posterior):
    with pytest.raises(PosteriorError, match="give one of 'ordinal-response'"):
        response_probability(dlt_posterior)


def test_a_posterior_that_did_not_converge_is_refused(response_posterior):
    bad = response_posterior.copy()
    record = json.loads(bad.attrs["provenance"])
    record["diagnostics"]["divergences"] = 3
    bad.attrs["provenance"] = json.dumps(record)
    with pytest.raises(PosteriorError, match=r"response_probability: .* divergences = 3"):
        response_probability(bad)
    assert response_probability(bad, accept_failed=["divergences"]).identical(
        response_probability(response_posterior)
    )


def test_the_posterior_is_not_changed(response_posterior):
    before = response_posterior["posterior"].to_dataset().copy(deep=True)
    response_probability(response_posterior)
    xr.testing.assert_identical(before, response_posterior["posterior"].to_dataset())
