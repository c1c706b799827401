"""Skeletons, sensitivity and coherence, as dfcrm prints them."""

import numpy as np
import pytest

from designs.cases import case, family
from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.skeleton import coherence, indifference_skeleton, sensitivity
from myelodose.errors import InputError


@pytest.mark.parametrize("known", family("skeleton_getprior"))
def test_getprior_is_met(known):
    # dfcrm::getprior 0.2-2.1 (Lee and Cheung 2009).
    inputs = known["inputs"]
    found = indifference_skeleton(
        inputs["halfwidth"],
        inputs["target"],
        prior_mtd=inputs["nu"] - 1,
        levels=inputs["nlevel"],
        curve=inputs["model"],
    )
    assert found == pytest.approx(known["outputs"]["skeleton"], abs=1e-7)


@pytest.mark.parametrize("curve", ["empiric", "logistic"])
def test_indifference_intervals_have_the_halfwidth_asked_for(curve):
    found = indifference_skeleton(0.05, 0.25, prior_mtd=1, levels=5, curve=curve)
    model = CrmModel(tuple(found), curve)
    assert found[1] == pytest.approx(0.25)
    for k in range(4):
        b = model.parameter_at(0.2)[k]
        assert model.risk(b)[[k, k + 1]] == pytest.approx([0.2, 0.3])


def test_crmsens_is_met():
    # dfcrm::crmsens 0.2-2.1.
    known = case("crm_sensitivity.empiric")
    found = sensitivity(CrmModel(known["inputs"]["skeleton"]), known["inputs"]["target"])
    expected = np.array(known["outputs"]["indifference_intervals_per_true_mtd"], float)
    assert found.interval == pytest.approx(expected, abs=1e-5, nan_ok=True)
    assert found.b == pytest.approx(np.array(known["outputs"]["beta_sets"]), abs=1e-5)


@pytest.mark.parametrize("curve", ["empiric", "logistic"])
def test_inside_its_interval_a_level_is_the_nearest(curve):
    model = CrmModel((0.05, 0.1, 0.2, 0.35, 0.5, 0.7), curve)
    for k, (low, high) in enumerate(sensitivity(model, 0.2).b):
        # Further out all risks are 0 or 1 to the last digit.
        for b in np.linspace(max(low, -3), min(high, 2.5), 9)[1:-1]:
            assert np.abs(model.risk(b) - 0.2).argmin() == k


def test_cohere_is_met():
    # dfcrm man/cohere.Rd.
    known = case("coherence.two_stage_target20")
    initial = [k - 1 for k in known["inputs"]["initial_design"]]
    found = coherence(CrmModel(known["inputs"]["skeleton"]), 0.2, initial)
    assert found.coherent is known["outputs"]["coherent"]


def test_a_timid_initial_design_is_incoherent():
    model = CrmModel((0.05, 0.1, 0.2, 0.35, 0.5, 0.7))
    found = coherence(model, 0.2, [0] * 20 + [5])
    assert not found.coherent
    assert all(level > 0 for level in found.level)
    assert found.after[-1] == 20


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: indifference_skeleton(0.3, 0.25, prior_mtd=0, levels=4), "below 0.25"),
        (lambda: indifference_skeleton(0.05, 1.2, prior_mtd=0, levels=4), "found 1.2"),
        (lambda: indifference_skeleton(0.05, 0.2, prior_mtd=4, levels=4), "0 to 3"),
        (lambda: coherence(CrmModel((0.1, 0.2)), 0.2, [0, 2]), "levels from 0 to 1"),
    ],
)
def test_impossible_input_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
