"""What a person is told when the input is wrong."""

from collections.abc import Mapping


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
