"""Everything that a decision from simulated counts is asked with: one record, also as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from myelodose.decision.utility import Utility
from myelodose.errors import InputError, check_fields
from myelodose.marrow.protocol.limits import Limits
from myelodose.regimen import Regimen
from myelodose.regimen.courses import checked_whole
from myelodose.regimen.named import PLATZBECKER_COHORTS
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.trial import dlt_counts, dlt_table, load_trial
from myelodose.virtual.joining import HAEMATOLOGICAL, without_count_failures
from myelodose.virtual.sequences import arrangement


class Observed(NamedTuple):
    """What was seen at one dose.

    Attributes:
        dose_mg: Lenalidomide a day [mg].
        n: Patients.
        dlt: Those with a DLT.
        count_failures: DLTs that were a failure of the counts; see `virtual.joined`.
    """

    dose_mg: float
    n: int
    dlt: int
    count_failures: int


def observed_of(counts: xr.Dataset, count_failures: Mapping[float, int]) -> tuple[Observed, ...]:
    """A DLT table and its count failures as `Question` takes them.

    Args:
        counts: `n(dose)` and `dlt(dose)`.
        count_failures: How many of the DLTs at a dose were failures of the counts.

    Raises:
        InputError: If there are more count failures than DLTs at a dose.

    Example:
        >>> observed_of(dlt_table([10, 20], [3, 6], [0, 2]), {20.0: 1})[1]
        Observed(dose_mg=20.0, n=6, dlt=2, count_failures=1)
    """
    without_count_failures(counts, count_failures)
    columns = (counts.dose.values, counts.n.values, counts.dlt.values)
    return tuple(
        Observed(float(d), int(n), int(y), int(count_failures.get(float(d), 0)))
        for d, n, y in zip(*columns, strict=True)
    )


def published_observations() -> tuple[Observed, ...]:
    """DLTs of Platzbecker 2013, one of them a failure of the counts (25 mg)."""
    return observed_of(dlt_counts(load_trial()), HAEMATOLOGICAL)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which dose next, by simulated counts?

    Args:
        seed: Seed of patients, hazards and empirical draws.
        doses_mg: Lenalidomide doses to choose from [mg a day], rising.
        order: "sequential" (azacitidine, then lenalidomide), "concurrent" or "reverse".
        gap_d: Days without a drug between the two [d].
        draws: Draws of the typical values.
        patients: Virtual patients of each draw.
        rule: The DLT rule of counts. Its cycle is the cycle of the regimens.
        hazards: Medians of the other causes; their spread is that of `hazard_draws`.
        observed: What was seen so far.
        risk: "joined", count failures simulated and all else observed, or "simulated" alone.
        pairs: Empirical draws for each simulated one in the joined risk.
        risk_limit: A DLT risk above this is too high.
        overdose_limit: Limit on the probability of that.
        max_step: Most levels above the highest dose tried.
        utility: What benefit and harm are worth.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Question(seed=1, doses_mg=(15, 20)).regimens["20 mg"].last_day
        19
    """

    seed: int
    doses_mg: tuple[float, ...] = tuple(PLATZBECKER_COHORTS.values())
    order: str = "sequential"
    gap_d: int = 0
    draws: int = 200
    patients: int = 100
    rule: DltRule = field(default_factory=DltRule)
    hazards: Hazards = field(default_factory=Hazards)
    observed: tuple[Observed, ...] = field(default_factory=published_observations)
    risk: Literal["joined", "simulated"] = "joined"
    pairs: int = 50
    risk_limit: float = 1 / 3
    overdose_limit: float = 0.25
    max_step: int = 1
    utility: Utility = field(default_factory=Utility)

    def __post_init__(self) -> None:
        """Check every value, most of them where they are used."""
        for name, least in (("draws", 2), ("patients", 2), ("pairs", 1), ("max_step", 1)):
            checked_whole(getattr(self, name), f"Question, {name}", least=least)
        checked_whole(self.seed, "Question, seed", least=0)
        doses = np.asarray(self.doses_mg, float)
        rising = doses.size > 0 and (np.diff(doses) > 0).all() and doses[0] > 0
        probability = "a probability between 0 and 1"
        checks = {
            "doses_mg": (bool(rising and np.isfinite(doses).all()), "rising doses above 0 mg"),
            "risk": (self.risk in ("joined", "simulated"), "'joined' or 'simulated'"),
            "risk_limit": (0 < self.risk_limit < 1, probability),
            "overdose_limit": (0 < self.overdose_limit < 1, probability),
            "observed": (
                bool(self.observed) or self.risk == "simulated",
                "what was seen at one dose at least, or risk='simulated'",
            ),
        }
        check_fields(self, checks)
        _ = self.regimens
        if self.observed:
            without_count_failures(self.counts, self.count_failures)

    @property
    def names(self) -> dict[str, float]:
        """Dose by the name of its regimen [mg]."""
        return {f"{dose:g} mg": float(dose) for dose in self.doses_mg}

    @property
    def regimens(self) -> dict[str, Regimen]:
        """One cycle of each dose."""
        every = self.rule.cycle_d
        return {
            name: arrangement(self.order, self.gap_d, dose, every=every)
            for name, dose in self.names.items()
        }

    @property
    def counts(self) -> xr.Dataset:
        """What was seen as a DLT table."""
        if not self.observed:
            raise InputError("Question, observed", "found nothing", "give what was seen")
        return dlt_table(
            [o.dose_mg for o in self.observed],
            [o.n for o in self.observed],
            [o.dlt for o in self.observed],
        )

    @property
    def count_failures(self) -> dict[float, int]:
        """Failures of the counts among the observed DLTs, by dose [mg]."""
        return {float(o.dose_mg): o.count_failures for o in self.observed if o.count_failures}

    @property
    def as_in_the_trial(self) -> bool:
        """Whether the arrangement is the one that was given to patients."""
        return (self.order, self.gap_d, self.rule.cycle_d) == ("sequential", 0, 28)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and text, ready for JSON."""
        plain = asdict(self)
        return plain | {"observed": [one._asdict() for one in self.observed]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Question":
        """The inverse of `to_dict`.

        Example:
            >>> Question.from_dict(Question(seed=3).to_dict()) == Question(seed=3)
            True
        """
        given = dict(plain)
        rule = dict(given["rule"])
        for name in ("recovered", "low", "start"):
            rule[name] = Limits(**rule[name])
        return cls(
            **given
            | {
                "doses_mg": tuple(given["doses_mg"]),
                "rule": DltRule(**rule),
                "hazards": Hazards(**given["hazards"]),
                "utility": Utility(**given["utility"]),
                "observed": tuple(Observed(**one) for one in given["observed"]),
            }
        )
