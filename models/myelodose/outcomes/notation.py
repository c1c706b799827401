"""The notation `10:NNN 15:NTN`: read and written."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from myelodose.errors import InputError
from myelodose.outcomes.labels import Label, level_of, shown

# letter: (dose-limiting toxicity, efficacy)
MEANING: dict[str, tuple[int | None, int | None]] = {
    "N": (0, 0),
    "T": (1, 0),
    "E": (0, 1),
    "B": (1, 1),
    "-": (None, None),
}
LETTERS = "N (neither), T (toxicity), E (efficacy), B (both) and - (not evaluable)"
_WITH_COLON = re.compile(r"(?P<label>[^:]+):(?P<letters>[A-Za-z-]+)")
_NUMBER_FIRST = re.compile(r"(?P<label>\d+(\.\d+)?)(?P<letters>[A-Za-z-]+)")


class Patients(NamedTuple):
    """One entry a patient, in order of treatment."""

    level: tuple[int, ...]
    dlt: tuple[int | None, ...]
    cohort: tuple[int, ...]
    efficacy: tuple[int | None, ...] | None


def letters_of(text: str, place: str) -> list[tuple[int | None, int | None]]:
    """Toxicity and efficacy of each letter.

    Raises:
        InputError: At a letter that means nothing.

    Example:
        >>> letters_of("NT", "here")
        [(0, 0), (1, 0)]
    """
    for letter in text:
        if letter not in MEANING:
            raise InputError(place, f"found '{letter}' in '{text}'", f"give {LETTERS}")
    return [MEANING[letter] for letter in text]


def read(text: str, labels: Sequence[Label]) -> Patients:
    """Cohorts in order of treatment, separated by blanks.

    A cohort is a dose, a colon and one letter a patient; behind a number the colon may be left
    out. Efficacy counts as recorded once any letter is E or B.

    Args:
        text: Such as "10:NNN 15:NTN" or "1NNN 2NTT".
        labels: The dose labels.

    Returns:
        The patients.

    Raises:
        InputError: If a cohort cannot be read or its dose is unknown.
    """
    level: list[int] = []
    seen: list[tuple[int | None, int | None]] = []
    cohort: list[int] = []
    for number, part in enumerate(text.split()):
        place = f"outcomes, cohort {number + 1}"
        match = _WITH_COLON.fullmatch(part) or _NUMBER_FIRST.fullmatch(part)
        if match is None:
            raise InputError(place, f"found '{part}'", "give dose and letters, such as 10:NNT")
        letters = letters_of(match["letters"], place)
        level += [level_of(match["label"], labels, place)] * len(letters)
        cohort += [number] * len(letters)
        seen += letters
    efficacy = tuple(e for _, e in seen) if any(e == 1 for _, e in seen) else None
    return Patients(tuple(level), tuple(t for t, _ in seen), tuple(cohort), efficacy)


def write(patients: Patients, labels: Sequence[Label]) -> str:
    """The notation of some patients; `read` gives them back.

    Example:
        >>> write(read("10:NNN 15:N-T", (10, 15)), (10, 15))
        '10:NNN 15:N-T'
    """
    back = {meaning: letter for letter, meaning in MEANING.items()}
    efficacy = patients.efficacy or [None if t is None else 0 for t in patients.dlt]
    parts: dict[tuple[int, int], str] = {}
    for cohort, level, *seen in zip(
        patients.cohort, patients.level, patients.dlt, efficacy, strict=True
    ):
        letter = back[seen[0], seen[1]]
        parts[cohort, level] = parts.get((cohort, level), "") + letter
    return " ".join(f"{shown(labels[level])}:{letters}" for (_, level), letters in parts.items())
