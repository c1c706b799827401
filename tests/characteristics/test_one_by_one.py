"""Trials followed patient by patient: the same numbers as together, and with time."""

import numpy as np
import pytest

from myelodose.characteristics.backfill import Accrual
from myelodose.characteristics.one_by_one import simulate_one_by_one
from myelodose.characteristics.simulate import simulate
from myelodose.designs.boin import Boin
from myelodose.designs.boin12 import Boin12
from myelodose.designs.tite_boin import TiteBoin
from myelodose.errors import InputError

TRUTH = [0.05, 0.12, 0.27, 0.45]
BOIN = Boin(doses=4, target=0.3)


def test_a_design_of_counts_gives_what_trials_followed_together_give():
    asked = {"trials": 200, "patients": 18, "seed": 3}
    together, alone = simulate(BOIN, TRUTH, **asked), simulate_one_by_one(BOIN, TRUTH, **asked)
    for name in together.data_vars:
        np.testing.assert_array_equal(alone[name], together[name], err_msg=str(name))


def test_with_slow_accrual_a_time_to_event_design_is_the_one_with_full_follow_up():
    # Gaps of 100 windows: nobody is pending when the next patient comes.
    slow = Accrual(per_month=0.005, window_months=1.0)
    asked = {"trials": 60, "patients": 18, "seed": 3}
    waited = simulate_one_by_one(TiteBoin(BOIN), TRUTH, accrual=slow, **asked)
    together = simulate(BOIN, TRUTH, **asked)
    for name in ("selected", "patients", "dlts", "stopped"):
        # The design without time asks once more, after the last patient.
        np.testing.assert_allclose(waited[name], together[name], atol=0.02, err_msg=name)


def test_with_fast_accrual_a_trial_is_shorter():
    asked = {"trials": 60, "patients": 18, "seed": 3}
    lengths = [
        float(
            simulate_one_by_one(
                TiteBoin(BOIN), TRUTH, accrual=Accrual(rate, 1.0, "poisson"), **asked
            ).duration
        )
        for rate in (1.0, 4.0)
    ]
    assert lengths[1] < 0.6 * lengths[0]


def test_a_design_of_two_outcomes_finds_the_dose_that_works():
    design = Boin12(doses=4, toxicity=0.35, efficacy=0.25)
    found = simulate_one_by_one(
        design,
        [0.02, 0.05, 0.08, 0.12],
        response=[0.05, 0.1, 0.2, 0.7],
        trials=60,
        patients=36,
        seed=1,
    )
    assert float(found.selected[3]) > 0.8
    assert float(found.responses) > 10


def test_accrual_with_efficacy_is_refused():
    with pytest.raises(InputError, match="leave one of them out"):
        simulate_one_by_one(
            BOIN, TRUTH, response=TRUTH, accrual=Accrual(1.0), trials=1, patients=3, seed=1
        )
