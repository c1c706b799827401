"""Saturable elimination: closed forms, balances, limits, and the fast way against the sure one."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import lambertw

from myelodose.errors import InputError
from myelodose.pk import OneCompartment
from myelodose.pk.michaelis_menten import (
    MichaelisMenten,
    longest_window_d,
    simulate_michaelis_menten,
)
from myelodose.pk.windows import states_at_starts
from myelodose.precision import float64
from myelodose.solve import Fast, Reference, plan, stack
from solve.schedules import how_many


def patient_with(**values: Any) -> MichaelisMenten:
    return MichaelisMenten(**values)


PATIENT = patient_with(V=40.0, Vm=20.0, Km=4.0)
ORAL = patient_with(V=40.0, Vm=20.0, Km=4.0, ka=1.2)
TIMES = np.linspace(0.0, 3.0, 13)
SHORT = longest_window_d(PATIENT)


def doses(time_d, amount_mg, *, longest=SHORT, times=TIMES, **more):
    drug = np.zeros(len(time_d), int)
    return plan(
        np.array(time_d), np.array(amount_mg), drug,
        drugs=1, times_d=times, longest_window_d=longest, **more,
    )  # fmt: skip


def test_a_bolus_follows_lamberts_w():
    # Km V / Vm and Lambert's W: Schnell and Mendoza, J Theor Biol 1997;187:207,
    # doi 10.1006/jtbi.1997.0425.
    with float64():
        course = simulate_michaelis_menten(PATIENT, doses([0.0], [800.0]))
    start, speed = 800.0 / 40.0, 20.0 / 40.0 * 24
    exact = 4.0 * lambertw(start / 4.0 * np.exp((start - speed * TIMES) / 4.0)).real
    got = np.asarray(course.concentration_mg_per_l)
    assert got[0] == 0.0  # read before the dose
    np.testing.assert_allclose(got[1:], exact[1:], rtol=1e-7)


def test_area_of_a_bolus_is_that_of_the_integrated_equation():
    # dC / (-dC/dt) integrated: AUC = (V/Vm) C0 (Km + C0 / 2), which is not proportional to dose.
    late = doses([0.0], [400.0], times=np.array([0.0, 20.0]))
    with float64():
        area = simulate_michaelis_menten(PATIENT, late).auc_mg_h_per_l[-1]
    assert float(area) == pytest.approx(40 / 20 * 10 * (4 + 10 / 2), rel=1e-8)


def test_posteriordbs_one_comp_mm_elim_abs_is_a_special_case():
    # dC/dt = ka (D/V) exp(-ka t) - (Vm/V) C / (Km + C), D = 30, V = 2; its time is our hour.
    ka, vm, km = 0.8, 1.4, 0.6
    hours = np.array([0.0, 0.5, 2.0, 5.0, 10.0, 20.0, 30.0])
    solved = solve_ivp(
        lambda t, c: ka * 15 * np.exp(-ka * t) - vm / 2 * c / (km + c),
        (0, 30), [0.0], method="DOP853", rtol=1e-13, atol=1e-14, t_eval=hours,
    )  # fmt: skip
    patient = patient_with(V=2.0, Vm=vm, Km=km, ka=ka)
    given = doses([0.0], [30.0], times=hours / 24, longest=longest_window_d(patient))
    with float64():
        got = simulate_michaelis_menten(patient, given).concentration_mg_per_l
    np.testing.assert_allclose(got, solved.y[0], rtol=2e-7, atol=1e-12)


@pytest.mark.parametrize("solver", [Fast(), Reference()])
@pytest.mark.parametrize("patient", [PATIENT, ORAL])
def test_what_was_given_is_in_the_gut_in_the_blood_or_eliminated(patient, solver):
    given = doses([0.0, 1.0], [500.0, 300.0], duration_d=np.array([0.0, 0.2]))
    with float64():
        course = simulate_michaelis_menten(patient, given, solver=solver)
        found = course.gut_mg + 40.0 * course.concentration_mg_per_l + course.eliminated_mg
    so_far = 500.0 * (TIMES > 0) + 300.0 * np.clip((TIMES - 1) / 0.2, 0, 1)
    np.testing.assert_allclose(found, so_far, rtol=1e-7)


@pytest.mark.parametrize("ka", [None, 1.2])
def test_a_large_km_gives_linear_elimination_with_cl_vm_over_km(ka):
    given = doses([0.0, 1.0], [100.0, 200.0], longest=0.25, duration_d=np.array([0.0, 0.3]))
    linear = OneCompartment(CL=5.0, V=40.0, ka=ka)
    with float64():
        patient = patient_with(V=40.0, Vm=5e9, Km=1e9, ka=ka and jnp.array(ka))
        got = simulate_michaelis_menten(patient, given).concentration_mg_per_l
        exact = linear.concentration(jnp.moveaxis(states_at_starts(linear, given), 1, 0))
        boluses = 0 if ka else given.amount[:, 0] / 40.0
        before = (exact - boluses)[given.at[:-1]]
    np.testing.assert_allclose(got[:-1], before, rtol=1e-7, atol=1e-12)


def test_an_infusion_below_vm_settles_where_elimination_matches_it():
    given = doses([0.0], [12.0 * 24 * 60], duration_d=np.array([60.0]), times=np.array([60.0]))
    with float64():
        settled = simulate_michaelis_menten(PATIENT, given).concentration_mg_per_l[-1]
    assert float(settled) == pytest.approx(4.0 * 12 / (20 - 12), rel=1e-9)


@pytest.mark.parametrize("patient", [PATIENT, ORAL])
def test_without_a_dose_nothing_happens(patient):
    with float64():
        course = simulate_michaelis_menten(patient, doses([], []))
    assert not any(np.any(np.asarray(part)) for part in course)


def some_patients(kind: str, count: int):
    rng = np.random.default_rng(["oral", "bolus", "infusion"].index(kind))

    def between(low, high):
        return np.exp(rng.uniform(np.log(low), np.log(high), count))

    ka = between(0.3, 3.0) if kind == "oral" else None
    patients = patient_with(V=between(10, 60), Vm=between(3, 40), Km=between(0.5, 10), ka=ka)
    plans = []
    for i in range(count):
        number = rng.integers(1, 5)
        one = jax.tree.map(lambda x: x[i], patients)  # noqa: B023
        duration = rng.uniform(0.02, 0.3, number) * (kind == "infusion")
        plans.append(
            doses(
                np.sort(rng.uniform(0, 1.5, number).round(2)), rng.uniform(20, 400, number),
                duration_d=duration, longest=longest_window_d(one), times=np.linspace(0, 2, 5),
            )
        )  # fmt: skip
    return patients, stack(plans)


def run(patients, plans, solver):
    with float64():
        compiled = jax.jit(simulate_michaelis_menten, static_argnames="solver")
        course = compiled(jax.tree.map(jnp.asarray, patients), plans, solver=solver)
        return jax.tree.map(np.asarray, course)


@how_many
@pytest.mark.parametrize("kind", ["oral", "bolus", "infusion"])
def test_fast_is_reference_to_1e_6_of_the_peak_in_random_patients(kind, cases):
    patients, plans = some_patients(kind, cases)
    fast, sure = run(patients, plans, Fast()), run(patients, plans, Reference())
    peak = sure.concentration_mg_per_l.max(0)
    gap = np.abs(fast.concentration_mg_per_l - sure.concentration_mg_per_l) / peak
    assert gap.max() < 1e-6
    gap = np.abs(fast.eliminated_mg - sure.eliminated_mg) / sure.eliminated_mg[-1]
    assert gap.max() < 1e-6
    assert float(fast.change) < 1e-6
    assert float(sure.change) == 0.0
    assert fast.concentration_mg_per_l.min() >= 0


def late_level(solver):
    given = doses([0.0, 1.0], [400.0, 300.0], times=np.array([1.5]))

    def level(logs):
        course = simulate_michaelis_menten(MichaelisMenten(*jnp.exp(logs)), given, solver=solver)
        return jnp.log(course.concentration_mg_per_l[-1])

    return level, jnp.log(jnp.array([40.0, 20.0, 4.0, 1.2]))


@pytest.mark.slow
def test_gradients_are_those_of_the_reference_and_of_finite_differences():
    with float64():
        fast, logs = late_level(Fast())
        gradient = np.asarray(jax.jit(jax.grad(fast))(logs))
        sure = np.asarray(jax.jit(jax.grad(late_level(Reference())[0]))(logs))
        step = 1e-4 * np.eye(4)
        lanes = jax.jit(jax.vmap(fast))
        differences = (lanes(logs + step) - lanes(logs - step)) / 2e-4
        forward = jax.jit(jax.jacfwd(fast))(logs)
    np.testing.assert_allclose(gradient, sure, rtol=1e-6)
    np.testing.assert_allclose(gradient, differences, rtol=1e-5)
    np.testing.assert_allclose(gradient, forward, rtol=1e-10)


@pytest.mark.slow
def test_the_second_derivative_along_a_line_is_that_of_finite_differences():
    with float64():
        fast, logs = late_level(Fast())
        slope = jax.grad(lambda along: fast(logs + along * jnp.array([0.3, -0.2, 0.5, 0.1])))
        got = jax.jit(lambda: jax.jvp(slope, (0.0,), (1.0,))[1])()
        above, below = jax.jit(jax.vmap(slope))(jnp.array([1e-4, -1e-4]))
    assert float(got) == pytest.approx(float(above - below) / 2e-4, rel=1e-5)


@pytest.mark.slow
def test_second_derivatives_are_those_of_finite_differences_of_the_gradient():
    with float64():
        fast, logs = late_level(Fast())
        slope = jax.jit(jax.vmap(jax.grad(fast)))
        step = 1e-4 * np.eye(4)
        differences = (slope(logs + step) - slope(logs - step)) / 2e-4
        hessian = jax.jit(jax.hessian(fast))(logs)
    np.testing.assert_allclose(hessian, differences, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("field", ["V", "Vm", "Km", "ka"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_parameter_that_cannot_be_is_refused_by_name(field, value):
    with pytest.raises(InputError, match=f"MichaelisMenten, {field}: found .*above 0"):
        simulate_michaelis_menten(ORAL._replace(**{field: value}), doses([0.0], [1.0]))


def test_a_drug_that_the_plan_lacks_is_refused():
    with pytest.raises(InputError, match="drug: found 1; give 0 to 0"):
        simulate_michaelis_menten(PATIENT, doses([0.0], [1.0]), drug=1)


def test_a_number_that_is_lost_is_said_to_be():
    def change(vm):
        return simulate_michaelis_menten(PATIENT._replace(Vm=vm), doses([0.0], [1.0])).change

    assert float(jax.jit(change)(jnp.nan)) == np.inf
