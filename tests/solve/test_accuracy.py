"""The error is estimated by a finer run; the cheapest solver that keeps a promise is chosen.

The estimate of a real model is in tests/blood/test_friberg.py. Here a run is wrong by what we say.
"""

import numpy as np
import pytest

from myelodose.solve import Fast
from myelodose.solve.accuracy import CHOICES, estimated_error, tuned


def falling(solver):
    """Wrong by 10^(4 - nodes), as collocation is: a factor of ten with every node."""
    return {"counts": np.array([1.0, 2.0]) * (1 + 10.0 ** (4 - solver.rule.nodes))}


def test_the_estimate_is_the_error_up_to_that_of_the_finer_run():
    assert estimated_error(falling, Fast(nodes=10)) == pytest.approx(1e-6, rel=1e-3)


def test_a_number_that_is_lost_is_an_infinite_error():
    assert estimated_error(lambda solver: np.array([1.0, np.nan]), Fast()) == np.inf


@pytest.mark.parametrize(("tolerance", "nodes"), [(1e-3, 8), (1e-5, 10), (1e-11, 16)])
def test_tuning_takes_the_fewest_nodes_that_keep_the_promise(tolerance, nodes):
    assert tuned(falling, tolerance=tolerance) == Fast(nodes=nodes)
    cheaper = [n for n in CHOICES if n < nodes]
    assert all(estimated_error(falling, Fast(nodes=n)) > tolerance for n in cheaper)


def test_a_promise_that_no_choice_keeps_is_refused_with_what_would_help():
    with pytest.raises(RuntimeError, match=r"reaches 1\.0e-01 with 32 nodes .* shorter windows"):
        tuned(lambda solver: np.array(1.0 + 0.1 * (solver.more_nodes == 0)))
