"""Closed-form linear PK: laws it obeys, an independent solution, and its limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm_frechet

from myelodose.errors import InputError
from myelodose.pk import OneCompartment, TwoCompartment
from myelodose.precision import float64
from pk.oracle import advanced, rate_matrix

MODELS = {
    "iv": OneCompartment(CL=10.0, V=80.0),
    "oral": OneCompartment(CL=10.0, V=80.0, ka=1.2),
    "transits": OneCompartment(CL=12.5, V=64.0, ka=6.55, transits=3, ke0=0.4),
    "two, iv": TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0),
    "two, oral": TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=1.2),
    "two, transits": TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=3.0, transits=2),
}
advance_all = jax.jit(lambda m, state, dt, rate: m.advance(state, dt, rate, into="all"))
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)

# Where a law takes long to compile, the simplest oral model and the largest stand for all.
DAILY = ("oral", "two, transits")
daily_model = pytest.mark.parametrize(
    "model",
    [
        pytest.param(model, id=name, marks=[] if name in DAILY else [pytest.mark.slow])
        for name, model in MODELS.items()
    ],
)


def some_state(model) -> np.ndarray:
    return np.linspace(100.0, 20.0, len(model.names))


def some_rates(model) -> np.ndarray:
    return np.array([3.0 * (name != "effect") for name in model.names]) * np.arange(
        1, len(model.names) + 1
    )


positive = st.floats(0.01, 50.0)


@settings(deadline=None, max_examples=40)
@given(
    cl=positive, v=positive, q=positive, v2=positive, ka=positive, ke0=positive,
    dt=st.floats(0.0, 10.0), transits=st.integers(0, 2), two=st.booleans(),
)  # fmt: skip
def test_advance_is_the_matrix_exponential(cl, v, q, v2, ka, ke0, dt, transits, two):
    shared = {"CL": cl, "ka": ka, "ke0": ke0, "transits": transits}
    model = TwoCompartment(V1=v, Q=q, V2=v2, **shared) if two else OneCompartment(V=v, **shared)
    state, rate = some_state(model), some_rates(model)
    with float64():
        got = advance_all(model, jnp.asarray(state), dt, jnp.asarray(rate))
    expected = advanced(model, state, dt, rate)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@every_model
def test_advance_solves_the_differential_equation(model):
    state, rate = some_state(model), some_rates(model)
    matrix = rate_matrix(model)
    solved = solve_ivp(
        lambda _, x: matrix @ x + rate, (0, 5), state, method="DOP853", rtol=1e-12, atol=1e-12
    )
    with float64():
        got = advance_all(model, jnp.asarray(state), 5.0, jnp.asarray(rate))
    np.testing.assert_allclose(got, solved.y[:, -1], rtol=1e-9)


@every_model
def test_the_derivative_is_the_rate_matrix(model):
    state, rate = some_state(model), some_rates(model)
    with float64():
        got = model.derivative(jnp.asarray(state), jnp.asarray(rate))
    np.testing.assert_allclose(got, rate_matrix(model) @ state + rate, rtol=1e-12, atol=1e-12)


@every_model
def test_two_steps_are_one(model):
    with float64():
        state, rate = jnp.asarray(some_state(model)), jnp.asarray(some_rates(model))
        twice = advance_all(model, advance_all(model, state, 0.7, rate), 2.4, rate)
        once = advance_all(model, state, 3.1, rate)
    np.testing.assert_allclose(twice, once, rtol=1e-13)


@every_model
def test_no_time_changes_nothing(model):
    with float64():
        state = jnp.asarray(some_state(model))
        np.testing.assert_array_equal(model.advance(state, 0.0, 5.0), state)


@every_model
def test_states_and_inputs_superpose_and_scale(model):
    with float64():
        a, b = jnp.asarray(some_state(model)), jnp.asarray(some_state(model)[::-1].copy())
        apart = model.advance(a, 2.0, 4.0) + model.advance(b, 2.0)
        np.testing.assert_allclose(model.advance(a + b, 2.0, 4.0), apart, rtol=1e-13)
        np.testing.assert_allclose(
            model.advance(7 * a, 2.0, 28.0), 7 * model.advance(a, 2.0, 4.0), rtol=1e-13
        )
        assert not model.advance(0 * a, 2.0).any()


@every_model
def test_what_leaves_the_body_is_clearance_times_area(model):
    """Mass balance; the area by Gauss-Legendre quadrature of the concentration."""
    node, weight = np.polynomial.legendre.leggauss(60)
    with float64():
        state = jnp.asarray(some_state(model))[:, None]
        course = model.advance(state, 3.0 * (node + 1) / 2, 4.0)
        area = 1.5 * (model.concentration(course) * weight).sum()
        left = model.body(state)[0] + 3.0 * 4.0 - model.body(model.advance(state, 3.0, 4.0))[0]
        assert float(model.CL * area) == pytest.approx(float(left), rel=1e-10)


@every_model
def test_area_under_the_curve_is_dose_over_clearance(model):
    with float64():
        dose = jnp.zeros(len(model.names)).at[0].set(30.0)
        end = model.advance(dose, 5000.0)
        area = (30.0 - model.body(end)) / model.CL
    # The integral of all decays is -A^-1.
    assert float(area) == pytest.approx(30.0 / model.CL, rel=1e-14)
    amounts = np.linalg.solve(-rate_matrix(model), np.asarray(dose))
    central = model.names.index("central")
    assert amounts[central] / model.central_volume == pytest.approx(30.0 / model.CL, rel=1e-12)


@pytest.mark.parametrize("away", [0.0, 1e-10, 1e-5, 0.3])
def test_oral_absorption_as_fast_as_elimination_has_its_limit_and_slope(away):
    """At ka = ke = k: A = D k t e^-kt, dA/dka = D (t - k t^2 / 2) e^-kt."""
    k, t, dose = 0.125, 6.0, 100.0

    def central(ka):
        model = OneCompartment(CL=10.0, V=80.0, ka=ka)
        return model.advance(jnp.array([dose, 0.0]), t)[1]

    with float64():
        value, slope = jax.value_and_grad(central)(k * (1 + away))
    if away == 0:
        assert float(value) == pytest.approx(dose * k * t * np.exp(-k * t), rel=1e-15)
        expected = dose * (t - k * t * t / 2) * np.exp(-k * t)
        assert float(slope) == pytest.approx(expected, rel=1e-14)
    model = OneCompartment(CL=10.0, V=80.0, ka=k * (1 + away))
    towards = np.array([[-1.0, 0.0], [1.0, 0.0]])
    exact, change = map(np.asarray, expm_frechet(rate_matrix(model) * t, towards * t))
    assert float(value) == pytest.approx(dose * exact[1, 0], rel=1e-12)
    assert float(slope) == pytest.approx(dose * change[1, 0], rel=1e-11)


@pytest.mark.parametrize("which", ["fast", "slow"])
def test_two_compartments_absorbed_at_an_eigenvalue_are_right_with_all_gradients(which):
    with float64():
        base = TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0)
        ka = float(base.rate_constants()[which])
        model = TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=ka, transits=1)
        state = jnp.asarray([100.0, 0.0, 0.0, 0.0])

        def central(m):
            return m.advance(state, 4.0)[2]

        value, slope = jax.value_and_grad(central)(model)
    assert float(value) == pytest.approx(advanced(model, state, 4.0, 0.0)[2], rel=1e-12)
    for name in ("CL", "Q", "V1", "V2", "ka"):
        at = getattr(model, name)
        fields = {n: getattr(model, n) for n in ("CL", "Q", "V1", "V2", "ka", "transits")}
        up, down = (TwoCompartment(**fields | {name: at * (1 + h)}) for h in (1e-5, -1e-5))
        change = advanced(up, state, 4.0, 0.0)[2] - advanced(down, state, 4.0, 0.0)[2]
        assert float(getattr(slope, name)) == pytest.approx(change / (2e-5 * at), rel=1e-6)


def test_the_terminal_phase_of_a_deep_compartment_keeps_its_digits():
    """Late, C goes as slow e^(-slow t); a sum that cancels would lose seven digits here."""
    model = TwoCompartment(CL=10.0, Q=1e-3, V1=1.0, V2=1e3)
    with float64():
        k = model.rate_constants()
        end = model.advance(jnp.array([1.0, 0.0]), 100.0)
        assert float(k["fast"] * k["slow"]) == pytest.approx(10.0 * 1e-6, rel=1e-15)
        slow = float(k["slow"])
    # k21 - slow = k12 k21 / (fast - k21), in digits that do not cancel.
    share = 1e-3 * 1e-6 / (float(k["fast"]) - 1e-6) / (float(k["fast"]) - slow)
    assert float(end[0]) == pytest.approx(share * np.exp(-slow * 100.0), rel=1e-12)


@daily_model
def test_huge_steps_and_vanishing_elimination_stay_finite_with_their_gradients(model):
    fields = {name: getattr(model, name) for name in model.__dataclass_fields__}

    @jax.jit
    @jax.value_and_grad
    def total(m, state, dt):
        return m.advance(state, dt, 1e-3).sum()

    for cl, dt in [(model.CL, 1e9), (1e-12, 10.0), (0.0, 10.0), (1e-12, 1e9)]:
        with float64():
            extreme = type(model)(**fields | {"CL": cl})
            value, slope = total(extreme, jnp.asarray(some_state(model)), dt)
            assert bool(jnp.isfinite(value))
            assert all(bool(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(slope))


def test_nothing_is_eliminated_without_clearance():
    with float64():
        model = OneCompartment(CL=0.0, V=80.0, ka=1.2)
        assert float(model.body(model.advance(jnp.array([9.0, 1.0]), 50.0, 2.0))) == (
            pytest.approx(110.0, rel=1e-14)
        )


@pytest.mark.parametrize("duration", [0.0, 12.0, 30.0])
@daily_model
def test_steady_state_is_what_many_doses_lead_to(model, duration):
    # Infusions overlap: each hour pair has the rate of those that run in it.
    rate = 0.0 if duration == 0 else 100.0 / duration
    into_gut = np.eye(len(model.names))[0]
    propagator = np.stack([advanced(model, unit, 2.0, 0.0) for unit in np.eye(len(into_gut))], 1)
    infused = advanced(model, 0 * into_gut, 2.0, into_gut)
    state = 0 * into_gut
    for hour in range(0, 12 * 400, 2):
        bolus = 100.0 * (duration == 0 and hour % 12 == 0)
        running = sum(since < duration for since in range(hour % 12, hour + 1, 12))
        state = propagator @ (state + bolus * into_gut) + rate * running * infused
    with float64():
        at_dose = jax.jit(lambda m: m.steady_state(100.0, 12.0, duration=duration))(model)
    np.testing.assert_allclose(at_dose, state + 100.0 * (duration == 0) * into_gut, rtol=1e-9)


@every_model
def test_a_constant_input_is_balanced_at_equilibrium(model):
    for into in model.dosed:
        with float64():
            state = model.equilibrium(5.0, into=into)
            np.testing.assert_allclose(model.advance(state, 3.0, 5.0, into=into), state, rtol=1e-12)
            assert float(model.concentration(state)) == pytest.approx(5.0 / model.CL, rel=1e-14)


@every_model
def test_an_infusion_becomes_a_bolus_as_it_shortens(model):
    with float64():
        bolus = model.advance(jnp.zeros(len(model.names)).at[0].set(10.0), 2.0)
        away = []
        for duration in (1e-2, 1e-3, 1e-4):
            begun = model.advance(jnp.zeros(len(model.names)), duration, 10.0 / duration)
            away.append(float(abs(model.advance(begun, 2.0 - duration) - bolus).max()))
    # First order in the duration.
    assert away[0] > 9 * away[1] > 81 * away[2] > 0


def test_bulk_shapes_broadcast_and_equal_one_at_a_time():
    random = np.random.default_rng(1)
    windows, nodes, patients = 3, 4, 5
    with float64():
        cl, ka = random.uniform(5, 20, (2, patients))
        ka[0] = cl[0] / 80.0
        model = OneCompartment(CL=jnp.asarray(cl), V=80.0, ka=jnp.asarray(ka))
        state = jnp.asarray(random.uniform(0, 9, (2, windows, 1, patients)))
        dt = jnp.asarray(random.uniform(0, 9, (windows, nodes, patients)))
        bulk = jax.jit(lambda m, s, d: m.advance(s, d))(model, state, dt)
        assert bulk.shape == (2, windows, nodes, patients)

        def one(cl, ka, state, dt):
            return OneCompartment(CL=cl, V=80.0, ka=ka).advance(state, dt)

        over_patients = jax.vmap(one, (0, 0, 1, 0), 1)
        for window in range(windows):
            for node in range(nodes):
                alone = over_patients(model.CL, model.ka, state[:, window, 0], dt[window, node])
                np.testing.assert_allclose(bulk[:, window, node], alone, rtol=1e-14)


def test_one_compartment_and_first_order_absorption_cost_two_exponentials():
    with float64():
        model, state, dt = MODELS["oral"], jnp.ones((2, 1, 3)), jnp.ones((4, 3))
        text = str(jax.make_jaxpr(lambda m, s, d: m.advance(s, d))(model, state, dt))
    assert text.count(" exp ") == 2
    assert not any(word in text for word in ("cond", "while", "eig", "expm1"))


def test_forward_and_reverse_mode_agree():
    with float64():
        model = MODELS["two, oral"]
        state = jnp.asarray(some_state(model))

        def end(m):
            return m.advance(state, 3.0, 2.0)[1]

        slope = jax.jit(jax.grad(end))(model)
        summed = sum(map(float, jax.tree.leaves(slope)))
        ones = jax.tree.map(jnp.ones_like, model)
        along = jax.jit(lambda m, d: jax.jvp(end, (m,), (d,))[1])(
            jax.tree.map(jnp.asarray, model), ones
        )
        assert float(along) == pytest.approx(summed, rel=1e-12)


def test_the_core_takes_the_precision_that_comes_in():
    model = OneCompartment(CL=10.0, V=80.0, ka=1.2)
    assert model.advance(jnp.array([1.0, 0.0]), 1.0).dtype == jnp.float32


def test_compartments_are_named_from_the_gut_on():
    assert MODELS["transits"].names == (
        "gut", "transit_1", "transit_2", "transit_3", "central", "effect",
    )  # fmt: skip
    two = TwoCompartment(CL=5.0, Q=8.0, V1=35.0, V2=105.0, ka=1.2, ke0=0.3)
    assert two.names == ("gut", "central", "peripheral", "effect")
    assert MODELS["iv"].names == ("central",)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"CL": -1.0}, "OneCompartment, CL: found -1; give finite numbers of at least 0"),
        ({"V": 0.0}, "OneCompartment, V: found 0; give finite numbers above 0"),
        ({"ka": np.nan}, "ka: found nan"),
        ({"ka": np.array([1.0, -2.0])}, "ka: found"),
        ({"ke0": np.inf}, "ke0: found inf"),
        ({"transits": 1.5}, "transits: found 1.5; give a whole number of at least 0"),
        ({"ka": None, "transits": 2}, "found 2 without ka"),
    ],
)
def test_an_impossible_model_is_refused(change, says):
    with pytest.raises(InputError) as caught:
        OneCompartment(**{"CL": 1.0, "V": 1.0, "ka": 1.0} | change)
    assert says in str(caught.value)


def test_a_compartment_that_takes_no_dose_is_refused():
    model = MODELS["two, oral"]
    with pytest.raises(InputError, match=r"found 'liver'; give .* gut, central, peripheral"):
        model.advance(jnp.zeros(3), 1.0, 1.0, into="liver")
    model = MODELS["transits"]
    with pytest.raises(InputError, match="found 'effect'"):
        model.equilibrium(1.0, into="effect")
    with pytest.raises(InputError, match="found 'effect'"):
        model.steady_state(1.0, 12.0, into="effect")
