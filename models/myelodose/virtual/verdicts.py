"""R1 to R13, each with a verdict: under the literature priors and under the calibration.

A finding is judged by its most surprising quantity. What the model has no mechanism for is named
and gets no number.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from myelodose.errors import InputError
from myelodose.regimen import platzbecker2013
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards, hazard_draws
from myelodose.virtual.calibrated import calibrated_draws, calibrated_hazards
from myelodose.virtual.calibration.simulated import QUANTITIES
from myelodose.virtual.calibration.targets import HELD_OUT, TARGETS
from myelodose.virtual.covariates import drawn_covariates
from myelodose.virtual.dlt_risk import dlt_risk
from myelodose.virtual.facts import predicted_facts, risk_facts, schedule_facts
from myelodose.virtual.follow import QUICK
from myelodose.virtual.hyperprior import prior_draws
from myelodose.virtual.population import virtual_patients
from myelodose.virtual.predicted import NOT_MODELLED, Predicted
from myelodose.virtual.replay import replay_trial
from myelodose.virtual.sequences import compare_sequences, nadir_days

POPULATIONS = ("prior", "calibrated")
"""Literature priors, and the calibration to the printed facts."""

FINDINGS = {
    "R1": "DLTs by dose and cause; the risk reaches 1/3 near 25 mg",
    "R2": "severe thrombocytopenia at least as frequent as neutropenia",
    "R3": "every responder responds after cycle 1",
    "R4": "8 of 19 cytogenetic responses, 2 complete; they contain the haematologic ones",
    "R5": "FISH falls in responders, not in the others",
    "R6": "untreated respond more often than pretreated",
    "R7": "TP53-mutated respond at least as often",
    "R8": "patient 15: remission, delay, relapse on recovery",
    "R9": "patient 13: TP53 falls and comes back under maintenance",
    "R10": "25 mg is not more effective than 20 mg",
    "R11": "sequential beats concurrent",
    "R12": "how long responses last",
    "R13": "day of the neutrophil nadir with and without lenalidomide",
}
"""What the model is asked to reproduce, in words."""

VERDICTS = ("compatible", "in tension", "contradicted")
"""In words, from good to bad."""


def replayed_facts(
    seed: int, replicates: int, *, population: str = "prior", draws: int = 100, patients: int = 50
) -> list[Predicted]:
    """All facts of R1 to R13 that the model can say, from replicates and from populations.

    Args:
        seed: Seed.
        replicates: Replicates of the trial.
        population: One of `POPULATIONS`.
        draws: Draws for what is judged by draw (R1 the risk itself, R11, R13).
        patients: Patients of each of those draws.

    Raises:
        InputError: If there is no such population.
    """
    seeds = np.random.SeedSequence(seed).generate_state(4).tolist()
    typical, hazards = typical_of(population, replicates, seeds[0])
    replayed = replay_trial(seeds[1], replicates, draws=typical, hazards=hazards, solver=QUICK)
    typical, hazards = typical_of(population, draws, seeds[0] + 1)
    covariates = drawn_covariates(seeds[2], patients)
    people = virtual_patients(seeds[3], covariates, draws=typical)
    risk = dlt_risk(people, {"25 mg": platzbecker2013(25)}, DltRule(), hazards)
    orders = compare_sequences(people, doses_mg=(20.0,), gaps_d=(0,), hazards=hazards, solver=QUICK)
    nadirs = nadir_days(people, solver=QUICK)
    return [
        *predicted_facts(replayed),
        *risk_facts(risk),
        *schedule_facts(nadirs, orders, draws),
    ]


def typical_of(
    population: str, draws: int, seed: int
) -> tuple[Mapping[str, np.ndarray], list[Hazards]]:
    """Typical values and hazards of a population.

    Args:
        population: One of `POPULATIONS`.
        draws: How many.
        seed: Seed.

    Raises:
        InputError: If there is no such population.
    """
    if population not in POPULATIONS:
        remedy = f"give one of {', '.join(POPULATIONS)}"
        raise InputError("typical_of, population", f"found {population!r}", remedy)
    if population == "calibrated":
        return calibrated_draws(draws, seed), calibrated_hazards(draws, seed)
    return prior_draws(seed, draws), hazard_draws(seed, draws)


def role_of(quantity: str) -> str:
    """Whether the calibration used a quantity, held it out, or did not look at it.

    Args:
        quantity: As in `Predicted`.

    Example:
        >>> role_of("grade 3-4 neutropenia of 20"), role_of("median cytogenetic response [months]")
        ('used', 'held out')
    """
    used = {one.quantity for one in TARGETS} | {q for q in QUANTITIES if q.startswith("DLTs")}
    if quantity in used or "nadir" in quantity or quantity.startswith("the same with lenalid"):
        return "used"
    return "held out" if quantity in {words for _, words in HELD_OUT} else "not used"


def finding_table(facts: Mapping[str, list[Predicted]]) -> pd.DataFrame:
    """One row for each of R1 to R13: the verdicts, and what they rest on. SIMULATED.

    Args:
        facts: From `replayed_facts`, by the name of the population.

    Returns:
        `finding`, `asks`, for each population its worst `verdict` and the quantity with its tail
        probability, and `not_modelled`.
    """
    rows = []
    for finding, words in FINDINGS.items():
        row = {"finding": finding, "asks": words}
        for name, predicted in facts.items():
            own = [one for one in predicted if one.finding == finding]
            row[name], row[f"{name}, by"] = _worst(own)
        lacking = [f"{q}: {why}" for f, _, q, _, why in NOT_MODELLED if f == finding]
        row["not modelled"] = "; ".join(lacking)
        rows.append(row)
    return pd.DataFrame(rows)


def _worst(own: list[Predicted]) -> tuple[str, str]:
    judged = [one for one in own if one.verdict in VERDICTS]
    if not judged:
        return "not modelled", ""
    worst = min(judged, key=lambda one: one.tail)
    return worst.verdict, f"{worst.quantity} ({worst.tail:.2g})"
