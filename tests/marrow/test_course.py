"""The joint model: fast equals reference, and its laws hold."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from marrow.random_marrow import random_marrow
from myelodose import marrow
from myelodose.marrow import Course, Patient
from myelodose.marrow.course import AZACITIDINE, LENALIDOMIDE
from myelodose.marrow.explore import plan_for
from myelodose.marrow.typical import virtual_population
from myelodose.precision import float64
from myelodose.regimen import platzbecker2013
from myelodose.solve.plan import Plan, plan
from myelodose.solve.settings import Fast, Reference
from solve.schedules import random_plans

KINDS = ("tablet", "transit", "infused")

# Compiled once for each shape; what is not compiled as a whole is compiled anew in every call.
simulate = jax.jit(marrow.simulate, static_argnames="solver")


@pytest.fixture(autouse=True)
def _float64():
    with float64():
        yield


def flat(tree):
    return jnp.concatenate([x.ravel() for x in jax.tree.leaves(tree)])


def with_amount(schedule: Plan, amount) -> Plan:
    return Plan(schedule.start_d, schedule.length_d, amount, schedule.rate, schedule.at)


@pytest.mark.parametrize(
    ("kind", "cases"),
    [
        ("transit", 100),
        pytest.param("infused", 100, marks=pytest.mark.slow),
        *(pytest.param(kind, 500, marks=pytest.mark.slow) for kind in KINDS),
    ],
)
def test_fast_equals_reference_over_random_patients_and_schedules(kind, cases):
    who = random_marrow(1, cases, transits=3 * (kind == "transit"))
    schedule = random_plans(2, cases, infused=kind == "infused")
    fast, slow = (simulate(who, schedule, solver=s) for s in (Fast(), Reference()))
    assert float(slow.change) == 0
    assert float(jnp.abs(fast.counts / slow.counts - 1).max()) < 1e-6
    cycling = slow.pools.cycling
    # A clone is right to 1e-6 of itself, or of a millionth of a healthy marrow.
    error = jnp.abs(fast.pools.cycling - cycling) / (cycling + 1e-6)
    assert float(error.max()) < 1e-6
    assert float(fast.counts.min()) > 0
    assert min(float(pool.min()) for pool in fast.pools) >= 0
    # The test means something: in a quarter of the patients a count fell by a fifth.
    assert float(jnp.quantile((fast.counts[:6] / fast.counts[6]).min((0, 1)), 0.25)) < 0.8


def total(solver, schedule):
    def value(who):
        course = simulate(who, schedule, solver=solver)
        return (jnp.log(course.counts) ** 2).sum() + (jnp.log(course.clone_share) ** 2).sum()

    return value


@pytest.mark.slow
def test_gradients_equal_those_of_the_reference():
    who, schedule = random_marrow(3, 20), random_plans(4, 20, horizon_d=30.0)
    fast = flat(jax.jit(jax.grad(total(Fast(), schedule)))(who))
    slow = flat(jax.jit(jax.grad(total(Reference(1e-9, 1e-11), schedule)))(who))
    assert float(jnp.linalg.norm(fast - slow) / jnp.linalg.norm(slow)) < 1e-5


@pytest.mark.slow
def test_gradients_equal_finite_differences_in_both_modes():
    who, schedule = random_marrow(5, 3), random_plans(6, 3, horizon_d=30.0)
    value = jax.jit(total(Fast(more_sweeps=2), schedule))
    rng = np.random.default_rng(0)
    direction = jax.tree.map(lambda x: 0.1 * x * rng.normal(size=x.shape), who)
    step = 1e-3

    def at(size):
        return value(jax.tree.map(lambda x, d: x + size * d, who, direction))

    finite = float((8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step))
    forward = float(jax.jit(lambda *x: jax.jvp(value, x[:1], x[1:])[1])(who, direction))
    slope = jax.jit(jax.grad(value))(who)
    reverse = float(flat(jax.tree.map(jnp.multiply, slope, direction)).sum())
    assert forward == pytest.approx(finite, rel=1e-6)
    assert reverse == pytest.approx(forward, rel=1e-11)


def test_one_patient_alone_equals_the_same_among_many_and_under_vmap():
    who, schedule = random_marrow(7, 4), random_plans(8, 4)
    many = simulate(who, schedule).counts
    alone = simulate(*jax.tree.map(lambda x: x[..., 2], (who, schedule))).counts
    np.testing.assert_allclose(many[..., 2], alone, rtol=1e-12)
    mapped = jax.jit(jax.vmap(lambda *x: simulate(*x).counts, -1, -1))(who, schedule)
    np.testing.assert_allclose(many, mapped, rtol=1e-12)


def test_float32_is_there_by_choice():
    exact = (random_marrow(9, 8), random_plans(10, 8))
    single = jax.tree.map(lambda x: x.astype(jnp.float32) if x.dtype == jnp.float64 else x, exact)
    got = simulate(*single).counts
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, simulate(*exact).counts, rtol=1e-4)


def healthy(patients: int = 1, seed: int = 11) -> Patient:
    """Random patients with nothing but normal cells, as many as there should be."""
    who = random_marrow(seed, patients)
    size = jnp.zeros((3, patients)).at[0].set(1.0)
    clones = who.clones._replace(
        size=size, differentiation=who.clones.differentiation.at[0].set(0.5)
    )
    effectiveness = who.lineages.effectiveness.at[:, 0].set(1.0)
    return who._replace(clones=clones, lineages=who.lineages._replace(effectiveness=effectiveness))


def _like(values, course: Course):
    """One row for all times."""
    return np.broadcast_to(values, course.counts.shape)


def test_a_healthy_marrow_without_drugs_stays_at_its_set_point():
    who, schedule = healthy(6), random_plans(12, 6)
    course = simulate(who, with_amount(schedule, 0 * schedule.amount))
    np.testing.assert_allclose(course.counts, _like(who.lineages.set_point, course), rtol=1e-8)
    np.testing.assert_allclose(course.pools.cycling[:, 0], 1.0, rtol=1e-8)


def test_a_healthy_marrow_finds_back_to_its_set_point_after_treatment():
    who = jax.tree.map(lambda x: x[..., 0], healthy())
    schedule = plan(
        np.arange(5.0), np.full(5, 135.0), np.full(5, AZACITIDINE), drugs=2, times_d=[12.0, 2000.0]
    )
    course = simulate(who, schedule)
    assert float(course.pools.cycling[0, 0]) < 0.99
    np.testing.assert_allclose(course.counts[1], who.lineages.set_point, rtol=1e-3)


def test_the_diseased_baseline_is_steady_while_the_clones_are():
    """Circ = Circ* pi^(1 / (1 + gamma)): clones of equal size that neither grow nor shrink."""
    who, schedule = healthy(6), random_plans(13, 6)
    # Feedback off and d = 1/2: every clone keeps its size.
    clones = who.clones._replace(
        size=who.clones.size.at[1].set(0.7),
        differentiation=jnp.full((3, 6), 0.5),
        capacity=jnp.full(6, jnp.inf),
    )
    course = simulate(who._replace(clones=clones), with_amount(schedule, 0 * schedule.amount))
    np.testing.assert_allclose(course.counts, _like(course.counts[0], course), rtol=1e-8)
    eps = who.lineages.effectiveness
    level = (eps[:, 0] + 0.7 * eps[:, 1]) ** (1 / (1 + who.lineages.gamma))
    np.testing.assert_allclose(course.counts[0], level * who.lineages.set_point, rtol=1e-10)


@pytest.mark.parametrize("drug", [LENALIDOMIDE, AZACITIDINE])
def test_more_drug_never_leaves_more_of_a_clone(drug):
    who, schedule = random_marrow(14, 40), random_plans(15, 40)
    # Without feedback, which lets survivors catch up, and without arrest, which spares cells in G1.
    clones = who.clones._replace(capacity=jnp.full(40, jnp.inf), arrest_max=jnp.zeros(40))
    who = who._replace(clones=clones)
    left = [
        simulate(who, with_amount(schedule, schedule.amount.at[:, drug].multiply(f))).pools.cycling
        for f in (0.0, 0.5, 1.0, 2.0)
    ]
    for less, more in pairwise(left):
        assert (np.asarray(more) <= np.asarray(less) * (1 + 1e-7)).all()
    assert (np.asarray(left[-1][5]) < np.asarray(left[0][5])).any()


def test_equal_clones_stay_in_proportion_whatever_is_given():
    """Two clones that differ in nothing but their size are one clone."""
    who, schedule = random_marrow(16, 10), random_plans(17, 10)
    same = {
        name: jnp.broadcast_to(getattr(who.clones, name)[:1], (3, 10))
        for name in ("entry_per_d", "differentiation", "kill_len", "crowding")
    }
    clones = who.clones._replace(**same)
    course = simulate(who._replace(clones=clones), schedule)
    np.testing.assert_allclose(course.clone_share, _like(course.clone_share[0], course), rtol=1e-7)


def test_the_pulse_trap_is_not_ours_and_is_somebodys():
    """One call over the horizon at rtol 1e-6 steps across a pulse; restarting does not.

    The trap: an adaptive solver that is not told of the doses (see docs/solvers.md).
    """
    import diffrax

    from myelodose.blood.friberg import Friberg, simulate_friberg
    from myelodose.effect import Linear
    from myelodose.pk import OneCompartment

    days = np.array([0.0, 1, 2, 30, 31, 32])
    schedule = plan(days, np.full(6, 135.0), np.zeros(6, int), drugs=1, times_d=[41.0])
    drug = OneCompartment(CL=160.0, V=83.0, ka=1.0143)
    friberg = Friberg(jnp.array([5.0]), jnp.array([5.0]), jnp.array([0.17]), (Linear(11.0),))
    fast, slow = (
        jax.jit(simulate_friberg, static_argnames="solver")(friberg, (drug,), schedule, solver=s)
        for s in (Fast(), Reference())
    )
    ours, sure = float(fast.counts[0, 0]), float(slow.counts[0, 0])
    ke, ka = 160 / 83, 1.0143

    def field(t, y, _):
        since = jnp.maximum(24 * (t - days), 0)
        c = (135 / 83 * ka / (ka - ke) * (jnp.exp(-ke * since) - jnp.exp(-ka * since))).sum()
        p, t1, t2, t3, circ = y
        grow = (1 - 11.0 * c) * circ**-0.17 - 1
        return 0.8 * jnp.stack([p * grow, p - t1, t1 - t2, t2 - t3, t3 - circ])

    trapped = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        diffrax.Tsit5(),
        0.0,
        41.0,
        0.1,
        jnp.ones(5),
        stepsize_controller=diffrax.PIDController(rtol=1e-6, atol=1e-6),
    )
    assert ours == pytest.approx(sure, rel=1e-7)
    assert abs(5 * float(trapped.ys[0, 4]) / sure - 1) > 0.05


def test_a_number_for_all_patients_is_one_for_each_of_them():
    who = virtual_population(1, 2)
    given = plan_for([platzbecker2013(20)] * 2, np.array([14.0]), patients=2)
    each = who.clones._replace(
        arrest_max=jnp.full(2, 0.4), arrest_half_um=jnp.full(2, 0.8), capacity=jnp.full(2, 8.0)
    )
    once = each._replace(
        arrest_max=jnp.asarray(0.4),
        arrest_half_um=jnp.asarray(0.8),
        capacity=jnp.asarray(8.0),
    )
    with float64():
        counts = [marrow.simulate(who._replace(clones=some), given).counts for some in (each, once)]
    assert np.allclose(*counts, rtol=1e-12)
