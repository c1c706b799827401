"""The recomputation of each fact of Platzbecker 2013 (doi 10.1038/leu.2013.26), one by one."""

import math
from collections import Counter

import numpy as np
import xarray as xr
from scipy import stats

from myelodose.trial.arithmetic import (
    additional_abnormalities,
    by_cohort,
    counts_of,
    half_up,
    named,
    only_count,
    patients,
)
from myelodose.trial.paper import Paper, Recomputed, check, numbers_in, verdict_of
from myelodose.trial.published import HAEM_ORDER

ENROLLED = 20
DAYS_PER_MONTH = 365.25 / 12


def share(paper: Paper, fact_id: str, k: int, n: int, why: str) -> Recomputed:
    """K of n against a printed percentage, the last number of the printed text."""
    printed = paper.numbers(fact_id)[-1]
    agrees = half_up(100 * k / n) == printed
    return Recomputed(f"{k}/{n} = {100 * k / n:.1f} %", verdict_of(agrees), why)


def count_behind(paper: Paper, fact_id: str, n: int) -> Recomputed:
    """The one count that each printed percentage can stand for, against the transcribed counts."""
    percents = paper.numbers(fact_id)
    counts = [only_count(percent, n) for percent in percents]
    found = [k[0] if len(k) == 1 else -1 for k in counts]
    agrees = found == [int(k) for k in paper.numbers(fact_id, "numerator")]
    texts = ", ".join(f"{k}/{n}" for k in found)
    return Recomputed(texts, verdict_of(agrees), f"the only count of {n} that rounds so")


@check("F01")
def enrolled(paper: Paper) -> Recomputed:
    rows = paper.trial.sizes["patient"]
    printed = paper.numbers("F01")[0]
    return Recomputed(
        f"{rows} rows",
        "agrees if" if printed == rows + 1 else "differs",
        "one more patient was treated and not evaluable for response",
    )


@check("F02")
def evaluable(paper: Paper) -> Recomputed:
    rows = paper.trial.sizes["patient"]
    return Recomputed(str(rows), verdict_of(rows == paper.numbers("F02")[0]), "rows of Table 1")


@check("F04")
def doses(paper: Paper) -> Recomputed:
    levels = np.unique(paper.trial.len_dose_mg.values)
    return Recomputed(
        ", ".join(f"{level:g}" for level in levels) + " mg",
        "agrees if" if levels.tolist() == paper.numbers("F04")[: len(levels)] else "differs",
        "cohorts I to IV are the four doses in rising order (the table names no dose)",
    )


@check("F07")
def most_cycles(paper: Paper) -> Recomputed:
    most = int(paper.trial.induction_cycles.max())
    return Recomputed(
        f"at most {most} given",
        verdict_of(most <= paper.numbers("F07")[0]),
        "the longest induction in Table 1 keeps to the limit",
    )


@check("F10")
def haematologic_response(paper: Paper) -> Recomputed:
    mask = paper.responders("haem")
    return share(paper, "F10", int(mask.sum()), mask.size, named(mask))


@check("F11")
def cytogenetic_response(paper: Paper) -> Recomputed:
    mask = paper.responders("cyto")
    return share(paper, "F11", int(mask.sum()), mask.size, named(mask))


@check("F12")
def complete_cytogenetic_response(paper: Paper) -> Recomputed:
    mask = paper.trial.best_cyto_response == "CR"
    return Recomputed(f"{int(mask.sum())}/{mask.size}", "not printed", named(mask))


@check("F13")
def haematologic_response_types(paper: Paper) -> Recomputed:
    mask = paper.responders("haem")
    found = counts_of(paper.trial.best_haem_response[mask.values], HAEM_ORDER)
    return Recomputed(found, verdict_of(found == paper.printed("F13", "value")), named(mask))


@check("F14")
def cytogenetic_only(paper: Paper) -> Recomputed:
    mask = paper.responders("cyto") & ~paper.responders("haem")
    agrees = "three" in paper.printed("F14") and int(mask.sum()) == 3
    return Recomputed(str(int(mask.sum())), verdict_of(agrees), named(mask))


