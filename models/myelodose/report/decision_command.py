"""The command `myelodose report`: from words on a command line to a decision on disk."""

import argparse
from pathlib import Path
from typing import Any

from myelodose.decision.from_counts import CountDecision, decide_from_counts
from myelodose.decision.question import Observed, Question, observed_of, published_observations
from myelodose.decision.sources import CALIBRATED, Source, source_named, source_of
from myelodose.decision.utility import Utility
from myelodose.errors import InputError
from myelodose.report.decision_document import question_of, read_decision
from myelodose.report.decision_report import write_decision
from myelodose.trial import read_dlt_table


def run_report(options: argparse.Namespace, folder: Path) -> str:
    """Decide, write, and say where.

    Args:
        options: Those of `myelodose report`.
        folder: Where the files go.

    Raises:
        InputError: If a value cannot be. Nothing is written then.
    """
    question, source = _asked(options)
    made = decide_from_counts(question, **source._asdict())
    changed = _changed(options, made) if options.again else ""
    written = write_decision(made, folder, name=options.name)
    return f"{made}\n\n{changed}page: {written.page}\ndocument: {written.document}"


def _asked(options: argparse.Namespace) -> tuple[Question, Source]:
    name = options.draws_from
    if options.again:
        document = read_decision(options.again)
        question = question_of(document)
        name = name or source_named(document["draws"]["draws"])
    else:
        question = _question(options)
    source = source_of(
        name or CALIBRATED,
        question,
        accept_failed=options.accept_failed,
        extrapolate=options.extrapolate,
    )
    return question, source


def _question(options: argparse.Namespace) -> Question:
    given: dict[str, Any] = {"doses_mg": tuple(sorted(options.doses))} if options.doses else {}
    return Question(
        seed=options.seed,
        draws=options.draws,
        patients=options.patients,
        utility=Utility(dlt=options.cost_of_dlt),
        overdose_limit=options.overdose_limit,
        observed=_observed(options),
        **given,
    )


def _observed(options: argparse.Namespace) -> tuple[Observed, ...]:
    if options.table is None:
        if options.count_failures is not None:
            remedy = "give a table too; the failures of the published trial are known"
            raise InputError("report, --count-failures", "found no table", remedy)
        return published_observations()
    if options.count_failures is None:
        remedy = "give them, such as 25=1, or --count-failures without a word for none"
        raise InputError("report, --count-failures", "found none with a table", remedy)
    return observed_of(read_dlt_table(options.table), dict(map(_failures, options.count_failures)))


def _failures(word: str) -> tuple[float, int]:
    dose, _, number = word.partition("=")
    try:
        return float(dose), int(number)
    except ValueError:
        remedy = "write dose=number, such as 25=1"
        raise InputError("report, --count-failures", f"found '{word}'", remedy) from None


def _changed(options: argparse.Namespace, made: CountDecision) -> str:
    """Whether the repeated decision rests on the same draws, and leads to the same dose."""
    before = read_decision(options.again)
    same = before["draws"]["hash"] == made.source["hash"]
    if not same:
        remedy = f"give --draws-from for '{before['draws']['draws']}'"
        raise InputError(str(options.again), "the draws of typical values are others", remedy)
    dose = before["result"]["recommended_dose_mg"]
    word = "the same" if dose == made.recommended_dose_mg else "ANOTHER"
    return f"repeated: {word} next dose as before\n"
