"""Exact characteristics: published ones, the slow ways, and what must hold for any design."""

import time

import numpy as np
import pytest
import xarray as xr

from characteristics.by_hand import every_path, thrown
from designs.cases import case
from myelodose.characteristics import exact
from myelodose.characteristics.states import States, merged
from myelodose.designs import (
    AcceleratedTitration,
    Boin,
    BoinCombination,
    I3Plus3,
    Keyboard,
    Mtpi,
    Mtpi2,
    StopWhen,
    ThreePlusThree,
    Tpi,
    enough_at,
)
from myelodose.errors import InputError

RISK = [0.08, 0.2, 0.35, 0.5]
DESIGNS = {
    "3+3": ThreePlusThree(4),
    "3+3 escalation only": ThreePlusThree(4, de_escalate=False),
    "titration": AcceleratedTitration(ThreePlusThree(4)),
    "BOIN": Boin(4, 0.25),
    "BOIN that stops": Boin(4, 0.25, stop_at=6, extra_safe=0.05),
    "keyboard": Keyboard(4, 0.25),
    "TPI": Tpi(4, 0.25),
    "mTPI": Mtpi(4, 0.25),
    "mTPI-2": Mtpi2(4, 0.25),
    "i3+3": I3Plus3(4, 0.25),
    "BOIN with a rule": StopWhen(Boin(4, 0.25), enough_at(patients=6)),
}


@pytest.mark.parametrize("name", ["A_deesc", "A_esconly"])
def test_3_plus_3_is_that_of_the_package_bcrm(name):
    # bcrm 0.5.4, threep3().
    known = case(f"three_plus_three_exact.{name}")
    expected = known["outputs"]
    found = exact(ThreePlusThree(5, de_escalate=name == "A_deesc"), known["inputs"]["truth"])
    assert found.selected_none.item() == pytest.approx(expected["prob_mtd_none"], abs=1e-8)
    assert found.selected.values == pytest.approx(expected["prob_mtd"], abs=1e-8)
    assert found.patients.values == pytest.approx(expected["expected_n_at_dose"], abs=1e-8)
    assert found["size"].item() == pytest.approx(expected["expected_n"], abs=1e-8)
    assert found.size_dlts.item() == pytest.approx(expected["expected_dlt"], abs=1e-8)


def test_3_plus_3_is_that_of_wheelers_application():
    # The A+B application of Wheeler et al., as the tests of the package escalation quote it.
    known = case("three_plus_three_exact.wheeler_AplusB")
    found = exact(ThreePlusThree(5), known["inputs"]["truth"])
    both = [found.selected_none.item(), *found.selected.values]
    assert both == pytest.approx(known["outputs"]["prob_none_and_mtd_2dp"], abs=0.006)


def test_boin_is_that_of_the_package_boin():
    # BOIN 2.7.2, get.oc, 20,000 simulated trials.
    known = case("boin_oc.a")
    given, expected, within = known["inputs"], known["outputs"], known["tolerance"]
    found = exact(Boin(5, given["target"]), given["truth"], cohorts=given["cohorts"])
    percent = 100 * found.selected.values
    assert percent == pytest.approx(expected["select_pct"], abs=within["pct_points"])
    assert found.patients.values == pytest.approx(expected["mean_n"], abs=within["mean_n"])
    assert found["size"].item() == pytest.approx(expected["mean_total"], abs=within["mean_n"])
    none = 100 * found.selected_none.item()
    assert none == pytest.approx(expected["stop_pct"], abs=within["pct_points"])
    # And within five of the standard errors of 20,000 trials.
    error = np.sqrt(percent * (100 - percent) / 20_000)
    assert (np.abs(percent - expected["select_pct"]) < 5 * error).all()


