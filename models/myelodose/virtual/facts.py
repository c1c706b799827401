"""Each printed fact of the trial against its predictive distribution over replicates.

R1 to R13 are the findings that the model is asked to reproduce (docs/virtual-trials.md).
"""

from dataclasses import replace

import numpy as np
import xarray as xr

from myelodose.virtual.cytogenetics import molecular_relapse
from myelodose.virtual.predicted import Predicted
from myelodose.virtual.replay import PATIENT_13, PATIENT_15, Replayed

DAYS_PER_MONTH = 30.44
"""Mean length of a month [d]."""

COHORTS = {10: slice(0, 4), 15: slice(4, 8), 20: slice(8, 14), 25: slice(14, 20)}
"""Positions of the patients of each dose [mg], the twentieth at the highest."""
_TP53_KNOWN = [i for i in range(19) if i not in (2, 10)]
_GRADE = 3


def predicted_facts(replayed: Replayed) -> list[Predicted]:
    """Every quantity of a replayed trial that the model can say.

    Args:
        replayed: From `replay_trial`.
    """
    return [
        *_dlts(replayed),
        *_cytopenia(replayed),
        *_responses(replayed),
        *_fish(replayed),
        *_courses(replayed),
    ]


def schedule_facts(nadirs: xr.Dataset, sequences: xr.Dataset, draws: int) -> list[Predicted]:
    """R11 and R13: what the order does to the clone, and when the counts are lowest; by draw.

    These are no prints of the trial but what model and pharmacology expect (docs/marrow.md).

    Args:
        nadirs: From `nadir_days`.
        sequences: From `compare_sequences`, with 20 mg and a gap of 0 days.
        draws: How many draws the population of `nadirs` has.
    """
    day = np.median(nadirs.nadir_day.values.reshape(2, draws, -1), -1)
    ready = nadirs.recovery_day.values[1].reshape(draws, -1)
    late = (np.isnan(ready) | (ready > 29)).mean(-1)
    left = sequences.left_by_draw.sel(dose=20.0)
    fewer = left.sel(arrangement="sequential, gap 0 d") < left.sel(arrangement="concurrent")
    where = "docs/marrow.md"
    return [
        Predicted("R11", where, "sequential leaves fewer clonal cells than concurrent at day 56",
                  1.0, fewer.values.astype(float), "an event, by draw", event=True),
        Predicted("R13", where, "neutrophil nadir, azacitidine alone [day]", 11.5, day[0],
                  "expected 10-13; median patient of each draw"),
        Predicted("R13", where, "the same with lenalidomide d6-19, 20 mg [day]", 21.0, day[1],
                  "expected 20-22; two troughs compete, near day 10 and near day 25"),
        Predicted("R13", where, "share of patients whose cycle 2 cannot start on day 29", np.nan,
                  late, "expected: recovery past day 28"),
    ]  # fmt: skip


def risk_facts(risk: xr.Dataset) -> list[Predicted]:
    """R1: whether the simulated risk reaches 1/3 near 25 mg, by draw.

    Args:
        risk: From `dlt_risk`, with a regimen "25 mg".
    """
    p = risk.p.sel(regimen="25 mg", cause="any").isel(cycle=0).values
    words = "P(DLT) at 25 mg is above 1/3"
    reached = (p > 1 / 3).astype(float)
    return [Predicted("R1", "dlt.csv", words, 1.0, reached, "an event, by draw", event=True)]


def _dlts(replayed: Replayed) -> list[Predicted]:
    any_dlt = replayed.stacked("dlt").any(0)
    printed = {10: 0, 15: 0, 20: 1, 25: 3}
    rows = [
        Predicted("R1", "dlt.csv", f"DLTs at {dose} mg", n, any_dlt[:, COHORTS[dose]].sum(1))
        for dose, n in printed.items()
    ]
    by_cause = replayed.stacked("dlt")
    seen = {"recovery": 1, "infection": 2, "thrombosis": 1}
    for row, (cause, n) in enumerate(seen.items()):
        values = by_cause[row].sum(1)
        rows.append(Predicted("R1", "dlt.csv", f"DLTs by {cause}, all doses", n, values))
    return [_as_float(one) for one in rows]


def _cytopenia(replayed: Replayed) -> list[Predicted]:
    worst, before = replayed.stacked("worst_grade"), replayed.stacked("grade_before")
    new = (worst >= _GRADE) & (worst > before)
    anc, plt = new[0].sum(1), new[1].sum(1)
    note = "laboratory grades above that before treatment; the paper counts reported events"
    return [
        _as_float(Predicted("R2", "F54", "grade 3-4 thrombocytopenia of 20", 9, plt, note)),
        _as_float(Predicted("R2", "F55", "grade 3-4 neutropenia of 20", 7, anc, note)),
        _as_float(Predicted("R2", "F54, F55", "the first minus the second", 2, plt - anc, note)),
    ]


