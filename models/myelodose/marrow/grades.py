"""How low a count is: grades of the Common Terminology Criteria for Adverse Events."""

import numpy as np
from numpy.typing import ArrayLike

from myelodose.blood.model import LINEAGES
from myelodose.errors import InputError

GRADE_LIMITS = {"ANC": (1.5, 1.0, 0.5), "PLT": (75.0, 50.0, 25.0), "Hb": (10.0, 8.0)}
"""Counts below which grade 2, 3 and 4 begin [1e9/L, 1e9/L, g/dL]; Hb has no limit of grade 4."""

LOWER_LIMIT_OF_NORMAL = {"ANC": 1.8, "PLT": 150.0, "Hb": 12.0}
"""Below it grade 1 begins; it varies by laboratory, and for Hb by sex (women's is taken)."""

# Above these a number is in another unit: cells per uL, or haemoglobin in g/L.
_HIGHEST = {"ANC": 500.0, "PLT": 5000.0, "Hb": 30.0}


def ctcae_grade(count: ArrayLike, lineage: str, *, lower_limit: float | None = None) -> np.ndarray:
    """Grade 0 to 4 of a count, CTCAE v5 (haemoglobin: 0 to 3).

    A grade begins strictly below its limit: 1.0e9/L neutrophils are grade 2, 0.99 grade 3. Grade 4
    of anaemia is a clinical judgement ("life-threatening") and never follows from a number.

    Args:
        count: Counts, one or an array [1e9/L, haemoglobin g/dL].
        lineage: "ANC", "PLT" or "Hb".
        lower_limit: Lower limit of normal of the laboratory [unit of the count].

    Returns:
        Grades, in the shape of `count`.

    Raises:
        InputError: If the lineage is unknown, or a count is negative, not finite, or in a unit
            such as cells per uL.

    Source:
        data/literature/pd_parameters.csv, group "grades" (NCI CTCAE).

    Example:
        >>> ctcae_grade([1.6, 1.0, 0.99, 0.4], "ANC").tolist()
        [1, 2, 3, 4]
    """
    if lineage not in LINEAGES:
        remedy = f"give one of {', '.join(LINEAGES)}"
        raise InputError("ctcae_grade, lineage", f"found {lineage!r}", remedy)
    value = np.asarray(count, dtype=float)
    bad = ~(np.isfinite(value) & (value >= 0) & (value <= _HIGHEST[lineage]))
    if bad.any():
        unit = "g/dL, not g/L" if lineage == "Hb" else "1e9/L, not cells per uL"
        found = f"found {value[bad].flat[0]:g} for {lineage}"
        raise InputError("ctcae_grade, count", found, f"give finite counts from 0 in {unit}")
    normal = LOWER_LIMIT_OF_NORMAL[lineage] if lower_limit is None else lower_limit
    limits = (normal, *GRADE_LIMITS[lineage])
    if not limits[0] >= limits[1]:
        remedy = f"give at least {limits[1]:g}, where grade 2 begins"
        raise InputError("ctcae_grade, lower_limit", f"found {lower_limit!r}", remedy)
    return np.sum([value < limit for limit in limits], axis=0, dtype=np.int8)
