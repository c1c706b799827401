"""Escalation with overdose control over regimens by their exposure at the effect site (TITE-PK)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from myelodose.decision.recommend import DEFAULT_RULE
from myelodose.decision.rule import DecisionRule
from myelodose.designs.base import STOP, UNDECIDED, Call
from myelodose.designs.model_based.overdose import OverdoseDesign
from myelodose.designs.model_based.overdose_words import overdose_reasons
from myelodose.designs.model_based.risks import Risks
from myelodose.designs.rules import Rule, check_rule
from myelodose.dose_models.lattice import Lattice, expectations
from myelodose.dose_models.tite_pk import (
    EffectSite,
    Schedule,
    TitePkPrior,
    effect_area,
    tite_pk_lattice,
)
from myelodose.errors import check_fields
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import Doses


@dataclass(frozen=True)
class TitePk(OverdoseDesign):
    """Overdose control in a time-to-toxicity model driven by exposure.

    A DLT within the window has probability 1 - exp(-beta A(w) / A_ref): one parameter for all doses
    and schedules. Patients still in follow-up count with the area of the share of the window that
    their `weight` says; the exact time of a DLT is used by `dose_models.tite_pk.fit_tite_pk`.

    Args:
        doses: Labels of the regimens, in order of exposure.
        schedules: One regimen for each label.
        reference: The regimen to which the prior refers.
        site: Rates of the effect site [1/h].
        window_h: Observation window [h].
        prior: Prior of log beta, the log cumulative hazard of the reference regimen.
        rule: Target interval, limit, which admissible regimen, levels a step.
        cohort_size: Patients a cohort.
        start: Level of the first cohort, 0 for the lowest.
        stop: A rule: when the trial stops besides.
        only_tried: Whether the final regimen must have been given.

    Raises:
        InputError: If a value cannot be, or the regimens are not in order of exposure.

    Source:
        Günhan, Weber and Friede, Stat Med 2020;39:1453 (doi 10.1002/sim.8450).
    """

    doses: Doses
    schedules: tuple[Schedule, ...]
    reference: Schedule
    site: EffectSite
    window_h: float
    prior: TitePkPrior
    rule: DecisionRule = DEFAULT_RULE
    cohort_size: int = 3
    start: int = 0
    stop: Rule | None = None
    only_tried: bool = False

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        levels = self.levels
        checks = {
            "schedules": (len(self.schedules) == levels, f"one for each of {levels} labels"),
            "window_h": (self.window_h > 0, "a time above 0 h"),
            "site": (min(self.site) > 0, "two rates above 0"),
            "prior": (self.prior.sd > 0, "an sd above 0"),
            "cohort_size": (1 <= self.cohort_size <= 100, "a whole number from 1 to 100"),
            "start": (0 <= self.start < levels, f"a level from 0 to {levels - 1}"),
        }
        check_fields(self, checks)
        rising = bool(np.all(np.diff(self.areas()) > 0)) and self.areas()[0] > 0
        remedy = "regimens in order of increasing exposure over the window"
        check_fields(self, {"schedules": (rising, remedy)})
        check_rule(self, "stop", self.stop)

    def areas(self, share: float = 1.0) -> np.ndarray:
        """A(t) / A_ref of each regimen at a share of the window."""
        whole = effect_area(self.reference, [self.window_h], self.site)[0]
        times = [share * self.window_h]
        each = [effect_area(schedule, times, self.site)[0] for schedule in self.schedules]
        return np.array(each) / whole

    def fit(self, n, y, thresholds: tuple[float, ...] | None = None) -> Risks:
        """See `OverdoseDesign.fit`."""
        counts = np.concatenate([y, np.asarray(n) - y], 1)
        asked = self.thresholds if thresholds is None else thresholds
        return self._posterior(self._log_chances(self.areas()), counts, asked)

    def fit_outcomes(self, outcomes: Outcomes) -> Risks:
        """The same from patients who are partly followed."""
        weights = outcomes.weight or (1.0,) * len(outcomes)
        rows = []
        for level, dlt, weight in zip(outcomes.level, outcomes.dlt, weights, strict=True):
            if dlt is not None:
                chance = self._log_chances(self.areas(1.0 if dlt else weight))
                rows.append(chance[level if dlt else self.levels + level])
        return self._posterior(np.array(rows), np.ones((1, len(rows))), self.thresholds)

    def next(self, outcomes: Outcomes) -> Call:
        """See `Design.next`; weights below 1 are patients who are still followed."""
        if outcomes.weight is None or min(outcomes.weight, default=1.0) == 1:
            return super().next(outcomes)
        n, y = self.counts(outcomes)
        level = self.start if outcomes.last_level is None else outcomes.last_level
        risks = self.fit_outcomes(outcomes)
        chosen = int(self.decide_from(risks, n[None], y[None], np.array([level]))[0][0])
        because, reasons = overdose_reasons(self, risks, n[None], y[None], level, chosen)
        given = None if chosen in (STOP, UNDECIDED) else chosen
        return Call(given, chosen == STOP, because, tuple(reasons))

    def _log_chances(self, areas: np.ndarray) -> np.ndarray:
        """Log probability of a DLT and of none by these areas, (2 x level, node)."""
        b = self._lattice(self.thresholds).read[:, 0]
        hazard = areas[:, None] * np.exp(b)
        return np.concatenate([np.log(np.maximum(-np.expm1(-hazard), 1e-300)), -hazard])

    def _lattice(self, thresholds: tuple[float, ...]) -> Lattice:
        return _cached_lattice(self.prior, tuple(self.areas().tolist()), thresholds)

    def _posterior(
        self, log_chance: np.ndarray, counts: np.ndarray, thresholds: tuple[float, ...]
    ) -> Risks:
        lattice = self._lattice(thresholds)._replace(log_chance=log_chance)
        found = expectations(lattice, counts)
        levels = self.levels
        mean, square = (found.value[:, 2 + i * levels : 2 + (i + 1) * levels] for i in (0, 1))
        shape = (len(counts), len(thresholds), levels)
        exceed, error = (
            x[:, 2 + 2 * levels :].reshape(shape).swapaxes(1, 2) for x in (found.value, found.error)
        )
        return Risks(mean, np.sqrt(np.maximum(square - mean**2, 0)), exceed, error)


@lru_cache(maxsize=16)
def _cached_lattice(
    prior: TitePkPrior, areas: tuple[float, ...], thresholds: tuple[float, ...]
) -> Lattice:
    return tite_pk_lattice(prior, None, areas, thresholds)
