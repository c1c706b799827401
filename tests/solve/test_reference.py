"""The sure way: restarted at every jump, differentiable in either mode, honest when it fails."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from blood.test_friberg import random_patients
from marrow.random_marrow import random_marrow
from myelodose.blood.friberg import simulate_friberg
from myelodose.blood.turnover import INHIBITED_LOSS, Turnover, simulate_turnover
from myelodose.clones.retention import Retention, simulate_retention
from myelodose.effect import Linear
from myelodose.marrow import simulate
from myelodose.pk import OneCompartment
from myelodose.pk.michaelis_menten import MichaelisMenten, simulate_michaelis_menten
from myelodose.precision import float64
from myelodose.solve import Fast, Reference, plan
from myelodose.solve.reference import integrate, trajectory
from solve.schedules import random_plans

FORWARD, BACKWARD = Reference(forward_mode=True), Reference()


@pytest.fixture(autouse=True)
def _float64():
    with float64():
        yield


def level(k, settings):
    """Boluses of 1 every day, cleared at k: each end is (previous + 1) exp(-k)."""
    return trajectory(
        lambda _, y, now: -k * y,
        lambda y, now: y + now,
        jnp.zeros(()),
        jnp.ones(3),
        jnp.ones(3),
        settings=settings,
    )[0]


def test_boluses_pile_up_as_a_geometric_series():
    r = np.exp(-0.4)
    got = level(0.4, BACKWARD)
    np.testing.assert_allclose(got, [0, r, r + r**2, r + r**2 + r**3], rtol=1e-10)


@pytest.mark.parametrize(
    ("differentiate", "settings"), [(jax.grad, BACKWARD), (jax.jacfwd, FORWARD)]
)
def test_both_modes_give_the_derivative_of_the_closed_form(differentiate, settings):
    slope = differentiate(lambda k: level(k, settings)[-1])(0.4)
    exact = -sum(n * np.exp(-0.4 * n) for n in (1, 2, 3))
    assert float(slope) == pytest.approx(exact, rel=1e-9)


def test_the_mode_that_was_not_told_is_refused():
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jacfwd(lambda k: level(k, BACKWARD)[-1])(0.4)


def test_a_solver_that_gives_up_loses_every_number_and_says_so():
    # y' = y^2 from 2 is infinite at t = 1/2, within the window.
    states, change = trajectory(
        lambda _, y, now: y**2,
        lambda y, now: y,
        jnp.full((), 2.0),
        jnp.ones(1),
        jnp.zeros(1),
        settings=BACKWARD,
    )
    assert float(change) == np.inf
    assert np.isnan(states).all()


def test_too_many_steps_are_a_failure():
    call = partial(
        integrate, lambda _, y, now: -y, lambda y, now: y, jnp.ones(()), jnp.ones(1), jnp.zeros(1)
    )
    assert [float(call(max_steps=steps)[1]) for steps in (1, 4096)] == [1, 0]


ONE = plan([0.0, 1.0], [100.0, 100.0], [0, 0], drugs=2, times_d=[2.0])
DRUG = OneCompartment(CL=8.0, V=40.0)


def friberg(factor, solver):
    who, drugs = random_patients(1, 1)
    who = who._replace(mtt_d=factor * who.mtt_d)
    return simulate_friberg(who, drugs, random_plans(2, 1, horizon_d=9.0), solver=solver).counts


def marrow(factor, solver):
    who = random_marrow(3, 1)
    who = who._replace(clones=who.clones._replace(kill_aza=factor * who.clones.kill_aza))
    return simulate(who, random_plans(4, 1, horizon_d=9.0), solver=solver).counts


def turnover(factor, solver):
    who = Turnover(20.0 * factor, jnp.array(2.0), Linear(0.1))
    return simulate_turnover(who, DRUG, ONE, mechanism=INHIBITED_LOSS, solver=solver).response


def retention(factor, solver):
    who = Retention(0.08 * factor, Linear(0.5), *map(jnp.array, (1.0, 0.01, 3.0, 20.0, 0.05)))
    return simulate_retention(who, ONE, marrow=jnp.ones(1), lenalidomide=DRUG, solver=solver).number


def michaelis_menten(factor, solver):
    who = MichaelisMenten(V=jnp.array(40.0), Vm=20.0 * factor, Km=jnp.array(4.0))
    return simulate_michaelis_menten(who, ONE, solver=solver).auc_mg_h_per_l


every_model = pytest.mark.parametrize(
    "model", [friberg, marrow, turnover, retention, michaelis_menten]
)


def total(model, solver):
    return lambda factor: model(factor, solver).sum()


@every_model
def test_every_model_passes_on_the_mode_it_was_told(model):
    # Traced and not run: diffrax refuses the other mode while it traces.
    jax.eval_shape(jax.jacfwd(total(model, FORWARD)), jnp.ones(()))


@pytest.mark.slow
@every_model
def test_forward_derivatives_of_the_reference_are_those_of_the_fast_way(model):
    one = jnp.ones(())
    forward = jax.jit(jax.jacfwd(total(model, FORWARD)))(one)
    fast = jax.jit(jax.jacfwd(total(model, Fast(nodes=24))))(one)
    assert float(forward) == pytest.approx(float(fast), rel=1e-6)
    assert abs(float(fast)) > 1e-6
