"""Divided differences of exp: against high precision, at equality, near it and far from it."""

from decimal import Decimal, localcontext

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.pk.divided_differences import divided_differences
from myelodose.precision import float64


def exp(nodes, names):
    """One divided difference."""
    return divided_differences(nodes, [names])[tuple(sorted(names))]


difference = jax.jit(exp, static_argnums=1)


def reference(nodes) -> float:
    """The corner of the exponential of a bidiagonal matrix (Opitz), Taylor in 60 digits."""
    with localcontext() as context:
        context.prec = 60
        nodes = [Decimal(float(x)) for x in nodes]
        halvings = max(0, int(max(abs(x) for x in nodes)).bit_length() + 1)
        small = _bidiagonal(nodes, Decimal(2) ** halvings)
        size = range(len(nodes))
        term = total = [[Decimal(int(i == j)) for j in size] for i in size]
        for k in range(1, 45):
            term = [[entry / k for entry in row] for row in _product(term, small)]
            total = [
                [a + b for a, b in zip(*rows, strict=True)]
                for rows in zip(total, term, strict=True)
            ]
        for _ in range(halvings):
            total = _product(total, total)
        return float(total[0][-1])


def _bidiagonal(nodes, by):
    size = range(len(nodes))
    return [
        [nodes[i] / by if i == j else Decimal(int(j == i + 1)) / by for j in size] for i in size
    ]


def _product(a, b):
    size = range(len(a))
    return [
        [sum((a[i][k] * b[k][j] for k in range(i, j + 1)), Decimal(0)) for j in size] for i in size
    ]


@pytest.mark.parametrize("repeated", [1, 2, 4, 8])
@pytest.mark.parametrize("others", [1, 2, 3])
def test_ten_digits_hold_for_any_distance_of_the_nodes(repeated, others):
    random = np.random.default_rng(10 * repeated + others)
    order = repeated + others - 1
    # Around order / 2 the series gives way to the quotient.
    for distance in [0.0, 1e-12, 1e-6, 1e-2, 0.499 * order, 0.501 * order, order, 10.0, 40.0]:
        away = distance * np.append(random.choice([-1.0, 1.0]), random.uniform(-1, 1, others - 1))
        nodes = {"x": -45.0} | dict(zip("yzw", -45.0 + away, strict=False))
        names = ("x",) * repeated + tuple("yzw"[:others])
        with float64():
            got = float(difference(nodes, names))
        assert got == pytest.approx(reference([nodes[n] for n in names]), rel=2e-13)


@pytest.mark.parametrize("distance", [0.0, 1e-9, 1e-3, 0.49, 0.51, 3.0])
def test_the_derivative_is_the_divided_difference_with_that_node_twice(distance):
    with float64():
        got = jax.grad(lambda x: exp({"x": x, "y": -2.0}, ("x", "y")))(-2.0 - distance)
    node = -2.0 - distance
    assert float(got) == pytest.approx(reference([node, node, -2.0]), rel=1e-13)


def test_the_second_derivative_at_equality_is_a_third():
    # d2/dx2 exp[x, y] = 2 exp[x, x, x, y] = 2 e^x / 3! where all are x.
    with float64():
        second = jax.grad(jax.grad(lambda x: exp({"x": x, "y": -1.0}, ("x", "y"))))
        assert float(second(-1.0)) == pytest.approx(np.exp(-1) / 3, rel=1e-14)


def test_the_order_of_the_nodes_does_not_matter():
    with float64():
        nodes = {"a": -1.0, "b": -3.0, "c": -0.1}
        assert exp(nodes, ("a", "b", "c")) == exp(nodes, ("c", "a", "b"))


def test_far_nodes_neither_overflow_nor_leave_a_nan_in_the_gradient():
    def value(x):
        return exp({"x": x, "y": -1e-9, "z": -1e6}, ("x", "x", "y", "z")).sum()

    with float64():
        value_and_gradient = jax.value_and_grad(value)(jnp.array([-1e9, -1e3, -1e-9, -1e6]))
        assert all(bool(jnp.isfinite(part).all()) for part in value_and_gradient)
