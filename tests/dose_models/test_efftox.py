"""EffTox: contour, posterior and utility, as trialr and MD Anderson have them."""

import jax.numpy as jnp
import numpy as np
import pytest

from designs.cases import case
from myelodose.dose_models.efftox import (
    PARAMETERS,
    EffToxData,
    contour_through,
    dose_code,
    fit_efftox,
    log_likelihood,
)
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def fit(known):
    inputs = known["inputs"]
    seen = Outcomes.read(inputs["outcomes"], doses=len(inputs["doses"]))
    cells = np.zeros((4, len(inputs["doses"])))
    for level, dlt, eff in zip(seen.level, seen.dlt, seen.efficacy or (), strict=True):
        cells[(dlt or 0) + 2 * (eff or 0), level] += 1
    prior = np.array([inputs["priors"][name] for name in PARAMETERS])
    data = EffToxData(dose_code(inputs["doses"]), prior[:, 0], prior[:, 1], cells)
    contour = contour_through(
        inputs["eff0"], inputs["tox1"], eff=inputs["eff_star"], tox=inputs["tox_star"]
    )
    return fit_efftox(
        data, contour, eff_hurdle=inputs["eff_hurdle"], tox_hurdle=inputs["tox_hurdle"]
    )


@pytest.mark.parametrize("name", ["efftox.t1", "efftox.vignette"])
def test_trialr_is_met(name):
    # trialr 0.1.6 and Sobol importance sampling; MD Anderson's program to two decimals.
    known = case(name)
    found, out = fit(known), known["outputs"]["own_qmc"]
    pairs = {
        "prob_eff": found.eff.value,
        "prob_tox": found.tox.value,
        "utility_mean": found.utility.value,
        "utility_plugin": found.utility_plug_in,
        "prob_acc_eff": found.acceptable_eff.value,
        "prob_acc_tox": found.acceptable_tox.value,
    }
    for key, value in pairs.items():
        assert value == pytest.approx(out[key], abs=3e-3), key
    printed = known["outputs"].get("md_anderson_app_2dp")
    if printed:
        assert found.eff.value == pytest.approx(printed["prob_eff"], abs=0.02)
        assert found.utility_plug_in == pytest.approx(printed["utility"], abs=0.02)
    assert found.ess > 20_000


def test_contour_of_the_published_points_is_met():
    # trialr, by a root search.
    known = case("efftox.contour_p")
    inputs = known["inputs"]
    contour = contour_through(
        inputs["eff0"], inputs["tox1"], eff=inputs["eff_star"], tox=inputs["tox_star"]
    )
    assert contour.p == pytest.approx(known["outputs"]["p"], abs=1e-6)


def test_all_three_points_are_worth_nothing():
    contour = contour_through(0.4, 0.6, eff=0.6, tox=0.3)
    for eff, tox in ((0.4, 0.0), (1.0, 0.6), (0.6, 0.3)):
        assert contour.utility(eff, tox) == pytest.approx(0.0, abs=1e-9)
    assert contour.utility(1.0, 0.0) == pytest.approx(1.0)


def test_the_four_cells_of_one_patient_add_up():
    z = jnp.array([0.3, -0.2, 0.5, 0.1, -0.4, 1.5])
    code, mean = dose_code([1, 2, 4]), np.zeros(6)
    total = 0.0
    for cell in range(4):
        counts = np.zeros((4, 3))
        counts[cell, 1] = 1
        total += np.exp(log_likelihood(z, EffToxData(code, mean, mean + 1, counts)))
    assert total == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("eff", "tox", "words"), [(0.4, 0.2, "more than eff0"), (0.7, 0.7, "less than tox1")]
)
def test_points_without_a_contour_are_refused(eff, tox, words):
    with pytest.raises(InputError, match=words):
        contour_through(0.5, 0.65, eff=eff, tox=tox)
