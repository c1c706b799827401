"""P(DLT) from simulated counts is what a reckoning patient by patient gives; its error is right."""

import dataclasses

import jax
import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.marrow.protocol import follow_protocol
from myelodose.marrow.protocol.limits import Limits
from myelodose.regimen import azacitidine, platzbecker2013
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.covariates import drawn_covariates
from myelodose.virtual.dlt_risk import dlt_risk, one_cycle
from myelodose.virtual.follow import Mornings, trial_protocol
from myelodose.virtual.population import virtual_patients

# A strict rule, so that a few hundred patients have many DLTs.
STRICT = DltRule(unrecovered_by_d=28, recovered=Limits(1.0, 50, of_baseline=0.75), delay_over_d=7)
HAZARDS = Hazards(infection_per_d=0.02, infection_background_per_d=0.001, thrombosis=0.05)
DOSES = {f"{d} mg": platzbecker2013(d) for d in (10, 25)}


@pytest.fixture(scope="module")
def population():
    """Twenty draws of the same typical values: they differ by Monte Carlo error alone."""
    same = {"kill_aza": np.full(20, 0.4)}
    return virtual_patients(1, drawn_covariates(2, 50), draws=same)


@pytest.fixture(scope="module")
def risk(population):
    return dlt_risk(population, DOSES, STRICT, HAZARDS)


def test_the_stated_error_is_the_spread_of_draws_that_differ_by_nothing_else(risk):
    spread = risk.p.std("draw", ddof=1).sel(cause="any")
    error = np.sqrt((risk.error**2).mean("draw")).sel(cause="any")
    # 19 degrees of freedom: the ratio lies between 0.55 and 1.5 with 99.9 % each.
    # Patients are stratified by their covariates, so it may be smaller but hardly larger.
    ratio = (spread / error).values
    assert (ratio > 0.5).all()
    assert (ratio < 1.5).all()


def test_a_known_truth_is_recovered(population, risk):
    """DLTs of every patient by a plain loop over the mornings of an accurate simulation."""
    some = population.take(np.arange(50))
    course = follow_protocol(
        some.patient,
        trial_protocol(DOSES["25 mg"], cycles=1),
        days=57,
        body_surface_area_m2=some.body_surface_area_m2,
    )
    counts = course["count"].values
    truth = np.array([_by_hand(counts[:, :, i]) for i in range(50)])
    found = risk.p.sel(regimen="25 mg", cause="recovery").isel(draw=0, cycle=0).item()
    assert 0.1 < truth.mean() < 0.9
    assert found == pytest.approx(truth.mean(), abs=1 / 50)  # one patient on the edge


def _by_hand(counts: np.ndarray) -> bool:
    anc, plt = min(1.0, 0.75 * counts[0, 0]), min(50, 0.75 * counts[0, 1])
    well = [c[0] >= anc and c[1] >= plt for c in counts]
    return not well[27] or not (well[28] or well[35])


def test_causes_add_up_within_each_patient(risk):
    p = risk.p.isel(cycle=0)
    least = p.sel(cause=["recovery", "infection", "thrombosis"])
    assert (p.sel(cause="any") >= least.max("cause")).all()
    assert (p.sel(cause="any") <= least.sum("cause")).all()
    assert p.sel(cause="thrombosis").values == pytest.approx(0.05)


def test_more_lenalidomide_is_more_risk_in_the_same_patients(risk):
    p = risk.p.sel(cause="any").isel(cycle=0).mean("draw")
    assert p.sel(regimen="25 mg") > p.sel(regimen="10 mg") + 0.05


def test_with_next_to_no_drug_and_no_hazards_nobody_has_a_dlt(population):
    nothing = azacitidine(1, days=[1]).cycles(1, every=28)
    risk = dlt_risk(population, {"none": nothing}, STRICT, Hazards(0.0, 0.0, 0.0))
    assert float(risk.p.max()) == 0


def test_a_part_that_is_added_only_adds(population, risk):
    more = dlt_risk(population, DOSES, dataclasses.replace(STRICT, grade4_over_d=2), HAZARDS)
    assert (more.p >= risk.p - 1e-12).all()
    assert (more.p.sel(cause="recovery") > risk.p.sel(cause="recovery")).any()


def test_it_says_that_it_is_simulated_and_by_which_rule(risk):
    assert risk.attrs["status"].startswith("SIMULATED")
    assert risk.attrs["rule"] == STRICT.describe()


def test_a_cycle_is_cut_out_from_its_own_start():
    counts = np.arange(12.0)[:, None, None] * np.ones((1, 2, 2))
    cycle = np.array([[1, 1]] * 4 + [[2, 1]] * 5 + [[3, 1]] * 3)
    second = one_cycle(Mornings(counts, cycle), 2, 4)
    assert second.begun.tolist() == [True, False]
    assert second.counts[:, 0, 0].tolist() == [4, 5, 6, 7]
    assert second.next_start_d[0] == 5


@pytest.mark.slow
def test_later_cycles_are_of_those_who_began_them(population):
    # Whoever has not recovered on day 29 goes on no more.
    protocol = dataclasses.replace(trial_protocol(DOSES["25 mg"], cycles=2), max_delay_d=0)
    risk = dlt_risk(population, {"25 mg": protocol}, STRICT, HAZARDS, cycles=2)
    number = risk.patients.isel(regimen=0)
    assert (number.sel(cycle=1) == 50).all()
    assert (number.sel(cycle=2) < 50).any()
    first = dlt_risk(population, {"25 mg": DOSES["25 mg"]}, STRICT, HAZARDS)
    # The second cycle begins once counts have recovered, so the first one reads alike.
    same = risk.p.sel(cycle=1, cause="infection") - first.p.sel(cycle=1, cause="infection")
    assert float(abs(same).max()) < 1e-12


@pytest.mark.parametrize(
    ("regimens", "hazards", "words"),
    [
        ({}, HAZARDS, "regimens"),
        (DOSES, [HAZARDS] * 3, "hazards"),
        ({"35 d": azacitidine(75, days=[1]).cycles(1, every=35)},
         HAZARDS, "cycle of 35 d"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(population, regimens, hazards, words):
    with pytest.raises(InputError, match=words):
        dlt_risk(population, regimens, STRICT, hazards)


def test_a_population_keeps_its_parameters(population):
    before = jax.tree.map(np.copy, population.patient)
    dlt_risk(population, {"10 mg": DOSES["10 mg"]}, STRICT, HAZARDS)
    for a, b in zip(jax.tree.leaves(before), jax.tree.leaves(population.patient), strict=True):
        assert np.array_equal(a, b)
