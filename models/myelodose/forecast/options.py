"""What may be done next: the options of one more cycle."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from myelodose.errors import check_fields
from myelodose.forecast.seen import Given

DOSES_MG = (0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
"""Lenalidomide a day that is tried [mg]; 0 is azacitidine alone."""

DELAYS_D = (0, 7, 14, 21, 28)
"""Delays of the next cycle that are tried [d]."""


@dataclass(frozen=True)
class NextCycle:
    """One more cycle: azacitidine on days 1-5, lenalidomide for 14 days after it and a gap.

    Args:
        lenalidomide_mg: A day [mg]; 0 for none.
        delay_d: Days after the planned date [d].
        gap_d: Days without a drug between azacitidine and lenalidomide [d].
        azacitidine_mg_m2: A day [mg/m2]; 0 for none.
        azacitidine_days: Days of azacitidine.
        lenalidomide_days: Days of lenalidomide.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> print(NextCycle(10, delay_d=7))
        10 mg, 7 d later
    """

    lenalidomide_mg: float
    delay_d: int = 0
    gap_d: int = 0
    azacitidine_mg_m2: float = 75.0
    azacitidine_days: int = 5
    lenalidomide_days: int = 14

    def __post_init__(self) -> None:
        """Check every value."""
        days = "a whole number of days of at least 0"
        checks = {
            "lenalidomide_mg": (0 <= self.lenalidomide_mg <= 100, "0 to 100 mg"),
            "azacitidine_mg_m2": (0 <= self.azacitidine_mg_m2 <= 150, "0 to 150 mg/m2"),
        }
        for name in ("delay_d", "gap_d", "azacitidine_days", "lenalidomide_days"):
            value = getattr(self, name)
            checks[name] = (value >= 0 and value == int(value), days)
        check_fields(self, checks)

    def __str__(self) -> str:
        """In words, for tables."""
        if self.lenalidomide_mg == 0 and self.azacitidine_mg_m2 == 0:
            return "no treatment"
        words = [f"{self.lenalidomide_mg:g} mg" if self.lenalidomide_mg else "azacitidine alone"]
        words += [f"{self.delay_d} d later"] if self.delay_d else []
        words += [f"gap {self.gap_d} d"] if self.gap_d else []
        return ", ".join(words)

    def doses(self, planned_d: float, body_surface_area_m2: float) -> list[Given]:
        """Its doses.

        Args:
            planned_d: The planned date of its day 1 [d].
            body_surface_area_m2: [m2].
        """
        start = planned_d + self.delay_d
        mg = self.azacitidine_mg_m2 * body_surface_area_m2
        first = [Given(start + day, "azacitidine", mg) for day in range(self.azacitidine_days)]
        after = start + self.azacitidine_days + self.gap_d
        second = [
            Given(after + day, "lenalidomide", self.lenalidomide_mg)
            for day in range(self.lenalidomide_days)
        ]
        return [one for one in first + second if one.mg > 0]


NOTHING = NextCycle(0.0, azacitidine_mg_m2=0.0)
"""No treatment: what the others are compared with."""


def options(
    doses_mg: Sequence[float] = DOSES_MG,
    delays_d: Sequence[int] = DELAYS_D,
    gaps_d: Sequence[int] = (0,),
) -> tuple[NextCycle, ...]:
    """Every combination of dose, delay and gap.

    A gap says nothing where there is no lenalidomide, so that azacitidine alone has none.

    Args:
        doses_mg: Lenalidomide a day [mg].
        delays_d: Delays [d].
        gaps_d: Gaps [d].

    Example:
        >>> len(options()), len(options((10,), (0, 7), (0, 7)))
        (30, 4)
    """
    made = [NextCycle(m, d, g if m else 0) for m, d, g in product(doses_mg, delays_d, gaps_d)]
    return tuple(dict.fromkeys(made))


def longest_run(low: np.ndarray) -> np.ndarray:
    """Longest run of true values along the first axis.

    Args:
        low: (day, ...).

    Example:
        >>> int(longest_run(np.array([1, 1, 0, 1, 1, 1, 0], bool)))
        3
    """
    run = longest = np.zeros(low.shape[1:], int)
    for now in low:
        run = np.where(now, run + 1, 0)
        longest = np.maximum(longest, run)
    return longest
