"""Indirect responses and the effect compartment: exact cases, limits, fast against sure."""

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad, simpson, solve_ivp

from myelodose.blood.turnover import (
    INHIBITED_LOSS,
    INHIBITED_PRODUCTION,
    MECHANISMS,
    STIMULATED_LOSS,
    STIMULATED_PRODUCTION,
    EffectSite,
    Turnover,
    simulate_effect_site,
    simulate_turnover,
)
from myelodose.effect import Linear, Saturating
from myelodose.errors import InputError
from myelodose.pk import OneCompartment, TwoCompartment
from myelodose.precision import float64
from myelodose.solve import Fast, Reference, plan, stack
from solve.schedules import how_many

TIMES = np.linspace(0.0, 3.0, 13)
QUICK = OneCompartment(CL=8.0, V=40.0)
every_mechanism = pytest.mark.parametrize("mechanism", MECHANISMS, ids=["I", "II", "III", "IV"])
both_solvers = pytest.mark.parametrize("solver", [Fast(), Reference()], ids=["fast", "sure"])


def linear(slope: Any) -> Linear:
    return Linear(slope)


def emax(maximum: Any, half: Any, hill: Any = None) -> Saturating:
    return Saturating(maximum, half, hill)


def marker(kin: Any, kout: Any, effect) -> Turnover:
    return Turnover(kin, kout, effect)


def site(baseline: Any, effect) -> EffectSite:
    return EffectSite(baseline, effect)


MARKER = marker(20.0, 2.0, emax(0.9, 0.5, 1.5))


def doses(time_d, amount_mg, *, longest=0.25, times=TIMES, **more):
    return plan(
        np.array(time_d), np.array(amount_mg), np.zeros(len(time_d), int),
        drugs=1, times_d=times, longest_window_d=longest, **more,
    )  # fmt: skip


@every_mechanism
def test_the_equations_are_those_of_dayneka_garzone_and_jusko(mechanism):
    # Models I to IV of J Pharmacokinet Biopharm 1993;21:457, doi 10.1007/BF01061691, written out.
    def slope(t, r):
        c = 200.0 / 40.0 * np.exp(-8.0 / 40.0 * 24 * t)
        e = 0.9 * c**1.5 / (0.5**1.5 + c**1.5)
        return {
            INHIBITED_PRODUCTION: 20.0 * (1 - e) - 2.0 * r,
            INHIBITED_LOSS: 20.0 - 2.0 * (1 - e) * r,
            STIMULATED_PRODUCTION: 20.0 * (1 + e) - 2.0 * r,
            STIMULATED_LOSS: 20.0 - 2.0 * (1 + e) * r,
        }[mechanism]

    solved = solve_ivp(slope, (0, 3), [10.0], method="DOP853", rtol=1e-12, atol=1e-12, t_eval=TIMES)
    with float64():
        got = simulate_turnover(MARKER, QUICK, doses([0.0], [200.0]), mechanism=mechanism).response
    np.testing.assert_allclose(got, solved.y[0], rtol=1e-8)


@both_solvers
def test_a_linear_stimulation_of_production_after_a_bolus_is_bateman_shaped(solver):
    k, kout, slope, start = 24 * 8.0 / 40.0, 2.0, 0.3, 200.0 / 40.0
    exact = 10 + 20 * slope * start / (k - kout) * (np.exp(-kout * TIMES) - np.exp(-k * TIMES))
    with float64():
        got = simulate_turnover(
            marker(20.0, kout, linear(slope)), QUICK, doses([0.0], [200.0]),
            mechanism=STIMULATED_PRODUCTION, solver=solver,
        ).response  # fmt: skip
    np.testing.assert_allclose(got, exact, rtol=1e-10)


@pytest.mark.parametrize("mechanism", [INHIBITED_PRODUCTION, STIMULATED_PRODUCTION])
def test_area_between_response_and_baseline_is_the_area_of_the_effect(mechanism):
    # kout (area of R - R0) = kin (area of E): integrate R' from balance to balance.
    def effect(t):
        return 0.9 / (1 + (0.5 / (5 * np.exp(-4.8 * t))) ** 1.5)

    area = quad(effect, 0, 8, epsabs=1e-12)[0]
    times = np.linspace(0, 16, 16 * 32 + 1)
    given = doses([0.0], [200.0], times=times)
    with float64():
        r = np.asarray(simulate_turnover(MARKER, QUICK, given, mechanism=mechanism).response)
    away = simpson(r - 10.0, x=times)
    assert away == pytest.approx(mechanism.sign * 20 / 2 * area, rel=1e-5)