@check("F15")
def progression(paper: Paper) -> Recomputed:
    haem = patients(paper.trial.best_haem_response == "PD")
    cyto = patients(paper.trial.best_cyto_response == "PD")
    found = [float(number) for number in (len(haem), *haem, len(cyto), *cyto)]
    return Recomputed(
        f"haematologic {len(haem)}, cytogenetic {len(cyto)}",
        verdict_of(found == paper.numbers("F15", "value")),
        f"patients {haem} and {cyto}",
    )


@check("F16")
def untreated_haematologic(paper: Paper) -> Recomputed:
    return count_behind(paper, "F16", int(paper.numbers("F36")[0]))


@check("F17")
def untreated_cytogenetic(paper: Paper) -> Recomputed:
    return count_behind(paper, "F17", int(paper.numbers("F36")[0]))


@check("F18")
def pretreated(paper: Paper) -> Recomputed:
    untreated = int(paper.numbers("F36")[0])
    n = paper.trial.sizes["patient"] - untreated
    haem = int(paper.responders("haem").sum()) - only_count(paper.numbers("F16")[0], untreated)[0]
    cyto = int(paper.responders("cyto").sum()) - only_count(paper.numbers("F17")[0], untreated)[0]
    return Recomputed(
        f"{haem}/{n} and {cyto}/{n}", "not printed", "all responders less the untreated ones"
    )


def _cohort_check(paper: Paper, fact_id: str, kind) -> Recomputed:
    k, n = by_cohort(paper, kind)
    agrees = (k, n) == (
        [int(v) for v in paper.numbers(fact_id, "numerator")],
        [int(v) for v in paper.numbers(fact_id, "denominator")],
    )
    found = ", ".join(f"{a}/{b}" for a, b in zip(k, n, strict=True))
    return Recomputed(found, verdict_of(agrees), "cohorts I, II, III, IV of Table 1")


@check("F19")
def haematologic_by_cohort(paper: Paper) -> Recomputed:
    return _cohort_check(paper, "F19", "haem")


@check("F20")
def cytogenetic_by_cohort(paper: Paper) -> Recomputed:
    return _cohort_check(paper, "F20", "cyto")


@check("F21")
def response_by_tp53(paper: Paper) -> Recomputed:
    texts, tests = [], []
    for kind in ("haem", "cyto"):
        mask = paper.responders(kind)
        table = []
        for status in ("mutated", "wild type"):
            group = mask[(paper.trial.tp53 == status).values]
            table.append([int(group.sum()), group.size - int(group.sum())])
        texts.append(f"{kind} " + ", ".join(f"{k}/{k + rest}" for k, rest in table))
        tests.append(f"{stats.fisher_exact(table).pvalue:.2f}")
    return Recomputed(
        "; ".join(texts) + " (mutated, wild type)",
        "not printed",
        f"Fisher's exact P {tests[0]} and {tests[1]}; TP53 is confounded with dose",
    )


@check("F30")
def tp53_mutated(paper: Paper) -> Recomputed:
    known = paper.trial.tp53 != "not evaluable"
    mutated = paper.trial.tp53 == "mutated"
    return share(paper, "F30", int(mutated.sum()), int(known.sum()), named(mutated))


@check("F31")
def median_age(paper: Paper) -> Recomputed:
    ages = paper.trial.age_years.values
    printed = paper.numbers("F31")[0]
    fits = [age for age in range(18, 100) if half_up(np.median([*ages, age])) == printed]
    found = f"{np.median(ages):g} years from the {len(ages)} rows"
    if not fits:
        return Recomputed(found, "differs", "no age of the 20th patient gives the printed median")
    median = np.median([*ages, max(fits)])
    return Recomputed(
        found,
        "agrees if",
        f"the 20th patient is {min(fits)} or older (median {median:g}, rounded up)",
    )


@check("F32")
def male(paper: Paper) -> Recomputed:
    return count_behind(paper, "F32", ENROLLED)


def _with_the_20th(paper: Paper, fact_id: str, mask: xr.DataArray, has: str) -> Recomputed:
    """A share of the 20 enrolled, of whom Table 1 shows 19."""
    k = int(mask.sum())
    need = only_count(paper.numbers(fact_id)[-1], ENROLLED)
    return Recomputed(
        f"{k} of {mask.size} rows",
        "agrees if" if need == [k + 1] else verdict_of(need == [k]),
        f"the 20th patient {has}" if need == [k + 1] else named(mask),
    )


