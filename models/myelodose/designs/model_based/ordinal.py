"""Escalation with overdose control on ordinal toxicity: none, mild, dose-limiting."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from myelodose.decision.recommend import DEFAULT_RULE
from myelodose.decision.rule import DecisionRule
from myelodose.designs.base import STOP, UNDECIDED, Call
from myelodose.designs.model_based.overdose import OverdoseDesign
from myelodose.designs.model_based.overdose_words import overdose_reasons
from myelodose.designs.model_based.risks import Risks
from myelodose.designs.rules import Rule, check_rule
from myelodose.dose_models.ordinal import OrdinalFit, OrdinalModel, fit_ordinal
from myelodose.errors import InputError, check_fields
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import Doses


@dataclass(frozen=True)
class OrdinalBlrm(OverdoseDesign):
    """Overdose control in the proportional-odds model of three grades.

    `next_graded` uses the grades. `decide` and `next` know only whether there was a DLT; patients
    without one may then have been free of toxicity or not.

    Args:
        doses: The doses, increasing numbers.
        dose_reference: d_ref, in their unit.
        alpha_mean: Prior means of alpha_1 (any toxicity) and alpha_2 (DLT).
        alpha_sd: Their standard deviations.
        slope_mean: Prior mean of the log slope.
        slope_sd: Its standard deviation.
        rule: Target interval of the DLT risk, limit, which admissible dose, levels a step.
        cohort_size: Patients a cohort.
        start: Level of the first cohort, 0 for the lowest.
        stop: A rule: when the trial stops besides.
        only_tried: Whether the final dose must have been given.

    Raises:
        InputError: If a value cannot be.
    """

    doses: Doses
    dose_reference: float
    alpha_mean: tuple[float, float]
    alpha_sd: tuple[float, float]
    slope_mean: float = 0.0
    slope_sd: float = 1.0
    rule: DecisionRule = DEFAULT_RULE
    cohort_size: int = 3
    start: int = 0
    stop: Rule | None = None
    only_tried: bool = False

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        numbers = all(not isinstance(d, str) and d > 0 for d in self.labels)
        checks = {
            "doses": (not isinstance(self.doses, int) and numbers, "doses above 0"),
            "dose_reference": (self.dose_reference > 0, "a dose above 0"),
            "alpha_sd": (min(self.alpha_sd) > 0, "two numbers above 0"),
            "slope_sd": (self.slope_sd > 0, "a number above 0"),
            "start": (0 <= self.start < self.levels, f"a level from 0 to {self.levels - 1}"),
        }
        check_fields(self, checks)
        check_rule(self, "stop", self.stop)

    @property
    def model(self) -> OrdinalModel:
        """Priors and doses as the quadrature takes them."""
        log_dose = np.log(np.array([float(d) for d in self.labels]) / self.dose_reference)
        return OrdinalModel(
            tuple(log_dose), self.alpha_mean, self.alpha_sd, self.slope_mean, self.slope_sd
        )

    def fit(self, n, y, thresholds: tuple[float, ...] | None = None) -> Risks:
        """Posterior where only DLT or not is known; see `OverdoseDesign.fit`."""
        asked = self.thresholds if thresholds is None else thresholds
        seen = np.stack([np.asarray(n) - y, np.zeros_like(y), y], 1)
        model = self.model._replace(likelihood="binary")
        return _risks(fit_ordinal(model, seen, thresholds=asked))

    def grades(self, outcomes: Outcomes, grade: Sequence[int]) -> Int[np.ndarray, "grade level"]:
        """Patients by grade and level.

        Raises:
            InputError: If a grade cannot be, or contradicts the DLT of the patient.
        """
        self.counts(outcomes)
        if len(grade) != len(outcomes):
            found = f"found {len(grade)} grades for {len(outcomes)} patients"
            raise InputError("OrdinalBlrm, grade", found, "give one a patient")
        seen = np.zeros((3, self.levels), int)
        for i, (level, dlt, g) in enumerate(zip(outcomes.level, outcomes.dlt, grade, strict=True)):
            if dlt is None:
                continue
            if g not in (0, 1, 2) or (g == 2) != (dlt == 1):
                found = f"found grade {g} with dlt {dlt}"
                place = f"OrdinalBlrm, grade of patient {i + 1}"
                raise InputError(place, found, "give 2 with a DLT, else 0 (none) or 1 (mild)")
            seen[g, level] += 1
        return seen

    def next_graded(self, outcomes: Outcomes, grade: Sequence[int]) -> Call:
        """The dose of the next cohort from the grades, with reasons.

        Args:
            outcomes: What was seen.
            grade: 0 (none), 1 (mild) or 2 (dose-limiting) of each patient.

        Raises:
            InputError: If a grade cannot be.
        """
        seen = self.grades(outcomes, grade)
        if not seen.any():
            return self.starts()
        n, y = outcomes.n[None], outcomes.y[None]
        level = self.start if outcomes.last_level is None else outcomes.last_level
        fit = _risks(fit_ordinal(self.model, seen, thresholds=self.thresholds))
        chosen = int(self.decide_from(fit, n, y, np.array([level]))[0][0])
        because, reasons = overdose_reasons(self, fit, n, y, level, chosen)
        given = None if chosen in (STOP, UNDECIDED) else chosen
        return Call(given, chosen == STOP, because, tuple(reasons))


def _risks(fit: OrdinalFit) -> Risks:
    return Risks(fit.mean, fit.sd, fit.exceed, fit.exceed_error)
