"""Why a design with overdose control chose, in words and numbers."""

from dataclasses import replace
from typing import Any

import numpy as np

from myelodose.designs.base import STOP, Reason
from myelodose.designs.model_based.risks import Risks
from myelodose.designs.model_based.words import call_words, rule_words
from myelodose.designs.verdict import Verdict


def overdose_reasons(
    design: Any, fit: Risks, n, y, level: int, chosen: int
) -> tuple[str, list[Reason]]:
    """Sentence and reasons for one state.

    Args:
        design: An `OverdoseDesign`, whose module imports this one.
        fit: Posterior of the state.
        n: Evaluable patients, (1, level).
        y: Patients with a DLT, (1, level).
        level: The level given last.
        chosen: What `decide` gave.
    """
    last, rule = np.array([level]), design.rule
    over, error = fit.exceed[0, :, 1], fit.exceed_error[0, :, 1]
    reasons = [
        Reason(
            f"P(risk of {design.name(k)} > {rule.target_dlt:g}) < {rule.overdose_limit:g}",
            float(over[k]),
            rule.overdose_limit,
            float(error[k]),
            "admissible" if over[k] < rule.overdose_limit else "too toxic",
            "",
        )
        for k in range(design.levels)
    ]
    top = int(design.reach(n, last)[0])
    free = design.choose(fit, np.array([design.levels - 1]))[0][0]
    # P(risk > t) is below 1, so this limit never bites.
    uncontrolled = replace(design, rule=replace(rule, overdose_limit=1 - 1e-15))
    reasons.append(
        Reason(
            "overdose control", float(over.min()), rule.overdose_limit, float(error.max()),
            call_words(design, chosen),
            call_words(design, int(uncontrolled.decide_from(fit, n, y, last)[0][0])),
        )
    )  # fmt: skip
    if free > top:
        rule_words = f"at most {rule.max_step} level above the highest tested"
        verdict = f"limits to {design.name(top)}"
        reasons.append(Reason(rule_words, float(free), top, 0.0, verdict, design.name(int(free))))
    verdict = None
    if design.stop is not None:
        proposed = int(replace(design, stop=None).decide_from(fit, n, y, last)[0][0])
        verdict = design.stop(design.look(fit, n, y, np.array([proposed])))
        reasons += verdict.explain("" if proposed == chosen else call_words(design, proposed))
    return _sentence(design, over, chosen, verdict), reasons


def _sentence(design: Any, over: np.ndarray, chosen: int, verdict: Verdict | None) -> str:
    rule, words = design.rule, rule_words(verdict, chosen)
    if words:
        return words
    if chosen == STOP:
        return f"no dose has P(risk > {rule.target_dlt:g}) < {rule.overdose_limit:g}"
    what = "highest" if rule.choose == "highest" else "most likely on target"
    return (
        f"{design.name(chosen)} is the {what} of the admissible doses in reach: "
        f"P(risk > {rule.target_dlt:g}) = {over[chosen]:.3f}"
    )
