"""The polynomial holds what a polynomial can hold, and what it proposes is a density."""

import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.forecast import People, Reading, Seen, prior_of
from myelodose.forecast.emulator import Emulated, Simulated, emulate, fitted
from myelodose.forecast.likelihood import log_likelihoods, task_of, try_points
from myelodose.forecast.proposal import Student, widened
from myelodose.forecast.seen import Given
from myelodose.precision import float64
from myelodose.virtual import prior_draws

PEOPLE = People(prior_draws(1, 500))
HIM = Seen(
    (Given(0, "azacitidine", 135.0),),
    (Reading(0, "ANC", 2.0), Reading(0, "PLT", 60.0), Reading(0, "FISH", 150, 200)),
)


@pytest.fixture(scope="module")
def setting():
    prior = prior_of(PEOPLE, HIM, 3)
    return prior.coordinates, task_of(HIM, PEOPLE.errors)


def made_up(coordinates, task, count, seed):
    """Logarithms of counts of second order, and linear in one parameter's own value."""
    random = np.random.default_rng(seed)
    z = random.standard_normal((count, coordinates.size))
    with float64():
        values = np.asarray(coordinates.values(z))
    growth = values[coordinates.place][5]
    link = 0.2 * z[:, 0] + 0.1 * z[:, 1] * z[:, 2] - 0.05 * z[:, 3] ** 2 + 0.3 * growth
    expected = np.exp(np.tile(link, (len(task.readings.kind), 1)))
    expected[task.readings.kind >= 3] = 1 / (1 + np.exp(-link))
    return Simulated(z, values, expected, np.zeros(len(z)))


def test_a_course_that_is_a_polynomial_is_found_exactly(setting):
    coordinates, task = setting
    terms = fitted(made_up(coordinates, task, 3000, 1), coordinates, task)
    other = made_up(coordinates, task, 200, 2)
    found = Emulated(terms, coordinates, task, widened(Student(np.zeros(21), np.eye(21))))
    with float64():
        exact = np.asarray(log_likelihoods(jnp.asarray(other.expected), task))
    prior = -0.5 * (other.z**2).sum(1) - 0.5 * coordinates.size * np.log(2 * np.pi)
    # Single precision, and a ridge of a millionth.
    assert found.unnormalised(other.z) == pytest.approx(exact + prior, abs=0.02)


def test_what_is_proposed_is_a_density_and_its_points_are_drawn_from_it(setting):
    """Its integral is 1, and the mean of the points is that of its density, both by the t."""
    coordinates, task = setting
    random, size = np.random.default_rng(1), coordinates.size
    group = widened(Student(np.zeros(size), np.eye(size)))
    z = group.draw(random, 3000)
    tried, values = try_points(z, coordinates, task)
    known = Simulated(z, values, tried.expected, tried.log_likelihood)
    part, new = emulate(known, coordinates, task, group, random, 4000)
    far = group.draw(random, 20_000)
    weight = np.exp(part.log_density(far) - group.log_density(far))
    error = weight.std() / np.sqrt(len(far)) + 1 / np.sqrt(part.pool)
    assert weight.mean() == pytest.approx(1, abs=4 * error)
    mean = weight @ far / weight.sum()
    ess = weight.sum() ** 2 / (weight**2).sum()
    within = 4.5 * np.sqrt(1 / len(new) + 1 / ess + 1 / part.pool)
    assert np.abs(new.mean(0) - mean).max() < within * far.std()
