"""Collocation integrates what it should, as exactly as it should."""

import math
from itertools import pairwise

import numpy as np
import pytest

from myelodose.solve.rule import Rule

RULES = pytest.mark.parametrize("rule", [Rule(8, 3.0), Rule(12, 4.0), Rule(16, 2.0)], ids=str)


@RULES
def test_constants_integrate_to_powers_of_time(rule):
    for p, matrix in enumerate(rule.iterated, start=1):
        np.testing.assert_allclose(
            matrix.sum(1), rule.time**p / math.factorial(p), rtol=1e-12, atol=1e-15
        )


@RULES
def test_polynomials_of_the_stretched_time_integrate_exactly(rule):
    from scipy.integrate import quad

    coefficients = np.random.default_rng(0).normal(size=rule.nodes)
    values = np.polyval(coefficients, rule.s)
    speed = rule.crowding / np.expm1(rule.crowding)
    for end, got in zip([*rule.s, 1.0], rule.integrate @ values, strict=True):
        exact, _ = quad(
            lambda s: np.polyval(coefficients, s) * speed * np.exp(rule.crowding * s),
            0,
            end,
            epsabs=1e-14,
        )
        assert got == pytest.approx(exact, rel=1e-9, abs=1e-12)


def test_errors_fall_with_every_node():
    def error(nodes):
        rule = Rule(nodes, 3.0)
        pulse = np.exp(-24 * rule.time[:-1])
        return abs(rule.integrate[-1] @ pulse - (1 - np.exp(-24)) / 24)

    errors = [error(nodes) for nodes in (8, 12, 16, 20)]
    assert all(b < a / 10 for a, b in pairwise(errors))


def test_nodes_crowd_after_the_dose():
    rule = Rule(12)
    assert (np.diff(rule.time) > 0).all()
    assert rule.time[6] < 0.2
    assert rule.time[-1] == 1.0
