"""From doses to counts and clones: the whole marrow model of one patient, or of many at once.

`simulate` is the pure core, from a plan to arrays. `explore` goes from a regimen and a patient to a
labelled dataset, `compare` sets arrangements of the same doses side by side; rules of a trial that
act within the simulation are in `myelodose.marrow.protocol`.
"""

from myelodose.marrow.course import Course, Patient, simulate
from myelodose.marrow.explore import explore, plan_for
from myelodose.marrow.grades import ctcae_grade
from myelodose.marrow.labelled import morning, worst_grades
from myelodose.marrow.sequences import Exploration, answer, compare
from myelodose.marrow.typical import typical_patient, virtual_population

__all__ = [
    "Course",
    "Exploration",
    "Patient",
    "answer",
    "compare",
    "ctcae_grade",
    "explore",
    "morning",
    "plan_for",
    "simulate",
    "typical_patient",
    "virtual_population",
    "worst_grades",
]
