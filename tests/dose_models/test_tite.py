"""Time-to-event weights and their CRM."""

import numpy as np
import pytest

from designs.cases import family
from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.crm_fit import fit_crm
from myelodose.dose_models.tite import fit_tite, tite_weights
from myelodose.errors import InputError


@pytest.mark.parametrize("known", family("titecrm"))
def test_titecrm_is_met(known):
    # dfcrm 0.2-2.1, man/titecrm.Rd.
    inputs, out = known["inputs"], known["outputs"]
    weight = tite_weights(
        inputs["followup"], inputs["tox"], window=inputs["obswin"], scheme=inputs["scheme"]
    )
    if "weights" in out:
        assert weight == pytest.approx(out["weights"], abs=1e-9)
    model = CrmModel(inputs["skeleton"], inputs["model"])
    fit = fit_tite(model, np.array(inputs["level"]) - 1, inputs["tox"], weight)
    assert fit.b_mean[0] == pytest.approx(out["beta_mean"], abs=1e-5)
    assert fit.b_var[0] == pytest.approx(out["beta_var"], abs=1e-5)
    assert fit.plug_in[0] == pytest.approx(out["ptox"], abs=1e-5)
    assert np.abs(fit.plug_in[0] - inputs["target"]).argmin() + 1 == out["mtd"]


def test_complete_follow_up_is_the_crm():
    model = CrmModel((0.1, 0.2, 0.4))
    level, dlt = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 0, 1])
    n = np.bincount(level, minlength=3)
    y = np.bincount(level, weights=dlt, minlength=3)
    tite = fit_tite(model, level, dlt, np.ones(5), thresholds=(0.3,))
    for one, two in zip(tite, fit_crm(model, n, y, thresholds=(0.3,)), strict=True):
        assert one == pytest.approx(two, abs=1e-12)


def test_patients_without_follow_up_say_nothing():
    model = CrmModel((0.1, 0.2, 0.4))
    known = fit_tite(model, [[0, 1, -1]], [[0, 1, 0]], [[1.0, 1.0, 1.0]])
    more = fit_tite(model, [[0, 1, 2]], [[0, 1, 0]], [[1.0, 1.0, 0.0]])
    assert known.b_mean == pytest.approx(more.b_mean, abs=1e-12)


def test_adaptive_weights_follow_the_dlt_times():
    # By hand from Cheung and Chappell 2000: DLTs at 20 and 80 of 120, each interval counts 1/3.
    weight = tite_weights(
        [10, 20, 50, 80, 100, 120], [0, 1, 0, 1, 0, 0], window=120, scheme="adaptive"
    )
    assert weight == pytest.approx([1 / 6, 1, 0.5, 1, 5 / 6, 1])


def test_adaptive_weights_before_the_first_dlt_are_linear():
    args = ([30, 60], [0, 0])
    assert tite_weights(*args, window=120, scheme="adaptive").tolist() == [0.25, 0.5]


def test_a_dlt_at_the_end_of_the_window_is_no_division_by_zero():
    weight = tite_weights([120, 60], [1, 0], window=120, scheme="adaptive")
    assert weight == pytest.approx([1.0, 0.25])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"followup": [-1.0]}, "give 0 or more"),
        ({"window": 0.0}, "a time above 0"),
        ({"scheme": "cubic"}, "'linear' or 'adaptive'"),
    ],
)
def test_impossible_follow_up_is_refused(change, words):
    with pytest.raises(InputError, match=words):
        tite_weights(**({"followup": [1.0], "dlt": [0], "window": 2.0} | change))
