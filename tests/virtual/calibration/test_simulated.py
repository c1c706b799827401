"""Where the solver fails far out in the tails, more nodes are tried, then other patients."""

import pytest

from myelodose.virtual.calibration.simulated import steadily
from myelodose.virtual.follow import QUICK, STEADY


@pytest.mark.parametrize(
    ("failing", "tried"),
    [
        (0, [(5, QUICK)]),
        (1, [(5, QUICK), (5, STEADY)]),
        (2, [(5, QUICK), (5, STEADY), (6, STEADY)]),
    ],
)
def test_more_is_tried_only_where_the_solver_fails(failing, tried):
    calls = []

    def simulate(seed, solver):
        calls.append((seed, solver))
        if len(calls) <= failing:
            raise ArithmeticError("did not converge")
        return len(calls)

    assert steadily(simulate, 5) == failing + 1
    assert calls == tried


def test_what_never_converges_is_an_error():
    def simulate(seed, solver):
        raise ArithmeticError("did not converge")

    with pytest.raises(ArithmeticError, match="did not converge"):
        steadily(simulate, 5)
