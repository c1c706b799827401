"""The decision on one page: recommendation, reasons, uncertainty, provenance; nothing to fetch."""

import base64
import io
from html import escape

from matplotlib.figure import Figure

from myelodose.decision.from_counts import CountDecision
from myelodose.decision.reasons import Reason
from myelodose.plots.decision_counts import small_multiples
from myelodose.report.decision_style import STYLE
from myelodose.report.decision_tables import dose_table, reason_rows, step_table


def decision_page(made: CountDecision, *, created: str, repeat: str = "decision.json") -> str:
    """The page as HTML, whole in itself.

    Args:
        made: From `decide_from_counts`.
        created: When it was made, as on the document beside it.
        repeat: Name of that document.
    """
    figure, _ = small_multiples(made, height=4.3)
    title = headline(made)
    parts = [
        _header(made, title, created),
        _tiles(made),
        _picture(figure, f"{title}: risk, benefit and counts by dose, as in the table"),
        dose_table(made),
        '<div class="two"><section>',
        "<h2>Why</h2>",
        _reasons(made.reasons),
        "</section><section>",
        "<h2>What a step up brings, in patients of 100</h2>",
        step_table(made),
        _costs(made),
        "<h2>Counts and toxicity data</h2>",
        _note(made),
        "</section></div>",
        "<h2>What is assumed</h2>",
        _list(made.assumed),
        _footer(made, created, repeat),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def headline(made: CountDecision) -> str:
    """The recommendation in a few words.

    Args:
        made: The decision.
    """
    if made.undecided:
        return "Undecided: more simulation needed"
    dose = made.recommended_dose_mg
    return "Stop: no dose is admissible" if dose is None else f"Next dose: {dose:g} mg a day"


def _header(made: CountDecision, title: str, created: str) -> str:
    bad = ' class="stop"' if made.recommended_dose_mg is None else ""
    cycle = "; ".join(str(c) for c in made.question.regimens[_name(made)].cycle(1).courses)
    return (
        f"<header{bad}><div class='over'><span>Lenalidomide dose from simulated counts &middot; "
        f"{escape(cycle)}; cycle of {made.question.rule.cycle_d} d</span>"
        f"<span><span class='badge'>SIMULATED</span> {escape(created[:10])}</span></div>"
        f"<h1>{escape(title)}</h1><p class='lead'>{escape(made.sentence)}</p></header>"
    )


def _name(made: CountDecision) -> str:
    dose = made.recommended_dose_mg
    return next(iter(made.question.names)) if dose is None else f"{dose:g} mg"


def _tiles(made: CountDecision) -> str:
    choice, alone = made.choice, made.alone
    mtd = "undecided" if choice.mtd_undecided else _dose(choice.mtd_mg)
    best = "undecided" if choice.undecided else _dose(choice.optimal_mg)
    data = "nothing observed" if alone is None else _dose(alone.recommended_dose_mg)
    seen = made.question.observed
    trial = f"{sum(o.dlt for o in seen)} DLTs in {sum(o.n for o in seen)} patients"
    limit, over = made.question.overdose_limit, made.question.risk_limit
    tiles = [
        ("main", "Optimal dose", best, "highest utility of what is admissible"),
        ("", "Maximum tolerated dose", mtd, f"P(risk > {over:.2g}) below {limit:.2g}"),
        ("", "Toxicity data alone", data, f"logistic model, {trial}"),
        ("", f"DLT risk at {_name(made)}", _spread(made), "mean (95 % over draws)"),
    ]
    return (
        '<div class="tiles">'
        + "".join(
            f'<div class="tile {kind}">{escape(name)}<b>{escape(value)}</b>'
            f"<span>{escape(words)}</span></div>"
            for kind, name, value, words in tiles
        )
        + "</div>"
    )


def _spread(made: CountDecision) -> str:
    dose = made.recommended_dose_mg or float(made.question.doses_mg[0])
    one = made.estimates.table.sel(quantity="risk", dose=dose)
    mean, low, high = (100 * float(one[part]) for part in ("mean", "low", "high"))
    return f"{mean:.0f} % ({low:.0f} to {high:.0f})"


def _dose(dose: float | None) -> str:
    return "none" if dose is None else f"{dose:g} mg"


def _picture(figure: Figure, words: str) -> str:
    """As SVG in an image of its own, so that no two figures share their identifiers."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    data = base64.b64encode(text.getvalue().encode()).decode()
    return f'<img alt="{escape(words)}" src="data:image/svg+xml;base64,{data}">'


def _reasons(reasons: tuple[Reason, ...]) -> str:
    return (
        "<table><tr><th>rule</th><th>value</th><th>limit</th><th>&plusmn;</th>"
        f'<th class="word">verdict</th></tr>{reason_rows(reasons)}</table>'
    )


def _costs(made: CountDecision) -> str:
    """For which cost of a DLT the optimal dose stays."""
    parts = [
        f"{cost}: {'open' if dose is None else f'{dose:g} mg'}"
        for cost, dose in made.by_cost().items()
    ]
    return (
        "<p style='margin:0.8mm 0'><b>Optimal dose by what one DLT costs</b>, in responses: "
        f"{escape('; '.join(parts))}.</p>"
    )


def _note(made: CountDecision) -> str:
    kind = " conflict" if made.conflicts else ""
    return f'<p class="note{kind}">{escape(made.note)}</p>'


def _list(lines: tuple[str, ...]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _footer(made: CountDecision, created: str, repeat: str) -> str:
    question, source = made.question, made.source
    versions = ", ".join(f"{name} {number}" for name, number in made.versions.items())
    return (
        f"<footer>Seed {question.seed}; {source['number']} draws of {question.patients} virtual "
        f"patients; typical values: {escape(source['draws'])}, SHA-256 "
        f"<code>{source['hash'][:16]}</code>. Made {escape(created)} with {escape(versions)}. "
        f"&plusmn; is two Monte Carlo standard errors. Everything needed to repeat it: "
        f"<code>{escape(repeat)}</code>, <code>myelodose report --again {escape(repeat)}</code>."
        "</footer>"
    )
