"""What makes a dose admissible, and which admissible dose is given next."""

from dataclasses import dataclass
from typing import Literal

from myelodose.errors import check_fields


@dataclass(frozen=True)
class DecisionRule:
    """Escalation with overdose control on the two-parameter logistic model.

    A dose is admissible if P(DLT risk > target_dlt) < overdose_limit and it lies at most
    `max_step` levels above the highest dose tried. Among the admissible doses the rule gives the
    highest, or the one most likely to lie in the target interval.

    Args:
        target_low: Lower end of the target interval of the DLT risk, closed.
        target_dlt: Upper end, closed: the highest acceptable DLT risk.
        overdose_limit: Limit on the probability of a risk above `target_dlt`.
        choose: "highest" or "most likely on target".
        max_step: Most levels above the highest dose tried.
        cohort_size: Patients of the next cohort, for the predictive distribution.

    Raises:
        InputError: If a value cannot be.

    Source:
        Babb, Rogatko and Zacks, Stat Med 1998;17:1103-1120 (overdose control);
        Neuenschwander, Branson and Gsponer, Stat Med 2008 (doi 10.1002/sim.3230; intervals).

    Example:
        >>> DecisionRule(target_dlt=0.25).overdose_limit
        0.25
    """

    target_low: float = 0.16
    target_dlt: float = 0.33
    overdose_limit: float = 0.25
    choose: Literal["highest", "most likely on target"] = "highest"
    max_step: int = 1
    cohort_size: int = 3

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "target_dlt": (0 < self.target_dlt < 1, "a probability between 0 and 1"),
            "target_low": (
                0 < self.target_low < self.target_dlt,
                f"a probability between 0 and target_dlt = {self.target_dlt}",
            ),
            "overdose_limit": (0 < self.overdose_limit < 1, "a probability between 0 and 1"),
            "choose": (
                self.choose in ("highest", "most likely on target"),
                "'highest' or 'most likely on target'",
            ),
            "max_step": (self.max_step >= 1, "1 or more"),
            "cohort_size": (1 <= self.cohort_size <= 100, "a whole number from 1 to 100"),
        }
        check_fields(self, checks)
