"""Simulated BF-BOIN trials: who arrives while a cohort is full may be backfilled."""

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from myelodose.characteristics.backfill_run import Accrual, BackfillRun
from myelodose.characteristics.truth import read_truth
from myelodose.designs.backfill import BackfillBoin
from myelodose.errors import InputError, check_numbers

__all__ = ["Accrual", "simulate_backfill"]


def simulate_backfill(
    design: BackfillBoin,
    truth: ArrayLike,
    *,
    response: ArrayLike,
    accrual: Accrual,
    cohorts: int,
    trials: int,
    seed: int,
) -> xr.Dataset:
    """Operating characteristics of BF-BOIN, by simulation.

    A patient who arrives joins the open cohort. Once it is full and all its patients were
    observed, the next one to arrive opens the next cohort, at the dose that the design gives by
    all patients evaluated until then. Who arrives in between is backfilled at the highest dose
    that is open for it, or goes elsewhere. A DLT comes at a Weibull time, half of them in the
    first half of the window; a response is known at the end of the window.

    Args:
        design: The design.
        truth: True DLT risks by level.
        response: True response probabilities by level.
        accrual: Arrival and window.
        cohorts: Most cohorts of the escalation.
        trials: Trials to simulate.
        seed: Seed of the random numbers; there is no default.

    Returns:
        `selected`, `patients`, `dlts` per `level`, `selected_none`, `size`, `months` (duration),
        each with its Monte Carlo standard error `<name>_se`. Patients count if evaluated when
        the last cohort was.

    Raises:
        InputError: If numbers do not fit.

    Source:
        Zhao et al. 2024 (doi 10.1158/1078-0432.CCR-23-2585).
    """
    risk = read_truth(truth, design, "simulate_backfill").risk[0]
    responds = np.asarray(response, float)
    if responds.shape != risk.shape:
        found = f"found {responds.size} probabilities"
        raise InputError("simulate_backfill, response", found, f"give {design.levels}")
    fine = (responds >= 0) & (responds <= 1)
    check_numbers("simulate_backfill, response", responds, fine, "give probabilities from 0 to 1")
    if seed is None or trials < 1 or cohorts < 1:
        found = f"found seed {seed}, {trials} trials, {cohorts} cohorts"
        remedy = "give a seed, and 1 or more trials and cohorts"
        raise InputError("simulate_backfill", found, remedy)
    run = BackfillRun(design, risk, responds, accrual, cohorts, trials, np.random.default_rng(seed))
    run.go()
    return run.dataset()
