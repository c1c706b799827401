"""The simple rules for stopping: toxicity, patients, target, precision."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from myelodose.designs.model_based.stopping import StopRule, Verdict, View, above
from myelodose.errors import check_fields


@dataclass(frozen=True)
class TooToxic(StopRule):
    """P(risk of a level > threshold) > probability: no dose is safe.

    Args:
        threshold: The risk t.
        probability: Its limit.
        level: The level, 0 for the lowest.
        by: "exact", or "normal": the parameter of a CRM taken as normal, as dtpcrm and
            escalation compute it.

    Raises:
        InputError: If a value cannot be.
    """

    threshold: float
    probability: float
    level: int = 0
    by: Literal["exact", "normal"] = "exact"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "threshold": (0 < self.threshold < 1, "a risk between 0 and 1"),
            "probability": (0 < self.probability < 1, "a probability between 0 and 1"),
            "level": (self.level >= 0, "a level from 0"),
            "by": (self.by in ("exact", "normal"), "'exact' or 'normal'"),
        }
        check_fields(self, checks)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The one threshold."""
        return (self.threshold,)

    @property
    def no_dose(self) -> bool:
        """Always."""
        return True

    def look(self, view: View) -> Verdict:
        """Compare the probability with its limit."""
        value, error = (x[:, self.level] for x in view.exceed(self.threshold, self.by))
        fires = above(value, self.probability, error)
        words = f"P(risk of level {self.level + 1} > {self.threshold:g}) > {self.probability:g}"
        return Verdict(fires, value, self.probability, error, words)


@dataclass(frozen=True)
class Treated(StopRule):
    """At least so many evaluable patients: in all, at any level, or at the level chosen next.

    Args:
        patients: The number.
        at: "all", "any", "chosen", or a level, 0 for the lowest.

    Raises:
        InputError: If a value cannot be.
    """

    patients: int
    at: Literal["all", "any", "chosen"] | int = "all"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        where = self.at in ("all", "any", "chosen") or isinstance(self.at, int)
        checks = {
            "patients": (self.patients >= 1, "a number of at least 1"),
            "at": (where, "'all', 'any', 'chosen' or a level"),
        }
        check_fields(self, checks)

    def look(self, view: View) -> Verdict:
        """Count them."""
        if self.at == "all":
            value, where = view.n.sum(1), "in all"
        elif self.at == "any":
            value, where = view.n.max(1), "at one level"
        elif self.at == "chosen":
            value, where = view.n[np.arange(len(view.n)), view.chosen], "at the level chosen"
        else:
            value, where = view.n[:, int(self.at)], f"at level {int(self.at) + 1}"
        fires = (value >= self.patients).astype(float)
        words = f"at least {self.patients} patients {where}"
        return Verdict(fires, value.astype(float), self.patients, 0 * fires, words)


@dataclass(frozen=True)
class OnTarget(StopRule):
    """P(low < risk of the level chosen next <= high) > probability: precise enough.

    Args:
        low: Lower end of the interval.
        high: Upper end.
        probability: What must be exceeded.

    Raises:
        InputError: If a value cannot be.
    """

    low: float
    high: float
    probability: float

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "low": (0 < self.low < self.high, "a risk above 0 and below high"),
            "high": (self.high < 1, "a risk below 1"),
            "probability": (0 < self.probability < 1, "a probability between 0 and 1"),
        }
        check_fields(self, checks)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Both ends."""
        return (self.low, self.high)

    def look(self, view: View) -> Verdict:
        """Compare the probability with its limit."""
        at = (np.arange(len(view.n)), view.chosen)
        (low, low_error), (high, high_error) = (
            [x[at] for x in view.exceed(t, "exact")] for t in (self.low, self.high)
        )
        value, error = low - high, low_error + high_error
        words = f"P({self.low:g} < risk <= {self.high:g}) > {self.probability:g}"
        return Verdict(above(value, self.probability, error), value, self.probability, error, words)


@dataclass(frozen=True)
class Precise(StopRule):
    """The posterior sd of the risk at the level chosen next is below a limit.

    Args:
        sd: The limit.

    Raises:
        InputError: If it is not above 0.
    """

    sd: float

    def __post_init__(self) -> None:
        """Check the value while it is concrete."""
        check_fields(self, {"sd": (self.sd > 0, "a number above 0")})

    def look(self, view: View) -> Verdict:
        """Compare the standard deviation with its limit."""
        value = view.sd[np.arange(len(view.n)), view.chosen]
        fires = (value < self.sd).astype(float)
        words = f"sd of the risk at the level chosen < {self.sd:g}"
        return Verdict(fires, value, self.sd, 0 * value, words)
