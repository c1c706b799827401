"""Escalation with overdose control in the two-parameter logistic model (BLRM)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from myelodose.decision.recommend import DEFAULT_RULE
from myelodose.decision.rule import DecisionRule
from myelodose.designs.look import POSTERIOR, QUANTILES, TARGET
from myelodose.designs.model_based.adapted import improved
from myelodose.designs.model_based.beliefs import Quantiles, each_state
from myelodose.designs.model_based.overdose import OverdoseDesign
from myelodose.designs.model_based.risks import Risks
from myelodose.designs.rules import Rule, check_rule
from myelodose.dose_models.logistic import LogisticModel, fit_logistic, risk_quantile
from myelodose.dose_models.logistic import predictive as predictive_of
from myelodose.errors import InputError, check_fields
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import Doses
from myelodose.priors import LogisticPrior

type Steps = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Blrm(OverdoseDesign):
    """The two-parameter Bayesian logistic regression model with overdose control.

    A dose is admissible if P(risk > target_dlt) is strictly below the limit; of the admissible
    doses in reach the rule takes the highest, or the one most likely on target. The trial stops
    if there is none.

    Args:
        doses: The doses [unit of the prior's reference dose], increasing numbers.
        prior: Prior of (log a, log b) and reference dose.
        rule: Target interval, limit, which admissible dose, levels per step.
        cohort_size: Patients a cohort.
        start: Level of the first cohort, 0 for the lowest.
        increments: Largest relative step from a dose: pairs (from this dose on, share), such as
            ((0, 1.0), (20, 0.33)) for +100 % below 20 and +33 % from there; besides `max_step`.
        stop: A rule: when the trial stops besides.
        only_tried: Whether the final dose must have been given.

    Raises:
        InputError: If a value cannot be.

    Source:
        Babb, Rogatko and Zacks, Stat Med 1998;17:1103; Neuenschwander, Branson and Gsponer, Stat
        Med 2008 (doi 10.1002/sim.3230).

    Example:
        >>> from myelodose.priors import LENALIDOMIDE_PRIOR
        >>> seen = Outcomes.from_counts([4, 4, 6, 6], [0, 0, 1, 3], doses=(10, 15, 20, 25))
        >>> Blrm((10, 15, 20, 25), prior=LENALIDOMIDE_PRIOR).next(seen).level
        2
    """

    doses: Doses
    prior: LogisticPrior | None = None
    rule: DecisionRule = DEFAULT_RULE
    cohort_size: int = 3
    start: int = 0
    increments: Steps | None = None
    stop: Rule | None = None
    only_tried: bool = False

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        levels = self.levels
        checks = {
            "doses": (not isinstance(self.doses, int) and _numbers(self.labels), "doses above 0"),
            "prior": (self.prior is not None, "a LogisticPrior, such as standard_prior(20)"),
            "cohort_size": (1 <= self.cohort_size <= 100, "a whole number from 1 to 100"),
            "start": (0 <= self.start < levels, f"a level from 0 to {levels - 1}"),
            "increments": (
                self.increments is None or all(s > 0 and d >= 0 for d, s in self.increments),
                "pairs (dose, relative step above 0)",
            ),
        }
        check_fields(self, checks)
        self._prior.check_doses(self.dose, ["Blrm, doses"] * levels)
        check_rule(self, "stop", self.stop)

    @property
    def _prior(self) -> LogisticPrior:
        if self.prior is None:
            raise InputError("Blrm, prior", "found none", "give a LogisticPrior")
        return self.prior

    @property
    def dose(self) -> np.ndarray:
        """The doses as numbers."""
        return np.array([float(d) for d in self.labels])

    @property
    def model(self) -> LogisticModel:
        """Prior and doses as the quadrature takes them."""
        prior = self._prior
        log_dose = np.log(self.dose / prior.dose_reference_mg)
        return LogisticModel(tuple(log_dose), prior.mean, prior.sd, prior.correlation)

    def predictive(self, outcomes: Outcomes, level: int, patients: int) -> np.ndarray:
        """Probability of 0, 1, ... DLTs among the next patients at a level, (patients + 1,)."""
        n, y = self.counts(outcomes)
        return predictive_of(self.model, n, y, level=level, patients=patients)

    @property
    def gives(self) -> frozenset[str]:
        """Its posterior and its target interval."""
        return frozenset({POSTERIOR, QUANTILES, TARGET})

    def fit(self, n, y, thresholds: tuple[float, ...] | None = None) -> Risks:
        """See `OverdoseDesign.fit`."""
        asked = self.thresholds if thresholds is None else thresholds
        fit = fit_logistic(self.model, n, y, thresholds=asked)
        return Risks(fit.mean, fit.sd, fit.exceed, fit.exceed_error)

    def improve(self, risks: Risks, rows: np.ndarray, n, y) -> Risks:
        """Nodes adapted to each of the given states."""
        return improved(self.model, risks, rows, n, y, self.thresholds)

    def quantiles(self, n, y) -> Quantiles:
        """Quantiles of the risks in many states."""
        return each_state(risk_quantile, self.model, n, y)

    def reach(self, n, level) -> Int[np.ndarray, " state"]:
        """The highest level that `max_step` and `increments` allow."""
        top = super().reach(n, level)
        if self.increments is None:
            return top
        dose = self.dose
        ends = np.array([d for d, _ in self.increments])
        share = np.array([s for _, s in self.increments])
        at = np.clip(np.searchsorted(ends, dose, "right") - 1, 0, None)
        furthest = dose * (1 + share[at]) * (1 + 1e-9)
        return np.minimum(top, np.searchsorted(dose, furthest, "right")[level] - 1)


def _numbers(labels) -> bool:
    return all(not isinstance(d, str) and d > 0 for d in labels)
