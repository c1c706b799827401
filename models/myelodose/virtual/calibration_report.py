"""Tables and words about a calibration: what moved, what did not, and the risk by dose."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.regimen import platzbecker2013
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.trial import dlt_counts, load_trial
from myelodose.virtual.calibration.uncertain import NAMES, values_at
from myelodose.virtual.covariates import drawn_covariates
from myelodose.virtual.dlt_risk import dlt_risk
from myelodose.virtual.facts import COHORTS
from myelodose.virtual.population import virtual_patients
from myelodose.virtual.predicted import Predicted
from myelodose.virtual.verdicts import POPULATIONS, VERDICTS, role_of, typical_of

NOISE = 0.25
"""Contraction within the error of the emulator: about what parameters show of which the facts can
say nothing, on either side of zero."""


def dose_risks(seed: int, draws: int, patients: int) -> dict[str, xr.Dataset]:
    """P(DLT) at the four doses in both populations.

    Args:
        seed: Seed.
        draws: Draws of the typical values.
        patients: Virtual patients of each.
    """
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()
    regimens = {f"{dose} mg": platzbecker2013(dose) for dose in COHORTS}
    found = {}
    for name in POPULATIONS:
        typical, hazards = typical_of(name, draws, seeds[0])
        people = virtual_patients(seeds[1], drawn_covariates(seeds[2], patients), draws=typical)
        found[name] = dlt_risk(people, regimens, DltRule(), hazards)
    return found


def observed_dlts() -> xr.Dataset:
    """Patients and DLTs of the trial by regimen, as `dose_risks` names them."""
    counts = dlt_counts(load_trial("platzbecker2013"))
    names = [f"{dose:g} mg" for dose in counts.dose.values]
    data = {"n": ("regimen", counts.n.values), "dlt": ("regimen", counts.dlt.values)}
    return xr.Dataset(data, {"regimen": names})


def moved_table(calibration: xr.Dataset) -> pd.DataFrame:
    """Every parameter under prior and calibration, and how well simulated truths are found again.

    Args:
        calibration: From `shipped_calibration`.
    """
    prior = values_at(np.random.default_rng(1).standard_normal((4000, len(NAMES))))
    rows = []
    for name in NAMES:
        before = np.quantile(prior[name], [0.025, 0.5, 0.975])
        after = np.quantile(calibration[name].values, [0.025, 0.5, 0.975])
        own = calibration.sel(parameter=name)
        rows.append(
            {
                "parameter": name,
                "prior": _interval(before),
                "calibrated": _interval(after),
                "contraction": float(own.contraction),
                "truths within 90 %": float(own.inside_90),
            }
        )
    return pd.DataFrame(rows).set_index("parameter")


def without_table(calibration: xr.Dataset) -> pd.DataFrame:
    """The calibrated risk without one fact at a time, and the parameter that moves most.

    Args:
        calibration: From `shipped_calibration`.
    """
    rows = []
    for name in calibration.without.values:
        own = calibration.sel(without=name)
        step = own.mean_z_without - calibration.mean_z_without.sel(without="none")
        most = str(calibration.parameter.values[int(np.abs(step.values).argmax())])
        risk = {f"P(DLT), {d} mg": float(own.risk_without.sel(dose=d)) for d in COHORTS}
        moves = "" if name == "none" else f"{most}, {float(step.sel(parameter=most)):+.2f}"
        rows.append({"without": name} | risk | {"moves most": moves})
    return pd.DataFrame(rows).set_index("without")


def answer(
    findings: pd.DataFrame, facts: Mapping[str, list[Predicted]], calibration: xr.Dataset
) -> str:
    """Whether the trial would come out of the model, in a few sentences.

    Args:
        findings: From `finding_table`.
        facts: From `replayed_facts`, by population.
        calibration: From `shipped_calibration`.
    """
    counts = {name: findings[name].value_counts() for name in facts}
    verdicts = "; ".join(
        f"{name}: " + ", ".join(f"{counts[name].get(word, 0)} {word}" for word in VERDICTS)
        for name in facts
    )
    held = [one for one in facts["calibrated"] if role_of(one.quantity) == "held out"]
    bad = [f"{one.quantity} ({one.tail:.2g})" for one in held if one.verdict != "compatible"]
    moved = calibration.contraction.to_series().sort_values()
    risk = calibration.risk_without.sel(without="none")
    return (
        f"Of R1 to R13, by the most surprising quantity of each: {verdicts}; R6 has no mechanism. "
        f"Of {len(held)} quantities that were held out, {len(held) - len(bad)} fit the calibrated "
        f"model and {len(bad)} do not: {', '.join(bad) or 'none'}. "
        f"The facts narrowed {moved.index[-1]} most (by {moved.iloc[-1]:.0%} of its variance) and "
        f"said next to nothing of {', '.join(moved.index[moved < NOISE])}. "
        f"The calibrated mean risk of a DLT rises from {float(risk[0]):.0%} at 10 mg to "
        f"{float(risk[-1]):.0%} at 25 mg; observed were 0 of 4 and 3 of 6. "
        f"All of it is simulated."
    )


def _interval(three: np.ndarray) -> str:
    low, middle, high = three
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"
