"""P(DLT) of a known truth lies in the interval of a calibration about as often as that says.

SIMULATED trials stand in for the printed one; each has a truth of its own, drawn from the prior,
and its true P(DLT) by dose is simulated in many more patients.
"""

import numpy as np
import pytest

from myelodose.virtual.calibration.check import risk_check
from myelodose.virtual.calibration.emulator import fit_emulator
from myelodose.virtual.calibration.simulated import simulate_risks, simulate_trials, together
from myelodose.virtual.calibration.uncertain import NAMES

pytestmark = pytest.mark.slow

CHUNKS, CHUNK, NUMBER = 4, 400, 100


@pytest.fixture(scope="module")
def trials():
    found = []
    for chunk in range(CHUNKS):
        z = np.random.default_rng([7, 0, chunk]).standard_normal((CHUNK, len(NAMES)))
        child = int(np.random.SeedSequence([7, 0, chunk, 1]).generate_state(1)[0])
        found.append(simulate_trials(z, child))
    return together(found)


@pytest.fixture(scope="module")
def emulator(trials):
    return fit_emulator(trials)


@pytest.fixture(scope="module")
def truths(trials, emulator):
    """The true risks of the trials that are calibrated to, and how they rank."""
    kept = []

    def true_risk(z):
        kept.append(simulate_risks(z, 3))
        return kept[0]

    found = risk_check(
        trials, emulator, 1, true_risk=true_risk, first=CHUNKS * CHUNK, number=NUMBER
    )
    return kept[0], found


def test_the_middle_90_per_cent_cover_the_true_risk_of_a_dlt_nearly_as_often(truths):
    _, found = truths
    # Stated 0.90; with four times as many trials 0.86 and 0.87 were measured (docs/decisions.md):
    # 0.86 less and 0.90 plus three standard errors of a share of 100.
    assert (found.inside > 0.86 - 3 * np.sqrt(0.86 * 0.14 / NUMBER)).all()
    assert (found.inside < 0.90 + 3 * np.sqrt(0.90 * 0.10 / NUMBER)).all()
    # On neither side: a uniform rank has a standard deviation of 0.289.
    assert np.abs(found.rank.mean(0) - 0.5).max() < 4 * 0.289 / np.sqrt(NUMBER)


def test_the_truth_of_another_trial_is_covered_less(trials, emulator, truths):
    """So the intervals say something of their own trial, and the check could fail."""
    risks, found = truths
    other = risk_check(
        trials,
        emulator,
        1,
        true_risk=lambda z: np.roll(risks, 1, axis=0),
        first=CHUNKS * CHUNK,
        number=NUMBER,
    )
    assert other.inside.mean() < found.inside.mean() - 0.05
