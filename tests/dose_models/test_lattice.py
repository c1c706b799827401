"""Sums on a lattice: exact integrals, smooth probabilities, honest errors."""

import numpy as np
import pytest
from scipy import stats

from myelodose.dose_models.lattice import Lattice, axis, expectations, step_weight


def normal_lattice(spacing: float, bound: float) -> Lattice:
    """Prior Normal(0, 1); readings z, z^2 and P(z <= bound); one outcome with chance expit z."""
    on = axis(-7.0, 7.0, spacing)
    order = np.argsort(~on.coarse, kind="stable")
    z = on.node[order]
    log_prior = stats.norm.logpdf(z)
    coarse = int(on.coarse.sum())

    def read(z, spacing):
        return np.stack([z, z**2, step_weight(bound, z, spacing)], 1)

    return Lattice(
        log_prior - np.log(np.exp(log_prior).sum()),
        -np.logaddexp(0, -z)[None],
        read(z, spacing),
        read(z[:coarse], 2 * spacing),
        on.edge[order].astype(float),
    )


@pytest.mark.parametrize("bound", [-2.3, -0.4, 0.0, 1.234])
def test_without_data_readings_are_those_of_the_prior(bound):
    found = expectations(normal_lattice(0.3, bound), [[0.0]])
    assert found.value[0, :2] == pytest.approx([0.0, 1.0], abs=1e-9)
    assert found.value[0, 2] == pytest.approx(stats.norm.cdf(bound), abs=1e-9)


def test_probability_is_smooth_in_its_bound():
    bounds = np.linspace(-1, 1, 201)
    value = [expectations(normal_lattice(0.5, b), [[2.0]]).value[0, 2] for b in bounds]
    # A grid that counts whole cells would have steps of 0.2 here.
    assert np.abs(np.diff(value, 2)).max() < 1e-4


def test_posterior_is_that_of_adaptive_integration():
    from scipy.integrate import quad

    def weight(z):
        return stats.norm.pdf(z) / (1 + np.exp(-z)) ** 5

    total = quad(weight, -8, 8, epsabs=1e-13)[0]
    mean = quad(lambda z: z * weight(z), -8, 8, epsabs=1e-13)[0] / total
    below = quad(weight, -8, 0.7, epsabs=1e-13)[0] / total
    found = expectations(normal_lattice(0.2, 0.7), [[5.0]])
    assert found.value[0, [0, 2]] == pytest.approx([mean, below], abs=1e-8)
    assert np.exp(found.log_evidence[0]) == pytest.approx(total, rel=1e-9)


def test_reported_error_covers_the_true_one():
    exact = expectations(normal_lattice(0.05, 0.4), [[0.0], [5.0], [40.0]]).value
    for spacing in (0.3, 0.5, 0.8, 1.2):
        found = expectations(normal_lattice(spacing, 0.4), [[0.0], [5.0], [40.0]])
        # Rounding of the fine sum itself.
        assert (np.abs(found.value - exact) <= found.error + 1e-9).all()


def test_a_posterior_at_the_edge_is_reported_as_wrong():
    lattice = normal_lattice(0.3, 0.0)
    far = lattice._replace(log_chance=50.0 * lattice.read[:, :1].T)
    assert expectations(far, [[1.0]]).error.min() > 0.01


def test_states_do_not_depend_on_their_batch():
    lattice = normal_lattice(0.1, 0.2)
    counts = np.arange(3000.0)[:, None] % 17
    whole = expectations(lattice, counts).value
    assert whole[:17] == pytest.approx(expectations(lattice, counts[:17]).value, abs=1e-14)
    assert whole[2980:2997:17] == pytest.approx(whole[5:6], abs=1e-14)
