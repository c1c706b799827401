"""Every number of a decision by dose, with its Monte Carlo error and its interval over draws."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.decision.prospects import QUANTITIES, prospects
from myelodose.decision.question import Question
from myelodose.toxicity.hazards import Hazards, hazard_draws
from myelodose.virtual import drawn_covariates, joined, prior_draws, virtual_patients
from myelodose.virtual.dlt_risk import ANY

RISK, OVER, WORTH, BEST = "risk", "over", "utility", "best"
"""Rows of the table besides causes and `QUANTITIES`: the DLT risk that the decision uses, the
probability that it is above the limit, the utility, and the probability of the highest utility."""

_CAUSE_WORDS = {
    "recovery": "P(DLT by counts that do not recover)",
    "infection": "P(DLT by infection)",
    "thrombosis": "P(DLT by thrombosis)",
    ANY: "P(DLT of any cause), simulated alone",
}


class Estimates(NamedTuple):
    """What the simulation says.

    Attributes:
        table: `mean`, `error` (one Monte Carlo standard error), `low` and `high` (95 % over draws)
            by `dose` and `quantity`; `words` (quantity).
        risk: The DLT risk (dose, draw, pair).
        utility: The utility (dose, draw, pair).
        response: P(cytogenetic response) (dose, draw, 1).
        p: The DLT risk (draw, regimen), as every rule about beliefs takes it.
        simulated: From `prospects`.
    """

    table: xr.Dataset
    risk: Float[np.ndarray, "dose draw pair"]
    utility: Float[np.ndarray, "dose draw pair"]
    response: Float[np.ndarray, "dose draw pair"]
    p: xr.DataArray
    simulated: xr.Dataset


class Seeds(NamedTuple):
    """Independent seeds out of one."""

    draws: int
    patients: int
    covariates: int
    hazards: int
    empirical: int


def seeds_of(seed: int) -> Seeds:
    """The seeds of everything that is random in a decision.

    Args:
        seed: The one of the question.
    """
    return Seeds(*(int(x) for x in np.random.SeedSequence(seed).generate_state(len(Seeds._fields))))


def typical_values(
    question: Question, draws: Mapping[str, np.ndarray] | None = None
) -> dict[str, Float[np.ndarray, " draw"]]:
    """The draws of typical values that a question is answered with.

    Args:
        question: Its seed and number of draws are used.
        draws: From a posterior or a calibration; the first so many of them if there are more. The
            literature priors if not given.
    """
    if draws is None:
        return prior_draws(seeds_of(question.seed).draws, question.draws)
    return {name: np.asarray(values, float)[: question.draws] for name, values in draws.items()}


def covariates_of(question: Question, draws: int) -> list[xr.Dataset]:
    """Covariates of the virtual patients, one set for each draw: so draws are independent.

    Args:
        question: Its seed and number of patients are used.
        draws: How many sets.
    """
    children = np.random.SeedSequence(seeds_of(question.seed).covariates).generate_state(draws)
    return [drawn_covariates(int(child), question.patients) for child in children]


def estimate(
    question: Question,
    typical: Mapping[str, Float[np.ndarray, " draw"]],
    *,
    source: str,
    hazards: Sequence[Hazards] | None = None,
) -> Estimates:
    """Simulate every dose in the same virtual patients.

    The spread between draws gives the errors.

    Args:
        question: What is asked.
        typical: From `typical_values`.
        source: Where they are from, in words.
        hazards: Of the other causes, one for each draw; those of the question, spread, if not
            given.

    Raises:
        ArithmeticError: If the solver does not converge.
        InputError: If a value cannot be.
    """
    seeds = seeds_of(question.seed)
    number = len(next(iter(typical.values())))
    covariates = covariates_of(question, number)
    people = virtual_patients(seeds.patients, covariates, draws=typical, source=source)
    each = hazards or hazard_draws(seeds.hazards, number, question.hazards)
    found = prospects(people, question.regimens, question.rule, each)
    p = _risk(question, found, seeds.empirical)
    pairs = p.sizes["draw"] // number
    risk = p.values.reshape(number, pairs, -1).transpose(2, 0, 1)
    once = xr.DataArray(risk, dims=("regimen", "draw", "pair"), coords={"regimen": found.regimen})
    worth = question.utility.of(found.value, once).transpose("regimen", "draw", "pair").values
    response = found.value.sel(quantity="response").values.T[..., None]
    return Estimates(_table(question, found, risk, worth), risk, worth, response, p, found)


def _risk(question: Question, found: xr.Dataset, seed: int) -> xr.DataArray:
    """The DLT risk (draw, regimen); joined, each simulated draw has several empirical ones."""
    if question.risk == "simulated":
        return found.p.sel(cause=ANY, drop=True).isel(cycle=0, drop=True)
    repeated = np.repeat(np.arange(found.sizes["draw"]), question.pairs)
    return joined(
        found.isel(draw=repeated),
        question.counts,
        seed,
        doses=question.names,
        haematological=question.count_failures,
    )


def _table(
    question: Question, found: xr.Dataset, risk: np.ndarray, worth: np.ndarray
) -> xr.Dataset:
    best = worth == worth.max(0)
    rows = {
        name: found.p.sel(cause=name).isel(cycle=0).values.T[..., None] for name in _CAUSE_WORDS
    }
    rows |= {RISK: risk, OVER: risk > question.risk_limit}
    rows |= {name: found.value.sel(quantity=name).values.T[..., None] for name in QUANTITIES}
    rows |= {WORTH: worth, BEST: best}
    words = _CAUSE_WORDS | {RISK: _risk_words(question)}
    words |= {OVER: f"P(DLT risk > {question.risk_limit:.3g})"} | QUANTITIES
    words |= {WORTH: question.utility.describe(), BEST: "P(highest utility of these doses)"}
    parts = [
        _summary(np.asarray(values, float), name in (OVER, BEST)) for name, values in rows.items()
    ]
    mean, error, low, high = (np.stack(x, 1) for x in zip(*parts, strict=True))
    dims = ("dose", "quantity")
    return xr.Dataset(
        {
            "mean": (dims, mean),
            "error": (dims, error, {"long_name": "Monte Carlo standard error"}),
            "low": (dims, low),
            "high": (dims, high),
            "words": ("quantity", [words[name] for name in rows]),
        },
        coords={
            "dose": ("dose", list(question.names.values()), {"units": "mg"}),
            "quantity": list(rows),
        },
        attrs=found.attrs,
    )


def _risk_words(question: Question) -> str:
    if question.risk == "simulated":
        return "P(DLT), all simulated"
    return "P(DLT), joined: count failures simulated, the rest observed"


def _summary(values: np.ndarray, event: bool) -> tuple[np.ndarray, ...]:
    """Mean, error, 2.5 % and 97.5 % quantile of (dose, draw, pair); an event has no quantiles."""
    by_draw = values.mean(2)
    error = by_draw.std(1, ddof=1) / np.sqrt(by_draw.shape[1])
    flat = values.reshape(len(values), -1)
    none = np.full(len(values), np.nan)
    low, high = (none, none) if event else np.quantile(flat, [0.025, 0.975], axis=1)
    return flat.mean(1), error, low, high
