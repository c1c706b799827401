"""The Friberg chain: fast equals reference, the reference equals others, and the laws hold."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from myelodose.blood import friberg
from myelodose.blood.friberg import Friberg
from myelodose.effect import Linear, Saturating
from myelodose.pk import OneCompartment
from myelodose.precision import float64
from myelodose.solve.accuracy import estimated_error
from myelodose.solve.plan import plan
from myelodose.solve.settings import Fast, Reference
from solve.schedules import how_many, random_plans, spread

# Compiled once for each shape; what is not compiled as a whole is compiled anew in every call.
simulate_friberg = jax.jit(friberg.simulate_friberg, static_argnames="solver")


@pytest.fixture(autouse=True)
def _float64():
    with float64():
        yield


def random_patients(seed, patients, *, saturating=False):
    """Short and long transit times, shallow and steep effects, low and high clearance."""
    rng = np.random.default_rng(seed)
    slope = spread(rng, 0.05, 3.0, 2, patients)
    first = Saturating(spread(rng, 0.3, 1.5, 2, patients), spread(rng, 0.05, 1, 2, patients))
    who = Friberg(
        baseline=spread(rng, 1, 300, 2, patients),
        mtt_d=spread(rng, 40 / 24, 250 / 24, 2, patients),
        gamma=spread(rng, 0.1, 0.4, 2, patients),
        effects=(first if saturating else Linear(slope), Linear(spread(rng, 0.2, 3, 2, patients))),
    )
    drugs = (
        OneCompartment(
            CL=spread(rng, 3, 30, patients),
            V=spread(rng, 40, 90, patients),
            ka=spread(rng, 0.7, 5, patients),
        ),
        OneCompartment(
            CL=spread(rng, 100, 250, patients),
            V=spread(rng, 60, 100, patients),
            ka=spread(rng, 0.6, 3, patients),
        ),
    )
    return who, drugs


@how_many
@pytest.mark.parametrize(
    "kind",
    ["saturating", *(pytest.param(k, marks=pytest.mark.slow) for k in ("linear", "infused"))],
)
def test_fast_equals_reference_over_random_patients_and_schedules(kind, cases):
    everyone = random_patients(1, 500, saturating=kind == "saturating")
    schedules = random_plans(2, 500, infused=kind == "infused")
    (who, drugs), schedule = jax.tree.map(lambda x: x[..., :cases], (everyone, schedules))
    fast = simulate_friberg(who, drugs, schedule, solver=Fast())
    slow = simulate_friberg(who, drugs, schedule, solver=Reference())
    assert float(slow.change) == 0
    error = jnp.abs(fast.counts / slow.counts - 1).max((0, 1))
    assert float(error.max()) < 1e-6
    assert float(fast.counts.min()) > 0
    # The test means something: counts did move in most patients.
    assert float(jnp.median((fast.counts / who.baseline).min((0, 1)))) < 0.8


def test_where_one_turn_is_too_few_the_change_says_so_and_more_turns_help():
    # Strong and steep effects on a short transit: together they exceed 1 and counts fall to 1 %.
    everyone = random_patients(1, 100, saturating=True), random_plans(2, 100)
    (who, drugs), schedule = jax.tree.map(lambda x: x[..., 37:38], everyone)
    few, more, sure = (
        simulate_friberg(who, drugs, schedule, solver=solver)
        for solver in (Fast(), Fast(more_sweeps=3), Reference())
    )
    assert float(few.change) > 1e-3
    assert float(jnp.abs(few.counts / sure.counts - 1).max()) > 1e-6
    assert float(more.change) < 1e-8
    np.testing.assert_allclose(more.counts, sure.counts, rtol=1e-6)


def test_reference_equals_scipy():
    who = Friberg(jnp.array([5.0]), jnp.array([125 / 24]), jnp.array([0.17]), (Linear(8.0),))
    drug = OneCompartment(CL=12.5, V=64.0, ka=2.0)
    days = np.array([0.0, 1.0, 2.0])
    schedule = plan(days, np.full(3, 25.0), np.zeros(3, int), drugs=1, times_d=np.arange(1, 22.0))
    got = simulate_friberg(who, (drug,), schedule, solver=Reference()).counts[:, 0]
    k, ke = 4 / 125, 12.5 / 64

    def slope(t, y):
        since = t - 24 * days[days * 24 <= t]
        c = (25 / 64 * 2.0 / (2.0 - ke) * (np.exp(-ke * since) - np.exp(-2.0 * since))).sum()
        p, t1, t2, t3, circ = y
        grow = (1 - 8 * c) * circ**-0.17 - 1
        return k * np.array([p * grow, p - t1, t1 - t2, t2 - t3, t3 - circ])

    y, exact = np.ones(5), []
    for day in range(21):
        y = solve_ivp(slope, (24 * day, 24 * day + 24), y, "DOP853", rtol=1e-12, atol=1e-13).y[
            :, -1
        ]
        exact.append(5 * y[4])
    np.testing.assert_allclose(got, exact, rtol=1e-9)


def test_a_sustained_effect_leaves_its_share_of_the_baseline():
    """Circ / Circ0 = (1 - E)^(1 / gamma) at steady state (data/literature, Friberg rows)."""
    who = Friberg(jnp.array([5.0]), jnp.array([5.0]), jnp.array([0.25]), (Linear(1.0),))
    # Infused for so long that the concentration is 0.1 mg/L throughout.
    drug = OneCompartment(CL=10.0, V=1.0)
    schedule = plan(np.zeros(1), [24.0 * 400], [0], drugs=1, times_d=[400.0], duration_d=[400.0])
    got = simulate_friberg(who, (drug,), schedule)
    assert float(got.counts[0, 0]) == pytest.approx(5 * 0.9**4, rel=1e-8)


def test_without_drug_nothing_moves():
    who, drugs = random_patients(3, 10)
    schedule = random_plans(4, 10)
    nothing = type(schedule)(
        schedule.start_d, schedule.length_d, 0 * schedule.amount, None, schedule.at
    )
    counts = simulate_friberg(who, drugs, nothing).counts
    # Up to the error of collocation where the transit time is short.
    np.testing.assert_allclose(counts, jnp.broadcast_to(who.baseline, counts.shape), rtol=1e-8)


def test_an_observation_at_a_dose_is_read_before_it():
    who = Friberg(jnp.array([5.0]), jnp.array([5.0]), jnp.array([0.2]), (Linear(1.0),))
    drug = OneCompartment(CL=10.0, V=50.0)
    schedule = plan([0.0], [100.0], [0], drugs=1, times_d=[0.0, 1.0])
    assert float(simulate_friberg(who, (drug,), schedule).counts[0, 0]) == 5.0


def log_counts(solver, schedule):
    def total(who, drugs):
        counts = simulate_friberg(who, drugs, schedule, solver=solver).counts
        return (jnp.log(counts / who.baseline) ** 2).sum()

    return total


def flat(tree):
    return jnp.concatenate([x.ravel() for x in jax.tree.leaves(tree)])


@pytest.mark.slow
@pytest.mark.parametrize("saturating", [False, True])
def test_gradients_equal_those_of_the_reference(saturating):
    who, drugs = random_patients(5, 60, saturating=saturating)
    schedule = random_plans(6, 60)
    fast = flat(jax.jit(jax.grad(log_counts(Fast(), schedule), (0, 1)))(who, drugs))
    slow = flat(
        jax.jit(jax.grad(log_counts(Reference(1e-10, 1e-12), schedule), (0, 1)))(who, drugs)
    )
    assert float(jnp.linalg.norm(fast - slow) / jnp.linalg.norm(slow)) < 1e-5


def test_gradients_equal_finite_differences_in_both_modes():
    who, drugs = random_patients(7, 4)
    total = jax.jit(log_counts(Fast(), random_plans(8, 4)))
    rng = np.random.default_rng(0)
    direction = jax.tree.map(lambda x: x * rng.normal(size=x.shape), (who, drugs))
    step = 1e-5

    def at(size):
        return total(*jax.tree.map(lambda x, d: x + size * d, (who, drugs), direction))

    finite = float((8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step))
    forward = jax.jit(lambda x, d: jax.jvp(total, x, d)[1])((who, drugs), direction)
    reverse = jax.tree.map(
        lambda g, d: (g * d).sum(), jax.jit(jax.grad(total, (0, 1)))(who, drugs), direction
    )
    assert float(forward) == pytest.approx(finite, rel=1e-7)
    assert float(sum(jax.tree.leaves(reverse))) == pytest.approx(float(forward), rel=1e-12)


def test_one_patient_alone_equals_the_same_among_many_and_under_vmap():
    who, drugs = random_patients(9, 6)
    schedule = random_plans(10, 6)

    def counts(*case):
        return simulate_friberg(*case).counts

    many = counts(who, drugs, schedule)
    alone = counts(*jax.tree.map(lambda x: x[..., 2], (who, drugs, schedule)))
    np.testing.assert_allclose(many[..., 2], alone, rtol=1e-12)
    mapped = jax.jit(jax.vmap(counts, -1, -1))(who, drugs, schedule)
    np.testing.assert_allclose(many, mapped, rtol=1e-12)


def test_float32_is_there_by_choice():
    who, drugs = random_patients(11, 8)
    schedule = random_plans(12, 8)
    exact = simulate_friberg(who, drugs, schedule).counts
    single = jax.tree.map(
        lambda x: x.astype(jnp.float32) if x.dtype == jnp.float64 else x, (who, drugs, schedule)
    )
    got = simulate_friberg(*single).counts
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, exact, rtol=1e-4)


def test_the_estimated_error_is_about_the_true_one():
    who, drugs = random_patients(13, 30)
    schedule = random_plans(14, 30)

    def run(solver):
        return simulate_friberg(who, drugs, schedule, solver=solver).counts

    true = float(jnp.abs(run(Fast(nodes=8)) / run(Reference()) - 1).max())
    assert estimated_error(run, Fast(nodes=8)) == pytest.approx(true, rel=0.2)


def test_what_cannot_be_computed_is_flagged_and_never_silent():
    who, drugs = random_patients(15, 3)
    broken = who._replace(mtt_d=who.mtt_d.at[0, 1].set(jnp.nan))
    got = simulate_friberg(broken, drugs, random_plans(16, 3))
    assert float(got.change) == jnp.inf
