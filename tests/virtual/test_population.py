"""Covariates act where they should, and nowhere else."""

import jax
import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.marrow.typical import typical_patient
from myelodose.virtual.covariates import drawn_covariates
from myelodose.virtual.hyperprior import prior_draws
from myelodose.virtual.population import Population, virtual_patients

COVARIATES = drawn_covariates(1, 30)


def test_the_same_seed_gives_the_same_patients():
    one, same, other = (virtual_patients(s, COVARIATES).patient for s in (1, 1, 2))
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(same), strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(one.clones.kill_aza, other.clones.kill_aza)


def test_only_the_mutated_have_a_mutated_clone_and_clones_keep_their_sum():
    size = np.asarray(virtual_patients(1, COVARIATES).patient.clones.size)
    assert np.array_equal(size[2] > 0, COVARIATES.tp53_mutated.values)
    assert size.sum(0) == pytest.approx(np.ones(30))


def test_clearance_follows_the_drawn_exponent():
    slow = COVARIATES.assign(creatinine_clearance_ml_per_min=("patient", np.full(30, 45.0)))
    draws = {"crcl_exponent": np.array([0.0, 0.45, 0.9])}
    healthy = COVARIATES.assign(creatinine_clearance_ml_per_min=("patient", np.full(30, 90.0)))
    renal, full = (
        np.reshape(virtual_patients(1, [one] * 3, draws=draws).patient.len_pk.CL, (3, 30))
        for one in (slow, healthy)
    )
    ratio = np.broadcast_to(0.5 ** np.array([[0.0], [0.45], [0.9]]), (3, 30))
    assert renal / full == pytest.approx(ratio, rel=1e-5)


def test_each_draw_has_its_own_typical_values():
    draws = {"kill_aza": np.array([0.1, 0.4])}
    kill = virtual_patients(1, drawn_covariates(1, 400), draws=draws).patient.clones.kill_aza
    assert np.median(kill.reshape(2, 400), 1) == pytest.approx([0.1, 0.4], rel=0.1)


def test_draws_from_the_whole_prior_make_patients_that_can_be():
    many = virtual_patients(1, drawn_covariates(2, 100), draws=prior_draws(3, 20))
    assert (many.draws, many.patients) == (20, 100)
    assert many.baseline.shape == (3, 2000)
    assert many.take(np.array([3, 1999])).patients == 2


def test_a_population_of_any_patient_is_taken():
    covariates = drawn_covariates(1, 1)
    one = Population(typical_patient(), covariates, 1, "a typical patient")
    assert one.baseline.shape[0] == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"covariates": COVARIATES.isel(patient=slice(29))}, "covariates"),
        ({"covariates": COVARIATES.drop_vars("body_surface_area_m2")}, "body_surface_area_m2"),
        ({"draws": 7}, "draws"),
    ],
)
def test_a_population_that_does_not_fit_is_refused(change, words):
    whole = virtual_patients(1, COVARIATES)
    fields = {
        "patient": whole.patient,
        "covariates": COVARIATES,
        "draws": 1,
        "source": "test",
    }
    with pytest.raises(InputError, match=words):
        Population(**(fields | change))


def test_draws_of_different_number_are_refused():
    with pytest.raises(InputError, match="draws"):
        virtual_patients(1, COVARIATES, draws={"kill_aza": np.ones(2), "gamma_anc": np.ones(3)})


def test_draws_that_are_no_values_by_name_are_refused():
    with pytest.raises(InputError, match="typical values by name"):
        virtual_patients(1, drawn_covariates(1, 2), draws=30)  # pyrefly: ignore
