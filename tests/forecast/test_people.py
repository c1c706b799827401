"""Drawn patients are virtual patients, and coordinates hold their distribution."""

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from myelodose.errors import InputError
from myelodose.forecast import Correlated, Given, People, Reading, Seen
from myelodose.forecast.coordinates import fit_coordinates, inverse
from myelodose.forecast.course import NAMES
from myelodose.forecast.people import draw_patients
from myelodose.marrow.values import TYPICAL
from myelodose.precision import float64
from myelodose.virtual import prior_draws, virtual_patients

HIM = Seen(
    (Given(0, "azacitidine", 135.0),),
    (Reading(0, "ANC", 2.0),),
    creatinine_clearance_ml_per_min=45.0,
)


@pytest.fixture(scope="module")
def drawn():
    return draw_patients(People(prior_draws(1, 500)), HIM, 20_000, 3)


def test_drawn_patients_are_those_of_a_virtual_population(drawn):
    one = {"creatinine_clearance_ml_per_min": 45.0, "body_surface_area_m2": 1.8}
    covariates = xr.Dataset({n: ("patient", np.full(40, v)) for n, v in one.items()})
    covariates["tp53_mutated"] = ("patient", np.ones(40, bool))
    them = virtual_patients(4, covariates, draws=prior_draws(1, 500)).patient
    pairs = {
        "len_clearance_l_per_h": them.len_pk.CL,
        "kill_aza": them.clones.kill_aza,
        "set_point_plt": them.lineages.set_point[1],
        "block_half_um": them.lineages.block_half_um[0],
    }
    for name, theirs in pairs.items():
        ours, theirs = np.log(drawn[name]), np.log(np.asarray(theirs))
        # Both have 20,000 patients of the same 500 typical patients.
        assert ours.mean() == pytest.approx(theirs.mean(), abs=4 * theirs.std() * 0.01), name
        assert ours.std() == pytest.approx(theirs.std(), rel=0.03), name
    share = np.asarray(them.clones.size)
    assert np.mean(drawn["clone_share"]) == pytest.approx(1 - share[0].mean(), abs=0.004)


def test_without_a_mutation_there_is_no_tp53_clone():
    wild = Seen(HIM.doses, HIM.readings, tp53_mutated=False)
    assert not draw_patients(People({}), wild, 50, 1)["tp53_share_of_clone"].any()


def test_a_spread_in_the_draws_takes_the_place_of_the_typical_one():
    people = People({"omega_kill_aza": np.full(3, 0.01)})
    spread = np.log(draw_patients(people, HIM, 5000, 1)["kill_aza"]).std()
    assert spread == pytest.approx(0.01, rel=0.05)


def test_effects_are_correlated_where_the_draws_say_so_and_by_the_rows_they_belong_to():
    """Two draws, 0.8 and -0.5, told apart by their typical kill."""
    names, rho = ("kill_aza", "set_point_anc"), np.array([0.8, -0.5])
    root = np.stack([[[1.0, 0.0], [r, np.sqrt(1 - r**2)]] for r in rho])
    people = People({"kill_aza": np.array([0.2, 20.0])}, correlated=Correlated(names, root))
    drawn = draw_patients(people, HIM, 20_000, 1)
    a, b = (np.log(drawn[name]) for name in names)
    for high, expected in zip((False, True), rho, strict=True):
        own = (a > np.log(2)) == high
        assert np.corrcoef(a[own], b[own])[0, 1] == pytest.approx(expected, abs=0.03)
    assert b.std() == pytest.approx(TYPICAL["set_point_anc"].between_patient_sd, rel=0.03)
    assert abs(np.corrcoef(b, np.log(drawn["set_point_plt"]))[0, 1]) < 0.03


@pytest.mark.parametrize(
    ("names", "root", "words"),
    [
        (("kill", "kill_aza"), np.eye(2)[None], "'kill'"),
        (("kill_aza", "kill_aza"), np.eye(2)[None], "each once"),
        (("kill_aza", "mtt_anc_h"), np.ones((3, 2, 2)), r"\(3, 2, 2\)"),
        (("kill_aza", "mtt_anc_h"), 2 * np.eye(2)[None], "another length"),
    ],
)
def test_correlations_that_cannot_be_are_refused(names, root, words):
    with pytest.raises(InputError, match=words):
        People({}, correlated=Correlated(names, root))


def test_coordinates_keep_every_distribution_and_rank_correlation_and_can_be_inverted(drawn):
    coordinates = fit_coordinates(drawn)
    z = np.random.default_rng(5).standard_normal((20_000, coordinates.size))
    with float64():
        again = dict(zip(drawn, np.asarray(coordinates.values(jnp.asarray(z))), strict=True))
    for name in ("kill_aza", "tp53_sensitivity", "growth_clone_per_d", "clone_share"):
        for p in (0.05, 0.5, 0.95):
            rank = np.mean(drawn[name] <= np.quantile(again[name], p))
            # Two samples of 20,000, and lines between the knots.
            assert rank == pytest.approx(p, abs=0.015), name
    both = [
        np.corrcoef(np.log(v["block_half_um"]), np.log(v["arrest_half_um"]))[0, 1]
        for v in (drawn, again)
    ]
    assert both[1] == pytest.approx(both[0], abs=0.02)
    # z itself is not unique where growth is cut at its highest value.
    some = np.stack(list(again.values()))
    with float64():
        back = coordinates.values(jnp.asarray(inverse(coordinates, some)))
    assert np.asarray(back) == pytest.approx(some, rel=1e-6, abs=1e-12)


def test_a_name_that_the_marrow_does_not_know_is_refused():
    with pytest.raises(InputError, match="'kill'"):
        People({"kill": np.ones(3)})


def test_all_parameters_are_drawn(drawn):
    assert tuple(drawn) == NAMES
