"""Composition: what each method changes, and that it changes nothing else."""

import dataclasses
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelodose.errors import InputError
from myelodose.regimen import Regimen, azacitidine, course, lenalidomide, platzbecker2013
from regimen.strategies import AREA, regimens, rows, single_cycles, total

BLOCK = azacitidine(75, days=range(1, 6)).then(lenalidomide(20, days=range(6, 20)))
THREE = BLOCK.cycles(3, every=28)

laws = settings(deadline=None, max_examples=40)


def doses(regimen: Regimen):
    names = ("azacitidine", "lenalidomide", "cytarabine")
    return regimen.doses(body_surface_area_m2=AREA, drugs=names)


def test_day_1_is_time_0():
    assert azacitidine(75, days=[1]).doses(body_surface_area_m2=2).time_d.tolist() == [0]
    assert lenalidomide(20, days=[6], hour=12).doses().time_d.tolist() == [5.5]


@given(gap=st.integers(0, 10), days=st.sets(st.integers(1, 20), min_size=1))
def test_a_gap_is_the_number_of_free_days(gap, days):
    both = azacitidine(75, days=range(1, 6)).then(lenalidomide(20, days=days), gap=gap)
    second = both.cycle(1).days_of("lenalidomide")
    assert second[0] - 5 - 1 == gap
    assert [day - second[0] for day in second] == [day - min(days) for day in sorted(days)]


@laws
@given(single_cycles(), st.integers(0, 5))
def test_a_gap_conserves_the_total_dose_of_what_it_moves(cycle, gap):
    moved = course("melphalan", 10, unit="mg", days=[40], route="po").then(cycle, gap=gap)
    after = moved.doses(body_surface_area_m2=AREA)
    for drug in cycle.drugs:
        assert total(after, drug) == total(doses(cycle), drug)


def test_without_a_gap_days_stay_as_written():
    assert BLOCK.cycle(1).days_of("lenalidomide") == tuple(range(6, 20))
    late = azacitidine(75, days=range(1, 6)).then(lenalidomide(20, days=range(10, 31)))
    assert late.cycle(1).days_of("lenalidomide") == tuple(range(10, 31))


def test_an_overlap_is_refused_with_the_days_and_the_way_out():
    with pytest.raises(InputError) as caught:
        azacitidine(75, days=range(1, 6)).then(lenalidomide(25, days=range(3, 17)))
    assert str(caught.value) == (
        "Regimen.then, other: lenalidomide starts on day 3 but azacitidine ends on day 5; "
        "pass overlap=True to allow it, or gap=0 to start it on day 6"
    )


def test_starting_on_the_last_day_of_the_first_is_an_overlap_and_the_day_after_is_not():
    first = azacitidine(75, days=range(1, 6))
    with pytest.raises(InputError, match="starts on day 5 but azacitidine ends on day 5"):
        first.then(lenalidomide(20, days=[5, 6]))
    assert first.then(lenalidomide(20, days=[6])).last_day == 6


def test_an_overlap_that_is_asked_for_equals_giving_both_together():
    first, second = azacitidine(75, days=range(1, 6)), lenalidomide(25, days=range(3, 17))
    assert first.then(second, overlap=True) == first.with_(second)


@laws
@given(single_cycles())
def test_the_order_of_writing_does_not_change_the_doses(cycle):
    other = course("melphalan", 10, unit="mg", days=[2, 3], route="po")
    names = (*cycle.drugs, "melphalan")
    one = cycle.with_(other).doses(body_surface_area_m2=AREA, drugs=names)
    two = other.with_(cycle).doses(body_surface_area_m2=AREA, drugs=names)
    assert rows(one) == rows(two)


@laws
@given(single_cycles(), st.integers(1, 5), st.integers(21, 60))
def test_cycles_repeat_the_same_doses_at_the_period(cycle, number, every):
    laid_out = cycle.cycles(number, every=every)
    for n in range(1, number + 1):
        alone = Regimen((laid_out.cycle(n),))
        expected = Regimen((dataclasses.replace(cycle.cycle(1), start_d=(n - 1) * every),))
        assert rows(doses(alone)) == rows(doses(expected))
    assert len(rows(doses(laid_out))) == number * len(rows(doses(cycle)))


@laws
@given(regimens(), st.data())
def test_a_delay_shifts_this_and_later_cycles_exactly_and_no_other(regimen, data):
    cycle = data.draw(st.integers(1, len(regimen)))
    days = data.draw(st.integers(0, 40))
    later = regimen.delay(cycle=cycle, days=days)
    shifts = [b.start_d - a.start_d for a, b in zip(regimen.plan, later.plan, strict=True)]
    assert shifts == [days if n >= cycle else 0 for n in range(1, len(regimen) + 1)]
    assert [c.courses for c in later.plan] == [c.courses for c in regimen.plan]
    for drug in ("azacitidine", "lenalidomide", "cytarabine"):
        assert total(doses(later), drug) == total(doses(regimen), drug)


