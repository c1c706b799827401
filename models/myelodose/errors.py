"""What a person is told when the input is wrong."""

from collections.abc import Mapping

import numpy as np


class InputError(ValueError):
    """One clear error: where, what was found, and what would do.

    Args:
        place: File, row and column, or function and argument.
        found: The value that was received.
        remedy: What would do instead.

    Example:
        >>> print(InputError("dlt.csv, row 3, column 'n'", "found '-4'", "give 0 or more"))
        dlt.csv, row 3, column 'n': found '-4'; give 0 or more
    """

    def __init__(self, place: str, found: str, remedy: str) -> None:
        super().__init__(f"{place}: {found}; {remedy}")
        self.place = place
        self.found = found
        self.remedy = remedy

    def __reduce__(self) -> tuple:
        # Exceptions are rebuilt from their arguments when they cross a process border.
        return type(self), (self.place, self.found, self.remedy)


def check_fields(record: object, checks: Mapping[str, tuple[bool, str]]) -> None:
    """Refuse a record, named by its class, at the first field that cannot be.

    Args:
        record: The record, while its values are concrete.
        checks: For each field whether it is fine, and what would do.

    Raises:
        InputError: Naming class, field, value and remedy.
    """
    for field, (fine, remedy) in checks.items():
        if not fine:
            place = f"{type(record).__name__}, {field}"
            raise InputError(place, f"found {getattr(record, field)!r}", f"give {remedy}")


def check_numbers(place: str, values: np.ndarray, fine: np.ndarray, remedy: str) -> None:
    """Refuse an array at the first number that cannot be.

    Args:
        place: What to name in the error.
        values: The numbers, while they are concrete.
        fine: Which of them are fine, in the same shape.
        remedy: What would do instead.

    Raises:
        InputError: Naming place, number and remedy.

    Example:
        >>> ages = np.array([68.0, -1.0])
        >>> check_numbers("table, age", ages, ages >= 0, "give 0 or more")
        Traceback (most recent call last):
        myelodose.errors.InputError: table, age: found -1; give 0 or more
    """
    if not np.all(fine):
        raise InputError(place, f"found {values[~fine].flat[0]:g}", remedy)
