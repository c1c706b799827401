"""Treatment rules inside the simulation: who is held, reduced, delayed or stopped, day by day."""

from myelodose.marrow.protocol.follow import Followed, follow, follow_in_blocks
from myelodose.marrow.protocol.labelled import follow_protocol
from myelodose.marrow.protocol.ledger import ledger_to_doses, ledger_to_plan
from myelodose.marrow.protocol.limits import NEVER, Limits
from myelodose.marrow.protocol.rules import Rules, rules_of
from myelodose.marrow.protocol.status import REASONS, Status
from myelodose.marrow.protocol.written import (
    GRADE_3,
    GRADE_4,
    Maintenance,
    Protocol,
    Reductions,
    Stops,
    as_planned,
)

__all__ = [
    "GRADE_3",
    "GRADE_4",
    "NEVER",
    "REASONS",
    "Followed",
    "Limits",
    "Maintenance",
    "Protocol",
    "Reductions",
    "Rules",
    "Status",
    "Stops",
    "as_planned",
    "follow",
    "follow_in_blocks",
    "follow_protocol",
    "ledger_to_doses",
    "ledger_to_plan",
    "rules_of",
]
