"""A course that goes on is the course in one piece, and it is that of the marrow."""

import jax
import numpy as np
import pytest

from myelodose.forecast import Given, People, Reading, Seen
from myelodose.forecast.course import NAMES, at_start, go_on, patients_of, under
from myelodose.forecast.people import draw_patients
from myelodose.marrow.course import simulate
from myelodose.marrow.explore import plan_for
from myelodose.precision import float64
from myelodose.regimen import platzbecker2013
from myelodose.solve.plan import plan

HIM = Seen((Given(0, "azacitidine", 135.0),), (Reading(0, "ANC", 2.0),))
VALUES = np.stack([draw_patients(People({}), HIM, 6, 1)[name] for name in NAMES])


@pytest.mark.slow
def test_it_is_the_marrow_in_single_precision_with_eight_nodes():
    windows = plan_for(platzbecker2013(20), np.arange(29.0), patients=6)
    with float64():
        exact = jax.jit(simulate)(patients_of(jax.numpy.asarray(VALUES), float), windows)
        counts, share = np.asarray(exact.counts), np.asarray(exact.clone_share)
    one = jax.tree.map(lambda x: np.asarray(x)[..., 0], windows)
    found = under(VALUES, one)
    assert found.counts == pytest.approx(counts, rel=2e-3)
    assert found.share[:, 1] == pytest.approx(share[:, 2], rel=2e-2)


def test_two_pieces_are_the_whole_with_the_drug_that_is_still_there():
    """Cut a quarter of a day after a dose, where the concentration is near its peak."""
    doses = np.array([5.0, 6.0, 7.0, 12.0])
    make = {"amount": 20.0 + 0 * doses, "drug": np.zeros(4, int), "drugs": 2}
    whole = under(VALUES, plan(doses, **make, times_d=[7.25, 14.0]))
    first = doses < 7.25
    some = {"amount": make["amount"][first], "drug": make["drug"][first], "drugs": 2}
    before = under(VALUES, plan(doses[first], **some, times_d=[7.25]))
    rest = {"amount": [20.0], "drug": [0], "drugs": 2}
    after = under(VALUES, plan([12 - 7.25], **rest, times_d=[6.75]), before.end)
    assert float(np.abs(before.end.amounts).min(1).max()) > 0.1  # mg
    assert after.counts[-1] == pytest.approx(whole.counts[-1], rel=1e-4)
    assert after.cells[-1] == pytest.approx(whole.cells[-1], rel=1e-4)


@pytest.mark.slow
def test_gradients_are_finite():
    def last(values):
        patient = patients_of(values, values.dtype)
        windows = plan_for(platzbecker2013(20), [0.0, 21.0], patients=6)
        return go_on(patient, windows, at_start(patient)).counts[-1].sum()

    with float64():
        slope = jax.jit(jax.grad(last))(jax.numpy.asarray(VALUES))
    assert np.isfinite(np.asarray(slope)).all()
