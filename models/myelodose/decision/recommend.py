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
from myelodose.decision.words import close_calls, patients, percent, reason, verdict
from myelodose.errors import InputError
from myelodose.posterior import (
    DLT_LOGISTIC,
    PosteriorError,
    content_hash,
    require_converged,
    require_model,
)
from myelodose.priors import LENALIDOMIDE_PRIOR, LogisticPrior
from myelodose.trial import checked_counts, dose_places

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
        whom = patients(self.rule.cohort_size)
        what = "Stop." if dose is None else f"Give the next {whom} {dose:g} mg."
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
        counts: `n(dose)` and `dlt(dose)`: what was seen so far; a whole trial will do.
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
        InputError: If the counts are impossible, or a dose lies outside the range of the prior.

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
    counts = checked_counts(counts, "decide")
    used = prior or LENALIDOMIDE_PRIOR
    if posterior is not None:
        used = require_model(posterior, DLT_LOGISTIC, "decide").logistic_prior()
    used.check_doses(counts.dose.values, dose_places(counts, "decide, counts"))
    counts = _with_levels(counts, doses)
    used.check_doses(counts.dose.values, ["decide, doses"] * counts.sizes["dose"])
    asked = {
        "thresholds": [rule.target_low, rule.target_dlt],
        "doses": counts.dose.values,
        "next_n": rule.cohort_size,
    }
    cautions: list[str] = []
    if posterior is None:
        risk = risk_by_quadrature(counts, prior=used, **asked)
    else:
        cautions += _check_posterior(posterior, counts, accept_failed)
        risk = risk_from_draws(posterior, **asked)
    table = _table(counts, risk, rule)
    chosen = _choose(table, rule)
    return Decision(
        table=table,
        recommended_dose_mg=chosen,
        reason=reason(table, rule, chosen),
        rule=rule,
        basis={
            "method": risk.attrs["method"],
            "prior": risk.attrs["prior"],
            "posterior": risk.attrs["posterior"][:12],
            "data": content_hash(counts)[:12],
            "myelodose": version("myelodose"),
        },
        cautions=(*cautions, *close_calls(table, rule)),
    )


def _with_levels(counts: xr.Dataset, doses: ArrayLike | None) -> xr.Dataset:
    """Counts over all levels; a level that was not tried has n = 0."""
    if doses is None:
        return counts
    levels = np.union1d(counts.dose.values, np.asarray(doses, float))
    return counts.reindex(dose=levels, fill_value=0).drop_attrs()


def _check_posterior(
    posterior: xr.DataTree, counts: xr.Dataset, accept_failed: Sequence[str]
) -> list[str]:
    """Refuse a posterior of other data, and one that did not converge unless named."""
    record = require_model(posterior, DLT_LOGISTIC, "decide")
    tried = counts.sel(dose=counts.n > 0) if bool((counts.n == 0).any()) else counts
    if record.data_hash not in (content_hash(counts), content_hash(tried)):
        raise PosteriorError(
            "decide",
            f"the posterior was fitted to other data ('{record.data_name}')",
            "give the counts that it was fitted to, or fit it again",
        )
    return require_converged(posterior, "decide", accept_failed)


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
    why = [verdict(bool(s), bool(w), rule) for s, w in zip(safe.values, within, strict=True)]
    return table.assign(admissible=safe & within, why=("dose", why))


def _highest_level(counts: xr.Dataset, rule: DecisionRule) -> int:
    """Index of the highest level that may be given: `max_step` above the highest tried."""
    tried = np.flatnonzero(counts.n.values > 0)
    return (int(tried[-1]) + rule.max_step) if tried.size else 0


def _choose(table: xr.Dataset, rule: DecisionRule) -> float | None:
    admissible = table.sel(dose=table.dose[table.admissible.values])
    if admissible.sizes["dose"] == 0:
        return None
    if rule.choose == "highest":
        return float(admissible.dose.max())
    return float(admissible.dose[int(admissible.prob_target.argmax("dose"))])