@check("F33")
def aml(paper: Paper) -> Recomputed:
    return _with_the_20th(paper, "F33", paper.trial.who.isin(["AML", "sAML"]), "has AML")


@check("F34")
def isolated_del5q(paper: Paper) -> Recomputed:
    mask = paper.trial.cytogenetics_additional_to_del5q == "None"
    return share(paper, "F34", int(mask.sum()), ENROLLED, named(mask))


@check("F35")
def complex_karyotype(paper: Paper) -> Recomputed:
    karyotypes = paper.trial.cytogenetics_additional_to_del5q
    mask = karyotypes.copy(data=[additional_abnormalities(k) >= 2 for k in karyotypes.values])
    return _with_the_20th(paper, "F35", mask, "has a complex karyotype (two more abnormalities)")


@check("F36")
def previously_untreated(paper: Paper) -> Recomputed:
    count, percent = paper.numbers("F36")
    found = only_count(percent, ENROLLED)
    return Recomputed(
        f"{found[0]}/{ENROLLED}", verdict_of(found == [count]), f"{percent:g} % of {ENROLLED}"
    )


@check("F37")
def prior_therapies(paper: Paper) -> Recomputed:
    return count_behind(paper, "F37", ENROLLED)


@check("F38")
def ipss(paper: Paper) -> Recomputed:
    count = Counter(paper.trial.ipss_risk.values.tolist())
    found = f"High {count['High']}, Int-2 {count['Int-2']}, AML (no IPSS) {count['']}"
    return Recomputed(
        found, verdict_of(found == paper.printed("F38", "numerator")), "rows of Table 1"
    )


@check("F39")
def who_types(paper: Paper) -> Recomputed:
    count = Counter(paper.trial.who.values.tolist())
    found = (
        f"RAEB-2 {count['RAEB-2']}, RAEB-1 {count['RAEB-1']}, RCMD {count['RCMD']}, "
        f"AML {count['AML'] + count['sAML']} ({count['sAML']} sAML)"
    )
    return Recomputed(
        found, verdict_of(found == paper.printed("F39", "numerator")), "rows of Table 1"
    )


@check("F42")
def induction_cycles(paper: Paper) -> Recomputed:
    cycles = paper.trial.induction_cycles.values
    found = [float(np.median(cycles)), float(cycles.min()), float(cycles.max())]
    return Recomputed(
        f"{found[0]:g} ({found[1]:g}-{found[2]:g})",
        verdict_of(found == paper.numbers("F42")),
        f"{cycles.sum()} induction cycles in {cycles.size} patients",
    )


@check("F43")
def maintenance(paper: Paper) -> Recomputed:
    mask = paper.trial.maintenance_cycles > 0
    return Recomputed(
        str(int(mask.sum())), verdict_of(int(mask.sum()) == paper.numbers("F43")[0]), named(mask)
    )


@check("F50")
def dlt_at_25(paper: Paper) -> Recomputed:
    at = paper.trial.sel(dose=25)
    found = [float(at.dlt), float(at.n)]
    return Recomputed(
        f"{found[0]:g}/{found[1]:g}",
        verdict_of(found == paper.numbers("F50")[1:] or found == paper.numbers("F50")),
        "printed; Table 1 shows 5 of the 6 patients",
    )


@check("F51")
def dlt_at_20(paper: Paper) -> Recomputed:
    rows = int((paper.trial.len_dose_mg == 20).sum())
    found = int(paper.trial.dlt.sel(dose=20))
    return Recomputed(
        f"{found}/{rows}",
        "agrees if" if found == paper.numbers("F51")[0] else "differs",
        f"none of the first three had a DLT; cohort III has {rows} rows = 3 + 3",
    )


@check("F52")
def dlt_at_10_and_15(paper: Paper) -> Recomputed:
    rows = [int((paper.trial.len_dose_mg == dose).sum()) for dose in (10, 15)]
    found = [int(paper.trial.dlt.sel(dose=dose)) for dose in (10, 15)]
    return Recomputed(
        ", ".join(f"{k}/{n}" for k, n in zip(found, rows, strict=True)),
        "agrees if" if rows == [int(n) for n in paper.numbers("F52", "denominator")] else "differs",
        "no DLT is mentioned because there was none (inferred; sensitivity run with 3 and 3)",
    )


