"""Write the decision page and `decision.json`: both, whole, or neither."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from myelodose.decision.from_counts import CountDecision
from myelodose.report.decision_document import decision_document, document_text
from myelodose.report.decision_page import decision_page
from myelodose.report.put import put_whole


class DecisionReport(NamedTuple):
    """Where a decision was written.

    Attributes:
        page: One page of HTML.
        document: Its `decision.json`.
    """

    page: Path
    document: Path


def write_decision(made: CountDecision, folder: Path | str, *, name: str = "") -> DecisionReport:
    """Write a decision for people and for machines.

    Args:
        made: From `decide_from_counts`.
        folder: Where to; it is made if it is not there.
        name: Put before the names of both files, such as "cohort-5-"; nothing if not given.

    Returns:
        Where they lie.
    """
    folder = Path(folder)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    page, document = folder / f"{name}decision.html", folder / f"{name}decision.json"
    texts = {
        page: decision_page(made, created=created, repeat=document.name),
        document: document_text(decision_document(made, created=created)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    put_whole(texts)
    return DecisionReport(page, document)
