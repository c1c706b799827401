"""Optimal and maximum tolerated dose, with the rules behind them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from myelodose.decision.estimates import OVER, WORTH, Estimates
from myelodose.decision.frontier import paired
from myelodose.decision.question import Question
from myelodose.decision.reasons import UNDECIDED, Reason, judged

_TOLERATED, _TOXIC, _SKIPS = "admissible", "too toxic", "skips an untried level"


class Choice(NamedTuple):
    """Which doses, and why.

    Attributes:
        optimal_mg: The admissible dose with the highest utility [mg]; None if there is none, or if
            the error leaves it open.
        mtd_mg: The highest admissible dose, likewise.
        verdicts: Of each dose: "admissible", "too toxic", "skips an untried level" or "undecided".
        undecided: Whether the error leaves the optimal dose open.
        mtd_undecided: Whether it leaves the maximum tolerated dose open.
        reasons: The rules in the order in which they were looked at.
    """

    optimal_mg: float | None
    mtd_mg: float | None
    verdicts: dict[float, str]
    undecided: bool
    mtd_undecided: bool
    reasons: tuple[Reason, ...]


def choose(question: Question, found: Estimates) -> Choice:
    """Overdose control, then no step that is too long, then the utility.

    A dose is admissible if P(risk > limit) is below the overdose limit beyond its error (two Monte
    Carlo standard errors), and nowhere above a dose that is not. The optimal dose is the admissible
    one with the highest mean utility; it is undecided where another one lies within the error of
    their difference, in the same patients, or where a dose that is undecided would be better.

    Args:
        question: What is asked.
        found: Every number by dose.
    """
    doses = [float(d) for d in question.doses_mg]
    safety, verdicts = _safety(question, found, doses)
    steps, verdicts = _steps(question, doses, verdicts)
    mtd, open_mtd, about_mtd = _mtd(doses, verdicts)
    optimal, open_optimal, about_utility = _optimal(found, doses, verdicts)
    reasons = (*safety, *steps, *about_utility, about_mtd)
    return Choice(optimal, mtd, verdicts, open_optimal, open_mtd, reasons)


def _safety(
    question: Question, found: Estimates, doses: list[float]
) -> tuple[list[Reason], dict[float, str]]:
    table = found.table.sel(quantity=OVER)
    reasons, verdicts = [], {}
    toxic = False
    for row, dose in enumerate(doses):
        one = judged(
            f"P(risk > {question.risk_limit:.3g}) at {dose:g} mg",
            float(table["mean"][row]),
            question.overdose_limit,
            2 * float(table.error[row]),
            below=_TOLERATED,
            above=_TOXIC,
        )
        toxic |= one.verdict == _TOXIC
        reasons.append(one)
        verdicts[dose] = _TOXIC if toxic else one.verdict
    return reasons, verdicts


def _steps(
    question: Question, doses: list[float], verdicts: dict[float, str]
) -> tuple[list[Reason], dict[float, str]]:
    """No level is skipped; before the first patient only the lowest is open."""
    tried = [k for k, dose in enumerate(doses) if _tried_at_least(question, dose)]
    highest = (tried[-1] + question.max_step) if tried else 0
    levels = {dose: k - (tried[-1] if tried else -1) for k, dose in enumerate(doses)}
    reasons = []
    changed = dict(verdicts)
    for k, dose in enumerate(doses):
        if k > highest and verdicts[dose] != _TOXIC:
            rule = f"levels above the highest dose tried, {dose:g} mg"
            reasons.append(Reason(rule, levels[dose], question.max_step, 0.0, _SKIPS))
            changed[dose] = _SKIPS
    return reasons, changed


def _tried_at_least(question: Question, dose: float) -> bool:
    """Whether this dose or a higher one was given to anybody."""
    return any(o.n > 0 and o.dose_mg >= dose for o in question.observed)


def _mtd(doses: list[float], verdicts: dict[float, str]) -> tuple[float | None, bool, Reason]:
    tolerated = [d for d in doses if verdicts[d] == _TOLERATED]
    mtd = tolerated[-1] if tolerated else None
    open_above = [d for d in doses if verdicts[d] == UNDECIDED and (mtd is None or d > mtd)]
    value = np.nan if mtd is None else mtd
    if open_above:
        return None, True, Reason("highest admissible [mg]", value, np.nan, 0.0, UNDECIDED)
    verdict = "tolerated" if mtd is not None else "no dose is admissible"
    return mtd, False, Reason("highest admissible [mg]", value, np.nan, 0.0, verdict)


def _optimal(
    found: Estimates, doses: list[float], verdicts: dict[float, str]
) -> tuple[float | None, bool, list[Reason]]:
    worth = found.table["mean"].sel(quantity=WORTH).values
    possible = [k for k, d in enumerate(doses) if verdicts[d] in (_TOLERATED, UNDECIDED)]
    tolerated = [k for k in possible if verdicts[doses[k]] == _TOLERATED]
    if not tolerated:
        return None, bool(possible), []
    best = max(tolerated, key=lambda k: worth[k])
    reasons, unclear = [], False
    for k in possible:
        if k == best:
            continue
        difference = paired(found.utility[best], found.utility[k])
        one = judged(
            f"utility, {doses[best]:g} mg minus {doses[k]:g} mg",
            difference.mean,
            0.0,
            difference.error,
            below=f"{doses[k]:g} mg is better",
            above=f"{doses[best]:g} mg is better",
        )
        reasons.append(one)
        unclear |= one.verdict != f"{doses[best]:g} mg is better"
    return (None if unclear else doses[best]), unclear, reasons


COSTS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Responses that one DLT may cost, for `by_cost`."""


def by_cost(
    question: Question, found: Estimates, choice: Choice, costs: Sequence[float] = COSTS
) -> dict[str, float | None]:
    """The admissible dose with the highest mean utility, for other costs of a DLT.

    Args:
        question: What was asked; its other weights stay.
        found: Every number by dose.
        choice: Which doses are admissible.
        costs: Responses that one DLT costs.

    Returns:
        The dose [mg] by cost; None where the error leaves it open or none is admissible.
    """
    rows = [k for k, verdict in enumerate(choice.verdicts.values()) if verdict == _TOLERATED]
    doses = list(choice.verdicts)
    result: dict[str, float | None] = {}
    for cost in costs:
        worth = found.utility - (cost - question.utility.dlt) * found.risk
        best = max(rows, key=lambda k: worth[k].mean(), default=None)
        clear = best is not None and all(
            paired(worth[best], worth[k]).sign > 0 for k in rows if k != best
        )
        result[f"{cost:g}"] = doses[best] if best is not None and clear else None
    return result
