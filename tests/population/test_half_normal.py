"""The half-normal prior is NumPyro's; only the scale on which it is sampled is another."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as numpyro_dist
import pytest
from numpyro.distributions import biject_to
from scipy import stats

from myelodose.population import Prior
from myelodose.precision import float64

SD = 0.6
OURS, NUMPYROS = Prior("HalfNormal", SD).distribution(), numpyro_dist.HalfNormal(SD)


def test_density_and_draws_are_those_of_numpyro():
    value = jnp.array([1e-6, 0.1, 0.6, 3.0])
    key = jax.random.key(1)
    np.testing.assert_array_equal(OURS.log_prob(value), NUMPYROS.log_prob(value))
    np.testing.assert_array_equal(OURS.sample(key, (5,)), NUMPYROS.sample(key, (5,)))


def test_the_unconstrained_scale_leads_there_and_back_and_counts_its_slope():
    with float64():
        to_value = biject_to(OURS.support)
        t = jnp.array([-30.0, -3.0, 0.0, 2.0, 40.0])
        value = to_value(t)
        np.testing.assert_allclose(to_value.inv(value), t, atol=1e-9)
        slope = jax.vmap(jax.grad(to_value))(t)
        np.testing.assert_allclose(to_value.log_abs_det_jacobian(t, value), jnp.log(slope))


@pytest.mark.parametrize(("ours", "limit"), [(False, (-1.6, -1.4)), (True, (-0.1, 0.6))])
def test_what_the_data_do_not_tell_has_no_long_tail_where_it_is_sampled(ours, limit):
    # The skewness of the logarithm of a half-normal variable is -1.535 (that of log chi-squared).
    with float64():
        shares = (np.arange(20_000) + 0.5) / 20_000
        value = jnp.asarray(stats.halfnorm.ppf(shares, scale=SD))
        support = OURS.support if ours else NUMPYROS.support
        skewness = stats.skew(np.asarray(biject_to(support).inv(value)))
    assert limit[0] < skewness < limit[1]


def test_it_survives_being_a_tree():
    leaves, tree = jax.tree.flatten(OURS)
    assert jax.tree.unflatten(tree, leaves).support == OURS.support
