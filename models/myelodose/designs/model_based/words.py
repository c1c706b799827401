"""Why a CRM chose, in words and numbers."""

from dataclasses import replace
from typing import Any

import numpy as np

from myelodose.designs.base import NONE, STOP, UNDECIDED, Reason
from myelodose.designs.model_based.estimates import Estimates
from myelodose.designs.model_based.stopping import MAYBE, StopRule, Verdict, View


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
    if design.stop is not None:
        least, most = design.reach(n, np.array([level]))
        view = View(n, y, np.clip([nearest], least, most), risks.exceed, risks.sd)
        reasons += stop_reasons(design.stop, view, _without(design, risks, n, y, level, stop=None))
    return _sentence(design, nearest, chosen), reasons


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
    return call_words(
        design, int(replace(design, **off).decide_from(risks, n, y, np.array([level]))[0])
    )


def call_words(design, chosen: int) -> str:
    """A decision in words."""
    if chosen == STOP:
        return "stop"
    return "undecided" if chosen == UNDECIDED else design.name(chosen)


def stop_reasons(stop: StopRule, view: View, without: str) -> list[Reason]:
    """One reason for each simple rule."""
    return [
        Reason(
            part.words,
            float(part.value[0]),
            part.limit,
            float(part.error[0]),
            {1.0: "stops", MAYBE: "undecided"}.get(float(part.fires[0]), "goes on"),
            without if part.fires[0] > 0 else "",
        )
        for part in _simple(stop.look(view))
    ]


def _simple(verdict: Verdict) -> list[Verdict]:
    if not verdict.parts:
        return [verdict]
    return [simple for part in verdict.parts for simple in _simple(part)]


def _sentence(design: Any, nearest: int, chosen: int) -> str:
    if chosen == STOP:
        return "a stopping rule holds"
    if chosen == UNDECIDED:
        return "the numerical error reaches across a limit"
    near = f"the risk of {design.name(nearest)} is nearest to {design.target:g}"
    if chosen in (NONE, nearest):
        return near
    return f"{near}, but {design.name(chosen)} is as far as the rules allow"
