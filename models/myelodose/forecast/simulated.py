"""Simulated patients with their truth: for examples, and to see whether forecasts are right."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from myelodose.forecast.course import NAMES
from myelodose.forecast.individual import Individual
from myelodose.forecast.likelihood import task_of, try_values
from myelodose.forecast.people import AssayErrors, People, draw_patients
from myelodose.forecast.seen import COUNTS, SHARES, Reading, Seen
from myelodose.regimen import Regimen

LLOQ = {"ANC": 0.05, "PLT": 5.0}
"""Limits of quantification [1e9/L], as in the simulated cohort; chosen."""


class Simulated(NamedTuple):
    """A SIMULATED patient and the truth about him.

    Attributes:
        seen: What would have been seen of him.
        values: His true parameters in the order of `marrow.typical_values`, (all,).
        people: What he was drawn from.
        lost: Whether his mutated cells lost the other copy of 17p.
    """

    seen: Seen
    values: Float[np.ndarray, " all"]
    people: People
    lost: bool = False

    def truth(self, day: float) -> Individual:
        """Him as a posterior of one draw, so that `forecast` shows what really happens.

        Args:
            day: From which day on, as in `Seen.until` [d].
        """
        one = self.values[:, None]
        return Individual(
            self.seen.until(day),
            self.people,
            one,
            "the truth",
            (),
            (one, np.ones(1)),
            np.array([self.lost]),
        )


def simulate_patient(
    people: People,
    seed: int,
    regimen: Regimen,
    *,
    count_days: Sequence[float] = tuple(range(0, 29, 7)),
    clone_days: Sequence[float] = (0, 28),
    nuclei: int = 200,
    depth: int = 750,
    **known,
) -> Simulated:
    """A patient drawn from people, treated as planned and read by assays.

    Args:
        people: What patients are like, and how assays err.
        seed: Seed of the patient and of the assays.
        regimen: What he is given.
        count_days: Days of ANC, PLT and Hb [d].
        clone_days: Days of FISH and VAF [d].
        nuclei: Nuclei of a FISH.
        depth: Reads of a VAF.
        **known: Covariates of `Seen`; TP53 or 17p given as None are drawn and not told.

    Example:
        >>> from myelodose.regimen import platzbecker2013
        >>> one = simulate_patient(People({}), 1, platzbecker2013(20))
        >>> len(one.seen.readings), one.seen.simulated
        (19, True)
    """
    days = [(day, what, 1.0, 0) for day in count_days for what in COUNTS]
    size = {"FISH": nuclei, "VAF": depth}
    days += [(day, what, 0.0, size[what]) for day in clone_days for what in SHARES]
    status = _status(people, seed, known)
    planned = Seen.of(regimen, [_blank(*one) for one in days], simulated=True, **known | status)
    draws = draw_patients(people, planned, 1, seed)
    values = np.stack([draws[name] for name in NAMES])
    found = try_values(values, task_of(planned, people.errors)).expected[:, 0]
    random = np.random.default_rng([seed, 2])
    readings = [
        _read(one, mean, people.errors, random)
        for one, mean in zip(planned.readings, found, strict=False)
    ]
    told = replace(
        planned,
        readings=tuple(readings),
        accept=(),
        tp53_mutated=known.get("tp53_mutated", True),
        loss_of_17p=known.get("loss_of_17p", False),
    )
    return Simulated(told, values[:, 0], people, bool(planned.loss_of_17p))


def _status(people: People, seed: int, known: dict) -> dict[str, bool]:
    """What is drawn because it is not known: TP53 before 17p."""
    random = np.random.default_rng([seed, 3])
    mutated, lost = random.random(2) < (people.tp53_mutated, people.loss_of_17p_if_mutated)
    drawn = {"tp53_mutated": bool(mutated), "loss_of_17p": bool(lost)}
    return {name: value for name, value in drawn.items() if known.get(name, value) is None}


def _blank(day: float, what: str, value: float, of: int) -> Reading:
    return Reading(day, what, 10.0 if what == "Hb" else value, of)


def _read(one: Reading, mean: float, errors: AssayErrors, random: np.random.Generator) -> Reading:
    """What an assay reads where this is expected."""
    if one.what in COUNTS:
        sd = errors.count_sd[COUNTS.index(one.what)]
        value = float(mean * np.exp(sd * random.standard_normal()))
        limit = LLOQ.get(one.what, 0.0)
        return one._replace(value=max(value, limit), censored=int(value < limit))
    rho = errors.fish_overdispersion if one.what == "FISH" else errors.vaf_overdispersion
    weight, p = (1 - rho) / rho, float(np.clip(mean, 1e-6, 1 - 1e-6))
    chance = random.beta(p * weight, (1 - p) * weight)
    return one._replace(value=float(random.binomial(one.of, chance)))
