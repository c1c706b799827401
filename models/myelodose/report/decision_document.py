"""`decision.json`: a decision from simulated counts as a document, and the way back to it.

The document holds the question whole, where the draws are from with their hash, every result, and
the versions. Draws of the literature priors follow from the seed; others are found by their hash.
"""

import hashlib
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from myelodose.decision.from_counts import CountDecision
from myelodose.decision.question import Question
from myelodose.errors import InputError

KIND, SCHEMA_VERSION = "myelodose decision from counts", 1


def decision_document(made: CountDecision, *, created: str | None = None) -> dict[str, Any]:
    """The decision as plain numbers and text; numbers that are none are null.

    Args:
        made: From `decide_from_counts`.
        created: Time in ISO 8601; now if not given.
    """
    result = _plain(_result(made))
    return {
        "kind": KIND,
        "schema_version": SCHEMA_VERSION,
        "status": made.estimates.table.attrs["status"],
        "created": created or datetime.now(UTC).isoformat(timespec="seconds"),
        "question": _plain(made.question.to_dict()),
        "draws": made.source,
        "result": result,
        "result_sha256": _hash(result),
        "assumed": list(made.assumed),
        "versions": made.versions,
    }


def document_text(document: dict[str, Any]) -> str:
    """JSON that every reader of JSON reads: no NaN, keys in the order of the document.

    Args:
        document: From `decision_document`.
    """
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def read_decision(path: Path | str) -> dict[str, Any]:
    """A `decision.json`, checked.

    Args:
        path: The file.

    Raises:
        InputError: If it is none, is of another schema, or its results were changed.
    """
    place = str(path)
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise InputError(place, f"cannot be read ({problem})", "give a decision.json") from None
    known = isinstance(document, dict) and document.get("kind") == KIND
    if not known:
        raise InputError(place, "found no decision from counts", "give a decision.json")
    if document.get("schema_version") != SCHEMA_VERSION:
        found = f"found schema version {document.get('schema_version')!r}"
        raise InputError(place, found, f"give one of version {SCHEMA_VERSION}")
    if _hash(document["result"]) != document["result_sha256"]:
        raise InputError(place, "the results do not have their hash", "make the decision again")
    return document


def question_of(document: dict[str, Any]) -> Question:
    """The question of a document, to ask it again.

    Args:
        document: From `read_decision`.

    Raises:
        InputError: If a value cannot be.
    """
    return Question.from_dict(document["question"])


def _result(made: CountDecision) -> dict[str, Any]:
    choice, table = made.choice, made.estimates.table
    return {
        "recommended_dose_mg": made.recommended_dose_mg,
        "maximum_tolerated_dose_mg": choice.mtd_mg,
        "undecided": choice.undecided,
        "maximum_tolerated_undecided": choice.mtd_undecided,
        "sentence": made.sentence,
        "note": made.note,
        "verdicts": {f"{dose:g}": verdict for dose, verdict in choice.verdicts.items()},
        "dominated": {f"{dose:g}": by for dose, by in made.dominated.items()},
        "reasons": [reason._asdict() for reason in made.reasons],
        "dose_mg": table.dose.values,
        "estimates": {
            str(name): {
                "words": str(table.words.sel(quantity=name).item()),
                **{
                    part: table[part].sel(quantity=name).values
                    for part in ("mean", "error", "low", "high")
                },
            }
            for name in table.quantity.values
        },
        "steps": [
            {"lower_mg": s.lower, "higher_mg": s.higher}
            | {name: getattr(s, name)._asdict() for name in ("benefit", "risk", "utility")}
            for s in made.steps
        ],
        "optimal_by_cost_of_a_dlt": made.by_cost(),
        "toxicity_data_alone": _alone(made),
        "observed_against_simulated": _tension(made),
    }


def _alone(made: CountDecision) -> dict[str, Any] | None:
    if made.alone is None:
        return None
    alone = made.alone
    return {
        "recommended_dose_mg": alone.recommended_dose_mg,
        "sentence": alone.sentence,
        "dose_mg": alone.table.dose.values,
        "mean": alone.table["mean"].values,
        "prob_over": alone.table.prob_over.values,
        "error": alone.table.error.values,
        "basis": alone.basis,
    }


def _tension(made: CountDecision) -> dict[str, Any] | None:
    if made.tension is None:
        return None
    return {
        str(name): {key: float(made.tension[key].sel(regimen=name)) for key in made.tension}
        for name in made.tension.regimen.values
    }


def _plain(value: Any) -> Any:
    """Dictionaries, lists, numbers, text and None."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _hash(result: dict[str, Any]) -> str:
    text = json.dumps(result, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
