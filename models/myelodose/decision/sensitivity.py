"""How the decision changes with the data, the prior and the rule."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import pandas as pd
import xarray as xr

from myelodose.decision.recommend import Decision, decide
from myelodose.decision.rule import DecisionRule
from myelodose.decision.words import percent
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior, logit


class Scenario(NamedTuple):
    """One way to look at the same trial."""

    name: str
    counts: xr.Dataset
    prior: LogisticPrior
    rule: DecisionRule


def with_dlt(counts: xr.Dataset, dose: float, change: int) -> xr.Dataset:
    """The counts with one more or one fewer DLT at a dose."""
    return counts.assign(dlt=counts.dlt + change * (counts.dose == dose))


def prior_scenarios(prior: LogisticPrior) -> dict[str, LogisticPrior]:
    """The prior, half and twice as wide, and moved to fewer or more DLTs at its reference dose."""
    mean, (sd_a, sd_b) = prior.mean, prior.sd
    at = f"{prior.dose_reference_mg:g} mg"
    return {
        "prior half as wide": replace(prior, sd=(sd_a / 2, sd_b / 2)),
        "prior twice as wide": replace(prior, sd=(2 * sd_a, 2 * sd_b)),
        f"prior median risk 10 % at {at}": replace(prior, mean=(logit(0.10), mean[1])),
        f"prior median risk 40 % at {at}": replace(prior, mean=(logit(0.40), mean[1])),
        f"prior median risk 33 % at {1.25 * prior.dose_reference_mg:g} mg": replace(
            prior,
            mean=(logit(0.33), mean[1]),
            dose_reference_mg=1.25 * prior.dose_reference_mg,
        ),
    }


def rule_scenarios(rule: DecisionRule) -> dict[str, DecisionRule]:
    """Other targets and other limits on the overdose probability."""
    targets = [t for t in (0.25, 0.30, 0.35) if rule.target_low < t != rule.target_dlt]
    limits = [v for v in (0.15, 0.20, 0.30) if v != rule.overdose_limit]
    return {f"target {percent(t)}": replace(rule, target_dlt=t) for t in targets} | {
        f"overdose limit {percent(v)}": replace(rule, overdose_limit=v) for v in limits
    }


def scenarios(
    counts: xr.Dataset,
    *,
    rule: DecisionRule,
    prior: LogisticPrior = LENALIDOMIDE_PRIOR,
    other_counts: dict[str, xr.Dataset] | None = None,
) -> Iterable[Scenario]:
    """The scenario as it is, then each thing changed alone.

    Args:
        counts: `n(dose)` and `dlt(dose)`.
        rule: The decision rule.
        prior: Prior and reference dose.
        other_counts: Other readings of the data by name, such as other denominators.
    """
    yield Scenario("as published", counts, prior, rule)
    for name, other in (other_counts or {}).items():
        yield Scenario(name, other, prior, rule)
    for dose in counts.dose.values[(counts.dlt > 0).values]:
        yield Scenario(f"one DLT fewer at {dose:g} mg", with_dlt(counts, dose, -1), prior, rule)
    for dose in counts.dose.values[(counts.dlt < counts.n).values]:
        yield Scenario(f"one DLT more at {dose:g} mg", with_dlt(counts, dose, 1), prior, rule)
    for name, other in prior_scenarios(prior).items():
        yield Scenario(name, counts, other, rule)
    for name, other in rule_scenarios(rule).items():
        yield Scenario(name, counts, prior, other)


def sensitivity(cases: Iterable[Scenario]) -> pd.DataFrame:
    """Decide every scenario by exact quadrature.

    Returns:
        One row per scenario: `recommended` ("20 mg" or "stop"), the overdose probability at each
        dose, and whether the recommendation `changes` against the first scenario.
    """
    decisions: dict[str, Decision] = {
        case.name: decide(case.counts, prior=case.prior, rule=case.rule) for case in cases
    }
    rows = {
        name: {"recommended": _in_words(decision.recommended_dose_mg)}
        | {
            f"P(over) {float(dose):g} mg": float(decision.table.prob_over.sel(dose=dose))
            for dose in decision.table.dose.values
        }
        for name, decision in decisions.items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("scenario")
    first = next(iter(decisions.values())).recommended_dose_mg
    frame["changes"] = [d.recommended_dose_mg != first for d in decisions.values()]
    return frame


def _in_words(dose: float | None) -> str:
    return "stop" if dose is None else f"{dose:g} mg"
