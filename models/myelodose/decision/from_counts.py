"""The next dose by simulated counts: benefit beside risk, the optimal and the tolerated dose.

    from virtual patients: P(DLT) by cause, clone, response, counts, dose intensity
      -> joined with what was observed -> P(risk > limit) -> maximum tolerated dose
      -> utility -> optimal dose, among the tolerated ones

The decision from the toxicity data alone stands beside it, with a note where the two disagree.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.decision.choose import Choice, by_cost, choose
from myelodose.decision.estimates import Estimates, estimate, typical_values
from myelodose.decision.frontier import Step, dominated, steps
from myelodose.decision.question import Question
from myelodose.decision.reasons import Reason, reasons_frame
from myelodose.decision.recommend import Decision, decide
from myelodose.decision.rule import DecisionRule
from myelodose.decision.sources import LITERATURE, WORDS
from myelodose.decision.tell import assumptions, conflicts, disagreement, sentence
from myelodose.errors import InputError
from myelodose.packages import package_versions
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual import conflict


@dataclass(frozen=True)
class CountDecision:
    """A dose decision from simulated counts. SIMULATED, but for what `question.observed` holds.

    Args:
        question: What was asked.
        estimates: Every number by dose.
        choice: Optimal and maximum tolerated dose, with their reasons.
        steps: What each step up brings.
        dominated: The dose that dominates, by the dose that is dominated [mg].
        alone: The decision from the toxicity data alone; None if nothing was observed.
        tension: How surprising the observed DLTs are under the simulated risks, from
            `virtual.conflict`; None if nothing was observed at these doses.
        source: Where the draws of typical values are from, and their hash.
        versions: Packages that the numbers come from.
    """

    question: Question
    estimates: Estimates
    choice: Choice
    steps: tuple[Step, ...]
    dominated: dict[float, float]
    alone: Decision | None
    tension: xr.Dataset | None
    source: dict[str, str]
    versions: dict[str, str]

    @property
    def recommended_dose_mg(self) -> float | None:
        """The next dose [mg]: the optimal one; None to stop, or if undecided."""
        return self.choice.optimal_mg

    @property
    def undecided(self) -> bool:
        """Whether the Monte Carlo error reaches across a limit that the next dose depends on."""
        return self.choice.undecided

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The rules in the order in which they were looked at."""
        return self.choice.reasons

    @property
    def sentence(self) -> str:
        """The recommendation in words."""
        return sentence(self.question, self.estimates.table, self.choice)

    @property
    def note(self) -> str:
        """Whether the decision from the toxicity data alone agrees, and the data with the model."""
        return disagreement(self.choice, self.alone, self.tension)

    @property
    def conflicts(self) -> bool:
        """Whether the maximum tolerated doses by counts and by data alone differ, or contradict."""
        return conflicts(self.choice, self.alone, self.tension)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What was assumed, one sentence each."""
        return assumptions(self.question, self.source)

    def reasons_frame(self) -> pd.DataFrame:
        """The reasons as a table: value, limit, error and verdict by rule."""
        return reasons_frame(self.reasons).set_index("rule")

    def frame(self) -> pd.DataFrame:
        """Every quantity (rows) by dose (columns) in per cent: mean (95 % over draws) and error."""
        table = self.estimates.table
        rows = {
            str(words): {
                f"{float(dose):g} mg": _cell(table.sel(quantity=name, dose=dose))
                for dose in table.dose.values
            }
            for name, words in zip(table.quantity.values, table.words.values, strict=True)
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")

    def steps_frame(self) -> pd.DataFrame:
        """What each step up brings, in patients of 100."""
        rows = {
            f"{s.lower:g} to {s.higher:g} mg": {
                name: f"{100 * d.mean:+.1f} ({100 * d.low:+.1f} to {100 * d.high:+.1f})"
                for name, d in (
                    ("responses per 100", s.benefit),
                    ("DLTs per 100", s.risk),
                    ("utility per 100", s.utility),
                )
            }
            for s in self.steps
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("step")

    def by_cost(self) -> dict[str, float | None]:
        """The admissible dose with the highest utility [mg], by what one DLT costs in responses."""
        return by_cost(self.question, self.estimates, self.choice)

    def __str__(self) -> str:
        """Recommendation, reasons and note as text."""
        shown = (
            self.reasons_frame()
            .reset_index()
            .to_string(index=False, float_format=lambda x: f"{x:.4g}")
        )
        return f"{self.sentence}\n\n{shown}\n\n{self.note}"


def decide_from_counts(
    question: Question,
    *,
    draws: Mapping[str, Any] | None = None,
    hazards: Sequence[Hazards] | None = None,
    source: str = "",
    cautions: Sequence[str] = (),
) -> CountDecision:
    """The next dose by simulated counts.

    Args:
        question: What is asked.
        draws: Typical values by name, (draw) each: from a calibration or a stored posterior; the
            literature priors if not given.
        hazards: Of infection and thrombosis, one for each draw; those of the question, spread, if
            not given.
        source: Where `draws` are from, in words.
        cautions: What a reader must know of them.

    Returns:
        The decision; the same question and draws give the same numbers.

    Raises:
        InputError: If draws come without their source, or a value cannot be.
        ArithmeticError: If the solver does not converge.

    Example:
        >>> few = Question(seed=1, doses_mg=(20,), draws=12, patients=20, pairs=2)
        >>> list(decide_from_counts(few).choice.verdicts)
        [20.0]
    """
    if draws is not None and not source:
        raise InputError("decide_from_counts, source", "found none", "say where the draws are from")
    typical = typical_values(question, draws)
    given = None if hazards is None else list(hazards)[: question.draws]
    found = estimate(question, typical, source=source or WORDS[LITERATURE], hazards=given)
    doses = [float(d) for d in question.doses_mg]
    benefit, risk = found.response, found.risk
    return CountDecision(
        question=question,
        estimates=found,
        choice=choose(question, found),
        steps=tuple(steps(doses, benefit, risk, found.utility)),
        dominated=dominated(doses, benefit, risk),
        alone=_alone(question),
        tension=_tension(question, found),
        source={
            "draws": source or WORDS[LITERATURE],
            "hash": draws_hash(typical),
            "number": str(len(next(iter(typical.values())))),
            "hazards": "chosen, not fitted" if hazards is None else "from the same source",
            "cautions": " ".join(cautions),
        },
        versions=package_versions(),
    )


def draws_hash(draws: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names and values, to find the same draws again.

    Args:
        draws: Typical values by name.

    Example:
        >>> draws_hash({"a": np.zeros(2)})[:8]
        'bd5886ca'
    """
    digest = hashlib.sha256()
    for name in sorted(draws):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(draws[name], dtype="<f8").tobytes())
    return digest.hexdigest()


def _alone(question: Question) -> Decision | None:
    """The two-parameter logistic model on the DLT table, with the same limits."""
    if not question.observed:
        return None
    rule = DecisionRule(
        target_low=min(0.16, question.risk_limit / 2),
        target_dlt=question.risk_limit,
        overdose_limit=question.overdose_limit,
        max_step=question.max_step,
    )
    return decide(question.counts, rule=rule, doses=question.doses_mg)


def _tension(question: Question, found: Estimates) -> xr.Dataset | None:
    seen = {float(o.dose_mg) for o in question.observed}
    doses = {name: dose for name, dose in question.names.items() if dose in seen}
    if not doses:
        return None
    p = found.simulated.p.sel(cause="any", drop=True).isel(cycle=0, drop=True)
    return conflict(p, question.counts, doses=doses)


def _cell(one: xr.Dataset) -> str:
    """Such as "17.8 (5 to 36) ± 0.4": per cent, with two Monte Carlo standard errors."""
    mean, error = 100 * float(one["mean"]), 200 * float(one.error)
    low, high = 100 * float(one.low), 100 * float(one.high)
    between = "" if np.isnan(low) else f" ({low:.0f} to {high:.0f})"
    return f"{mean:.1f}{between} ± {error:.1f}"
