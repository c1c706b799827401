"""What was seen of one patient so far: doses, counts, FISH, VAF and covariates, checked.

Days are days since the start of protocol day 1, so protocol day d begins on day d - 1 and a
reading in the morning of a dose is read before it.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from myelodose.errors import InputError, check_fields
from myelodose.marrow.course import DRUGS
from myelodose.regimen import Regimen
from myelodose.units import HOURS_PER_DAY

COUNTS = ("ANC", "PLT", "Hb")
"""Counts that may be read [1e9/L, 1e9/L, g/dL]."""

SHARES = ("FISH", "VAF")
"""Counted shares: nuclei with the deletion, reads with the TP53 mutation."""

SWITCHES = ("before dose", "no dose", "covariate range")
"""What is refused unless it is named in `accept`."""

# Outside it a number is in another unit: cells per uL, haemoglobin in g/L or mmol/L.
_RANGE = {
    "ANC": (0.0, 100.0, "1e9/L; 1,200 per uL are 1.2"),
    "PLT": (0.0, 2000.0, "1e9/L; 45,000 per uL are 45"),
    "Hb": (2.0, 25.0, "g/dL; 85 g/L are 8.5"),
}

_KNOWN = {
    "creatinine_clearance_ml_per_min": (20.2, 231.0, "mL/min"),
    "body_surface_area_m2": (1.5, 2.3, "m2"),
}
"""Ranges of the patients that the priors rest on (`virtual.covariates`)."""


class ForecastWarning(UserWarning):
    """Something outside what the model knows that was accepted by name."""


class Given(NamedTuple):
    """A dose: day [d], drug, amount [mg], and hours of infusion."""

    day: float
    drug: str
    mg: float
    hours: float = 0.0


class Reading(NamedTuple):
    """A measurement: day [d], what, its value, of how many, and whether it is a limit.

    `value` is a count, or how many nuclei or reads of `of` are positive; `censored` is 1 where the
    true value lies below `value`, the limit of quantification.
    """

    day: float
    what: str
    value: float
    of: int = 0
    censored: int = 0


@dataclass(frozen=True)
class Seen:
    """One patient as far as he is known.

    Args:
        doses: What was given, in any order.
        readings: What was measured, in any order.
        creatinine_clearance_ml_per_min: [mL/min].
        body_surface_area_m2: [m2]; future azacitidine is dosed by it.
        tp53_mutated: Whether a part of the clone is mutated; None if not known.
        loss_of_17p: Whether mutated cells lost the other copy, which changes what a VAF reads; None
            if not known.
        accept: Names of `SWITCHES` that are meant so; each becomes a `ForecastWarning`.
        simulated: Whether the patient is simulated, for every output.

    Raises:
        InputError: Naming the place, what was found and what would do.

    Example:
        >>> from myelodose.regimen import platzbecker2013
        >>> one = Seen.of(platzbecker2013(20), [Reading(0, "ANC", 1.9), Reading(21, "ANC", 0.6)])
        >>> len(one.doses), one.now_d
        (19, 21)
    """

    doses: tuple[Given, ...]
    readings: tuple[Reading, ...]
    creatinine_clearance_ml_per_min: float = 90.0
    body_surface_area_m2: float = 1.8
    tp53_mutated: bool | None = True
    loss_of_17p: bool | None = False
    accept: tuple[str, ...] = ()
    simulated: bool = False

    def __post_init__(self) -> None:
        """Check everything while it is concrete."""
        object.__setattr__(self, "doses", tuple(sorted(Given(*one) for one in self.doses)))
        object.__setattr__(self, "readings", tuple(sorted(Reading(*one) for one in self.readings)))
        for name in self.accept:
            if name not in SWITCHES:
                raise InputError(
                    "Seen, accept", f"found {name!r}", f"use {', '.join(map(repr, SWITCHES))}"
                )
        crcl, area = self.creatinine_clearance_ml_per_min, self.body_surface_area_m2
        check_fields(
            self,
            {
                "creatinine_clearance_ml_per_min": (5 <= crcl <= 300, "5 to 300 mL/min"),
                "body_surface_area_m2": (0.5 <= area <= 3.5, "0.5 to 3.5 m2"),
                "readings": (bool(self.readings), "at least one, such as Reading(0, 'ANC', 1.9)"),
            },
        )
        for number, dose in enumerate(self.doses):
            _check_dose(dose, f"Seen, doses, {number}")
        for number, reading in enumerate(self.readings):
            _check_reading(reading, f"Seen, readings, {number}")
        for name, (found, remedy) in self._doubts().items():
            if name not in self.accept:
                raise InputError("Seen", found, f"{remedy}, or accept=({name!r},)")
            warnings.warn(f"{name}: {found}", ForecastWarning, stacklevel=3)

    @classmethod
    def of(cls, regimen: Regimen, readings: Sequence[Reading], **known) -> "Seen":
        """A patient who was treated by a regimen, up to his last reading.

        Args:
            regimen: What was given; doses from the last reading on are left out.
            readings: What was measured.
            **known: Covariates and switches of `Seen`.
        """
        last = max((Reading(*one).day for one in readings), default=0.0)
        area = known.get("body_surface_area_m2", 1.8)
        plan = regimen.doses(body_surface_area_m2=area, drugs=DRUGS)
        rows = zip(plan.time_d, plan.amount_mg, plan.drug, plan.duration_d, strict=True)
        doses = [
            Given(float(t), DRUGS[int(d)], float(mg), float(long) * HOURS_PER_DAY)
            for t, mg, d, long in rows
            if mg > 0 and t < last
        ]
        return cls(tuple(doses), tuple(readings), **known)

    @property
    def now_d(self) -> float:
        """The day of the last reading [d]."""
        return max(one.day for one in self.readings)

    def until(self, day: float) -> "Seen":
        """The same patient as he was known in the morning of a day, before its dose.

        Args:
            day: Readings up to it and doses before it are kept [d].
        """
        return replace(
            self,
            doses=tuple(one for one in self.doses if one.day < day),
            readings=tuple(one for one in self.readings if one.day <= day),
        )

    def _doubts(self) -> dict[str, tuple[str, str]]:
        found = {}
        first = min((one.day for one in self.doses), default=None)
        early = [one.day for one in self.readings if first is not None and one.day < first]
        if early:
            text = f"found {len(early)} readings before the first dose on day {first:g}"
            found["before dose"] = (
                f"{text}: the model takes the marrow as balanced on day 0",
                "count days from the first dose and give the last reading before it as day 0",
            )
        if first is None:
            found["no dose"] = (
                "found no dose: the readings can say nothing of what drugs do to this patient",
                "give the doses so far",
            )
        outside = [
            f"{name} {value:g} outside {low:g}-{high:g} {unit}"
            for name, (low, high, unit) in _KNOWN.items()
            if not low <= (value := getattr(self, name)) <= high
        ]
        if outside:
            found["covariate range"] = (
                f"found {', '.join(outside)}: no such patient stands behind the priors",
                "check value and unit",
            )
        return found


def _check_dose(dose: Given, place: str) -> None:
    if dose.drug not in DRUGS:
        raise InputError(f"{place}, drug", f"found {dose.drug!r}", f"use {' or '.join(DRUGS)}")
    if not 0 <= dose.day < np.inf:
        raise InputError(f"{place}, day", f"found {dose.day}", "give a day of at least 0")
    most = {"lenalidomide": 100.0, "azacitidine": 400.0}[dose.drug]
    if not 0 < dose.mg <= most:
        remedy = f"give above 0 to {most:g} mg a day"
        raise InputError(f"{place}, mg", f"found {dose.mg:g}", remedy)


def _check_reading(one: Reading, place: str) -> None:
    if one.what not in (*COUNTS, *SHARES):
        remedy = f"use {', '.join((*COUNTS, *SHARES))}"
        raise InputError(f"{place}, what", f"found {one.what!r}", remedy)
    if not 0 <= one.day < np.inf:
        remedy = "count days from the start of protocol day 1; what was before is day 0"
        raise InputError(f"{place}, day", f"found {one.day}", remedy)
    if one.what in SHARES:
        if not (one.of >= 1 and 0 <= one.value <= one.of):
            found = f"found {one.value:g} of {one.of}"
            raise InputError(f"{place}, {one.what}", found, "give how many of how many")
        return
    low, high, unit = _RANGE[one.what]
    if not (low < one.value <= high):
        raise InputError(f"{place}, {one.what}", f"found {one.value:g}", f"give counts in {unit}")
