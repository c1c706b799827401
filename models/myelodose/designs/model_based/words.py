"""Why a CRM chose, in words and numbers."""

from dataclasses import replace
from typing import Any

import numpy as np

from myelodose.designs.base import NONE, STOP, UNDECIDED, Reason
from myelodose.designs.look import look_of
from myelodose.designs.model_based.estimates import Estimates
from myelodose.designs.verdict import Verdict


def crm_reasons(
    design: Any, risks: Estimates, n, y, level: int, chosen: int
) -> tuple[str, list[Reason]]:
    """Sentence and reasons for one state.

    Args:
        design: The `Crm`, whose module imports this one.
        risks: Estimates of the state.
        n: Evaluable patients, (1, level).
        y: Patients with a DLT, (1, level).
        level: The level given last.
        chosen: What `decide` gave.
    """
    nearest = int(design.nearest(risks)[0][0])
    reasons = [
        Reason(
            f"risk of {design.name(k)} ({design.estimate}) nearest to the target",
            float(risks.value[0, k]),
            design.target,
            float(risks.error[0, k]),
            "nearest" if k == nearest else "further away",
            "",
        )
        for k in range(design.levels)
    ]
    reasons += _limits(design, risks, n, y, level, nearest, chosen)
    verdict = None
    if design.stop is not None:
        free = _chosen_without(design, risks, n, y, level, stop=None)
        verdict = design.stop(look_of(design, n, y, np.array([free]), risks.beliefs))
        reasons += verdict.explain("" if free == chosen else call_words(design, free))
    return _sentence(design, nearest, chosen, verdict), reasons


def _limits(
    design: Any, risks: Estimates, n, y, level: int, nearest: int, chosen: int
) -> list[Reason]:
    """No skipping and the hold after toxicity, where they changed the level."""
    found = []
    low, top = (int(x[0]) for x in design.reach(n, np.array([level])))
    if not low <= nearest <= top:
        limit = top if nearest > top else low
        rule = f"no skipping ({design.no_skip}): not beyond {design.name(limit)}"
        without = _without(design, risks, n, y, level, no_skip="none")
        found.append(Reason(rule, nearest, limit, 0.0, f"limits to {design.name(limit)}", without))
    if nearest > level and n[0].any() and bool(design.held(n, y, np.array([level]))[0]):
        share = float(y[0, level] / n[0, level])
        rule = f"no escalation while the DLT share at {design.name(level)} is {design.hold}"
        without = _without(design, risks, n, y, level, hold="never")
        found.append(Reason(rule, share, design.target, 0.0, "holds", without))
    return found


def _without(design: Any, risks: Estimates, n, y, level: int, **off) -> str:
    """What would have been decided without a rule."""
    return call_words(design, _chosen_without(design, risks, n, y, level, **off))


def _chosen_without(design: Any, risks: Estimates, n, y, level: int, **off) -> int:
    return int(replace(design, **off).decide_from(risks, n, y, np.array([level]))[0])


def call_words(design, chosen: int) -> str:
    """A decision in words."""
    if chosen == STOP:
        return "stop"
    return "undecided" if chosen == UNDECIDED else design.name(chosen)


def rule_words(verdict: Verdict | None, chosen: int) -> str:
    """Why a decision stops or is undecided, if a rule for stopping says so; else ""."""
    if verdict is not None and chosen == STOP and verdict.fires:
        return f"stop: {verdict.because}"
    if verdict is not None and chosen == UNDECIDED and verdict.fires is None:
        return f"undecided: {verdict.because}"
    return "the numerical error reaches across a limit" if chosen == UNDECIDED else ""


def _sentence(design: Any, nearest: int, chosen: int, verdict: Verdict | None) -> str:
    words = rule_words(verdict, chosen)
    if words:
        return words
    near = f"the risk of {design.name(nearest)} is nearest to {design.target:g}"
    if chosen in (NONE, nearest):
        return near
    return f"{near}, but {design.name(chosen)} is as far as the rules allow"
