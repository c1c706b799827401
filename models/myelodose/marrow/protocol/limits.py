"""Limits of neutrophils and platelets, absolute and by the patient's own baseline."""

import math
from dataclasses import dataclass

from myelodose.errors import check_fields
from myelodose.regimen.courses import number_or_nan

# Chosen wide, to catch another unit: counts per uL are 1,000 times as large, and no protocol
# asks for more than a healthy count.
ANC_RANGE = (0.05, 10.0)
PLT_RANGE = (1.0, 500.0)


@dataclass(frozen=True)
class Limits:
    """A limit for each of two lineages. Below means either below; recovered means neither.

    The limit of one patient is min(limit, of_baseline x baseline): many patients begin below any
    absolute limit, and nobody has to become better than before treatment to be treated.

    Args:
        anc_1e9_per_l: Neutrophils [1e9/L], 0.05 to 10; 0 for no limit.
        plt_1e9_per_l: Platelets [1e9/L], 1 to 500; 0 for no limit.
        of_baseline: Largest share of the baseline that the limit may be, above 0 and at most 1;
            None leaves it absolute.

    Raises:
        InputError: If a value cannot be; counts per uL are told apart.

    Example:
        >>> Limits(0.5, 25).numbers
        (0.5, 25, inf)
    """

    anc_1e9_per_l: float
    plt_1e9_per_l: float
    of_baseline: float | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        share = self.of_baseline
        check_fields(
            self,
            {
                "anc_1e9_per_l": (
                    _limit(self.anc_1e9_per_l, ANC_RANGE),
                    "0.05 to 10 in 1e9/L, or 0 for none; 500 per uL is 0.5",
                ),
                "plt_1e9_per_l": (
                    _limit(self.plt_1e9_per_l, PLT_RANGE),
                    "1 to 500 in 1e9/L, or 0 for none; 50,000 per uL is 50",
                ),
                "of_baseline": (
                    share is None or 0 < number_or_nan(share) <= 1,
                    "a share above 0 and at most 1, or None",
                ),
            },
        )

    @property
    def numbers(self) -> tuple[float, float, float]:
        """Neutrophils, platelets [1e9/L] and the share of the baseline, infinite for none."""
        share = math.inf if self.of_baseline is None else self.of_baseline
        return self.anc_1e9_per_l, self.plt_1e9_per_l, share

    def at_least(self, other: "Limits") -> bool:
        """Whether these limits are nowhere below the other ones, for any patient."""
        return all(a >= b for a, b in zip(self.numbers, other.numbers, strict=True))


def _limit(value: float, accepted: tuple[float, float]) -> bool:
    return value == 0 or accepted[0] <= number_or_nan(value) <= accepted[1]


NEVER = Limits(0.0, 0.0)
"""No count is ever below; everybody has always recovered."""
