"""A decision from simulated counts in words: sentence, disagreement, assumptions."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from myelodose.decision.choose import Choice
from myelodose.decision.estimates import OVER, RISK
from myelodose.decision.question import Question
from myelodose.decision.recommend import Decision
from myelodose.decision.words import percent

TENSION, CONTRADICTION = 0.1, 0.02
"""Predictive tail probabilities below which data are in tension with, or contradict, the model."""


def sentence(question: Question, table: xr.Dataset, choice: Choice) -> str:
    """What to give next, why, and how certain it is.

    Args:
        question: What was asked.
        table: Every number by dose.
        choice: Which doses.
    """
    if choice.undecided:
        return (
            "Undecided: the Monte Carlo error reaches across a limit that the next dose depends "
            "on. Give more draws or patients."
        )
    if choice.optimal_mg is None:
        lowest = float(question.doses_mg[0])
        over = table["mean"].sel(quantity=OVER, dose=lowest)
        return (
            f"Stop: no dose is admissible; P(DLT risk > {percent(question.risk_limit)}) is "
            f"{percent(over)} at {lowest:g} mg already."
        )
    at = table.sel(dose=choice.optimal_mg)
    mtd = "undecided" if choice.mtd_undecided else f"{choice.mtd_mg:g} mg"
    return (
        f"Give {choice.optimal_mg:g} mg next. It has the highest utility of the admissible doses; "
        f"the maximum tolerated dose is {mtd}. At {choice.optimal_mg:g} mg the DLT risk is "
        f"{_with_interval(at, RISK)}, and {_with_interval(at, 'response')} respond "
        "cytogenetically after cycle 1."
    )


def disagreement(choice: Choice, data_alone: Decision | None, tension: xr.Dataset | None) -> str:
    """Whether counts and toxicity data lead to the same dose, and whether they contradict.

    Args:
        choice: Which doses, by counts.
        data_alone: The decision from the toxicity data; None if there are none.
        tension: From `virtual.conflict`; None if nothing was observed at these doses.
    """
    if data_alone is None:
        return "Nothing was observed: the simulation stands alone."
    alone = data_alone.recommended_dose_mg
    data = _dose(alone)
    if choice.mtd_undecided:
        text = f"The toxicity data alone would allow up to {data}; by counts that is undecided."
    elif choice.mtd_mg == alone:
        text = (
            f"No conflict: the toxicity data alone lead to the same maximum tolerated dose, {data}."
        )
    else:
        text = (
            f"CONFLICT: the toxicity data alone allow up to {data}, with simulated counts "
            f"{_dose(choice.mtd_mg)}."
        )
    if choice.optimal_mg is not None and choice.optimal_mg != alone:
        text += (
            f" The optimal dose, {_dose(choice.optimal_mg)}, is another one because it weighs "
            "benefit too."
        )
    return f"{text} {_tension_words(tension)}".strip()


def conflicts(choice: Choice, data_alone: Decision | None, tension: xr.Dataset | None) -> bool:
    """Whether the maximum tolerated doses differ, or the observed DLTs contradict the simulation.

    Args:
        choice: Which doses, by counts.
        data_alone: The decision from the toxicity data; None if there are none.
        tension: From `virtual.conflict`; None if nothing was observed at these doses.
    """
    if data_alone is None or choice.mtd_undecided:
        return False
    against = tension is not None and float(tension["tail"].min()) < CONTRADICTION
    return choice.mtd_mg != data_alone.recommended_dose_mg or against


def _tension_words(tension: xr.Dataset | None) -> str:
    if tension is None:
        return ""
    tails = {
        str(n): float(v)
        for n, v in zip(tension.regimen.values, tension["tail"].values, strict=True)
    }
    name = min(tails, key=lambda n: tails[n])
    tail, one = tails[name], tension.sel(regimen=name)
    where = "all doses" if name == "all" else name
    seen = f"{int(one.observed)} DLTs ({where}) against {float(one.expected):.1f} expected"
    if tail >= TENSION:
        return f"The observed DLTs fit the simulated risks (smallest tail {tail:.2f})."
    word = "contradict" if tail < CONTRADICTION else "are in tension with"
    return f"The observed DLTs {word} the simulated risks: {seen}, tail {tail:.3f}."


def assumptions(question: Question, source: Mapping[str, str]) -> tuple[str, ...]:
    """What the numbers rest on that no source states, one sentence each.

    Args:
        question: What was asked.
        source: Where draws and hazards are from, and cautions.
    """
    given = [
        f"Patients are SIMULATED; typical values: {source['draws']}.",
        f"{question.rule.describe()}. No source states the trial's rule.",
        f"Hazards of infection and thrombosis: {source['hazards']}.",
        f"Weights of benefit and harm were chosen: {question.utility.describe()}.",
        "Patients who start with low counts are low below half of their own baseline.",
    ]
    if not question.as_in_the_trial:
        given.append(
            f"ORDER '{question.order}', gap {question.gap_d} d, cycle {question.rule.cycle_d} d: "
            "given to nobody in the trial; what it does is the model's assumption."
        )
        if question.risk == "joined":
            given.append("The observed other DLTs are taken over from the trial's order.")
    if source["cautions"]:
        given.append(source["cautions"])
    return tuple(given)


def _with_interval(at: xr.Dataset, name: str) -> str:
    one = at.sel(quantity=name)
    low, high = (100 * float(v) for v in (one.low, one.high))
    return f"{percent(one['mean'])} (95 % {np.round(low):.0f} to {np.round(high):.0f} %)"


def _dose(dose: float | None) -> str:
    return "no dose" if dose is None else f"{dose:g} mg"
