"""Where Platzbecker 2013 contradicts itself, recomputed (D8, D12 and D13 are about words)."""

import numpy as np

from myelodose.trial.arithmetic import by_cohort, named
from myelodose.trial.fact_checks import (
    median_age,
    rank_limit,
    responders_with_tp53,
    rows_and_treated,
)
from myelodose.trial.paper import Paper, Recomputed, Verdict, check


def _contradicts(found: bool) -> Verdict:
    """The paper against itself, unless the two statements fit after all."""
    return "contradiction" if found else "agrees"


@check("D1")
def d1(paper: Paper) -> Recomputed:
    found = responders_with_tp53(paper)
    return Recomputed(found.value, _contradicts(found.verdict == "differs"), found.why)


@check("D2")
def d2(paper: Paper) -> Recomputed:
    stated = paper.numbers("F74", "value")[0]
    longest = [max(paper.numbers(fact)) for fact in ("F23", "F24")]
    return Recomputed(
        f"{stated:g} against at most {longest[0]:g} and {longest[1]:g} months",
        _contradicts(stated > max(longest)),
        "the response of patient 13 is longer than the longest printed response",
    )


@check("D3")
def d3(paper: Paper) -> Recomputed:
    cycles = int(paper.trial.induction_cycles.sel(patient=15))
    return Recomputed(
        f"{cycles} cycle in Table 1",
        _contradicts(cycles < 2),
        "the legend gives patient 15 a second course",
    )


@check("D4")
def d4(paper: Paper) -> Recomputed:
    mask = paper.responders("cyto") & ~paper.responders("haem")
    cycles = paper.trial.induction_cycles.values[mask.values]
    return Recomputed(
        f"cycles {', '.join(map(str, cycles))} ({named(mask)})",
        _contradicts(bool(cycles.max() > np.median(paper.trial.induction_cycles))),
        "'discontinued early' does not fit a patient with more cycles than the median",
    )


@check("D5")
def d5(paper: Paper) -> Recomputed:
    rows, treated = rows_and_treated(paper, 25)
    return Recomputed(
        f"{rows} rows, {treated} treated",
        _contradicts(rows != treated),
        "the sixth patient was not evaluable for response",
    )


@check("D6")
def d6(paper: Paper) -> Recomputed:
    _, sizes = by_cohort(paper, "haem")
    odd = [size for size in sizes[:2] if size not in (3, 6)]
    return Recomputed(
        f"cohorts of {sizes[0]} and {sizes[1]}",
        _contradicts(bool(odd)),
        "a 3+3 design treats 3 or 6; the paper does not explain a fourth patient",
    )


@check("D7")
def d7(paper: Paper) -> Recomputed:
    dose = float(paper.trial.len_dose_mg.sel(patient=1))
    found = paper.trial.attrs["reported_mtd_mg"]
    return Recomputed(
        f"patient 1: cohort of {dose:g} mg, MTD {found:g} mg",
        _contradicts(dose < found),
        "maintenance is defined at the MTD, which was not known in cohort I",
    )


@check("D9")
def d9(paper: Paper) -> Recomputed:
    mask = paper.responders("cyto") & ~paper.responders("haem")
    rest = int((~paper.responders("haem")).sum())
    return Recomputed(
        f"{int(mask.sum())} of the {rest}",
        _contradicts(bool(mask.any())),
        f"{named(mask)}: metaphases fell by half, CD34+ FISH 'unchanged' as a group",
    )


@check("D10")
def d10(paper: Paper) -> Recomputed:
    p, n = paper.numbers("F70")
    limit = rank_limit(n)
    return Recomputed(
        f"smallest exact rank P = {limit}",
        _contradicts(p < limit),
        "P = 0.001 needs a t-type test; the test is not named",
    )


@check("D11")
def d11(paper: Paper) -> Recomputed:
    found = median_age(paper)
    agrees = float(np.median(paper.trial.age_years)) == paper.numbers("F31")[0]
    return Recomputed(found.value, _contradicts(not agrees), f"they agree if {found.why}")
