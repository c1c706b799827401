"""Tables of the decision page."""

from collections.abc import Iterable
from html import escape

import numpy as np
import xarray as xr

from myelodose.decision.from_counts import CountDecision
from myelodose.decision.frontier import Paired
from myelodose.decision.reasons import Reason

ROWS = {
    "risk": "risk of a DLT in cycle 1",
    "any": "the same, all causes simulated",
    "recovery": "of it: counts do not recover",
    "over": "P(risk is too high)",
    "response": "P(cytogenetic response)",
    "complete": "P(complete cytogenetic response)",
    "cells_fall": "fall of the clonal cells",
    "grade4_long": "P(grade 4 longer than 7 days)",
    "unrecovered": "P(no recovery by day 42)",
    "dose_intensity": "relative dose intensity",
    "best": "P(highest utility of these doses)",
}
"""Rows of the table by dose; what the figure and `decision.json` tell besides is left out."""


def dose_table(made: CountDecision) -> str:
    """Benefit and risk by dose in per cent: mean, 95 % over draws, two standard errors.

    Args:
        made: The decision.
    """
    table = made.estimates.table
    doses = [float(d) for d in table.dose.values]
    chosen = [' class="chosen"' if d == made.recommended_dose_mg else "" for d in doses]
    head = "".join(f"<th{c}>{d:g} mg</th>" for d, c in zip(doses, chosen, strict=True))
    rows = [
        f"<tr><td>{escape(words)}</td>"
        + "".join(
            f"<td{c}>{_cell(table.sel(quantity=name, dose=d))}</td>"
            for d, c in zip(doses, chosen, strict=True)
        )
        + "</tr>"
        for name, words in ROWS.items()
    ]
    verdicts = "".join(
        f"<td{c}>{escape(_verdict(made, d))}</td>" for d, c in zip(doses, chosen, strict=True)
    )
    return (
        f"<table><tr><th>cycle 1, per cent: mean (95 % over draws) &plusmn; error</th>{head}</tr>"
        f"{''.join(rows)}<tr><td>verdict</td>{verdicts}</tr></table>"
    )


def _verdict(made: CountDecision, dose: float) -> str:
    words = made.choice.verdicts[dose]
    if dose in made.dominated:
        words += f", dominated by {made.dominated[dose]:g} mg"
    if dose == made.recommended_dose_mg:
        words = f"optimal, {words}"
    return words


def _cell(one: xr.Dataset) -> str:
    mean, error = 100 * float(one["mean"]), 200 * float(one.error)
    low, high = 100 * float(one.low), 100 * float(one.high)
    between = "" if np.isnan(low) else f" ({low:.0f} to {high:.0f})"
    return f"{_few(mean)}<small>{between} &plusmn; {_few(error)}</small>"


def _few(value: float) -> str:
    """One digit after the point below ten."""
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"


def reason_rows(reasons: Iterable[Reason]) -> str:
    """Each rule with its value, limit, error and verdict.

    Args:
        reasons: Of a decision.
    """
    return "".join(
        f'<tr><td class="rule">{escape(one.rule)}</td><td>{_number(one.value)}</td>'
        f"<td>{_number(one.limit)}</td>"
        f'<td>{_number(one.error)}</td><td class="word">{escape(one.verdict)}</td></tr>'
        for one in reasons
    )


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    return f"{value:g}" if float(value).is_integer() else f"{value:.3f}"


def step_table(made: CountDecision) -> str:
    """What each step up brings, in patients of 100.

    Args:
        made: The decision.
    """
    rows = [
        f"<tr><td>{s.lower:g} to {s.higher:g} mg</td><td>{_change(s.benefit)}</td>"
        f"<td>{_change(s.risk)}</td></tr>"
        for s in made.steps
    ]
    return f"<table><tr><th>step</th><th>responses</th><th>DLTs</th></tr>{''.join(rows)}</table>"


def _change(one: Paired) -> str:
    low, high = 100 * one.low, 100 * one.high
    return f"{100 * one.mean:+.1f}<small> ({low:+.0f} to {high:+.0f})</small>"