@check("F53")
def mtd(paper: Paper) -> Recomputed:
    counts = paper.trial[["n", "dlt"]]
    accepted = [float(d) for d in counts.dose if counts.dlt.sel(dose=d) <= 1]
    return Recomputed(
        f"{max(accepted):g} mg",
        verdict_of(max(accepted) == paper.numbers("F53")[0]),
        "3+3: the highest dose with at most 1 DLT in 6, below one with 2 or more",
    )


@check("F54")
def thrombocytopenia(paper: Paper) -> Recomputed:
    return count_behind(paper, "F54", ENROLLED)


@check("F55")
def neutropenia(paper: Paper) -> Recomputed:
    return count_behind(paper, "F55", ENROLLED)


@check("F56")
def pneumonia_and_sepsis(paper: Paper) -> Recomputed:
    return count_behind(paper, "F56", ENROLLED)


def _sum_of_parts(parts: str, printed: float) -> Recomputed:
    """A total against the parts that the text lists; a part without a number counts once."""
    counts = [int((numbers_in(part) or [1])[0]) for part in parts.split("+")]
    total = sum(counts)
    return Recomputed(str(total), verdict_of(total == printed), parts)


@check("F57")
def related_serious_events(paper: Paper) -> Recomputed:
    return _sum_of_parts(paper.printed("F57", "derivation"), paper.numbers("F57")[0])


@check("F58")
def deaths(paper: Paper) -> Recomputed:
    return _sum_of_parts(paper.printed("F58", "numerator"), paper.numbers("F58")[0])


@check("F60")
def the_20th_patient(paper: Paper) -> Recomputed:
    rows, treated = rows_and_treated(paper, 25)
    unknown = int((paper.trial.tp53 == "not evaluable").sum())
    not_evaluable = ENROLLED - int(paper.numbers("F30")[1]) - unknown
    needs = [fact(paper).why for fact in (median_age, aml, complex_karyotype)]
    return Recomputed(
        f"one of {treated} at 25 mg ({rows} rows); TP53 not evaluable in {not_evaluable} more; "
        + "; ".join(needs),
        "not printed",
        "what F30, F31, F33, F35 and F50 leave for one patient; not entered as data",
    )


def rows_and_treated(paper: Paper, dose: float) -> tuple[int, int]:
    """Rows of Table 1 at a dose, and patients treated there."""
    rows = int((paper.trial.len_dose_mg == dose).sum())
    return rows, int(paper.trial.n.sel(dose=dose))


@check("F70")
def fish_decline(paper: Paper) -> Recomputed:
    p, n = paper.numbers("F70")
    t = stats.t.isf(p / 2, df=n - 1)
    return Recomputed(
        f"|t| = {t:.2f}, mean/SD = {t / math.sqrt(n):.2f}",
        "agrees if" if p < rank_limit(n) else "agrees",
        f"a paired t-type test was used: exact rank tests with n = {n:g} stop at {rank_limit(n)}",
    )


def rank_limit(n: float) -> float:
    """The smallest two-sided P of a sign or signed-rank test with n pairs: 2/2^n."""
    return 2 / 2 ** int(n)


@check("F71")
def fish_nonresponders(paper: Paper) -> Recomputed:
    rest = int((~paper.responders("haem")).sum())
    return Recomputed(
        str(rest),
        verdict_of(rest == paper.numbers("F71")[0]),
        "all evaluable patients less the haematologic responders",
    )


@check("F72")
def responders_with_tp53(paper: Paper) -> Recomputed:
    mask = paper.responders("haem") & (paper.trial.tp53 == "mutated")
    printed = paper.numbers("F72", "numerator")[0]
    return Recomputed(
        f"{int(mask.sum())} with TP53",
        verdict_of(int(mask.sum()) == printed),
        f"Table 1: {named(mask)} (D1)",
    )


@check("F74")
def patient_13(paper: Paper) -> Recomputed:
    row = paper.trial.sel(patient=13)
    days = 28 * int(row.induction_cycles) + 56 * int(row.maintenance_cycles)
    months = days / DAYS_PER_MONTH
    return Recomputed(
        f"{days} d = {months:.1f} months of treatment",
        verdict_of(months >= paper.numbers("F74", "value")[0]),
        "3 cycles of 28 d and 4 of 56 d on schedule cover the 9 months of response",
    )