@laws
@given(regimens(), st.integers(0, 20), st.integers(0, 20))
def test_two_delays_of_a_cycle_add_up(regimen, one, two):
    cycle = len(regimen)
    twice = regimen.delay(cycle=cycle, days=one).delay(cycle=cycle, days=two)
    assert twice == regimen.delay(cycle=cycle, days=one + two)


@laws
@given(regimens(), st.data())
def test_a_hold_removes_exactly_the_doses_named(regimen, data):
    number = data.draw(st.integers(1, len(regimen)))
    cycle = regimen.cycle(number)
    drug = data.draw(st.sampled_from(cycle.drugs))
    days = data.draw(st.sets(st.sampled_from(cycle.days_of(drug)), min_size=1))
    kept = rows(doses(regimen.hold(drug, cycle=number, days=days)))
    gone = [row for row in rows(doses(regimen)) if row not in kept]
    assert {name for *_, name in gone} == {drug}
    assert {int(time) + 1 - cycle.start_d for time, *_ in gone} == days
    assert len(kept) + len(gone) == len(rows(doses(regimen)))


def test_a_drug_held_for_a_whole_cycle_is_not_in_it():
    held = THREE.hold("azacitidine", cycle=2)
    assert held.cycle(2).drugs == ("lenalidomide",)
    assert held.hold("lenalidomide", cycle=2).cycle(2).courses == ()


def test_a_regimen_with_every_dose_held_has_none():
    nothing = BLOCK.hold("azacitidine", cycle=1).hold("lenalidomide", cycle=1)
    some = nothing.doses(pad_to=2, drugs=("azacitidine",))
    assert some.count == 0
    assert some.amount_mg.tolist() == some.time_d.tolist() == [0, 0]
    with pytest.raises(InputError, match="every dose is held"):
        _ = nothing.last_day


@laws
@given(regimens(), st.data())
def test_a_reduction_lowers_later_doses_to_the_new_one_and_no_other(regimen, data):
    first = data.draw(st.integers(1, len(regimen)))
    less = regimen.reduce("lenalidomide", to=2.5, from_cycle=first)
    for n in range(1, len(regimen) + 1):
        for old, new in zip(regimen.cycle(n).courses, less.cycle(n).courses, strict=True):
            lowered = n >= first and old.drug == "lenalidomide"
            assert new == (dataclasses.replace(old, dose=2.5) if lowered else old)


def test_a_reduction_leaves_lower_doses_alone():
    treated = platzbecker2013("III", cycles=2, maintenance=1)
    less = treated.reduce("azacitidine", to=50)
    assert [cycle.courses[0].dose for cycle in less.plan] == [50, 50, 30]


def test_a_dose_is_raised_by_saying_so():
    assert BLOCK.set_dose("lenalidomide", to=25) == platzbecker_block(25)
    with pytest.raises(InputError, match=r"found 25, but lenalidomide is given at 20; .*set_dose"):
        BLOCK.reduce("lenalidomide", to=25)


def platzbecker_block(dose):
    return azacitidine(75, days=range(1, 6)).then(lenalidomide(dose, days=range(6, 20)))


@laws
@given(regimens(), regimens())
def test_what_follows_starts_where_the_last_cycle_ends(one, two):
    both = one.followed_by(two)
    last = one.plan[-1]
    assert both.plan[: len(one)] == one.plan
    assert both.cycle(len(one) + 1).start_d == last.start_d + last.length_d
    joined = rows(doses(both))
    assert len(joined) == len(rows(doses(one))) + len(rows(doses(two)))
    assert total(doses(both), "azacitidine") == (
        total(doses(one), "azacitidine") + total(doses(two), "azacitidine")
    )


@laws
@given(regimens(), regimens(), regimens())
def test_following_is_associative(one, two, three):
    left = one.followed_by(two).followed_by(three)
    assert left == one.followed_by(two.followed_by(three))


@laws
@given(regimens(), st.floats(0.5, 3.5))
def test_the_total_dose_is_the_sum_of_the_doses(regimen, area):
    for drug in regimen.drugs:
        some = regimen.doses(body_surface_area_m2=area)
        assert regimen.total_dose_mg(drug, body_surface_area_m2=area) == pytest.approx(
            float(total(some, drug)), rel=1e-12
        )


def test_azacitidine_of_a_cycle_is_dose_times_area_times_days():
    assert BLOCK.total_dose_mg("azacitidine", body_surface_area_m2=2.0) == 75 * 2.0 * 5


def test_methods_return_a_new_regimen_and_leave_the_old_one():
    before = hash(THREE)
    THREE.delay(cycle=2, days=7).hold("azacitidine", cycle=3).reduce("lenalidomide", to=10)
    assert hash(THREE) == before
    with pytest.raises(dataclasses.FrozenInstanceError):
        THREE.plan = ()  # pyrefly: ignore


