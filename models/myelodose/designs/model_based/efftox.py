"""EffTox: the acceptable dose with the best trade-off of efficacy and toxicity."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from myelodose.designs.base import Call, Reason
from myelodose.designs.finder import DoseFinder
from myelodose.dose_models.efftox import (
    PARAMETERS,
    Contour,
    EffToxData,
    EffToxFit,
    contour_through,
    dose_code,
    fit_efftox,
)
from myelodose.errors import InputError, check_fields
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import Doses

type Normal = tuple[float, float]


@dataclass(frozen=True)
class EffTox(DoseFinder):
    """A phase I/II design on the utility of efficacy and toxicity.

    A dose is acceptable if P(efficacy > its hurdle) and P(toxicity < its hurdle) both exceed their
    limits. Of the acceptable doses at most one level above the highest tried, the one with the
    largest posterior mean utility is given; the trial stops if there is none.

    Args:
        doses: The doses, increasing numbers.
        alpha: Prior mean and sd of alpha; the next five likewise.
        beta: Slope of toxicity.
        gamma: Intercept of efficacy.
        zeta: Slope of efficacy.
        eta: Curvature of efficacy.
        psi: Association.
        eff_hurdle: Efficacy that a dose should exceed.
        tox_hurdle: Toxicity that it should stay below.
        eff_limit: Limit of P(efficacy > hurdle).
        tox_limit: Limit of P(toxicity < hurdle).
        eff0: Efficacy of the contour's end without toxicity.
        tox1: Toxicity of its end with certain efficacy.
        between: A third point (efficacy, toxicity) of the contour.
        cohort_size: Patients a cohort.
        start: Level of the first cohort, 0 for the lowest.
        points: Points of each scramble of the integration, a power of 2.

    Raises:
        InputError: If a value cannot be.

    Source:
        Thall and Cook, Biometrics 2004;60:684 (doi 10.1111/j.0006-341X.2004.00218.x).
    """

    doses: Doses
    alpha: Normal
    beta: Normal
    gamma: Normal
    zeta: Normal
    eta: Normal
    psi: Normal
    eff_hurdle: float
    tox_hurdle: float
    eff_limit: float = 0.1
    tox_limit: float = 0.1
    eff0: float = 0.5
    tox1: float = 0.65
    between: tuple[float, float] = (0.7, 0.25)
    cohort_size: int = 3
    start: int = 0
    points: int = 16384

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        numbers = all(not isinstance(d, str) and d > 0 for d in self.labels)
        probability = "a probability between 0 and 1"
        checks = {
            "doses": (not isinstance(self.doses, int) and numbers, "doses above 0"),
            **{
                name: (getattr(self, name)[1] > 0, "a mean and an sd above 0")
                for name in PARAMETERS
            },
            **{
                name: (0 < getattr(self, name) < 1, probability)
                for name in ("eff_hurdle", "tox_hurdle", "eff_limit", "tox_limit")
            },
            "start": (0 <= self.start < self.levels, f"a level from 0 to {self.levels - 1}"),
        }
        check_fields(self, checks)
        _ = self.contour

    @property
    def contour(self) -> Contour:
        """The trade-off."""
        return contour_through(self.eff0, self.tox1, eff=self.between[0], tox=self.between[1])

    def cells(self, outcomes: Outcomes) -> Int[np.ndarray, "4 level"]:
        """Patients per level with neither, toxicity only, efficacy only and both.

        Raises:
            InputError: If the outcomes are of other doses, or efficacy is not known.
        """
        self.check_doses(outcomes)
        efficacy = outcomes.efficacy or (0,) * len(outcomes)
        seen = np.zeros((4, self.levels), int)
        for i, (level, dlt, eff) in enumerate(
            zip(outcomes.level, outcomes.dlt, efficacy, strict=True)
        ):
            if dlt is None:
                continue
            if eff is None:
                found = "found toxicity without efficacy"
                raise InputError(f"EffTox, patient {i + 1}", found, "give both")
            seen[dlt + 2 * eff, level] += 1
        return seen

    def fit(self, cells: Int[np.ndarray, "4 level"]) -> EffToxFit:
        """Posterior of efficacy, toxicity and utility per level."""
        prior = np.array([getattr(self, name) for name in PARAMETERS])
        code = dose_code([float(d) for d in self.labels])
        data = EffToxData(code, prior[:, 0], prior[:, 1], np.asarray(cells, float))
        return fit_efftox(
            data,
            self.contour,
            eff_hurdle=self.eff_hurdle,
            tox_hurdle=self.tox_hurdle,
            points=self.points,
        )

    def next(self, outcomes: Outcomes) -> Call:
        """The dose of the next cohort, with reasons.

        Raises:
            InputError: If the outcomes are of other doses, or efficacy is not known.
        """
        cells = self.cells(outcomes)
        if not cells.any():
            return self.starts()
        highest = int(np.flatnonzero(cells.sum(0))[-1])
        return self._call(self.fit(cells), min(highest + 1, self.levels - 1), ends=False)

    def select(self, outcomes: Outcomes) -> Call:
        """The dose recommended if the trial ends now: the best acceptable one that was tried."""
        cells = self.cells(outcomes)
        if not cells.any():
            return Call(None, True, "nobody was treated")
        return self._call(self.fit(cells), int(np.flatnonzero(cells.sum(0))[-1]), ends=True)

    def _call(self, fit: EffToxFit, top: int, *, ends: bool) -> Call:
        near = np.arange(self.levels) <= top
        surely, perhaps = self._acceptable(fit, -1) & near, self._acceptable(fit, 1) & near
        reasons = self._reasons(fit, surely, perhaps)
        if not perhaps.any():
            return Call(None, True, "no dose in reach is acceptable", reasons)
        utility, error = fit.utility.value, 2 * fit.utility.error
        best = int(np.where(perhaps, utility, -np.inf).argmax())
        gap = utility[best] - np.where(perhaps, utility, -np.inf)
        if (gap < error + error[best]).sum() > 1 or not surely[best]:
            return Call(None, False, "the numerical error reaches across a limit", reasons)
        words = f"{self.name(best)} has the largest utility, {utility[best]:.3f}, of those in reach"
        return Call(best, ends, words, reasons)

    def _acceptable(self, fit: EffToxFit, sign: int) -> np.ndarray:
        """Acceptable even after the error went against (-1) or for (+1) the dose."""
        eff, tox = fit.acceptable_eff, fit.acceptable_tox
        fine = eff.value + sign * 2 * eff.error > self.eff_limit
        return fine & (tox.value + sign * 2 * tox.error > self.tox_limit)

    def _reasons(self, fit: EffToxFit, surely, perhaps) -> tuple[Reason, ...]:
        word = {(True, True): "acceptable", (False, True): "undecided"}
        parts = (
            ("utility", fit.utility, float("nan")),
            (f"P(efficacy > {self.eff_hurdle:g})", fit.acceptable_eff, self.eff_limit),
            (f"P(toxicity < {self.tox_hurdle:g})", fit.acceptable_tox, self.tox_limit),
        )
        return tuple(
            Reason(
                f"{what} of {self.name(k)}",
                float(number.value[k]),
                limit,
                2 * float(number.error[k]),
                word.get((bool(surely[k]), bool(perhaps[k])), "not acceptable or out of reach"),
                "",
            )
            for k in range(self.levels)
            for what, number, limit in parts
        )
