"""One cycle of a regimen as bands over virtual patients: counts, clone, and P(DLT) beside them.

Fast enough to drag: dose, gap and renal function are data of one compiled program. SIMULATED.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.blood.model import LINEAGES
from myelodose.errors import InputError
from myelodose.marrow.protocol.follow import Followed
from myelodose.regimen import Regimen
from myelodose.toxicity.causes import exposed
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual import drawn_covariates, virtual_patients
from myelodose.virtual.draws import hazards_by_draw
from myelodose.virtual.follow import QUICK, check_solved, through_protocol, trial_protocol
from myelodose.virtual.population import Population

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the bands."""


class _Kept(NamedTuple):
    counts: Float[np.ndarray, "day lineage patient"]
    share: Float[np.ndarray, "day patient"]


def _keep(followed: Followed) -> _Kept:
    clone = 1 - followed.clone_share[:, 0]
    return _Kept(followed.counts.astype(jnp.float32), clone.astype(jnp.float32))  # pyrefly: ignore


def people_with(
    seed: int,
    draws: Mapping[str, Float[np.ndarray, " draw"]],
    *,
    patients: int = 10,
    creatinine_clearance_ml_per_min: float | None = None,
) -> Population:
    """Virtual patients who all have one renal function, or each his own.

    Args:
        seed: Seed; the same one gives the same patients at every renal function.
        draws: Typical values by name.
        patients: Of each draw.
        creatinine_clearance_ml_per_min: Of all patients [mL/min], 10 to 250; drawn if not given.

    Raises:
        InputError: If the clearance cannot be.
    """
    covariates = drawn_covariates(seed, patients)
    if creatinine_clearance_ml_per_min is not None:
        clearance = float(creatinine_clearance_ml_per_min)
        if not 10 <= clearance <= 250:
            found = f"found {clearance:g}"
            raise InputError("people_with, creatinine clearance", found, "give 10 to 250 mL/min")
        everyone = np.full(patients, clearance)
        name = "creatinine_clearance_ml_per_min"
        covariates[name] = ("patient", everyone, covariates[name].attrs | {"source": "given"})
    return virtual_patients(seed, covariates, draws=draws, source="as given")


def cycle_bands(
    population: Population,
    cycle: Regimen,
    rule: DltRule,
    hazards: Hazards | Sequence[Hazards] = Hazards(),  # noqa: B008
) -> xr.Dataset:
    """Counts and clone of one cycle over the window of the rule, and P(DLT).

    Args:
        population: Virtual patients, such as from `people_with`.
        cycle: One cycle, as long as that of the rule.
        rule: The DLT rule of counts.
        hazards: The other causes, one for all or one for each draw.

    Returns:
        `count` (lineage, day, level) [1e9/L, haemoglobin g/dL] and `clone_share` (day, level) over
        patients and draws; `p_dlt` (cause), its mean, and `p_low` and `p_high`, 95 % over draws
        of any cause; `dosed` (drug, day), whether a drug is planned on that protocol day.

    Raises:
        ArithmeticError: If the solver does not converge.
        InputError: If the cycle is not that of the rule.
    """
    length = cycle.cycle(1).length_d
    if length != rule.cycle_d:
        found = f"found a cycle of {length} d with a rule for {rule.cycle_d} d"
        raise InputError("cycle_bands, cycle", found, "give a rule with that cycle_d")
    protocol = trial_protocol(cycle, cycles=1)
    kept = through_protocol(population, protocol, days=rule.window_d, keep=_keep, solver=QUICK)
    check_solved(kept.counts)
    each = hazards_by_draw(hazards, population.draws, "cycle_bands")
    seen = exposed(
        kept.counts,
        rule,
        anc_below_1e9_per_l=each[0].anc_below_1e9_per_l,
        baseline=population.baseline,
    )
    split = type(seen)(*(x.reshape(population.draws, -1) for x in seen))
    chances = split.probability(each)
    by_draw = chances.any.mean(-1)
    low, high = np.quantile(by_draw, [0.025, 0.975])
    day = np.arange(1, rule.window_d + 1)
    drugs = ("azacitidine", "lenalidomide")
    dosed = [np.isin(day, cycle.cycle(1).days_of(drug)) for drug in drugs]
    counts = np.quantile(kept.counts, LEVELS, axis=-1)
    return xr.Dataset(
        {
            "count": (("level", "day", "lineage"), counts),
            "clone_share": (("level", "day"), np.quantile(kept.share, LEVELS, axis=-1)),
            "p_dlt": ("cause", [*(float(x.mean()) for x in chances), float(by_draw.mean())]),
            "p_low": ((), float(low)),
            "p_high": ((), float(high)),
            "dosed": (("drug", "day"), dosed),
        },
        coords={
            "level": list(LEVELS),
            "day": ("day", day, {"units": "protocol day"}),
            "lineage": list(LINEAGES),
            "cause": [*chances._fields, "any"],
            "drug": list(drugs),
        },
        attrs=population.attrs | {"rule": rule.describe(), "cycle_d": rule.cycle_d},
    )
