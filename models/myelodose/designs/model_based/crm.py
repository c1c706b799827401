"""The continual reassessment method: the level whose estimated risk is nearest to the target."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Int

from myelodose.designs.base import NONE, UNDECIDED, Call, Design, Reason
from myelodose.designs.look import NORMAL, POSTERIOR, QUANTILES, look_of
from myelodose.designs.model_based.beliefs import ModelBeliefs
from myelodose.designs.model_based.estimates import Estimates, crm_estimates, crm_posterior
from myelodose.designs.model_based.tite_crm import tite_next, tite_select
from myelodose.designs.model_based.words import crm_reasons
from myelodose.designs.rules import Rule, check_rule
from myelodose.designs.states import once_each
from myelodose.designs.verdict import after_rule
from myelodose.dose_models.crm import DFCRM_SD, CrmModel
from myelodose.errors import InputError, check_fields
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import Doses

type NoSkip = Literal["above tested", "above last", "up and down", "none"]
type Hold = Literal["above target", "at or above target", "never"]


@dataclass(frozen=True)
class Crm(Design):
    """A one-stage or two-stage CRM in the one-parameter model.

    The level chosen has the risk estimate nearest to the target; of two equally near, the lower.
    Then, in this order: no skipping, hold after toxicity, stop. Outcomes with weights below 1 make
    it a TITE-CRM; `dose_models.tite.tite_weights` gives linear and adaptive ones.

    Args:
        doses: Labels or number of the levels.
        skeleton: Prior risks per level, increasing.
        target: The target risk.
        cohort_size: Patients a cohort.
        start: Level of the first cohort, 0 for the lowest.
        curve: "empiric" or "logistic".
        intercept: a0 of the logistic curve.
        prior_sd: Prior standard deviation of b.
        slope_gamma: Shape and rate of a gamma prior of the slope exp(b), instead of the normal.
        estimate: "plug-in": the risk at the posterior mean of b (dfcrm, escalation); "mean": the
            posterior mean of the risk (bcrm, crmPack, trialr); "mle": maximum likelihood.
        no_skip: "above tested": at most one level above the highest tested; "above last": above
            the last given; "up and down": besides, at most one below; "none".
        hold: Do not escalate while the observed share of DLTs at the last level is "above target"
            or "at or above target"; "never".
        initial: Two-stage design: level of each patient until the first DLT.
        stop: A rule: when the trial stops besides.
        select_among: "reachable": the final dose obeys `no_skip`; "tried": it was given.

    Raises:
        InputError: If a value cannot be.

    Source:
        O'Quigley, Pepe and Fisher, Biometrics 1990;46:33; Goodman, Zahurak and Piantadosi, Stat
        Med 1995;14:1149 (no skipping); Cheung, Biometrika 2005;92:863 (hold: coherence).

    Example:
        >>> from myelodose.outcomes import Outcomes
        >>> design = Crm(4, skeleton=(0.095, 0.186, 0.3, 0.422), target=0.3)
        >>> design.next(Outcomes.read("1NNN 2NTT", doses=4)).level
        0
    """

    doses: Doses
    skeleton: tuple[float, ...] = ()
    target: float = 0.25
    cohort_size: int = 3
    start: int = 0
    curve: Literal["empiric", "logistic"] = "empiric"
    intercept: float = 3.0
    prior_sd: float = DFCRM_SD
    slope_gamma: tuple[float, float] | None = None
    estimate: Literal["plug-in", "mean", "mle"] = "plug-in"
    no_skip: NoSkip = "above tested"
    hold: Hold = "never"
    initial: tuple[int, ...] | None = None
    stop: Rule | None = None
    select_among: Literal["reachable", "tried"] = "reachable"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        object.__setattr__(self, "skeleton", tuple(float(s) for s in self.skeleton))
        levels = self.levels
        initial = self.initial or ()
        skips = ("above tested", "above last", "up and down", "none")
        checks = {
            "skeleton": (len(self.skeleton) == levels, f"one risk for each of {levels} levels"),
            "target": (0 < self.target < 1, "a risk between 0 and 1"),
            "cohort_size": (1 <= self.cohort_size <= 100, "a whole number from 1 to 100"),
            "start": (0 <= self.start < levels, f"a level from 0 to {levels - 1}"),
            "estimate": (self.estimate in ("plug-in", "mean", "mle"), "'plug-in', 'mean' or 'mle'"),
            "no_skip": (self.no_skip in skips, f"one of {skips}"),
            "hold": (
                self.hold in ("above target", "at or above target", "never"),
                "'above target', 'at or above target' or 'never'",
            ),
            "initial": (
                all(0 <= k < levels for k in initial),
                f"levels from 0 to {levels - 1}",
            ),
            "select_among": (self.select_among in ("reachable", "tried"), "'reachable' or 'tried'"),
        }
        check_fields(self, checks)
        if self.estimate == "mle" and not initial:
            raise InputError(
                "Crm, initial",
                "found none with estimate='mle', which does not exist before the first DLT",
                "give the level of each patient until then",
            )
        _ = self.model
        check_rule(self, "stop", self.stop)

    @property
    def model(self) -> CrmModel:
        """Skeleton, curve and prior."""
        return CrmModel(self.skeleton, self.curve, self.intercept, self.prior_sd, self.slope_gamma)

    def decide(self, n, y, level) -> Int[np.ndarray, " state"]:
        """See `Design.decide`."""
        return once_each(self._decide, n, y, level, self.levels)

    def pick(self, n, y) -> Int[np.ndarray, " state"]:
        """See `Design.pick`; `NONE` where a safety rule fires, or nobody was treated."""
        return once_each(self._pick, n, y, np.zeros(len(n), int), self.levels)

    def explain(self, n, y, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        n, y = np.asarray(n)[None], np.asarray(y)[None]
        return crm_reasons(self, self.estimates(n, y), n, y, level, chosen)

    def next(self, outcomes: Outcomes) -> Call:
        """See `Design.next`; with weights of the patients it is a TITE-CRM."""
        if outcomes.weight is None or min(outcomes.weight, default=1.0) == 1:
            return super().next(outcomes)
        return tite_next(self, outcomes)

    def select(self, outcomes: Outcomes) -> Call:
        """See `Design.select`; with weights of the patients it is a TITE-CRM."""
        if outcomes.weight is None or min(outcomes.weight, default=1.0) == 1:
            return super().select(outcomes)
        return tite_select(self, outcomes)

    @property
    def gives(self) -> frozenset[str]:
        """Its posterior."""
        return frozenset({POSTERIOR, QUANTILES, NORMAL})

    def posterior(self, n, y) -> ModelBeliefs:
        """See `Design.posterior`."""
        return crm_posterior(self.model, n, y)

    def estimates(self, n, y) -> Estimates:
        """Risk estimates and their errors of many states, each once."""
        thresholds = () if self.stop is None else self.stop.thresholds
        return crm_estimates(self.model, self.estimate, n, y, thresholds)

    def nearest(self, risks: Estimates) -> np.ndarray:
        """The level nearest to the target, and the lowest and highest that the error allows.

        Returns:
            (3, state): nearest, lowest, highest.
        """
        away = np.abs(risks.value - self.target)
        best = away.argmin(1)
        at = np.arange(len(best))
        gap = away - away[at, best][:, None]
        error = risks.error + risks.error[at, best][:, None]
        candidate = (gap < error) | (np.arange(self.levels) == best[:, None])
        highest = self.levels - 1 - candidate[:, ::-1].argmax(1)
        return np.stack([best, candidate.argmax(1), highest])

    def reach(self, n, level) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest level that `no_skip` allows."""
        top = np.full(len(n), self.levels - 1)
        low = np.zeros(len(n), int)
        tested = np.where(n > 0, np.arange(self.levels), -1).max(1)
        if self.no_skip == "above tested":
            top = np.minimum(tested + 1, top)
        elif self.no_skip != "none":
            top = np.minimum(level + 1, top)
        if self.no_skip == "up and down":
            low = np.maximum(level - 1, 0)
        return low, top

    def held(self, n, y, level) -> np.ndarray:
        """Whether the DLTs at the last level forbid to escalate."""
        at = np.arange(len(n))
        over = y[at, level] - self.target * n[at, level]
        if self.hold == "above target":
            return over > 1e-9
        return (over >= -1e-9) & (n[at, level] > 0) & (self.hold != "never")

    def decide_from(self, risks: Estimates, n, y, level) -> Int[np.ndarray, " state"]:
        """Decisions from risk estimates; see `decide`."""
        begun = n.sum(1) > 0
        # A state without patients has no last level.
        level = np.where(begun, level, self.start)
        low, top = self.reach(n, level)
        top = np.where(self.held(n, y, level), np.minimum(top, np.maximum(level, low)), top)
        chosen, least, most = np.clip(self.nearest(risks), low, top)
        unsure = least != most
        first = self._first_stage(n, y)
        chosen = np.where(first >= 0, first, chosen)
        unsure &= first < 0
        answer = np.where(unsure, UNDECIDED, chosen)
        answer = np.where(begun, answer, self.start if self.initial is None else first)
        if self.stop is not None:
            look = look_of(self, n, y, answer, risks.beliefs)
            answer = np.where(begun, after_rule(answer, self.stop(look)), answer)
        return answer

    def _decide(self, n, y, level) -> Int[np.ndarray, " state"]:
        return self.decide_from(self.estimates(n, y), n, y, level)

    def _first_stage(self, n, y) -> Int[np.ndarray, " state"]:
        """The level of the initial design, or -1 once a DLT was seen or it has ended."""
        if self.initial is None:
            return np.full(len(n), -1)
        plan = np.append(np.array(self.initial, int), -1)
        patients = np.minimum(n.sum(1), len(plan) - 1)
        return np.where(y.sum(1) == 0, plan[patients], -1)

    def _pick(self, n, y, _) -> Int[np.ndarray, " state"]:
        return self.pick_from(self.estimates(n, y), n, y)

    def pick_from(self, risks: Estimates, n, y) -> Int[np.ndarray, " state"]:
        """Selections from risk estimates; see `pick`."""
        tested = np.where(n > 0, np.arange(self.levels), -1).max(1)
        top = tested + 1 if self.no_skip != "none" else np.full(len(n), self.levels)
        if self.select_among == "tried":
            # Far from every target, so that it is never the nearest.
            risks = replace(risks, value=np.where(n > 0, risks.value, 1e3))
        chosen, least, most = np.clip(self.nearest(risks), 0, np.minimum(top, self.levels - 1))
        unsure = least != most
        answer = np.where(unsure, UNDECIDED, chosen)
        ending = None if self.stop is None else self.stop.ending
        if ending is not None:
            answer = after_rule(answer, ending(look_of(self, n, y, answer, risks.beliefs)))
        return np.where(tested < 0, NONE, answer)
