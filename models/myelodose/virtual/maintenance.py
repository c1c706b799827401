"""Maintenance every 4 or every 8 weeks: the clone, and what it costs in counts. SIMULATED.

Every 56 days is what the trial gave (F06); every 28 is the counterfactual of R9.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.marrow.protocol.written import Maintenance
from myelodose.regimen import Regimen, platzbecker2013_maintenance
from myelodose.solve.settings import Fast
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual.cytogenetics import MOLECULAR_LIMIT, expected_vaf
from myelodose.virtual.follow import STEADY, trial_protocol
from myelodose.virtual.population import Population
from myelodose.virtual.schedules import ASSUMED, MONTH_D
from myelodose.virtual.trial import run_trial


def compare_maintenance(
    population: Population,
    induction: Regimen,
    *,
    every_d: Sequence[int] = (28, 56),
    induction_cycles: int = 3,
    weeks: int = 32,
    solver: Fast = STEADY,
) -> xr.Dataset:
    """Maintenance every 4 or every 8 weeks after the same induction, in the same virtual patients.

    Everybody goes on to maintenance after induction, whatever the clone, so that the two differ in
    nothing else (in the trial blasts had to be cleared).

    Args:
        population: Virtual patients.
        induction: One cycle of induction.
        every_d: Days between maintenance cycles [d]; 56 is the trial's.
        induction_cycles: How many cycles of induction.
        weeks: Weeks of maintenance, a multiple of every interval.
        solver: The fast solver.

    Returns:
        Over `every` and `reading` [d]: `clone_share` and `tp53_share`, the mean over patients with
        `low` and `high`, 95 % of the draws' means; `seen`, the share of TP53-mutated patients whose
        VAF is at `MOLECULAR_LIMIT` or above. Over `every`: `grade4`, the share of patients with
        grade 4 of neutrophils or platelets at any time, `treated_d`, and `known`.

    Raises:
        InputError: If the weeks are no multiple of an interval.
    """
    odd = [every for every in every_d if weeks * 7 % every]
    if odd or not every_d:
        found = f"found {odd or 'no intervals'} in {weeks} weeks"
        raise InputError("compare_maintenance, every_d", found, "give whole cycles")
    parts = [
        _maintained(population, induction, every, induction_cycles, weeks, solver)
        for every in every_d
    ]
    joined = xr.concat(parts, "every", join="exact", combine_attrs="override")
    known = ["Platzbecker 2013" if every == 56 else ASSUMED for every in every_d]
    return joined.assign_coords(every=list(every_d)).assign(known=("every", known))


def _maintained(
    population: Population, induction: Regimen, every: int, cycles: int, weeks: int, solver: Fast
) -> xr.Dataset:
    later = Maintenance(
        platzbecker2013_maintenance(every=every),
        cycles=weeks * 7 // every,
        clone_below=1.0,
        after=cycles,
    )
    protocol = trial_protocol(induction, cycles=cycles, maintenance=later, clone_above=None)
    days = cycles * (induction.cycle(1).length_d or MONTH_D) + weeks * 7 + 1
    rule = DltRule()
    events = run_trial(population, protocol, 0, days=days, rule=rule, solver=solver)
    share = events.clone_share.values
    clone, mutated = share[:, 1:].sum(1), share[:, 2]
    low, high = np.quantile(population.by_draw(clone).mean(-1), [0.025, 0.975], axis=-1)
    vaf, who = expected_vaf(events), events.tp53_mutated.values.astype(bool)
    severe = (events.worst_grade.sel(lineage=["ANC", "PLT"]).values == 4).any(0)
    treated = events.stop_d.fillna(days).values
    over = "reading"
    return xr.Dataset(
        {
            "clone_share": (over, clone.mean(-1)),
            "low": (over, low),
            "high": (over, high),
            "tp53_share": (over, mutated[:, who].mean(-1)),
            "seen": (over, (vaf[:, who] >= MOLECULAR_LIMIT).mean(-1)),
            "grade4": ((), severe.mean()),
            "treated_d": ((), treated.mean()),
        },
        coords={"reading": events.reading.values},
        attrs=population.attrs | {"induction_cycles": cycles},
    )
