"""Refuse outcomes that cannot be, naming the patient."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from jaxtyping import Int

from myelodose.errors import InputError, check_numbers


class Columns(Protocol):
    """What is checked: the fields of `Outcomes`."""

    @property
    def doses(self) -> tuple: ...  # noqa: D102
    @property
    def level(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dlt(self) -> tuple[int | None, ...]: ...  # noqa: D102
    @property
    def cohort(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def weight(self) -> tuple[float, ...] | None: ...  # noqa: D102
    @property
    def efficacy(self) -> tuple[int | None, ...] | None: ...  # noqa: D102


def check_patients(seen: Columns) -> None:
    """Refuse outcomes at the first patient that cannot be.

    Raises:
        InputError: Naming patient, value and remedy.
    """
    count = len(seen.level)
    for name in ("dlt", "cohort", "weight", "efficacy"):
        values = getattr(seen, name)
        if values is not None and len(values) != count:
            found = f"found {len(values)} values for {count} patients"
            raise InputError(f"outcomes, {name}", found, "give one value a patient")
    before = -1
    for patient in range(count):
        place = f"outcomes, patient {patient + 1}"
        level, dlt, cohort = seen.level[patient], seen.dlt[patient], seen.cohort[patient]
        if not (isinstance(level, (int, np.integer)) and 0 <= level < len(seen.doses)):
            top = len(seen.doses) - 1
            raise InputError(f"{place}, level", f"found {level!r}", f"give a level from 0 to {top}")
        if dlt not in (0, 1, None):
            raise InputError(f"{place}, dlt", f"found {dlt!r}", "give 0, 1 or None")
        if cohort not in (max(before, 0), before + 1):
            fine = "0" if before < 0 else f"{before} or {before + 1}"
            remedy = f"give {fine}: cohorts are numbered as they were treated"
            raise InputError(f"{place}, cohort", f"found {cohort!r}", remedy)
        before = cohort
        _check_weight(seen, patient, place)
        _check_efficacy(seen, patient, place)


def _check_weight(seen: Columns, patient: int, place: str) -> None:
    if seen.weight is None:
        return
    weight = seen.weight[patient]
    if not 0 <= weight <= 1:
        raise InputError(f"{place}, weight", f"found {weight!r}", "give a share from 0 to 1")
    if seen.dlt[patient] == 1 and weight != 1:
        raise InputError(f"{place}, weight", f"found {weight!r} after a DLT", "give 1")


def _check_efficacy(seen: Columns, patient: int, place: str) -> None:
    if seen.efficacy is None:
        return
    efficacy = seen.efficacy[patient]
    if efficacy not in (0, 1, None):
        raise InputError(f"{place}, efficacy", f"found {efficacy!r}", "give 0, 1 or None")
    if efficacy is not None and seen.dlt[patient] is None:
        found = f"found efficacy {efficacy} without toxicity"
        raise InputError(f"{place}, efficacy", found, "give its dlt too, or no efficacy")


def check_counts(
    n: Sequence[int], y: Sequence[int]
) -> tuple[Int[np.ndarray, " level"], Int[np.ndarray, " level"]]:
    """Counts per level as arrays of whole numbers.

    Args:
        n: Evaluable patients.
        y: Patients with a DLT.

    Raises:
        InputError: If the lengths differ or a count cannot be.

    Example:
        >>> check_counts([3, 3], [0, 4])
        Traceback (most recent call last):
        myelodose.errors.InputError: counts, y: found 4; give 0 to n at every level
    """
    counts, dlts = np.asarray(n, float), np.asarray(y, float)
    if counts.shape != dlts.shape:
        found = f"found {counts.size} n and {dlts.size} y"
        raise InputError("counts", found, "give both for every level")
    whole = "give whole numbers of at least 0"
    check_numbers("counts, n", counts, (counts >= 0) & (counts == np.floor(counts)), whole)
    fine = (dlts >= 0) & (dlts <= counts) & (dlts == np.floor(dlts))
    check_numbers("counts, y", dlts, fine, "give 0 to n at every level")
    return counts.astype(int), dlts.astype(int)
