"""Linear equations in windows are solved as the textbook does."""

import jax.numpy as jnp
import numpy as np

from myelodose.precision import float64
from myelodose.solve.relax import relax, relax_all, through
from myelodose.solve.rule import Rule


def test_a_level_leaves_a_steady_state_exactly_where_it_is():
    one = Rule(8)
    loss, source = jnp.full((8, 1), 30.0), jnp.full((8, 1), 60.0)
    with float64():
        solved = relax(one, jnp.ones(1), loss, source, level=jnp.full(1, 2.0))
        stays = solved.gain + 2.0 * solved.decay
    np.testing.assert_allclose(stays, 2.0, rtol=1e-14)


def test_a_source_that_grows_with_time_has_a_closed_form_in_every_window():
    # y' = t - 3 y, y(0) = 1: y = (t - 1/3) / 3 + (1 + 1/9) exp(-3 t).
    one, length, windows = Rule(16), 0.5, np.arange(4)
    time = length * (windows[:, None] + one.time[:-1])
    with float64():
        solved = relax_all(
            one, jnp.full(4, length), jnp.full(time.shape, 3.0), jnp.asarray(time), jnp.zeros(4)
        )
        states = through(solved, jnp.ones(()))
    edges = length * np.arange(5)
    exact = (edges - 1 / 3) / 3 + (1 + 1 / 9) * np.exp(-3 * edges)
    np.testing.assert_allclose(states, exact, rtol=1e-9)