@pytest.mark.parametrize("name", DESIGNS)
def test_merging_states_changes_nothing(name):
    design = DESIGNS[name]
    slow = every_path(design, RISK, 4)
    fast = exact(design, RISK, cohorts=4)
    assert fast.selected.values == pytest.approx(slow["selected"][:-1], abs=1e-13)
    assert fast.selected_none.item() == pytest.approx(slow["selected"][-1], abs=1e-13)
    assert fast.patients.values == pytest.approx(slow["patients"], abs=1e-12)
    assert fast.share.values == pytest.approx(slow["share"], abs=1e-13)
    assert fast.size_dlts.item() == pytest.approx(slow["dlts"], abs=1e-12)
    assert fast.stopped.item() == pytest.approx(slow["stopped"], abs=1e-13)
    for size in fast.total.values:
        prob = fast.prob_size.sel(total=size).item()
        assert prob == pytest.approx(slow[f"size {size}"], abs=1e-13)


@pytest.mark.parametrize("name", DESIGNS)
def test_simulated_trials_agree_within_their_error(name):
    found = exact(DESIGNS[name], RISK, patients=24)
    for variable, (mean, error) in thrown(DESIGNS[name], RISK, 24, trials=20_000, seed=1).items():
        gap = np.abs(np.atleast_1d(found[variable].values) - mean)
        assert (gap <= 4.5 * error + 1e-12).all(), variable


@pytest.mark.parametrize("size", range(1, 7))
def test_any_cohort_size_is_exact(size):
    slow = every_path(Boin(3, 0.3), RISK[:3], 3, size=size)
    fast = exact(Boin(3, 0.3), RISK[:3], cohorts=3, cohort_size=size)
    assert fast.selected.values == pytest.approx(slow["selected"][:-1], abs=1e-13)
    assert fast.prob_size.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", DESIGNS)
def test_probabilities_and_patients_add_up(name):
    found = exact(DESIGNS[name], RISK, patients=25)
    total = found.selected.sum() + found.selected_none + found.undecided
    assert total.item() == pytest.approx(1, abs=1e-12)
    assert found.prob_size.sum().item() == pytest.approx(1, abs=1e-12)
    assert found.share.sum().item() == pytest.approx(1, abs=1e-12)
    mean = (found.prob_size * found.total).sum().item()
    assert found["size"].item() == pytest.approx(mean, abs=1e-11)
    # Wald: expected DLTs at a dose are its risk times its expected patients.
    assert found.dlts.values == pytest.approx(found.patients.values * RISK, abs=1e-11)
    assert found.total.max() <= 25


def test_the_two_shares_differ_when_trials_differ_in_size():
    found = exact(ThreePlusThree(4), RISK)
    assert found.share_of_means.values == pytest.approx(
        found.patients.values / found["size"].item()
    )
    assert np.abs(found.share - found.share_of_means).max() > 0.01
    fixed = exact(Boin(4, 0.25), [0.01] * 4, cohorts=4)
    assert np.abs(fixed.share - fixed.share_of_means).max() < 1e-3


def test_many_scenarios_at_once_are_each_alone():
    truth = {"low": [0.05, 0.1, 0.2], "high": [0.3, 0.5, 0.7]}
    together = exact(Boin(3, 0.3), truth, cohorts=6)
    assert together.scenario.values.tolist() == ["low", "high"]
    for name, risk in truth.items():
        alone = exact(Boin(3, 0.3), risk, cohorts=6)
        xr.testing.assert_allclose(together.sel(scenario=name, drop=True), alone, rtol=1e-12)


def test_certain_outcomes_are_certain():
    safe = exact(Boin(3, 0.3), [0.0, 0.0, 0.0], cohorts=5)
    assert safe.selected.values.tolist() == [0, 0, 1]
    assert safe.patients.values.tolist() == [3, 3, 9]
    toxic = exact(Boin(3, 0.3), [1.0, 1.0, 1.0], cohorts=5)
    assert toxic.selected_none.item() == 1
    assert toxic.stopped_none.item() == 1
    assert toxic["size"].item() == 3