@every_mechanism
@both_solvers
def test_a_constant_concentration_settles_at_the_ratio_of_the_rates(mechanism, solver):
    # C = 1 mg/L by infusion: E = 0.9 / (1 + 0.5^1.5).
    given = doses([0.0], [8.0 * 24 * 40], duration_d=np.array([40.0]), times=np.array([40.0]))
    e = 0.9 / (1 + 0.5**1.5)
    factor = {
        INHIBITED_PRODUCTION: 1 - e, INHIBITED_LOSS: 1 / (1 - e),
        STIMULATED_PRODUCTION: 1 + e, STIMULATED_LOSS: 1 / (1 + e),
    }[mechanism]  # fmt: skip
    with float64():
        got = simulate_turnover(MARKER, QUICK, given, mechanism=mechanism, solver=solver)
    assert float(got.response[-1]) == pytest.approx(10 * factor, rel=1e-8)


@every_mechanism
@both_solvers
def test_without_a_dose_the_response_stays_where_it_is(mechanism, solver):
    with float64():
        got = simulate_turnover(MARKER, QUICK, doses([], []), mechanism=mechanism, solver=solver)
    np.testing.assert_allclose(got.response, 10.0, rtol=1e-13)


def test_a_fast_turnover_follows_the_concentration_at_once():
    quick = marker(2e4, 2e3, emax(0.9, 0.5, 1.5))
    given = doses([0.0], [8.0 * 24 * 2], duration_d=np.array([2.0]), longest=1 / 64)
    with float64():
        r = simulate_turnover(quick, QUICK, given, mechanism=INHIBITED_PRODUCTION).response
        c = 1 - np.exp(-4.8 * TIMES[1:9])
    np.testing.assert_allclose(r[1:9], 10 * (1 - 0.9 / (1 + (0.5 / c) ** 1.5)), rtol=2e-3)


def some_patients(kind: str, count: int):
    rng = np.random.default_rng(["oral", "bolus", "infusion"].index(kind))

    def between(low, high) -> Any:
        return np.exp(rng.uniform(np.log(low), np.log(high), count))

    model = {
        "oral": lambda: OneCompartment(CL=between(2, 20), V=between(20, 80), ka=between(0.3, 3)),
        "bolus": lambda: OneCompartment(CL=between(2, 20), V=between(20, 80), ke0=between(0.1, 2)),
        "infusion": lambda: TwoCompartment(
            CL=between(2, 20), Q=between(2, 20), V1=between(10, 40), V2=between(20, 100)
        ),
    }[kind]()
    plans = []
    for _ in range(count):
        number = rng.integers(1, 5)
        duration = rng.uniform(0.02, 0.3, number) * (kind == "infusion")
        plans.append(
            doses(
                np.sort(rng.uniform(0, 3, number).round(2)), rng.uniform(20, 400, number),
                duration_d=duration, times=np.linspace(0, 4, 5),
            )
        )  # fmt: skip
    return model, stack(plans), between


def run(simulate, *arguments, solver, **named):
    with float64():
        compiled = jax.jit(simulate, static_argnames=("solver", *named))
        course = compiled(*jax.tree.map(jnp.asarray, arguments), solver=solver, **named)
        return jax.tree.map(np.asarray, course)


@pytest.mark.parametrize(
    ("kind", "mechanism", "cases"),
    [
        ("oral", INHIBITED_PRODUCTION, 100),
        ("bolus", INHIBITED_LOSS, 100),
        ("infusion", STIMULATED_PRODUCTION, 100),
        ("oral", STIMULATED_LOSS, 100),
        *(
            pytest.param(kind, mechanism, 500, marks=pytest.mark.slow)
            for kind, mechanism in product(("oral", "bolus", "infusion"), MECHANISMS)
        ),
    ],
)
def test_fast_is_reference_to_1e_6_of_the_response_in_random_patients(kind, mechanism, cases):
    model, plans, between = some_patients(kind, cases)
    highest = 1.0 if mechanism.sign < 0 else 5.0
    patients = marker(
        between(1, 100), between(0.1, 10),
        emax(between(0.2, highest), between(0.1, 10), between(1, 3)),
    )  # fmt: skip
    fast, sure = (
        run(simulate_turnover, patients, model, plans, solver=solver, mechanism=mechanism)
        for solver in (Fast(nodes=24), Reference())
    )
    assert np.abs(fast.response / sure.response - 1).max() < 1e-6
    assert fast.response.min() > 0
    assert fast.change == sure.change == 0


