"""Rules inside the simulation: what is held, reduced, delayed and stopped."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conftest import ROOT
from marrow.protocol_patients import AREA, cohort, replayed
from myelodose.errors import InputError
from myelodose.marrow import simulate
from myelodose.marrow.protocol import (
    NEVER,
    Limits,
    Maintenance,
    Protocol,
    Reductions,
    Stops,
    as_planned,
    follow_in_blocks,
    follow_protocol,
    ledger_to_doses,
    ledger_to_plan,
    rules_of,
)
from myelodose.precision import float64
from myelodose.regimen import azacitidine, course, lenalidomide, platzbecker2013, viola
from myelodose.solve import plan, stack
from myelodose.trial import load_facts

BLOCK = platzbecker2013(20)
PATIENTS, DAYS = 150, 240

# Limits at which, in this cohort, every rule fires for somebody.
STRICT = Protocol(
    BLOCK,
    3,
    hold=Limits(1.0, 75, 0.7),
    resume=Limits(1.2, 85, 0.75),
    start=Limits(1.5, 100, 0.95),
    max_delay_d=14,
    low=Limits(0.8, 60, 0.75),
    reductions=Reductions(after_delay_d=7, most=1),
    stops=Stops(low_days=14, clone_above=0.6),
    maintenance=Maintenance(clone_below=0.25),
)

# Visits end early, so that a hold lasts until the next cycle.
EARLY_VISITS = replace(
    STRICT,
    visits=(1, 8),
    max_delay_d=56,
    reductions=Reductions(after_hold=False, after_low_days=None),
    stops=Stops(low_days=None),
)
# Some are below these limits before the first dose.
ABSOLUTE = replace(
    EARLY_VISITS,
    hold=Limits(1.6, 90),
    resume=Limits(1.6, 90),
    start=Limits(1.6, 90),
    reductions=Reductions(),
)


simulated = jax.jit(simulate)


@pytest.fixture(scope="module")
def patients():
    return cohort(PATIENTS, seed=1)


@pytest.fixture(scope="module")
def treated(patients):
    return follow_protocol(patients, STRICT, days=DAYS, body_surface_area_m2=AREA)


def followed(patients, protocol, days=DAYS):
    return follow_protocol(patients, protocol, days=days, body_surface_area_m2=AREA)


def test_rules_that_never_fire_give_the_open_loop_regimen(patients):
    closed = followed(patients, as_planned(BLOCK, 3))
    given = platzbecker2013(20, cycles=3).doses(
        body_surface_area_m2=AREA, drugs=("lenalidomide", "azacitidine")
    )
    one = plan(given.time_d, given.amount_mg, given.drug, drugs=2, times_d=np.arange(float(DAYS)))
    with float64():
        opened = simulated(patients, stack([one] * PATIENTS))
    np.testing.assert_allclose(closed["count"], opened.counts, rtol=1e-9)
    assert closed.given_mg.sum() == pytest.approx(PATIENTS * given.amount_mg.sum(), rel=1e-12)
    assert not closed.held.any()
    np.testing.assert_array_equal(closed.dose_intensity, 1.0)
    assert (closed.reason == "all cycles given").all()
    assert (closed.stop_d == 84).all()


def test_the_ledger_played_open_loop_gives_the_same_counts_and_clones(patients, treated):
    doses = ledger_to_doses(treated.given_mg)
    arrays = zip(doses.time_d.T, doses.amount_mg.T, doses.drug.T, strict=True)
    plans = stack([plan(*one, drugs=2, times_d=np.arange(float(DAYS))) for one in arrays])
    with float64():
        by_doses = simulated(patients, plans)
        by_day = simulated(patients, ledger_to_plan(treated.given_mg))
    np.testing.assert_allclose(treated["count"], by_doses.counts, rtol=1e-9)
    np.testing.assert_allclose(treated["count"], by_day.counts[:-1], rtol=1e-9)
    np.testing.assert_allclose(treated.pool, np.stack(by_doses.pools), rtol=1e-9)


@pytest.mark.parametrize("protocol", [STRICT, EARLY_VISITS, ABSOLUTE])
def test_the_rules_in_plain_python_come_to_the_same_decisions(patients, protocol):
    found = followed(patients, protocol)
    counts = found["count"].values[:, :2]
    share = found.clone_share.values[:, 1:].sum(1)
    for i in range(PATIENTS):
        log = replayed(protocol, counts[:, :, i], share[:, i])
        given = [day["given_mg"] for day in log]
        np.testing.assert_allclose(found.given_mg[:, :, i], given, rtol=1e-12)
        assert [day["cycle"] for day in log] == found.cycle_number[:, i].values.tolist()
        assert [day["level_mg"] for day in log] == found.level_mg[:, i].values.tolist()
        assert log[-1]["reason"] == found.reason[i]
        on = found.on_treatment[:, i].values
        held = np.array([day["held"] for day in log])
        np.testing.assert_array_equal(held[on], found.held[on, i])


def test_a_hold_ends_with_its_cycle_and_none_begins_before_the_first_dose(patients):
    early, absolute = (followed(patients, protocol) for protocol in (EARLY_VISITS, ABSOLUTE))
    begins = early.cycle_day[1:] == 0
    assert (begins & early.held[:-1].values).sum() > 0
    assert not (begins & early.held[1:]).any()
    low = (absolute["count"][0, :2].values < [[1.6], [90]]).any(0)
    assert low.sum() > 10
    assert not absolute.held[0].any()
    assert absolute.held[7, low].any()


def test_in_this_cohort_every_rule_fires(treated):
    assert set(treated.reason.values) == {
        "on treatment",
        "all cycles given",
        "delayed too long",
        "no dose level left",
        "counts low too long",
        "clone share above the limit",
    }
    assert treated.holds.sum() > 10
    assert treated.reductions.sum() > 10
    assert (treated.delay_d > 0).sum() > 10
    assert treated.maintenance[-1].sum() > 10


def test_nobody_gets_more_than_planned_and_nothing_of_lenalidomide_under_a_hold(treated):
    assert (treated.given_mg <= treated.planned_mg).all()
    lenalidomide_mg = treated.given_mg.sel(drug="lenalidomide")
    assert (lenalidomide_mg.where(treated.held, 0.0) == 0).all()
    assert (lenalidomide_mg <= treated.level_mg).all()


def test_nothing_is_given_after_a_stop_or_while_a_cycle_waits(treated):
    off = ~treated.on_treatment | treated.waiting
    assert off.any()
    assert (treated.given_mg.where(off, 0.0) == 0).all()
    assert (treated.day.where(~treated.on_treatment).min("day").dropna("patient")
            == treated.stop_d.dropna("patient")).all()  # fmt: skip


def test_levels_never_rise_and_fall_by_one_at_most_once_a_cycle(treated):
    levels = np.searchsorted([10, 15, 20, 25], treated.level_mg)
    assert set(np.unique(np.diff(levels, axis=0))) == {-1, 0}
    assert treated.reductions.max() == 1
    assert (treated.reductions.sum("cycle") == levels[0] - levels[-1]).all()


def test_delays_are_multiples_of_the_days_between_visits_and_at_most_the_longest(treated):
    delays = treated.delay_d.values[np.isfinite(treated.delay_d)]
    assert (delays % 7 == 0).all()
    assert delays.min() == 0
    assert delays.max() == 14


def test_holds_begin_and_end_at_visits_or_with_the_cycle(treated):
    turned = treated.held.astype(int).diff("day") != 0
    day = treated.cycle_day[1:] + 1
    assert (day.isin(STRICT.visits) | ~treated.on_treatment[1:]).where(turned, True).all()
    began = treated.held.astype(int).diff("day") == 1
    assert not (day == 1).where(began, False).any()


def test_dose_share_is_the_ledger_over_the_plan(treated):
    given, planned = treated.given_mg.sum("day"), treated.planned_mg.sum("day")
    np.testing.assert_allclose(treated.dose_share, given / planned, rtol=1e-12)
    waited = (treated.waiting.sum("day") / treated.on_treatment.sum("day")).values
    np.testing.assert_allclose(treated.dose_intensity, (1 - waited) * treated.dose_share)


def test_maintenance_follows_at_least_two_cycles_at_a_small_clone_and_lasts_56_days(treated):
    share = treated.clone_share.sel(clone=["del(5q)", "del(5q) TP53"]).sum("clone")
    for i in np.flatnonzero(treated.maintenance[-1]):
        first = int(treated.maintenance[:, i].argmax("day"))
        assert treated.cycle_number[first, i] >= 3
        assert share[first, i] < 0.25
        assert treated.given_mg[first, 1, i] == pytest.approx(30 * AREA)
        starts = treated.cycle_start_d[:, i]
        later = starts[starts >= first].dropna("cycle").values
        assert (np.diff(later) >= 56).all()


def test_a_stricter_hold_gives_no_more_in_its_first_held_window(patients):
    loose = replace(as_planned(BLOCK, 1), hold=Limits(0.8, 50), resume=Limits(1.5, 100),
                    start=Limits(1.5, 100), visits=(1, 8, 11, 15, 18, 22))  # fmt: skip
    loose = replace(loose, reductions=Reductions(after_hold=False, after_low_days=None))
    strict = replace(loose, hold=Limits(1.2, 80))
    a, b = (followed(patients, protocol) for protocol in (loose, strict))
    held = b.held.values
    window = np.logical_and.accumulate(held | (np.cumsum(held, 0) == 0), 0)
    assert held.any(0).sum() > a.held.any("day").sum() > 0
    more, less = (np.where(window[:, None], x.given_mg, 0).sum(0) for x in (a, b))
    assert (less <= more).all()
    assert (less < more).any()


def test_a_limit_is_never_above_its_share_of_the_baseline():
    with float64():
        limit = rules_of(replace(STRICT, hold=Limits(0.5, 25, 0.5))).hold
        found = limit.of(jnp.array([[0.6, 4.0], [30.0, 230.0]]))
    np.testing.assert_allclose(found, [[0.3, 0.5], [15.0, 25.0]])


def test_the_size_of_a_block_changes_nothing(patients, treated):
    few = jax.tree.map(lambda x: x[..., :20] if np.ndim(x) else x, patients)
    blocks = follow_protocol(few, STRICT, days=DAYS, body_surface_area_m2=AREA, block=7)
    np.testing.assert_allclose(blocks["count"], treated["count"][..., :20], rtol=1e-12)
    np.testing.assert_array_equal(blocks.given_mg, treated.given_mg[..., :20])


def test_one_patient_alone_fares_as_in_the_crowd(patients, treated):
    alone = jax.tree.map(lambda x: x[..., 3] if np.ndim(x) else x, patients)
    one = followed(alone, STRICT)
    np.testing.assert_allclose(one["count"][..., 0], treated["count"][..., 3], rtol=1e-12)
    np.testing.assert_array_equal(one.given_mg[..., 0], treated.given_mg[..., 3])


def test_the_same_input_gives_the_same_bits(patients, treated):
    again = followed(patients, STRICT)
    assert again["count"].values.tobytes() == treated["count"].values.tobytes()


def test_results_are_float64_and_the_process_stays_as_it_was(treated):
    assert treated["count"].dtype == np.float64
    assert jnp.ones(1).dtype == jnp.float32


def test_the_sweeps_have_converged_and_finer_ones_change_no_dose(patients, treated):
    from myelodose.solve import Fast

    assert treated.change.max() < 1e-5
    finer = follow_protocol(
        patients, STRICT, days=DAYS, body_surface_area_m2=AREA, solver=Fast().finer()
    )
    # In these patients, with effects stronger than anybody's, the last sweep still changes 3e-6.
    np.testing.assert_allclose(finer["count"], treated["count"], rtol=1e-5)
    np.testing.assert_array_equal(finer.given_mg, treated.given_mg)


def test_other_limits_compile_nothing_anew(patients):
    traced = []

    def lowest(result):
        traced.append(result)
        return result.counts.min(0)

    others = replace(STRICT, hold=Limits(0.9, 70, 0.6), max_delay_d=21, cycles=5)
    with float64():
        follow_in_blocks(patients, rules_of(STRICT), AREA, days=2, keep=lowest)
        once = len(traced)
        for protocol in (others, as_planned(BLOCK, 1)):
            follow_in_blocks(patients, rules_of(protocol), AREA, days=2, keep=lowest)
    assert len(traced) == once > 0


@pytest.mark.slow
def test_temporary_memory_is_that_of_a_block_besides_the_parameters():
    def temporary(number: int) -> float:
        with float64():
            those = jax.tree.map(jnp.asarray, cohort(number, seed=2))
            compiled = follow_in_blocks.lower(
                those, rules_of(STRICT), AREA, days=2, block=50, keep=_nadir
            ).compile()
        analysis = compiled.memory_analysis()
        assert analysis is not None
        return analysis.temp_size_in_bytes

    small, large = temporary(200), temporary(2000)
    # One copy of the parameters cut into blocks, fewer than 80 numbers a patient, and its nadirs.
    assert large - small < 1800 * 8 * 80


def _nadir(result):
    return result.counts.min(0)


def test_a_patient_whose_numbers_are_lost_stops_alone(patients):
    few = jax.tree.map(lambda x: x[..., :4] if np.ndim(x) else x, patients)
    size = few.clones.size.copy()
    size[0, 2] = np.nan
    few = few._replace(clones=few.clones._replace(size=size))
    with float64():
        result = jax.tree.map(np.asarray, follow_in_blocks(few, rules_of(STRICT), AREA, days=20))
    assert result.status.reason[-1].tolist()[2] == 6
    assert np.isfinite(result.counts[..., [0, 1, 3]]).all()
    assert (result.given_mg[..., 2] == 0).all()
    assert (result.given_mg[..., 0] > 0).any()


def test_what_the_trial_says_is_what_the_defaults_say():
    facts = load_facts().set_index("fact_id")
    maintenance = Maintenance()
    assert Protocol(BLOCK).cycles == int(facts.as_printed["F07"])
    assert facts.as_printed["F06"].endswith("every 8 weeks, up to 6 cycles")
    assert maintenance.cycle.cycle(1).length_d == 8 * 7
    assert maintenance.cycles == 6
    assert facts.note["F06"].startswith("after blast clearance (<5 % or CR) and >=2 induction cyc")
    assert maintenance.after == 2
    assert maintenance.clone_below == 0.05
    table = ROOT / "data" / "trials" / "platzbecker2013" / "dlt.csv"
    assert "treatment delay of more than 4 weeks" in table.read_text()
    assert Protocol(BLOCK).max_delay_d == 4 * 7


FEW = Protocol(BLOCK, 2)
BAD = {
    "a negative limit": (lambda: Limits(-0.5, 25), "anc_1e9_per_l"),
    "neutrophils per uL": (lambda: Limits(500, 25), "500 per uL is 0.5"),
    "platelets per uL": (lambda: Limits(0.5, 25_000), "50,000 per uL is 50"),
    "platelets 1,000 times too low": (lambda: Limits(0.5, 0.025), "plt_1e9_per_l"),
    "a limit that is no number": (lambda: Limits(float("nan"), 25), "anc_1e9_per_l"),
    "a share of the baseline in per cent": (lambda: Limits(0.5, 25, 50), "of_baseline"),
    "resuming below the hold": (
        lambda: replace(FEW, hold=Limits(0.5, 50), resume=Limits(1, 25)),
        "Protocol, resume",
    ),
    "resuming at a lower share than the hold": (
        lambda: replace(FEW, resume=Limits(1.0, 50, 0.4)),
        "Protocol, resume",
    ),
    "a start below the hold": (lambda: replace(FEW, start=NEVER), "Protocol, start"),
    "a visit outside the cycle": (lambda: replace(FEW, visits=(1, 29)), "found day 29"),
    "a visit on day 0": (lambda: replace(FEW, visits=(0, 7)), "Protocol, visits"),
    "no visit": (lambda: replace(FEW, visits=()), "Protocol, visits"),
    "no level": (lambda: Reductions(levels_mg=()), "levels_mg"),
    "falling levels": (lambda: Reductions(levels_mg=(20, 10)), "rising"),
    "a dose that is no level": (
        lambda: replace(FEW, reductions=Reductions(levels_mg=(10, 15))),
        "contain the planned dose",
    ),
    "negative reductions": (lambda: Reductions(most=-1), "Reductions, most"),
    "an unknown drug": (
        lambda: Protocol(
            course("cytarabine", 20, unit="mg/m2", days=[1], route="sc").cycles(1, every=28)
        ),
        "cytarabine",
    ),
    "several cycles as a template": (
        lambda: Protocol(platzbecker2013(20, cycles=2)),
        "found 2 cycles",
    ),
    "a cycle of unknown length": (
        lambda: Protocol(lenalidomide(20, days=[1])),
        "unknown length",
    ),
    "a dose at noon": (
        lambda: Protocol(lenalidomide(20, days=[1], hour=12).cycles(1, every=28)),
        "hour=0",
    ),
    "a share above 1": (lambda: Stops(clone_above=1.5), "clone_above"),
    "no cycle": (lambda: replace(FEW, cycles=0), "Protocol, cycles"),
    "visits every 0 days": (lambda: replace(FEW, revisit_d=0), "revisit_d"),
    "a negative delay": (lambda: replace(FEW, max_delay_d=-7), "max_delay_d"),
    "maintenance below a share of 0": (lambda: Maintenance(clone_below=0), "clone_below"),
    "a ledger of three drugs": (lambda: ledger_to_plan(np.zeros((4, 3))), "(4, 3)"),
    "a negative ledger": (lambda: ledger_to_doses([[-1.0, 0.0]]), "found -1"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused_by_name(case):
    wrong, named = BAD[case]
    with pytest.raises(InputError) as caught:
        wrong()
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"days": 0}, "days"),
        ({"days": 1e3}, "days"),
        ({"block": 0}, "block"),
        ({"body_surface_area_m2": None}, "dosed in mg/m2"),
        ({"body_surface_area_m2": 18_000}, "body_surface_area_m2"),
        ({"body_surface_area_m2": [1.8, 1.8]}, "shape (2,)"),
    ],
)
def test_a_wrong_run_is_refused_by_name(patients, changes, named):
    settings = {"days": 2, "body_surface_area_m2": AREA} | changes
    with pytest.raises(InputError) as caught:
        follow_protocol(patients, FEW, **settings)
    assert named in str(caught.value)


def test_patients_of_different_number_are_refused(patients):
    wrong = patients._replace(aza_reference_auc=np.ones(3))
    with pytest.raises(InputError, match=r"aza_reference_auc.*150 patients"):
        followed(wrong, FEW, days=2)


def test_platelets_per_microlitre_in_a_patient_are_refused(patients):
    off = patients.lineages.set_point * np.array([[1.0], [1000.0], [1.0]])
    wrong = patients._replace(lineages=patients.lineages._replace(set_point=off))
    with pytest.raises(InputError, match="PLT"):
        followed(wrong, FEW, days=2)


def test_azacitidine_alone_is_never_held(patients):
    alone = Protocol(azacitidine(75, days=range(1, 6)).cycles(1, every=28), 1, hold=Limits(10, 500),
                     resume=Limits(10, 500), start=Limits(10, 500))  # fmt: skip
    result = followed(patients, alone)
    assert not result.held.any()
    assert np.isnan(result.dose_share.sel(drug="lenalidomide")).all()
    np.testing.assert_array_equal(result.dose_share.sel(drug="azacitidine"), 1.0)


def test_a_longer_cycle_of_another_trial_runs_too(patients):
    craddock = Protocol(viola(25), 2)
    assert craddock.visits == (1, 8, 15, 22, 29, 36)
    result = followed(patients, craddock)
    assert (result.cycle_start_d.dropna("patient")[1] >= 42).all()