def test_overdosed_counts_patients_above_the_target():
    # Two doses, the second toxic; cohorts 0/3 up, and the design stays there or comes back.
    found = exact(Boin(2, 0.3), [0.0, 0.31], cohorts=2, shares=(0.4, 0.5))
    assert found.overdosed.values == pytest.approx([1.0, 0.0])
    above = exact(Boin(2, 0.3), [0.0, 0.31], cohorts=2, overdose_above=0.31)
    assert above.overdosed.values.tolist() == [0.0, 0.0]
    assert "overdosed" not in exact(ThreePlusThree(2), [0.1, 0.2])


def test_a_planned_number_of_patients_cuts_the_last_cohort():
    found = exact(Boin(2, 0.3), [0.1, 0.3], patients=7)
    assert found.total.values.tolist() == [3, 6, 7]
    assert found.stopped.item() < 0.01


def test_the_trial_can_start_higher():
    found = exact(Boin(3, 0.3), [0.1, 0.2, 0.3], cohorts=1, start=2)
    assert found.patients.values == pytest.approx([0, 0, 3])


def test_two_drugs_have_exact_characteristics_too():
    design = BoinCombination(2, 2, 0.3)
    risk = [0.1, 0.2, 0.25, 0.4]
    slow, fast = every_path(design, risk, 3), exact(design, risk, cohorts=3)
    assert fast.selected.values == pytest.approx(slow["selected"][:-1], abs=1e-13)
    assert fast.level.values.tolist() == ["1+1", "1+2", "2+1", "2+2"]


def test_an_undecided_state_is_reported_as_such():
    class _Unsure(Boin):
        def decide(self, n, y, level):
            chosen = super().decide(n, y, level)
            return np.where(y[:, 0] == 1, -2, chosen)

    found = exact(_Unsure(2, 0.3), [0.2, 0.3], cohorts=2)
    assert found.undecided.item() == pytest.approx(3 * 0.2 * 0.8**2)
    total = found.selected.sum() + found.selected_none + found.undecided
    assert total.item() == pytest.approx(1)


def test_states_are_merged_if_and_only_if_they_are_equal():
    n = np.array([[3, 0], [3, 0], [0, 3]])
    y = np.array([[1, 0], [1, 0], [0, 1]])
    states = merged(States(n, y, np.array([0, 0, 1]), np.array([[0.2], [0.3], [0.5]])))
    assert sorted(states.prob[:, 0].tolist()) == [0.5, 0.5]
    assert len(states.level) == 2


def test_ten_cohorts_over_five_doses_take_less_than_a_second():
    exact(Boin(5, 0.3), [0.05, 0.15, 0.3, 0.45, 0.6], cohorts=2)
    begin = time.process_time()
    found = exact(Boin(5, 0.3), [0.05, 0.15, 0.3, 0.45, 0.6], cohorts=10)
    assert found.attrs["states"] > 10_000
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cohorts": None}, "cohorts: found neither cohorts nor patients"),
        ({"cohorts": 0}, "cohorts: found 0; give 1 or more"),
        ({"patients": 0}, "patients: found 0"),
        ({"cohort_size": 0}, "cohort_size: found 0"),
        ({"start": 3}, "start: found 3; give a level from 0 to 2"),
        ({"truth": [0.1, 0.2]}, "found 2 risks in scenario '1'; give 3, one a dose"),
        ({"truth": {"a": [0.1, 0.2, 1.2]}}, "truth: found 1.2; give probabilities from 0 to 1"),
        ({"truth": xr.DataArray([0.1], dims="mg")}, "found the dimensions mg"),
    ],
)
def test_what_does_not_fit_is_refused(change, says):
    given = {"truth": [0.1, 0.2, 0.3], "cohorts": 3} | change
    with pytest.raises(InputError) as caught:
        exact(Boin(3, 0.3), **given)
    assert says in str(caught.value)
