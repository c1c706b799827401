"""Overdose control that may borrow from other strata (EXNEX BLRM)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from myelodose.decision.recommend import DEFAULT_RULE
from myelodose.decision.rule import DecisionRule
from myelodose.designs.model_based.overdose import OverdoseDesign
from myelodose.designs.model_based.risks import Risks
from myelodose.designs.rules import Rule, check_rule
from myelodose.dose_models.combination_prior import DrugPrior
from myelodose.dose_models.exnex_logistic import MOST_STRATA, ExnexFit, fit_exnex_logistic
from myelodose.dose_models.logistic import LogisticModel
from myelodose.errors import InputError, check_fields
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import Doses
from myelodose.priors import LogisticPrior

type _Counts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class ExnexBlrm(OverdoseDesign):
    """The BLRM with overdose control of one stratum, which may borrow from others.

    A stratum is a disease, a region, an earlier trial. Each is exchangeable with the others with a
    prior probability, and else stands alone; see `dose_models.exnex_logistic`. What the others
    saw is given with the design and stays as it is; `next` asks about this stratum.

    Args:
        doses: The doses [unit of the prior's reference dose], increasing numbers.
        together: Prior of the exchangeable part, with its reference dose.
        others: Outcomes of the other strata, at the same doses.
        probability: Prior probability to be exchangeable: one for all, or one a stratum, this one
            first.
        alone: Prior of a stratum by itself; that of `together`, without its spread, if not given.
        rule: Target interval, limit, which admissible dose, levels per step.
        cohort_size: Patients a cohort.
        start: Level of the first cohort, 0 for the lowest.
        stop: A rule: when the trial stops besides.
        only_tried: Whether the final dose must have been given.
        points: Points of each scramble of the integration, a power of 2.

    Raises:
        InputError: If a value cannot be.

    Source:
        Neuenschwander et al., Pharm Stat 2016;15:123 (doi 10.1002/pst.1730).
    """

    doses: Doses
    together: DrugPrior
    others: tuple[Outcomes, ...] = ()
    probability: float | tuple[float, ...] = 0.5
    alone: LogisticPrior | None = None
    rule: DecisionRule = DEFAULT_RULE
    cohort_size: int = 3
    start: int = 0
    stop: Rule | None = None
    only_tried: bool = False
    points: int = 4096

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        levels = self.levels
        numbers = all(not isinstance(d, str) and d > 0 for d in self.labels)
        shares = np.atleast_1d(np.asarray(self.probability, float))
        sized = shares.size in (1, len(self.others) + 1)
        checks = {
            "doses": (not isinstance(self.doses, int) and numbers, "doses above 0"),
            "others": (len(self.others) < MOST_STRATA, f"at most {MOST_STRATA - 1} other strata"),
            "probability": (
                sized and bool(np.all((shares >= 0) & (shares <= 1))),
                "shares from 0 to 1: one for all, or one a stratum with this one first",
            ),
            "start": (0 <= self.start < levels, f"a level from 0 to {levels - 1}"),
            "cohort_size": (1 <= self.cohort_size <= 100, "a whole number from 1 to 100"),
        }
        check_fields(self, checks)
        for other in self.others:
            self.check_doses(other)
        check_rule(self, "stop", self.stop)
        self._check_alone()

    def fit(self, n, y, thresholds: tuple[float, ...] | None = None) -> Risks:
        """See `OverdoseDesign.fit`; every state is integrated by itself."""
        asked = self.thresholds if thresholds is None else thresholds
        fits = [self.fit_strata(one, two, asked) for one, two in zip(n, y, strict=True)]
        return Risks(
            np.stack([fit.mean.value[0] for fit in fits]),
            np.stack([fit.sd[0] for fit in fits]),
            np.stack([fit.exceed.value[0] for fit in fits]),
            # Two standard errors.
            np.stack([2 * fit.exceed.error[0] for fit in fits]),
        )

    def fit_strata(self, n: ArrayLike, y: ArrayLike, thresholds: tuple[float, ...]) -> ExnexFit:
        """Posterior of all strata, this one first.

        Args:
            n: Evaluable patients per level of this stratum.
            y: Its patients with a DLT.
            thresholds: Risks t for which P(risk > t) is wanted.
        """
        counts = [(n, y), *((other.n, other.y) for other in self.others)]
        both = (tuple(tuple(np.asarray(part[k]).tolist()) for part in counts) for k in (0, 1))
        return _fit(*both, self._settings, tuple(thresholds))

    def fit_outcomes(self, outcomes: Outcomes) -> ExnexFit:
        """Posterior of all strata over the target's ends, this one first.

        Args:
            outcomes: What was seen in this stratum.
        """
        return self.fit_strata(*self.counts(outcomes), self.thresholds)

    @property
    def _settings(self) -> tuple:
        return tuple(map(float, self.labels)), self.together, self._own, self._shares, self.points

    @property
    def _shares(self) -> tuple[float, ...]:
        return tuple(np.broadcast_to(self.probability, len(self.others) + 1).astype(float).tolist())

    @property
    def _own(self) -> LogisticModel | None:
        if self.alone is None:
            return None
        prior = self.alone
        log_dose = np.log(np.array([float(d) for d in self.labels]) / prior.dose_reference_mg)
        return LogisticModel(tuple(log_dose.tolist()), prior.mean, prior.sd, prior.correlation)

    def _check_alone(self) -> None:
        reference = self.together.dose_reference
        if self.alone is not None and self.alone.dose_reference_mg != reference:
            found = f"found the reference dose {self.alone.dose_reference_mg:g}"
            raise InputError("ExnexBlrm, alone", found, f"give a prior at {reference:g}")


@lru_cache(maxsize=256)
def _fit(n: _Counts, y: _Counts, settings: tuple, thresholds: tuple[float, ...]) -> ExnexFit:
    # A decision and its explanation ask for the same state.
    doses, together, own, shares, points = settings
    return fit_exnex_logistic(
        n,
        y,
        doses=doses,
        together=together,
        alone=own,
        probability=shares,
        thresholds=thresholds,
        points=points,
    )
