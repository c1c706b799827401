"""What CXCR4 retention does to CD34+ cells in the blood: to their number, and to the FISH share.

Retention is common to all clones, so it scales numbers and nearly cancels in fractions (docs on
`clones.retention`). Here one course is read three ways: the clones in the marrow, and the blood
with and without the effect of lenalidomide on CXCR4. SIMULATED.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from myelodose.clones.retention import (
    CXCR4_EC50_UM,
    CXCR4_EMAX,
    CXCR4_KOUT_PER_D,
    Retention,
    simulate_retention,
)
from myelodose.effect import Saturating
from myelodose.marrow import explore, plan_for
from myelodose.marrow.course import Patient
from myelodose.marrow.labelled import SIMULATED
from myelodose.precision import float64
from myelodose.regimen import Regimen

MOBILISED_PER_D, HOMED_PER_D, THETA = 1.0, 2.0, 1.0
"""k_mob and k_home [1/day] and theta; CHOSEN: no row gives them. k_mob scales all numbers alike."""


def retained(patient: Patient, regimen: Regimen, *, days: int, theta: float = THETA) -> xr.Dataset:
    """One patient's CD34+ cells in the blood with and without retention.

    Args:
        patient: One patient, such as `marrow.typical_patient`.
        regimen: Doses.
        days: Days [d].
        theta: How steeply CXCR4 holds progenitors back.

    Returns:
        By `day` and `retention` ("none", "lenalidomide"): `number`, all CD34+ cells in the blood
        over those before treatment, and `share` of both del(5q) clones among them; and `marrow`
        and `marrow_share` (day), the same of cycling progenitors; `cxcr4` (day).
    """
    course = explore(regimen, patient, days, every_d=1.0)
    cycling = course.cycling.values[..., 0]
    with float64():
        times = np.arange(days + 1.0)
        plan = jax.tree.map(lambda x: np.asarray(x)[..., 0], plan_for(regimen, times))
        own = jax.tree.map(partial(np.asarray, dtype=float), patient)
        start = np.searchsorted(times, np.asarray(plan.start_d) + 1e-9, "right") - 1
        cells = jnp.asarray(cycling[start])
        both = [_blood(own, plan, cells, theta, emax) for emax in (0.0, CXCR4_EMAX)]
        number = np.stack([np.asarray(one.number) for one in both], 1)
        share = np.stack([np.asarray(one.share[:, 1:].sum(1)) for one in both], 1)
    marrow = cycling.sum(1)
    return xr.Dataset(
        {
            "number": (("day", "retention"), number / number[0]),
            "share": (("day", "retention"), share),
            "marrow": ("day", marrow / marrow[0]),
            "marrow_share": ("day", cycling[:, 1:].sum(1) / marrow),
            "cxcr4": ("day", np.asarray(both[1].cxcr4)),
        },
        coords={"day": times, "retention": ["none", "lenalidomide"]},
        attrs={"status": SIMULATED, "chosen": "k_mob, k_home and theta of the retention"},
    )


def _blood(patient: Patient, plan: Any, cells: Any, theta: float, emax: float):
    numbers: Any = (theta, MOBILISED_PER_D, HOMED_PER_D, 0.0, 1.0)
    turnover: Any = CXCR4_KOUT_PER_D
    parameters = Retention(turnover, Saturating(emax, CXCR4_EC50_UM), *numbers)
    return simulate_retention(parameters, plan, marrow=cells, lenalidomide=patient.len_pk)
