"""The page of the results: tables from the numbers, and the notes of `notes.md` below them."""

from pathlib import Path

NOTES = Path(__file__).with_name("notes.md")

COLUMNS = {
    "draws": "{:.0f}",
    "leapfrogs a draw": "{:.0f}",
    "least bulk ESS": "{:.0f}",
    "largest R-hat": "{:.3f}",
    "divergences": "{:.0f}",
    "ESS per 1000 leapfrogs": "{:.3g}",
    "ESS per processor second, draws": "{:.3g}",
    "ESS per processor second, whole": "{:.3g}",
}


def page(found: dict) -> str:
    """The whole page from what `fit.py` found."""
    parts = ["# Whole fits of the Friberg problem, beside Stan", _beside(found), _growth(found)]
    if found["leapfrog"]:
        parts.append(_leapfrog(found["leapfrog"]))
    return "\n\n".join([*parts, NOTES.read_text().strip()]) + "\n"


def table(first: str, rows: dict[str, dict]) -> str:
    """Rows of a fit as a table."""
    lines = [f"| {first} | " + " | ".join(COLUMNS) + " |", "|---" * (1 + len(COLUMNS)) + "|"]
    for name, row in rows.items():
        told = row | {"leapfrogs a draw": row["leapfrogs"] / row["draws"]}
        cells = [text.format(told[column]) for column, text in COLUMNS.items()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _beside(found: dict) -> str:
    given = found["beside Stan"]
    fits, cycles = given["fits"], found["cycles"]
    text = (
        f"{given['patients']} SIMULATED patients, cycles: {cycles}, the same data and priors. "
        "Least and largest over **all** values, random effects too; seconds are of the processor; "
        "a whole fit has start and warm-up in it, and compiling where it is ours, not Stan's."
        "\n\n" + table("fit", fits)
    )
    if "Stan" not in fits:
        return text + "\n\nStan was not there."
    for name in ("myelodose, learnt", "myelodose, structured"):
        draws, whole = (
            fits[name][key] / fits["Stan"][key]
            for key in ("ESS per processor second, draws", "ESS per processor second, whole")
        )
        text += (
            f"\n\n**{name}** over Stan (rk45 restarted per dose, {found['rtol of Stan']:.0e}): "
            f"{draws:.3g} times the smallest ESS a second of drawing, {whole:.3g} times that of "
            "whole fits."
        )
    for name, held in given["agreement"].items():
        text += (
            f"\n\nPosterior means, {name} and Stan: of {held['values']} values the largest "
            f"difference is {held['largest |z|']:.2f} Monte Carlo standard errors (p "
            f"{held['p of the largest, if independent']:.2f} if they were independent), "
            f"{held['values with |z| above 2']} are above 2, the mean square is "
            f"{held['mean of z squared']:.2f} (1 if both draw from one posterior)."
        )
    return text


def _growth(found: dict) -> str:
    rows = {str(row["patients"]): row for row in found["growth"]}
    return "## Growth with patients, learnt geometry, the same cycles\n\n" + table("N", rows)


def _leapfrog(rows: list[dict]) -> str:
    lines = ["| one leapfrog or gradient, four cycles | processor time / ours |", "|---|---|"]
    lines += [f"| {row['system']} | {row['processor time / ours']:.3g} |" for row in rows]
    return f"{chr(10).join(lines)}\n\nOurs took {1e3 * rows[0]['median [s]']:.1f} ms."
