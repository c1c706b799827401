"""What is not known of a patient's TP53 and 17p: every possibility, and how probable each is.

    P(case | readings) ~ P(case) P(readings | case)

P(case) is the prevalence among patients like those of the trial, P(readings | case) the mean
likelihood, which importance sampling gives beside the posterior.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from myelodose.forecast.balance import balanced
from myelodose.forecast.coordinates import linked
from myelodose.forecast.individual import Attempt, Individual, Prior, Weighted
from myelodose.forecast.people import People
from myelodose.forecast.seen import ForecastWarning, Seen


class Case(NamedTuple):
    """A possibility: the patient with it, its probability before readings, words."""

    seen: Seen
    probability: float
    label: str

    @property
    def certain(self) -> bool:
        """Whether there is no other."""
        return self.probability == 1

    def told(self, method: str) -> str:
        """A way with the possibility it was for."""
        return method if self.certain else f"{self.label}: {method}"


def possible(seen: Seen, people: People) -> list[Case]:
    """Every possibility; one where everything is known.

    Without a mutation 17p changes no reading, so that is one possibility.

    Args:
        seen: The patient.
        people: How frequent mutation and loss are.

    Example:
        >>> from myelodose.forecast.seen import Given, Reading
        >>> him = Seen((Given(0, "azacitidine", 135),), (Reading(0, "ANC", 2),), tp53_mutated=None)
        >>> [case.label for case in possible(him, People({}))]
        ['TP53 wild type', 'TP53 mutated']
    """
    if seen.tp53_mutated is not None and seen.loss_of_17p is not None:
        return [Case(seen, 1.0, "as known")]
    mutated = _given(seen.tp53_mutated, people.tp53_mutated)
    lost = _given(seen.loss_of_17p, people.loss_of_17p_if_mutated)
    several = 0 < lost < 1
    cases = (
        (False, False, 1 - mutated, "TP53 wild type"),
        (True, False, mutated * (1 - lost), "TP53 mutated" + ", 17p kept" * several),
        (True, True, mutated * lost, "TP53 mutated" + ", 17p lost" * several),
    )
    with warnings.catch_warnings():
        # What was accepted by name has been said when the patient was made.
        warnings.simplefilter("ignore", ForecastWarning)
        return [
            Case(replace(seen, tp53_mutated=own, loss_of_17p=kind), share, label)
            for own, kind, share, label in cases
            if share > 0
        ]


def _given(known: bool | None, prevalence: float) -> float:
    return prevalence if known is None else float(known)


def mixed(
    seen: Seen,
    people: People,
    found: Sequence[Weighted],
    tried: tuple[Attempt, ...],
    prior: Prior,
    random: np.random.Generator,
    draws: int,
) -> Individual:
    """Equally weighted draws of all possibilities.

    Args:
        seen: The patient.
        people: What he was drawn from.
        found: Points of each of `possible`, in order.
        tried: Every way that was tried.
        prior: Of the patient, for the parameters that vary.
        random: Source of randomness.
        draws: How many to return.
    """
    cases = possible(seen, people)
    log = np.array(
        [np.log(a.probability) + b.log_evidence for a, b in zip(cases, found, strict=True)]
    )
    chance = np.exp(log - np.logaddexp.reduce(log))
    values = np.concatenate([one.values for one in found], 1)
    weight = np.concatenate([p * one.weight for p, one in zip(chance, found, strict=True)])
    sizes = [one.values.shape[1] for one in found]
    lost = np.repeat([bool(one.seen.loss_of_17p) for one in cases], sizes)
    at = balanced(linked(prior.coordinates, values), weight, draws, random)
    flags = [(one.seen.tp53_mutated, one.seen.loss_of_17p) for one in cases]
    probability = {
        name: float(chance @ np.array([flag[k] for flag in flags], float))
        for k, name in enumerate(("tp53_mutated", "loss_of_17p"))
    }
    return Individual(
        seen,
        people,
        values[:, at],
        tried[-1].method,
        tried,
        (values, weight),
        lost[at],
        found[0].log_evidence if len(found) == 1 else float("nan"),
        probability,
    )
