"""Rules about beliefs: target probability, safety, precision."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from myelodose.designs.count_rules import check_level
from myelodose.designs.look import NORMAL, POSTERIOR, QUANTILES, TARGET, Look
from myelodose.designs.rules import Rule
from myelodose.designs.verdict import Verdict, judged
from myelodose.errors import InputError


@dataclass(frozen=True)
class ProbabilityInTarget(Rule):
    """Fires if the proposed dose is on target with enough probability."""

    limit: float
    target: tuple[float, float] | None

    @property
    def needs(self) -> frozenset[str]:
        """A posterior, and a target interval if it has none of its own."""
        return frozenset({POSTERIOR} if self.target else {POSTERIOR, TARGET})

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The ends of its own interval."""
        return self.target or ()

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        low, high = self.target or look.needs_target("probability_in_target")
        table, error = look.needs_beliefs("probability_in_target").prob(low, high)
        rule = f"P({low:g} < risk <= {high:g}) of the proposed dose"
        value, margin = (look.at(x, "proposed") for x in (table, error))
        return judged(rule, value, ">=", self.limit, error=margin, missing=look.no_proposal)


def probability_in_target(limit: float, *, target: tuple[float, float] | None = None) -> Rule:
    """Fires if P(target interval) of the proposed dose is at least `limit`.

    Args:
        limit: Probability.
        target: The interval of the DLT risk; the design's if not given.

    Raises:
        InputError: If a number is no probability, or the interval is empty.

    Example:
        >>> from myelodose.designs import Weighted, look
        >>> beliefs = Weighted(np.array([[0.1], [0.2], [0.3]]), error=0.0)
        >>> seen = look([3], [1], proposed=0, cohorts=1, beliefs=beliefs, target=(0.15, 0.35))
        >>> probability_in_target(0.5)(seen).because
        'P(0.15 < risk <= 0.35) of the proposed dose = 0.6667 is >= 0.5'
    """
    if target is not None and not 0 < target[0] < target[1] < 1:
        place, found = "probability_in_target, target", f"found {target[0]:g} to {target[1]:g}"
        raise InputError(place, found, "give two risks between 0 and 1, the lower one first")
    return ProbabilityInTarget(_probability("probability_in_target", limit), target)


