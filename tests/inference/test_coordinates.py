"""Coordinates: a map that can be undone, its volume, and what is learnt of a normal model."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from jax.flatten_util import ravel_pytree

from myelodose.errors import InputError
from myelodose.inference import learn
from myelodose.inference.coordinates import Coordinates, from_position, plain, to_position
from myelodose.inference.curvature import Arrow, arrow, positive
from myelodose.inference.devices import over_chains
from myelodose.inference.effects import find_effects
from myelodose.inference.layout import Position, look_at
from myelodose.inference.start import newton, walk
from myelodose.precision import float64

PATIENTS, OWN, COMMON = 3, 2, 4


def random_coordinates(random):
    def spread(*shape):
        return jnp.asarray(0.3 * random.normal(size=shape))

    root = spread(PATIENTS, OWN, OWN)
    return Coordinates(
        spread(COMMON),
        jnp.eye(COMMON) + spread(COMMON, COMMON),
        spread(PATIENTS, OWN),
        spread(PATIENTS, OWN, COMMON),
        jnp.eye(OWN) + spread(PATIENTS, OWN, OWN),
        root @ jnp.swapaxes(root, 1, 2),
        spread(PATIENTS, OWN),
        spread(PATIENTS, OWN, COMMON),
    )


def loading(common):
    """Two correlated effects."""
    lower = jnp.array([[1.0, 0.0], [0.6, 0.8]])
    scale = jnp.exp(common[:2])[:, None] * lower
    return jnp.broadcast_to(scale, (PATIENTS, OWN, OWN))


def flattened(tree):
    return np.asarray(ravel_pytree(tree)[0])


def random_position(random):
    return Position(
        jnp.asarray(random.normal(size=COMMON)), jnp.asarray(random.normal(size=(PATIENTS, OWN)))
    )


@pytest.mark.parametrize("scale", [loading, None])
def test_the_map_is_undone(scale):
    random = np.random.default_rng(1)
    with float64():
        at, x = random_coordinates(random), random_position(random)
        back = jax.jit(lambda x: from_position(at, to_position(at, x, scale)[0], scale))(x)
        assert flattened(back) == pytest.approx(flattened(x), abs=1e-12)


@pytest.mark.parametrize("scale", [loading, None])
def test_the_volume_is_the_determinant_up_to_a_constant(scale):
    random = np.random.default_rng(2)
    with float64():
        at = random_coordinates(random)
        flat, tree = ravel_pytree(random_position(random))

        def moved(place):
            z, log_volume = to_position(at, tree(place), scale)
            return ravel_pytree(z)[0], log_volume

        matrix_and_volume = jax.jit(jax.jacfwd(moved, has_aux=True))

        def excess(place):
            matrix, log_volume = matrix_and_volume(place)
            return np.linalg.slogdet(matrix)[1] - float(log_volume)

        assert excess(flat) == pytest.approx(excess(2 * flat), abs=1e-10)


def normal_potential(z):
    """Two measurements a patient: y_i = u_1 + eta_i1 + noise, w_i = u_2 + u_3 eta_i2-free noise."""
    u, eta = z.common, jnp.einsum("ikl,il->ik", loading(jnp.zeros(COMMON)), z.own)
    y = jnp.array([0.3, -0.5, 1.1])
    likelihood = ((y - u[0] - eta[:, 0]) ** 2 / 0.2 + (u[1] - eta[:, 1] + 0.4 * u[2]) ** 2).sum()
    return 0.5 * ((u**2).sum() + (z.own**2).sum() + likelihood)


def test_in_coordinates_learnt_from_a_normal_posterior_it_is_standard_normal():
    random = np.random.default_rng(3)
    fixed = lambda common: loading(jnp.zeros_like(common))  # noqa: E731

    def learnt(draws):
        start = plain(jax.tree.map(lambda x: x.mean(0), draws))
        told = learn.curvature_of_likelihood(normal_potential, fixed, np.arange(OWN), draws)
        start = learn.with_likelihood(start, told, np.arange(OWN))
        seen = learn.curvature_whitened(normal_potential, fixed, start, draws)
        return learn.with_affine(start, seen)

    with float64():
        draws = jax.tree.map(lambda *x: jnp.stack(x), *[random_position(random) for _ in range(3)])
        at = jax.jit(learnt)(draws)
        flat, tree = ravel_pytree(random_position(random))

        def energy(x):
            z, log_volume = to_position(at, tree(x), fixed)
            return normal_potential(z) - log_volume

        # Differences of gradients are good to about their step, 1e-4.
        curved = jax.jit(jax.hessian(energy))(flat)
        assert np.asarray(curved) == pytest.approx(np.eye(flat.size), abs=2e-3)


def test_effects_are_centred_by_what_the_data_are_worth():
    """One effect, n measurements of sd s: var(z | y) = 1 / (1 + n omega^2 / s^2)."""

    def potential(z):
        eta = jnp.exp(z.common[0]) * z.own[:, 0]
        measured = (5 * (eta - jnp.array([0.5, -0.2])) ** 2 / 0.3**2).sum()
        return 0.5 * (z.common[0] ** 2 + (z.own**2).sum() + measured)

    def scale(common):
        return jnp.broadcast_to(jnp.exp(common[0]), (2, 1, 1))

    def learnt(draws):
        start = plain(jax.tree.map(lambda x: x.mean(0), draws))
        told = learn.curvature_of_likelihood(potential, scale, np.arange(1), draws)
        return learn.with_likelihood(start, told, np.arange(1))

    with float64():
        draws = Position(jnp.array([[0.1], [-0.3]]), jnp.array([[[0.4], [0.1]], [[0.6], [-0.3]]]))
        found = jax.jit(learnt)(draws)
    # In the space of the effects curvature is the same everywhere: what the data are worth.
    assert np.ravel(found.F) == pytest.approx([5 / 0.3**2] * 2, rel=1e-6)


def test_an_arrow_is_the_hessian_entry_by_entry():
    random = np.random.default_rng(4)
    with float64():
        z = random_position(random)
        flat, tree = ravel_pytree(z)

        def bent(z):
            return (
                jnp.exp(0.3 * z.own @ jnp.ones((OWN, 1)) * z.common[0])
            ).sum() + normal_potential(z)

        gradient, found = jax.jit(lambda z: arrow(bent, z))(z)
        slope, whole = (
            np.asarray(jax.jit(d(lambda x: bent(tree(x))))(flat)) for d in (jax.grad, jax.hessian)
        )
        found = jax.tree.map(np.asarray, found)
        assert flattened(gradient) == pytest.approx(slope)
    assert found.corner == pytest.approx(whole[:COMMON, :COMMON], abs=1e-3)
    for i in range(PATIENTS):
        own = slice(COMMON + i * OWN, COMMON + (i + 1) * OWN)
        assert found.block[i] == pytest.approx(whole[own, own], abs=1e-3)
        assert found.strip[i] == pytest.approx(whole[own, :COMMON], abs=1e-3)


def test_eigenvalues_are_made_positive():
    matrix = jnp.diag(jnp.array([4.0, -2.0, 1e-9]))
    assert np.linalg.eigvalsh(positive(matrix, 0.1)) == pytest.approx([0.1, 2, 4], rel=1e-5)


def test_one_newton_step_ends_at_the_mode_of_a_normal_posterior():
    with float64():
        z = random_position(np.random.default_rng(5))
        gradient, curved = jax.jit(lambda z: arrow(normal_potential, z))(z)
        ahead = jax.jit(newton)(curved, gradient)
        there = jax.tree.map(lambda a, b: a + b, z, ahead)
        slope = flattened(jax.grad(normal_potential)(there))
        assert np.abs(slope).max() < 1e-2 * np.abs(flattened(gradient)).max()


def test_the_walk_only_goes_down():
    def double_well(z):
        return ((z.common**2 - 1) ** 2).sum() + (z.own**2).sum()

    with float64():
        z = Position(jnp.array([0.05, -3.0]), jnp.ones((2, 1)))
        there = jax.jit(lambda z: walk(double_well, z, steps=10))(z)
        assert double_well(there) < 1e-6
        # Each value ends in the well on its own side.
        assert np.sign(there.common).tolist() == [1, -1]


def correlated(data, y=None):
    omega = numpyro.sample("omega", dist.LogNormal(0.0, 1.0).expand([2]).to_event(1))
    lower = numpyro.sample("L", dist.LKJCholesky(2, 1.0))
    numpyro.sample("shares", dist.Dirichlet(jnp.ones(3)))
    with numpyro.plate("patient", 3):
        z = numpyro.sample("z_eta", dist.Normal(0.0, 1.0).expand([2]).to_event(1))
        other = numpyro.sample("late", dist.Gamma(2.0, 1.0))
    eta = numpyro.deterministic("eta", omega * (z @ lower.T))
    numpyro.sample("y", dist.Normal(eta.sum(1) + other, data["sd"]), obs=data["y"])


DATA = {"sd": np.ones(3), "y": np.zeros(3)}


def test_a_layout_tells_common_from_own_and_keeps_every_value():
    layout = look_at(correlated, (DATA,))
    assert (layout.plate, layout.patients) == ("patient", 3)
    # A simplex of three has two free values, a correlation matrix of two has one.
    assert {site.name: site.shape for site in layout.common} == {
        "omega": (2,),
        "L": (1,),
        "shares": (2,),
    }
    assert [site.name for site in layout.own] == ["z_eta", "late"]
    random = np.random.default_rng(6)
    values = {site.name: jnp.asarray(random.normal(size=site.shape)) for site in layout.sites}
    back = layout.values(layout.position(values))
    assert all(np.array_equal(back[name], values[name]) for name in values)


def test_effects_are_found_and_their_matrix_is_omega_times_the_root():
    layout = look_at(correlated, (DATA,))
    effects = find_effects(correlated, layout, (DATA,))
    assert effects.names == ("z_eta",)
    with float64():
        common = jnp.array([0.2, -0.4, 0.5, 0.1, 0.3])
        loaded = jax.jit(lambda common: effects.loading(correlated, layout, (DATA,), common))
        found = np.asarray(loaded(common))
        lower = dist.biject_to(dist.constraints.corr_cholesky)(common[2:3])
        scale = np.exp(common[:2])[:, None] * np.asarray(lower)
    for patient in found:
        assert patient[:2, :2] == pytest.approx(scale, abs=1e-12)
        assert patient[2, 2] == 1


def test_a_model_without_the_convention_has_no_effects():
    def centred(data, y=None):
        omega = numpyro.sample("omega", dist.HalfNormal(1.0))
        with numpyro.plate("patient", 3):
            numpyro.deterministic("eta", numpyro.sample("phi", dist.Normal(0.0, omega)))

    layout = look_at(centred, (DATA,))
    assert find_effects(centred, layout, (DATA,)).names == ()


def test_a_discrete_variable_is_refused():
    def counted(data, y=None):
        numpyro.sample("kind", dist.Bernoulli(0.5))

    with pytest.raises(InputError, match="site 'kind': found a discrete random variable"):
        look_at(counted, (DATA,))


def test_an_unknown_plate_is_refused():
    with pytest.raises(InputError, match=r"found no plate 'subject'.*use one of patient"):
        look_at(correlated, (DATA,), plate="subject")


@pytest.mark.parametrize("method", ["parallel", "vectorized", "sequential"])
def test_every_way_of_running_chains_gives_each_chain_its_own(method):
    def one(shared, own):
        return {"sum": shared + own["x"].sum(), "x": own["x"]}

    found = over_chains(one, method, 3)(jnp.ones(()), {"x": jnp.arange(6.0).reshape(3, 2)})
    assert found["sum"].tolist() == [2, 6, 10]
    assert found["x"].shape == (3, 2)


def test_an_arrow_of_zeros_is_split_without_harm():
    zero = learn.Whitened(
        jnp.zeros((PATIENTS, OWN)),
        Arrow(
            jnp.zeros((COMMON, COMMON)),
            jnp.zeros((PATIENTS, OWN, COMMON)),
            jnp.zeros((PATIENTS, OWN, OWN)),
        ),
    )
    start = plain(random_position(np.random.default_rng(7)))
    at = jax.jit(learn.with_affine)(start, zero)
    assert np.isfinite(flattened(at)).all()


def test_a_draw_whose_curvature_is_no_number_is_left_out():
    def walled(z):
        # A step of the differences leaves the support at the second draw.
        return jnp.where(z.common[0] > 1.0, jnp.inf, normal_potential(z))

    with float64():
        z = random_position(np.random.default_rng(8))
        inside = z._replace(common=z.common.at[0].set(0.0))
        at_wall = z._replace(common=z.common.at[0].set(1.0))
        draws = jax.tree.map(lambda *x: jnp.stack(x), inside, at_wall)
        start = plain(inside)
        seen = jax.jit(lambda draws: learn.curvature_whitened(walled, None, start, draws))
        both, one = seen(draws), seen(jax.tree.map(lambda x: x[:1], draws))
        assert flattened(both) == pytest.approx(flattened(one), abs=1e-6)