def _responses(replayed: Replayed) -> list[Predicted]:
    best = np.stack([c.best for c in replayed.cytogenetics], -1)
    first = np.stack([c.first for c in replayed.cytogenetics], -1)
    days = np.stack([c.duration_d for c in replayed.cytogenetics], -1)[:, :19]
    some = best > 0
    mutated = replayed.stacked("tp53_mutated")[:, _TP53_KNOWN]
    known = some[:, _TP53_KNOWN]
    by_tp53 = (known & mutated).sum(1) / 11 - (known & ~mutated).sum(1) / 6
    high, middle = some[:, 14:19].mean(1), some[:, COHORTS[20]].mean(1)
    with np.errstate(invalid="ignore"):
        late = np.where(some[:, :19].any(1), ((first > 1) & some)[:, :19].sum(1), np.nan)
        months = _median_of_those(days / DAYS_PER_MONTH, some[:, :19])
    ends = "until the last reading where it was not lost; treatment as printed"
    rows = [
        Predicted("R3", "F22", "cytogenetic responders later than cycle 1", 0, late),
        Predicted("R4", "F11", "cytogenetic responses of 19", 8, some[:, :19].sum(1)),
        Predicted("R4", "F12", "complete among them", 2, (best == 2)[:, :19].sum(1)),
        Predicted("R7", "F21", "share of cytogenetic responses, TP53 mutated minus wild type",
                  6 / 11 - 1 / 6, by_tp53, "TP53 is confounded with dose in the trial"),
        Predicted("R10", "F20", "share of cytogenetic responses, 25 mg minus 20 mg",
                  1 / 5 - 3 / 6, high - middle),
        Predicted("R12", "F24", "median cytogenetic response [months]", 3.2, months, ends),
    ]  # fmt: skip
    return [_as_float(one) for one in rows]


def _fish(replayed: Replayed) -> list[Predicted]:
    fish = np.stack(replayed.fish, -1)[:, :, :19]
    fall = 100 * (fish[0] - fish[1])
    some = np.stack([c.best > 0 for c in replayed.cytogenetics], -1)[:, :19]
    others = np.array([_t(f[~s]) for f, s in zip(fall, some, strict=True)])
    falls = np.array([f[s].mean() if s.any() else np.nan for f, s in zip(fall, some, strict=True)])
    note = "responders are cytogenetic here, haematologic in the paper (D9)"
    return [
        Predicted("R5", "F70", "t of the FISH fall in responders", 8.6,
                  np.array([_t(f[s]) for f, s in zip(fall, some, strict=True)]), note),
        Predicted("R5", "F71", "t of the FISH fall in the others ('unchanged')", 0.0, others, note),
        Predicted("R5", "F70", "mean fall in responders [percentage points]", np.nan, falls,
                  "not printed"),
    ]  # fmt: skip


def _courses(replayed: Replayed) -> list[Predicted]:
    told, read = replayed.events[PATIENT_15], replayed.cytogenetics[PATIENT_15]
    late = told.delay_d.values > 0
    early = read.complete[1]
    gone = early & late & ~read.response[2]
    slow, often = replayed.events[PATIENT_13], replayed.often
    read13 = replayed.cytogenetics[PATIENT_13]
    back = molecular_relapse(slow)
    last = [one.clone_share.isel(clone=2, reading=11).values for one in (slow, often)]
    note = "an event: its probability stands in place of the median"
    rows = [
        ("R8", "F73", "patient 15: complete cytogenetic response after cycle 1", early),
        ("R8", "F73", "patient 15: cycle 2 delayed", late),
        ("R8", "F73", "patient 15: both, and lost at day 56", gone),
        ("R9", "F74", "patient 13: complete cytogenetic response by cycle 3", read13.best == 2),
        ("R9", "F74", "patient 13: TP53 below 2 % and back by day 364", back),
        ("R9", "F74", "patient 13: 8 cycles every 28 d leave less TP53 clone at day 308 than 4",
         last[1] < last[0]),
    ]  # fmt: skip
    return [
        Predicted(finding, fact, words, 1.0, happened.astype(float), note, event=True)
        for finding, fact, words, happened in rows
    ]


def _t(values: np.ndarray) -> float:
    """Paired t of a mean against zero; NaN for fewer than two patients."""
    if len(values) < 2 or values.std() == 0:
        return float("nan")
    return float(values.mean() / values.std(ddof=1) * np.sqrt(len(values)))


def _median_of_those(values: np.ndarray, those: np.ndarray) -> np.ndarray:
    pairs = zip(values, those, strict=True)
    return np.array([np.median(v[t]) if t.any() else np.nan for v, t in pairs])


def _as_float(one: Predicted) -> Predicted:
    values = np.asarray(one.values, float)
    return replace(one, printed=float(one.printed), values=values)