@how_many
def test_the_effect_site_is_the_reference_to_1e_9_in_random_patients(cases):
    model, plans, between = some_patients("bolus", cases)
    patients = site(between(1, 10), emax(between(1, 10), between(0.1, 10), between(0.5, 3)))
    fast, sure = (
        run(simulate_effect_site, patients, model, plans, solver=solver)
        for solver in (Fast(), Reference())
    )
    np.testing.assert_allclose(fast.response, sure.response, rtol=1e-9)


def test_a_fast_effect_compartment_shows_the_concentration():
    model = OneCompartment(CL=8.0, V=40.0, ke0=1e6)
    with float64():
        got = simulate_effect_site(site(0.0, linear(1.0)), model, doses([0.0], [200.0])).response
    np.testing.assert_allclose(got[1:], 5.0 * np.exp(-4.8 * TIMES[1:]), rtol=1e-5)


def last_response(solver, mechanism):
    given = doses([0.0, 1.0], [100.0, 200.0], times=np.array([1.7]))

    def last(logs):
        kin, kout, maximum, half, hill, cl = jnp.exp(logs)
        patient = Turnover(kin, kout, Saturating(maximum, half, hill))
        model = OneCompartment(CL=cl, V=40.0)
        return simulate_turnover(
            patient, model, given, mechanism=mechanism, solver=solver
        ).response[-1]

    return last, jnp.log(jnp.array([20.0, 2.0, 0.8, 0.7, 0.8, 6.0]))


@pytest.mark.parametrize(
    "mechanism",
    [INHIBITED_LOSS, *(pytest.param(m, marks=pytest.mark.slow) for m in MECHANISMS if m.sign > 0)],
)
def test_gradients_are_those_of_the_reference_and_of_finite_differences(mechanism):
    # Hill exponent 0.8: before the first dose its slope in C is infinite.
    with float64():
        fast, logs = last_response(Fast(nodes=24), mechanism)
        gradient = jax.jit(jax.grad(fast))(logs)
        sure = jax.jit(jax.grad(last_response(Reference(), mechanism)[0]))(logs)
        step = 1e-4 * jnp.eye(6)
        lanes = jax.jit(jax.vmap(fast))
        differences = (lanes(logs + step) - lanes(logs - step)) / 2e-4
        forward = jax.jit(jax.jacfwd(fast))(logs)
    scale = np.abs(np.asarray(sure)).max()
    np.testing.assert_allclose(gradient, sure, rtol=1e-6, atol=1e-7 * scale)
    np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(gradient, forward, rtol=1e-10, atol=1e-12 * scale)


def test_an_inhibition_beyond_1_is_said_to_have_no_meaning():
    with float64():
        course = simulate_turnover(
            marker(20.0, 2.0, linear(1.0)), QUICK, doses([1.0], [200.0]),
            mechanism=INHIBITED_PRODUCTION,
        )  # fmt: skip
    assert float(course.change) == np.inf
    response = np.asarray(course.response)
    assert np.isfinite(response[TIMES <= 1]).all()
    assert np.isnan(response[TIMES > 1]).all()


@pytest.mark.parametrize(
    ("patient", "message"),
    [
        (
            marker(0.0, 2.0, linear(0.1)),
            "Turnover, kin_per_d: found 0; give finite",
        ),
        (marker(20.0, np.nan, linear(0.1)), "Turnover, kout_per_d: found nan"),
        (marker(20.0, 2.0, emax(1.2, 0.5)), "Saturating, maximum: found 1.2; give numbers from 0"),
        (marker(20.0, 2.0, emax(0.5, -1.0)), "Saturating, half: found -1"),
        (marker(20.0, 2.0, linear(-0.1)), "Linear, slope: found -0.1"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_by_name(patient, message):
    with pytest.raises(InputError, match=message):
        simulate_turnover(patient, QUICK, doses([], []), mechanism=INHIBITED_LOSS)


def test_an_effect_site_needs_ke0():
    with pytest.raises(InputError, match="found no ke0"):
        simulate_effect_site(site(1.0, linear(1.0)), QUICK, doses([], []))