@dataclass(frozen=True)
class Overdose(Rule):
    """Fires if a dose is too probably too toxic; see `too_toxic` and `no_safe_dose`."""

    above: float
    limit: float
    level: int | Literal["proposed", "all"]
    by: Literal["exact", "normal"] = "exact"
    no_dose: bool = True

    @property
    def needs(self) -> frozenset[str]:
        """A posterior, or its normal approximation."""
        return frozenset({POSTERIOR} if self.by == "exact" else {POSTERIOR, NORMAL})

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The risk above which a dose is an overdose."""
        return (self.above,)

    @property
    def levels(self) -> tuple[int, ...]:
        """The level, if it is named."""
        return (self.level,) if isinstance(self.level, int) else ()

    @property
    def ending(self) -> Rule | None:
        """Itself, if it ends a trial without a dose."""
        return self if self.no_dose else None

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        table, error = self._exceed(look)
        if self.level == "all":
            # The risk need not rise with the level in draws of a flexible model.
            table, error = (np.broadcast_to(x, look.n.shape) for x in (table, error))
            safest = table.argmin(1)[:, None]
            value, margin = (np.take_along_axis(x, safest, 1)[:, 0] for x in (table, error))
            name = "the safest dose"
        else:
            value, margin = (look.at(x, self.level) for x in (table, error))
            proposed = self.level == "proposed"
            name = "the proposed dose" if proposed else f"level {int(self.level) + 1}"
        rule = f"P(risk > {self.above:g}) of {name}"
        return judged(rule, value, ">", self.limit, error=margin, missing=look.no_proposal)

    def _exceed(self, look: Look) -> tuple[np.ndarray, np.ndarray]:
        if self.by == "normal":
            return look.needs_normal("too_toxic")(self.above)
        return look.needs_beliefs("too_toxic").prob(self.above, 1.0)


def too_toxic(
    *,
    above: float,
    limit: float,
    level: int | Literal["proposed"] = "proposed",
    by: Literal["exact", "normal"] = "exact",
    no_dose: bool | None = None,
) -> Rule:
    """Fires if P(p > above) of a dose exceeds `limit`.

    Args:
        above: DLT risk.
        limit: Probability.
        level: Which level, 0 for the lowest, or the proposed one.
        by: "normal": the parameter of a CRM taken as normal, as dtpcrm and escalation do.
        no_dose: Whether a trial that it ends selects no dose; if not given, it does where a level
            is named. About the proposed dose it would leave the safe ones below unselected.

    Raises:
        InputError: If a number is no probability, or there is no such level.

    Example:
        >>> from myelodose.designs import Weighted, look
        >>> beliefs = Weighted(np.array([[0.1], [0.4], [0.5]]), error=0.0)
        >>> seen = look([3], [1], proposed=0, cohorts=1, beliefs=beliefs)
        >>> too_toxic(above=0.3, limit=0.6)(seen).fires
        True
    """
    risk = _probability("too_toxic, above", above)
    check_level("too_toxic, level", level, ("proposed",))
    if by not in ("exact", "normal"):
        raise InputError("too_toxic, by", f"found {by!r}", "give 'exact' or 'normal'")
    without = level != "proposed" if no_dose is None else no_dose
    return Overdose(risk, _probability("too_toxic, limit", limit), level, by, without)


def no_safe_dose(*, above: float = 1 / 3, limit: float = 0.25) -> Rule:
    """Fires if every dose has P(p > above) > `limit`; the trial then selects no dose.

    Args:
        above: DLT risk.
        limit: Probability.

    Raises:
        InputError: If a number is no probability.

    Example:
        >>> from myelodose.designs import Weighted, look
        >>> beliefs = Weighted(np.array([[0.1, 0.4], [0.4, 0.6]]), error=0.0)
        >>> seen = look([3, 0], [1, 0], proposed=0, cohorts=1, beliefs=beliefs)
        >>> no_safe_dose(above=0.33)(seen).because
        'P(risk > 0.33) of the safest dose = 0.5 is > 0.25'
    """
    risk = _probability("no_safe_dose, above", above)
    return Overdose(risk, _probability("no_safe_dose, limit", limit), "all")


@dataclass(frozen=True)
class Precise(Rule):
    """Fires once the proposed dose's risk is known well enough; see `precise`."""

    measure: Literal["cv", "sd", "width"]
    limit: float
    share: float

    @property
    def needs(self) -> frozenset[str]:
        """A posterior, and its quantiles for a width."""
        return frozenset({POSTERIOR, QUANTILES} if self.measure == "width" else {POSTERIOR})

    def __call__(self, look: Look) -> Verdict:
        """See `Rule.__call__`."""
        name, table = self._spread(look)
        value = look.at(table, "proposed")
        rule = f"{name} of the proposed dose's risk"
        return judged(rule, value, "<=", self.limit, missing=look.no_proposal)

    def _spread(self, look: Look) -> tuple[str, np.ndarray]:
        beliefs = look.needs_beliefs("precise")
        if self.measure == "cv":
            return "coefficient of variation", beliefs.sd() / beliefs.mean()
        if self.measure == "sd":
            return "standard deviation", beliefs.sd()
        tail = (1 - self.share) / 2
        width = beliefs.quantile(1 - tail) - beliefs.quantile(tail)
        return f"width of the {self.share:.0%} interval", width


def precise(
    *,
    cv: float | None = None,
    width: float | None = None,
    sd: float | None = None,
    share: float = 0.95,
) -> Rule:
    """Fires if the proposed dose's DLT risk is known precisely.

    Args:
        cv: Largest coefficient of variation, sd / mean of p.
        width: Largest width of the central interval of p, instead of `cv`.
        sd: Largest standard deviation of p, instead of both.
        share: Probability of that interval.

    Raises:
        InputError: Unless one of `cv`, `width` and `sd` is given and positive.

    Example:
        >>> from myelodose.designs import Weighted, look
        >>> beliefs = Weighted(np.array([[0.2], [0.3]]), error=0.0)
        >>> precise(cv=0.3)(look([3], [1], proposed=0, cohorts=1, beliefs=beliefs)).fires
        True
    """
    asked: dict[Literal["cv", "sd", "width"], float | None] = {"cv": cv, "sd": sd, "width": width}
    given = [(name, limit) for name, limit in asked.items() if limit is not None]
    if len(given) != 1:
        found = f"found {' and '.join(name for name, _ in given) or 'none of cv, sd and width'}"
        raise InputError("precise", found, "give one of them")
    (measure, limit) = given[0]
    if not limit > 0:
        raise InputError(f"precise, {measure}", f"found {limit}", "give a number above 0")
    return Precise(measure, limit, _probability("precise, share", share))


def _probability(place: str, value: float) -> float:
    if not 0 < value < 1:
        raise InputError(place, f"found {value}", "give a probability between 0 and 1")
    return value
