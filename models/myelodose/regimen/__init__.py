"""Who gets what when: regimens as values, and the doses that they give."""

from myelodose.regimen.courses import Course
from myelodose.regimen.cycle import Cycle, Dose
from myelodose.regimen.doses import Doses, doses_from, stack
from myelodose.regimen.drugs import azacitidine, course, lenalidomide
from myelodose.regimen.events import to_events
from myelodose.regimen.named import platzbecker2013, platzbecker2013_maintenance, viola
from myelodose.regimen.read_events import doses_from_events
from myelodose.regimen.regimen import Regimen

__all__ = [
    "Course",
    "Cycle",
    "Dose",
    "Doses",
    "Regimen",
    "azacitidine",
    "course",
    "doses_from",
    "doses_from_events",
    "lenalidomide",
    "platzbecker2013",
    "platzbecker2013_maintenance",
    "stack",
    "to_events",
    "viola",
]
