"""The ledger of what was given, as doses and as a plan: the way back to an open-loop simulation."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from myelodose.errors import InputError, check_numbers
from myelodose.marrow.course import DRUGS
from myelodose.regimen import Doses, doses_from, stack
from myelodose.regimen.cycle import Dose
from myelodose.solve.plan import Plan
from myelodose.units import HOURS_PER_DAY


def ledger_to_doses(given_mg: ArrayLike) -> Doses:
    """Doses in the order of time, as `myelodose.solve.plan` and event tables take them.

    Args:
        given_mg: The ledger, (day, drug) of one patient or (day, drug, patient) of many [mg].

    Returns:
        Arrays [dose], or [dose, patient] padded to the longest; drugs in the order of the model.

    Raises:
        InputError: If the ledger has another shape or an amount that cannot be.

    Example:
        >>> ledger_to_doses([[0.0, 135.0], [20.0, 0.0]]).time_d.tolist()
        [0.0, 1.0]
    """
    ledger = _checked(given_mg)
    if ledger.ndim == 2:
        return _doses(ledger)
    return stack([_doses(one) for one in np.moveaxis(ledger, -1, 0)])


def ledger_to_plan(given_mg: ArrayLike) -> Plan:
    """The windows of the ledger, one a day, for `myelodose.marrow.simulate`.

    Times of interest are every morning, before the dose, and the end of the last day.

    Args:
        given_mg: The ledger, (day, drug) of one patient or (day, drug, patient) of many [mg].

    Raises:
        InputError: If the ledger has another shape or an amount that cannot be.

    Example:
        >>> ledger_to_plan([[0.0, 135.0], [20.0, 0.0]]).at.tolist()
        [0, 1, 2]
    """
    ledger = _checked(given_mg)
    days, patients = len(ledger), ledger.shape[2:]

    def by_patient(values: np.ndarray) -> Any:
        return np.tile(values.reshape(-1, *(1,) * len(patients)), (1, *patients))

    start = by_patient(np.arange(days, dtype=float))
    return Plan(start, np.ones_like(start), ledger, None, by_patient(np.arange(days + 1)))


def _checked(given_mg: ArrayLike) -> Any:
    ledger = np.asarray(given_mg, float)
    if ledger.ndim not in (2, 3) or ledger.shape[1] != len(DRUGS):
        remedy = f"give (day, drug) or (day, drug, patient) with {', '.join(DRUGS)}"
        raise InputError("ledger, given_mg", f"found shape {ledger.shape}", remedy)
    fine = np.isfinite(ledger) & (ledger >= 0)
    check_numbers("ledger, given_mg", ledger, fine, "give finite amounts of at least 0 mg")
    return ledger


def _doses(ledger: np.ndarray) -> Doses:
    days, drugs = np.nonzero(ledger)
    rows = [
        Dose(HOURS_PER_DAY * float(day), float(ledger[day, drug]), 0.0, DRUGS[drug])
        for day, drug in zip(days, drugs, strict=True)
    ]
    return doses_from(rows, drugs=DRUGS)
