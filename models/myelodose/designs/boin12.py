"""BOIN12: the dose with the best balance of efficacy and toxicity, by rank-based desirability."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from myelodose.designs.base import NONE, STOP, Call, Levels, Reason
from myelodose.designs.boin import Limits, boin_limits
from myelodose.designs.finder import DoseFinder
from myelodose.designs.interval import ON_THE_END
from myelodose.designs.isotonic import increasing
from myelodose.designs.posterior_beta import closed_from_first, prob_above, prob_at_most
from myelodose.designs.seen import Seen, seen_so_far
from myelodose.errors import check_fields
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import Doses

# From so many patients on at a dose that is safe, the next one is tried if it never was.
EXPLORE_FROM = 9


@dataclass(frozen=True)
class Boin12(DoseFinder):
    """The BOIN12 design for phase I/II trials.

    Each patient's outcome has a utility, and a dose's utility u (0 to 100) a beta posterior from
    the quasi-binomial count x = sum of utilities / 100:

        u / 100 ~ Beta(a + x, b + n - x)

    Desirability is P(u > u_b), with u_b half way between 100 and the utility of a dose whose
    risks are `toxicity` and `efficacy`. The next dose: one down if y / n >= lambda_d; up if the
    current dose had 9 patients with y / n < lambda_d and the next none; of the current dose and
    the one below, if lambda_e < y / n < lambda_d and n >= enough; otherwise of these two and the
    one above: the admissible one with the highest desirability, the highest of equal ones.

    A dose is admissible unless P(toxicity > limit) >= toxic_above at it or below, or
    P(efficacy < limit) >= futile_above. The trial stops if none of these doses is admissible, or
    the lowest one is too toxic.

    Args:
        doses: Dose labels, or their count.
        toxicity: Highest acceptable risk of toxicity.
        efficacy: Lowest acceptable probability of efficacy.
        utility: Of efficacy without toxicity, neither, both, toxicity without efficacy.
        cohort_size: Patients in a cohort.
        start: Level of the first cohort.
        enough: n above, N* in the paper.
        toxic_above: Certainty that a dose is too toxic.
        futile_above: Certainty that a dose is too little efficacious.
        prior: a and b, for utility, toxicity and efficacy alike.

    Raises:
        InputError: If a value cannot be.

    Source:
        Lin et al., JCO Precis Oncol 2020;4:1393-1402 (doi 10.1200/PO.20.00257).

    Example:
        >>> seen = Outcomes.read("1NNN 2ENT 3ETT 2EEN", doses=5)
        >>> Boin12(doses=5, toxicity=0.35, efficacy=0.25).next(seen).level
        1
    """

    doses: Doses
    toxicity: float
    efficacy: float
    utility: tuple[float, float, float, float] = (100.0, 40.0, 60.0, 0.0)
    cohort_size: int = 3
    start: int = 0
    enough: int = 6
    toxic_above: float = 0.95
    futile_above: float = 0.9
    prior: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        best, neither, both, worst = self.utility
        order = best == 100 and worst == 0 and 0 <= neither <= 100 and 0 <= both <= 100
        probabilities = ("toxicity", "efficacy", "toxic_above", "futile_above")
        checks = {
            name: (0 < getattr(self, name) < 1, "a probability between 0 and 1")
            for name in probabilities
        }
        checks |= {
            "utility": (order, "100, two numbers from 0 to 100, and 0"),
            "cohort_size": (1 <= self.cohort_size <= 100, "a whole number from 1 to 100"),
            "start": (0 <= self.start < self.levels, f"a level from 0 to {self.levels - 1}"),
            "enough": (self.enough >= 1, "1 patient or more"),
            "prior": (min(self.prior) > 0, "two numbers above 0"),
        }
        check_fields(self, checks)

    @property
    def limits(self) -> Limits:
        """lambda_e and lambda_d of BOIN with the toxicity limit as its target."""
        return boin_limits(self.toxicity, 0.6 * self.toxicity, 1.4 * self.toxicity)

    @property
    def benchmark(self) -> float:
        """u_b, the utility that a desirable dose exceeds."""
        t, e = self.toxicity, self.efficacy
        shares = np.array([(1 - t) * e, (1 - t) * (1 - e), t * e, t * (1 - e)])
        undesirable = float(shares @ np.array(self.utility))
        return undesirable + (100 - undesirable) / 2

    def quasi_events(self, seen: Seen) -> Float[np.ndarray, "state level"]:
        """x, the sum of the patients' utilities over 100."""
        best, neither, both, worst = self.utility
        counts = (
            (best, seen.e - seen.both),
            (neither, seen.n - seen.e - seen.y + seen.both),
            (both, seen.both),
            (worst, seen.y - seen.both),
        )
        return np.sum([u * count for u, count in counts], axis=0) / 100

    def desirability(self, seen: Seen) -> Float[np.ndarray, "state level"]:
        """P(u > u_b)."""
        x = self.quasi_events(seen)
        return prob_above(self.benchmark / 100, seen.n, x, prior=self.prior)

    def admissible(self, seen: Seen) -> Bool[np.ndarray, "state level"]:
        """Neither too toxic, at this dose or below, nor too little efficacious."""
        toxic = prob_above(self.toxicity, seen.n, seen.y, prior=self.prior)
        futile = prob_at_most(self.efficacy, seen.n, seen.e, prior=self.prior)
        return ~closed_from_first(toxic >= self.toxic_above) & (futile < self.futile_above)

    def decide(self, seen: Seen, level: Levels) -> Levels:
        """The next level or `STOP`, for many states at once.

        Args:
            seen: Counts.
            level: The level given last.
        """
        rows, level = np.arange(len(seen.n)), np.asarray(level)
        n, y = seen.n[rows, level], seen.y[rows, level]
        escalate, deescalate = self.limits
        rate = y / np.maximum(n, 1)
        down = (rate >= deescalate - ON_THE_END) & (n > 0)
        middle = ~down & (rate > escalate + ON_THE_END) & (n >= self.enough)
        up = np.minimum(level + 1, self.levels - 1)
        explore = ~down & (n >= EXPLORE_FROM) & (level < up) & (seen.n[rows, up] == 0)

        near = np.abs(np.arange(self.levels) - level[:, None]) <= 1
        near &= ~(middle[:, None] & (np.arange(self.levels) > level[:, None]))
        score = np.where(near & self.admissible(seen), self.desirability(seen), -1.0)
        best = score >= score.max(-1, keepdims=True) - 1e-12
        highest = self.levels - 1 - best[:, ::-1].argmax(-1)
        best_one = np.where(score.max(-1) < 0, STOP, highest)
        chosen = np.select([explore, down], [up, np.maximum(level - 1, 0)], best_one)
        toxic = prob_above(self.toxicity, seen.n[:, 0], seen.y[:, 0], prior=self.prior)
        chosen = np.where(toxic >= self.toxic_above, STOP, chosen)
        return np.where(seen.n.sum(-1) == 0, self.start, chosen)

    def pick(self, seen: Seen) -> Levels:
        """The optimal biological dose at the end of the trial, or `NONE`.

        Of the admissible tried doses up to the MTD, the one with the highest posterior mean
        utility. The MTD is the tried dose whose isotonic rate of toxicity is nearest the limit,
        the highest of equal ones.
        """
        used = seen.n > 0
        rate = increasing(seen.y / np.maximum(seen.n, 1), np.ones(seen.n.shape), used)
        away = np.where(used, np.abs(rate - self.toxicity), np.inf)
        near = away <= away.min(-1, keepdims=True) + 1e-12
        mtd = self.levels - 1 - near[:, ::-1].argmax(-1)
        fine = used & self.admissible(seen) & (np.arange(self.levels) <= mtd[:, None])
        mean = (self.prior[0] + self.quasi_events(seen)) / (sum(self.prior) + seen.n)
        return np.where(fine.any(-1), np.where(fine, mean, -1).argmax(-1), NONE)

    def next(self, outcomes: Outcomes) -> Call:
        """The dose of the next cohort, with reasons.

        Raises:
            InputError: If efficacy is not recorded, or the outcomes are of other doses.
        """
        seen, level = self.counts(outcomes), outcomes.last_level
        if level is None or not seen.n.any():
            return self.starts()
        chosen = int(self.decide(seen, np.array([level]))[0])
        score, fine = self.desirability(seen)[0], self.admissible(seen)[0]
        reasons = tuple(
            Reason(
                f"desirability of {self.name(k)}",
                float(score[k]),
                float(score[chosen]) if chosen >= 0 else float("nan"),
                1e-14,
                "admissible" if fine[k] else "not admissible",
                "",
            )
            for k in range(max(level - 1, 0), min(level + 2, self.levels))
        )
        counts = f"{seen.y[0, level]} toxicities and {seen.e[0, level]} responses in "
        counts += f"{seen.n[0, level]} at {self.name(level)}"
        if chosen == STOP:
            best = int(self.pick(seen)[0])
            return Call(None if best < 0 else best, True, f"stop: {counts}", reasons)
        return Call(chosen, False, f"give {self.name(chosen)}: {counts}", reasons)

    def select(self, outcomes: Outcomes) -> Call:
        """The optimal biological dose if the trial ends now.

        Raises:
            InputError: If efficacy is not recorded, or the outcomes are of other doses.
        """
        seen = self.counts(outcomes)
        chosen = int(self.pick(seen)[0])
        if chosen == NONE:
            return Call(None, True, "no admissible dose was tried")
        mean = (self.prior[0] + self.quasi_events(seen)) / (sum(self.prior) + seen.n)
        text = f"{self.name(chosen)}: its mean utility {100 * mean[0, chosen]:.1f} is the highest"
        return Call(chosen, True, f"{text} up to the MTD")

    def counts(self, outcomes: Outcomes) -> Seen:
        """Counts of the patients whose toxicity and efficacy are both known.

        Raises:
            InputError: If efficacy is not recorded, or the outcomes are of other doses.
        """
        self.check_doses(outcomes)
        return seen_so_far(outcomes)
