"""Dose labels: what a level is called, and the level that a label means."""

import itertools
from collections.abc import Sequence

from myelodose.errors import InputError

type Label = float | str
type Doses = int | Sequence[Label]

MOST_LEVELS = 100


def dose_labels(doses: Doses, place: str = "doses") -> tuple[Label, ...]:
    """The labels of the dose levels, lowest first.

    Args:
        doses: The labels themselves, numbers in increasing order or different texts; or their
            count, and then they are called 1, 2, 3.
        place: What to name in an error.

    Returns:
        One label a level.

    Raises:
        InputError: If there is no level, two have one label, or numbers do not increase.

    Example:
        >>> dose_labels(3)
        (1, 2, 3)
        >>> dose_labels([10, 15])
        (10, 15)
    """
    if isinstance(doses, int) and not isinstance(doses, bool):
        if not 1 <= doses <= MOST_LEVELS:
            raise InputError(place, f"found {doses} levels", f"give 1 to {MOST_LEVELS}")
        return tuple(range(1, doses + 1))
    if isinstance(doses, (str, bool, float)) or not isinstance(doses, Sequence):
        raise InputError(place, f"found {doses!r}", "give a count or the labels, such as (10, 15)")
    labels = tuple(doses)
    if not labels:
        raise InputError(place, "found no level", "give at least one dose")
    for one, two in itertools.pairwise(labels):
        if not isinstance(one, str) and not isinstance(two, str) and not one < two:
            raise InputError(place, f"found {one:g} before {two:g}", "give increasing doses")
    if len({shown(label) for label in labels}) < len(labels):
        raise InputError(place, f"found {labels}", "give every level a label of its own")
    return labels


def shown(label: Label) -> str:
    """The label as it stands in the notation.

    Example:
        >>> shown(10.0), shown("2 mg")
        ('10', '2 mg')
    """
    return label if isinstance(label, str) else f"{label:g}"


def level_of(label: Label, labels: Sequence[Label], place: str) -> int:
    """The level that a label names.

    Args:
        label: The label, a number or its text.
        labels: All labels.
        place: What to name in an error.

    Raises:
        InputError: If no level has that label.

    Example:
        >>> level_of("15", (10, 15, 20), "outcomes")
        1
    """
    names = [shown(known) for known in labels]
    wanted = shown(label)
    if wanted not in names:
        raise InputError(place, f"found dose {wanted}", f"give one of {', '.join(names)}")
    return names.index(wanted)
