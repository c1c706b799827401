"""Rules about beliefs: target probability, safety, precision."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from myelodose.designs.look import Look
from myelodose.designs.rules import Rule, Verdict, judged
from myelodose.errors import InputError

NOTHING = Verdict(False, "no dose is proposed", ())


@dataclass(frozen=True)
class ProbabilityInTarget(Rule):
    """Fires if the proposed dose is on target with enough probability."""

    limit: float

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        low, high = look.needs_target("probability_in_target")
        if look.proposed is None:
            return NOTHING
        value, error = look.needs_beliefs("probability_in_target").prob(low, high)
        rule = f"P({low:g} < risk <= {high:g}) of the proposed dose"
        k = look.proposed
        return judged(
            rule, float(value[k]), self.limit, above=True, strict=False, error=float(error[k])
        )


def probability_in_target(limit: float) -> Rule:
    """Fires if P(target interval) of the proposed dose is at least `limit`.

    Args:
        limit: Probability.

    Raises:
        InputError: If it is none.

    Example:
        >>> from myelodose.designs.look import Weighted, look
        >>> beliefs = Weighted(np.array([[0.1], [0.2], [0.3]]), error=0.0)
        >>> seen = look([3], [1], level=0, cohorts=1, beliefs=beliefs, target=(0.15, 0.35))
        >>> probability_in_target(0.5)(seen).because
        'P(0.15 < risk <= 0.35) of the proposed dose = 0.6667 is >= 0.5'
    """
    return ProbabilityInTarget(_probability("probability_in_target", limit))


@dataclass(frozen=True)
class Overdose(Rule):
    """Fires if a dose is too probably too toxic; see `too_toxic`."""

    above: float
    limit: float
    level: int | Literal["proposed", "all"]

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        value, error = look.needs_beliefs("too_toxic").prob(self.above, 1.0)
        if self.level == "proposed":
            if look.proposed is None:
                return NOTHING
            k, name = look.proposed, "the proposed dose"
        elif self.level == "all":
            # The risk need not rise with the level in draws of a flexible model.
            k, name = int(np.argmin(value)), "the safest dose"
        else:
            k, name = self.level, f"level {self.level + 1}"
        rule = f"P(risk > {self.above:g}) of {name}"
        return judged(
            rule, float(value[k]), self.limit, above=True, strict=True, error=float(error[k])
        )


def too_toxic(*, above: float, limit: float, level: int | Literal["proposed"] = "proposed") -> Rule:
    """Fires if P(p > above) of a dose exceeds `limit`.

    Args:
        above: DLT risk.
        limit: Probability.
        level: Which level, 0 for the lowest, or the proposed one.

    Raises:
        InputError: If a number is no probability.

    Example:
        >>> from myelodose.designs.look import Weighted, look
        >>> beliefs = Weighted(np.array([[0.1], [0.4], [0.5]]), error=0.0)
        >>> seen = look([3], [1], level=0, cohorts=1, beliefs=beliefs)
        >>> too_toxic(above=0.3, limit=0.6)(seen).fires
        True
    """
    risk = _probability("too_toxic, above", above)
    return Overdose(risk, _probability("too_toxic, limit", limit), level)


def no_safe_dose(*, above: float = 1 / 3, limit: float = 0.25) -> Rule:
    """Fires if every dose has P(p > above) > `limit`.

    Args:
        above: DLT risk.
        limit: Probability.

    Raises:
        InputError: If a number is no probability.

    Example:
        >>> from myelodose.designs.look import Weighted, look
        >>> beliefs = Weighted(np.array([[0.1, 0.4], [0.4, 0.6]]), error=0.0)
        >>> seen = look([3, 0], [1, 0], level=0, cohorts=1, beliefs=beliefs)
        >>> no_safe_dose(above=0.33)(seen).because
        'P(risk > 0.33) of the safest dose = 0.5 is > 0.25'
    """
    risk = _probability("no_safe_dose, above", above)
    return Overdose(risk, _probability("no_safe_dose, limit", limit), "all")


@dataclass(frozen=True)
class Precise(Rule):
    """Fires once the proposed dose's risk is known well enough; see `precise`."""

    cv: float | None
    width: float | None
    share: float

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        beliefs = look.needs_beliefs("precise")
        if look.proposed is None:
            return NOTHING
        k = look.proposed
        if self.cv is not None:
            value = float(beliefs.sd()[k] / beliefs.mean()[k])
            rule = "coefficient of variation of the proposed dose's risk"
            return judged(rule, value, self.cv, above=False, strict=False)
        tail = (1 - self.share) / 2
        value = float(beliefs.quantile(1 - tail)[k] - beliefs.quantile(tail)[k])
        rule = f"width of the {self.share:.0%} interval of the proposed dose's risk"
        return judged(rule, value, self.width or 0.0, above=False, strict=False)


def precise(*, cv: float | None = None, width: float | None = None, share: float = 0.95) -> Rule:
    """Fires if the proposed dose's DLT risk is known precisely.

    Args:
        cv: Largest coefficient of variation, sd / mean of p.
        width: Largest width of the central interval of p, instead of `cv`.
        share: Probability of that interval.

    Raises:
        InputError: Unless one of `cv` and `width` is given and positive.

    Example:
        >>> from myelodose.designs.look import Weighted, look
        >>> beliefs = Weighted(np.array([[0.2], [0.3]]), error=0.0)
        >>> precise(cv=0.3)(look([3], [1], level=0, cohorts=1, beliefs=beliefs)).fires
        True
    """
    if (cv is None) == (width is None):
        found = f"found cv {cv} and width {width}"
        raise InputError("precise", found, "give one of them")
    limit = cv if width is None else width
    if limit is None or not limit > 0:
        raise InputError("precise", f"found {limit}", "give a number above 0")
    return Precise(cv, width, _probability("precise, share", share))


def _probability(place: str, value: float) -> float:
    if not 0 < value < 1:
        raise InputError(place, f"found {value}", "give a probability between 0 and 1")
    return value
