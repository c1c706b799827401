"""The patients of a dose-finding trial in order of treatment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Int

from myelodose.errors import InputError
from myelodose.outcomes import notation
from myelodose.outcomes.checks import check_counts, check_patients
from myelodose.outcomes.labels import Doses, Label, dose_labels


@dataclass(frozen=True)
class Outcomes:
    """Who got which dose and what happened; one entry a patient, in order of treatment.

    Args:
        doses: Labels of the dose levels, lowest first; a count stands for 1, 2, 3.
        level: Level given, 0 for the lowest.
        dlt: 1 with a dose-limiting toxicity, 0 without, None if not evaluable (replaced).
        cohort: Number of the cohort, 0 for the first; not decreasing.
        weight: Share of the observation window that was completed, for time-to-event designs;
            1 after a DLT. None if all evaluable patients were followed to the end.
        efficacy: 1 with a response, 0 without, None if not known; None if it is not recorded.

    Raises:
        InputError: If the lengths differ, a dose is unknown or a value cannot be.

    Example:
        >>> seen = Outcomes.read("10:NNN 15:N-TN", doses=(10, 15, 20, 25))
        >>> seen.n, seen.y
        (array([3, 3, 0, 0]), array([0, 1, 0, 0]))
        >>> print(seen.add(0, "NN"))
        10:NNN 15:N-TN 10:NN
    """

    doses: tuple[Label, ...]
    level: tuple[int, ...] = ()
    dlt: tuple[int | None, ...] = ()
    cohort: tuple[int, ...] = ()
    weight: tuple[float, ...] | None = None
    efficacy: tuple[int | None, ...] | None = None

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        object.__setattr__(self, "doses", dose_labels(self.doses, "outcomes, doses"))
        check_patients(self)

    @classmethod
    def read(cls, text: str, *, doses: Doses, weight: Sequence[float] | None = None) -> "Outcomes":
        """Outcomes from the notation.

        Args:
            text: Cohorts in order of treatment, such as "10:NNN 15:NTN"; N neither, T toxicity,
                E efficacy, B both, - not evaluable. "" is a trial that has not begun.
            doses: Labels, or their count; then cohorts are written "1NNN 2NTT".
            weight: See `Outcomes`.

        Raises:
            InputError: If a cohort cannot be read or its dose is unknown.
        """
        labels = dose_labels(doses, "outcomes, doses")
        weights = None if weight is None else tuple(weight)
        found = notation.read(text, labels)
        return cls(labels, found.level, found.dlt, found.cohort, weights, found.efficacy)

    @classmethod
    def from_counts(
        cls, n: Sequence[int], y: Sequence[int], *, doses: Doses | None = None, last: int = -1
    ) -> "Outcomes":
        """Outcomes of which only the counts are known: one cohort a level, lowest first.

        Args:
            n: Evaluable patients per level.
            y: Patients with a DLT per level.
            doses: Labels; the level numbers from 1 if not given.
            last: The level treated last, so that its cohort comes last; the highest if not given.

        Raises:
            InputError: If counts are impossible.
        """
        counts, dlts = check_counts(n, y)
        labels = dose_labels(len(counts) if doses is None else doses, "outcomes, doses")
        if len(labels) != len(counts):
            raise InputError("outcomes, n", f"found {len(counts)} counts", f"give {len(labels)}")
        order = [k for k in range(len(counts)) if counts[k] and k != last]
        made = cls(labels)
        for k in [*order, *([last] if last >= 0 and counts[last] else [])]:
            made = made.add(k, [1] * int(dlts[k]) + [0] * int(counts[k] - dlts[k]))
        return made

    @property
    def n(self) -> Int[np.ndarray, " level"]:
        """Patients evaluable for toxicity, per level."""
        return np.bincount(self._levels(lambda dlt: dlt is not None), minlength=len(self.doses))

    @property
    def y(self) -> Int[np.ndarray, " level"]:
        """Patients with a dose-limiting toxicity, per level."""
        return np.bincount(self._levels(lambda dlt: dlt == 1), minlength=len(self.doses))

    @property
    def treated(self) -> Int[np.ndarray, " level"]:
        """Patients treated per level, with those who were not evaluable."""
        return np.bincount(np.array(self.level, int), minlength=len(self.doses))

    @property
    def last_level(self) -> int | None:
        """The level given last, None before the first patient."""
        return self.level[-1] if self.level else None

    @property
    def cohorts(self) -> int:
        """How many cohorts were treated."""
        return self.cohort[-1] + 1 if self.cohort else 0

    def add(self, level: int, dlts: str | Sequence[int | None]) -> "Outcomes":
        """The same trial one cohort later.

        Args:
            level: Level that the cohort got, 0 for the lowest.
            dlts: Letters of the notation, or 0, 1 and None.

        Raises:
            InputError: If there is no such level, or a value cannot be.
        """
        if isinstance(dlts, str):
            letters = notation.letters_of(dlts, f"outcomes, cohort {self.cohorts + 1}")
        else:
            letters = [(t, None if t is None else 0) for t in dlts]
        new = [e for _, e in letters]
        old = self.efficacy
        if old is None and 1 in new:
            old = tuple(None if t is None else 0 for t in self.dlt)
        return replace(
            self,
            level=self.level + (level,) * len(letters),
            dlt=self.dlt + tuple(t for t, _ in letters),
            cohort=self.cohort + (self.cohorts,) * len(letters),
            weight=None if self.weight is None else self.weight + (1.0,) * len(letters),
            efficacy=None if old is None else (*old, *new),
        )

    def history(self) -> Iterator["Outcomes"]:
        """The trial after each of its cohorts, the empty trial first."""
        for cohorts in range(self.cohorts + 1):
            yield self.first(sum(c < cohorts for c in self.cohort))

    def first(self, patients: int) -> "Outcomes":
        """The trial after its first patients."""
        return replace(
            self,
            level=self.level[:patients],
            dlt=self.dlt[:patients],
            cohort=self.cohort[:patients],
            weight=None if self.weight is None else self.weight[:patients],
            efficacy=None if self.efficacy is None else self.efficacy[:patients],
        )

    def frame(self) -> pd.DataFrame:
        """One row a patient: cohort (from 1), dose, level (from 1), dlt, weight, efficacy."""
        columns: dict[str, list] = {
            "cohort": [cohort + 1 for cohort in self.cohort],
            "dose": [self.doses[level] for level in self.level],
            "level": [level + 1 for level in self.level],
            "dlt": list(self.dlt),
        }
        if self.weight is not None:
            columns["weight"] = list(self.weight)
        if self.efficacy is not None:
            columns["efficacy"] = list(self.efficacy)
        return pd.DataFrame(columns, index=pd.RangeIndex(1, len(self.level) + 1, name="patient"))

    def __len__(self) -> int:
        """Patients treated."""
        return len(self.level)

    def __str__(self) -> str:
        """The notation; weights are not part of it."""
        found = notation.Patients(self.level, self.dlt, self.cohort, self.efficacy)
        return notation.write(found, self.doses)

    def _levels(self, wanted) -> Int[np.ndarray, " patient"]:
        pairs = zip(self.level, self.dlt, strict=True)
        return np.array([level for level, dlt in pairs if wanted(dlt)], int)