def test_first_and_last_day_count_from_day_1_of_the_first_cycle():
    assert (BLOCK.first_day, BLOCK.last_day) == (1, 19)
    assert THREE.delay(cycle=3, days=10).last_day == 56 + 10 + 19


REFUSED = {
    "a gap below 0": (
        lambda: azacitidine(75, days=[1]).then(lenalidomide(20, days=[2]), gap=-1),
        "Regimen.then, gap: found -1; give a whole number of at least 0",
    ),
    "a gap of half a day": (
        lambda: azacitidine(75, days=[1]).then(lenalidomide(20, days=[2]), gap=0.5),  # pyrefly: ignore
        "Regimen.then, gap: found 0.5",
    ),
    "a drug twice on a day": (
        lambda: azacitidine(75, days=range(1, 6)).with_(azacitidine(30, days=[5])),
        "azacitidine is given twice on day 5",
    ),
    "joining laid-out cycles": (
        lambda: THREE.then(lenalidomide(10, days=[25])),
        "Regimen.then: the regimen has 3 cycles; join single cycles, then call .cycles(...)",
    ),
    "joining a delayed cycle": (
        lambda: lenalidomide(10, days=[25]).delay(cycle=1, days=3).with_(BLOCK),
        "Regimen.with_: a cycle that is delayed by 3 d; join first, then delay",
    ),
    "joining an empty cycle": (
        lambda: azacitidine(75, days=[1]).hold("azacitidine", cycle=1).with_(BLOCK),
        "Regimen.with_: a cycle without a dose",
    ),
    "a cycle shorter than its doses": (
        lambda: BLOCK.cycles(2, every=14),
        "regimen, every: found cycles of 14 d, but lenalidomide is given until day 19; "
        "give at least 19 d",
    ),
    "no cycle": (lambda: BLOCK.cycles(0, every=28), "Regimen.cycles, number: found 0"),
    "cycles of cycles": (
        lambda: THREE.cycles(2, every=28),
        "Regimen.cycles: the regimen has 3 cycles; call .cycles once",
    ),
    "a delay below 0": (
        lambda: THREE.delay(cycle=2, days=-7),
        "Regimen.delay, days: found -7; give a whole number of at least 0",
    ),
    "a cycle that does not exist": (
        lambda: THREE.delay(cycle=4, days=7),
        "Regimen.delay, cycle: found cycle 4; give 1 to 3",
    ),
    "cycle 0": (lambda: BLOCK.cycle(0), "found cycle 0; give 1, the only cycle"),
    "holding an unknown drug": (
        lambda: THREE.hold("lenalidomid", cycle=2),
        "Regimen.hold, drug: 'lenalidomid' is not given in cycle 2; give one of azacitidine, "
        "lenalidomide",
    ),
    "holding twice": (
        lambda: THREE.hold("azacitidine", cycle=2).hold("azacitidine", cycle=2),
        "'azacitidine' is not given in cycle 2; give one of lenalidomide",
    ),
    "holding a day without a dose": (
        lambda: THREE.hold("lenalidomide", cycle=2, days=[5, 6]),
        "lenalidomide is not given on day 5 of cycle 2; give days among 6-19",
    ),
    "reducing an unknown drug": (
        lambda: THREE.reduce("decitabine", to=10),
        "Regimen.reduce, drug: 'decitabine' is not given in cycle 1 or later",
    ),
    "reducing to nothing": (
        lambda: THREE.reduce("lenalidomide", to=0),
        "Regimen.reduce, to: found 0; give a dose above 0, or hold the drug",
    ),
    "reducing to what is no number": (
        lambda: THREE.reduce("lenalidomide", to=float("nan")),
        "Regimen.reduce, to: found nan",
    ),
    "setting micrograms": (
        lambda: THREE.set_dose("lenalidomide", to=20_000),
        "course of lenalidomide, dose: found 20000 mg; give 1 to 75 mg",
    ),
    "following a cycle of unknown length": (
        lambda: BLOCK.followed_by(THREE),
        "nobody has said how long the cycle before it is; lay it out first",
    ),
    "no area for a dose per area": (
        lambda: BLOCK.doses(),
        "regimen, body_surface_area_m2: found none, but azacitidine is dosed in mg/m2 (days 1-5)",
    ),
    "an area in cm2": (
        lambda: BLOCK.doses(body_surface_area_m2=18_000),
        "body_surface_area_m2: found 18000; give 0.5 to 3.5 m2; 1 m2 is 10,000 cm2",
    ),
    "no cycles at all": (lambda: Regimen(()), "Regimen, plan: found no cycle"),
    "cycles on top of each other": (
        lambda: Regimen((THREE.cycle(2), THREE.cycle(1))),
        "cycle 2 starts at 0 d, before cycle 1 ends; start it at 56 d or later",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_a_remedy(case):
    attempt, says = REFUSED[case]
    with pytest.raises(InputError, match=re.escape(says)):
        attempt()
