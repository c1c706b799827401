"""One decision: the next dose, with its numbers and its reason in words."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from myelodose.decision.risk import risk_by_quadrature, risk_from_draws
from myelodose.decision.rule import DecisionRule
from myelodose.errors import InputError
from myelodose.posterior import CHECKS, PosteriorError, content_hash, provenance
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior

DEFAULT_RULE = DecisionRule()
WIDTH = 100


@dataclass(frozen=True)
class Decision:
    """The next dose and why.

    Args:
        table: Per dose `n`, `dlt`, `mean`, `sd`, `quantile(level)`, `prob_under`, `prob_target`,
            `prob_over`, `prob_mtd` (that this level is the highest with a risk of at most the
            target), `error` (of `prob_over`), `prob_next(count)`, `admissible` and `why`; and
            `prob_mtd_none`, that even the lowest level exceeds the target.
        recommended_dose_mg: The next dose, or None to stop.
        reason: One or two sentences.
        rule: The rule that was used.
        basis: What it rests on: method, posterior hash, data hash, package version.
        cautions: What a reader must know, such as accepted failures of convergence.
    """

    table: xr.Dataset
    recommended_dose_mg: float | None
    reason: str
    rule: DecisionRule
    basis: dict[str, str]
    cautions: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The recommendation with its reason and cautions, for people."""
        dose = self.recommended_dose_mg
        patients = _patients(self.rule.cohort_size)
        what = "Stop." if dose is None else f"Give the next {patients} {dose:g} mg."
        return " ".join([what, self.reason, *self.cautions])

    def frame(self) -> pd.DataFrame:
        """The table for people, one row per dose, probabilities in per cent."""
        t, rule = self.table, self.rule
        low, high = (f"{100 * v:.0f} %" for v in (rule.target_low, rule.target_dlt))
        rows = {
            f"{float(d):g} mg": {
                "DLT / n": f"{int(t.dlt.sel(dose=d))} / {int(t.n.sel(dose=d))}",
                "mean DLT risk": percent(t["mean"].sel(dose=d)),
                "95 % interval": "{} to {}".format(
                    *(percent(t["quantile"].sel(dose=d, level=q)) for q in (0.025, 0.975))
                ),
                f"P(under {low})": percent(t.prob_under.sel(dose=d)),
                "P(on target)": percent(t.prob_target.sel(dose=d)),
                f"P(over {high})": percent(t.prob_over.sel(dose=d)),
                "P(is the MTD)": percent(t.prob_mtd.sel(dose=d)),
                "verdict": ("recommended: " if d == self.recommended_dose_mg else "")
                + str(t.why.sel(dose=d).item()),
            }
            for d in t.dose.values
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("dose")

    def __str__(self) -> str:
        """Table, recommendation and basis as text."""
        none = percent(self.table.prob_mtd_none)
        basis = "; ".join(f"{name} {value}" for name, value in self.basis.items() if value)
        paragraphs = [
            self.sentence,
            f"MTD: the highest level with a DLT risk of at most {percent(self.rule.target_dlt)}; "
            f"P(even the lowest level exceeds it) = {none}.",
            f"Basis: {basis}.",
        ]
        text = "\n\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in paragraphs)
        return f"{self.frame().reset_index().to_string(index=False)}\n\n{text}"


def decide(
    counts: xr.Dataset,
    *,
    posterior: xr.DataTree | None = None,
    prior: LogisticPrior | None = None,
    rule: DecisionRule = DEFAULT_RULE,
    doses: ArrayLike | None = None,
    accept_failed: Sequence[str] = (),
) -> Decision:
    """Recommend the next dose.

    Args:
        counts: `n(dose)` and `dlt(dose)`: what was seen so far.
        posterior: Stored draws to decide from. Without them the posterior is computed by exact
            quadrature.
        prior: Prior for the quadrature, the lenalidomide prior if not given; a stored posterior
            brings its own.
        rule: What is admissible and which dose is chosen.
        doses: All dose levels of the trial, also those not tried [mg]; those of `counts` if not
            given.
        accept_failed: Convergence checks ("r_hat", "ess_bulk", "ess_tail", "divergences") whose
            failure is accepted, each by its name.

    Returns:
        The decision.

    Raises:
        PosteriorError: If the posterior was fitted to other data or did not converge.
        InputError: If a dose lies outside the range of the prior.

    Example:
        >>> from myelodose.trial import dlt_counts, load_trial
        >>> decide(dlt_counts(load_trial("platzbecker2013"))).recommended_dose_mg
        20.0
    """
    if posterior is not None and prior is not None:
        raise InputError(
            "decide",
            "found a posterior and a prior",
            "give one of them: the posterior brings its own prior",
        )
    counts = _with_levels(counts, doses)
    asked = {
        "thresholds": [rule.target_low, rule.target_dlt],
        "doses": counts.dose.values,
        "next_n": rule.cohort_size,
    }
    cautions: list[str] = []
    if posterior is None:
        risk = risk_by_quadrature(counts, prior=prior or LENALIDOMIDE_PRIOR, **asked)
    else:
        cautions += _check_posterior(posterior, counts, accept_failed)
        risk = risk_from_draws(posterior, **asked)
    table = _table(counts, risk, rule)
    chosen = _choose(table, rule)
    return Decision(
        table=table,
        recommended_dose_mg=chosen,
        reason=_reason(table, rule, chosen),
        rule=rule,
        basis={
            "method": risk.attrs["method"],
            "prior": risk.attrs["prior"],
            "posterior": risk.attrs["posterior"][:12],
            "data": content_hash(counts)[:12],
            "myelodose": version("myelodose"),
        },
        cautions=(*cautions, *_close_calls(table, rule)),
    )


def percent(value: float | xr.DataArray) -> str:
    """A probability in whole per cent; extremes stay visible as '<1 %' and '>99 %'."""
    share = 100 * float(value)
    if 0 < share < 0.5:
        return "<1 %"
    if 99.5 < share < 100:
        return ">99 %"
    return f"{share:.0f} %"


def _patients(count: int) -> str:
    return "patient" if count == 1 else f"{count} patients"


def _with_levels(counts: xr.Dataset, doses: ArrayLike | None) -> xr.Dataset:
    """Counts over all levels; a level that was not tried has n = 0."""
    if doses is None:
        return counts
    levels = np.union1d(counts.dose.values, np.asarray(doses, float))
    return counts.reindex(dose=levels, fill_value=0)


def _check_posterior(
    posterior: xr.DataTree, counts: xr.Dataset, accept_failed: Sequence[str]
) -> list[str]:
    """Refuse a posterior of other data, and one that did not converge unless named."""
    record = provenance(posterior, "decide")
    tried = counts.sel(dose=counts.n > 0) if bool((counts.n == 0).any()) else counts
    if record.data_hash not in (content_hash(counts), content_hash(tried)):
        raise PosteriorError(
            "decide",
            f"the posterior was fitted to other data ('{record.data_name}')",
            "give the counts that it was fitted to, or fit it again",
        )
    for name in accept_failed:
        if name not in CHECKS:
            raise InputError("decide, accept_failed", f"found {name!r}", f"use {', '.join(CHECKS)}")
    failures = record.diagnostics.failures()
    refused = [f"{name} = {text}" for name, text in failures.items() if name not in accept_failed]
    if refused:
        raise PosteriorError(
            "decide",
            f"the posterior has not converged: {'; '.join(refused)}",
            "fit it again with more warm-up or draws; to decide all the same, name each failed "
            f"check: accept_failed={list(failures)}",
        )
    return [f"Accepted although it failed: {name} = {text}." for name, text in failures.items()]


def _table(counts: xr.Dataset, risk: xr.Dataset, rule: DecisionRule) -> xr.Dataset:
    """Everything per dose; see `Decision`."""
    low, high = (risk.prob_at_most.isel(threshold=i, drop=True) for i in (0, 1))
    next_high = high.shift(dose=-1, fill_value=0.0)
    table = risk[["mean", "sd", "quantile", "prob_next"]].assign(
        n=counts.n,
        dlt=counts.dlt,
        prob_under=low,
        prob_target=high - low,
        prob_over=1 - high,
        # The risk rises with the dose, so {MTD = d_k} = {p_k <= t} without {p_(k+1) <= t}.
        prob_mtd=high - next_high,
        prob_mtd_none=1 - high[0],
        error=risk.error.isel(threshold=1, drop=True),
    )
    safe = table.prob_over < rule.overdose_limit
    within = np.arange(table.sizes["dose"]) <= _highest_level(counts, rule)
    why = [_why(bool(s), bool(w), rule) for s, w in zip(safe.values, within, strict=True)]
    return table.assign(admissible=safe & within, why=("dose", why))


def _highest_level(counts: xr.Dataset, rule: DecisionRule) -> int:
    """Index of the highest level that may be given: `max_step` above the highest tried."""
    tried = np.flatnonzero(counts.n.values > 0)
    return (int(tried[-1]) + rule.max_step) if tried.size else 0


def _why(safe: bool, within: bool, rule: DecisionRule) -> str:
    if not safe:
        return f"overdose probability not under {percent(rule.overdose_limit)}"
    return "admissible" if within else "would skip a level that was not tried"


def _choose(table: xr.Dataset, rule: DecisionRule) -> float | None:
    admissible = table.sel(dose=table.dose[table.admissible.values])
    if admissible.sizes["dose"] == 0:
        return None
    if rule.choose == "highest":
        return float(admissible.dose.max())
    return float(admissible.dose[int(admissible.prob_target.argmax("dose"))])


def _reason(table: xr.Dataset, rule: DecisionRule, chosen: float | None) -> str:
    target, limit = percent(rule.target_dlt), percent(rule.overdose_limit)
    seen = f"{int(table.dlt.sum())} DLTs in {int(table.n.sum())} patients"
    if chosen is None:
        lowest = table.isel(dose=0)
        return (
            f"After {seen} no dose is admissible: already at {float(lowest.dose):g} mg the "
            f"probability of a DLT risk above {target} is {percent(lowest.prob_over)}, not under "
            f"the limit of {limit}."
        )
    at = table.sel(dose=chosen)
    pick = (
        "the highest dose" if rule.choose == "highest" else "the dose most likely to be on target"
    )
    text = (
        f"After {seen} it is {pick} with a probability under {limit} that the DLT risk exceeds "
        f"{target} ({percent(at.prob_over)}); its mean DLT risk is {percent(at['mean'])}."
    )
    above = table.sel(dose=table.dose[table.dose.values > chosen])
    if above.sizes["dose"]:
        after = above.isel(dose=0)
        text += f" At {float(after.dose):g} mg: {after.why.item()} ({percent(after.prob_over)})."
    no_dlt = percent(at.prob_next.sel(count=0))
    two = percent(at.prob_next.sel(count=slice(2, None)).sum())
    return text + (
        f" Expected at {chosen:g} mg in the next {_patients(rule.cohort_size)}: no DLT "
        f"{no_dlt}, two or more {two}."
    )


def _close_calls(table: xr.Dataset, rule: DecisionRule) -> list[str]:
    """Doses whose verdict lies within the numerical error of the limit."""
    gap = np.abs(table.prob_over - rule.overdose_limit)
    return [
        f"At {float(dose):g} mg the overdose probability lies within its numerical error "
        f"(standard error {float(table.error.sel(dose=dose)):.3f}) of the limit: use exact "
        "quadrature or more draws."
        for dose in table.dose.values[(gap < 2 * table.error).values]
    ]
