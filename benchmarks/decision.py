"""What decisions cost: P(DLT) for 4 regimens with its error, a decision, one patient's forecast.

Prints tables. Processor times after compiling, medians of repeats in this run; the population is
timed apart, because a stored posterior brings its own. With `--draws` and `--patients` other sizes,
with `--part` one of the parts.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from myelodose.decision.courses import first_cycles
from myelodose.decision.estimates import covariates_of, typical_values
from myelodose.decision.from_counts import decide_from_counts
from myelodose.decision.pending import pending_weight
from myelodose.decision.question import Question
from myelodose.decision.sources import source_of
from myelodose.forecast import (
    NextCycle,
    People,
    forecast,
    individual_posterior,
    options,
    prior_of,
    simulate_patient,
    update_dlt,
    update_people,
)
from myelodose.inference.fit import fit_dlt
from myelodose.regimen import platzbecker2013
from myelodose.solve.settings import Fast
from myelodose.trial import dlt_counts, dlt_table, load_trial
from myelodose.virtual import (
    DltRule,
    dlt_risk,
    drawn_covariates,
    hazard_draws,
    prior_draws,
    virtual_patients,
)

DOSES = (10, 15, 20, 25)
REPEATS = 3


def timed[T](function: Callable[[], T], repeats: int = REPEATS) -> tuple[T, float, float]:
    """The result, and the median processor and wall times [s]."""
    processor, wall, results = [], [], []
    for _ in range(repeats):
        start = time.process_time(), time.perf_counter()
        results.append(function())
        processor.append(time.process_time() - start[0])
        wall.append(time.perf_counter() - start[1])
    return results[-1], statistics.median(processor), statistics.median(wall)


def main() -> None:
    """All parts, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--patients", type=int, default=250)
    parts = {"risk": risks, "counts": counts, "forecast": lambda _: forecasts()}
    parser.add_argument("--part", choices=(*parts, "all"), default="all")
    sizes = parser.parse_args()
    for name, part in parts.items():
        if sizes.part in (name, "all"):
            part(sizes)


def costs(rows: list[tuple[str, float, float]]) -> None:
    """Print what was timed."""
    print("\n| what | processor [s] | wall [s] |\n|---|---|---|")
    for words, processor, wall in rows:
        print(f"| {words} | {processor:.3f} | {wall:.3f} |")


def counts(sizes: argparse.Namespace) -> None:
    """Time a whole decision from counts, and the weight of one pending patient."""
    question = Question(seed=1, draws=sizes.draws, patients=100)
    source = source_of("calibrated", question)
    ask = lambda: decide_from_counts(question, **source._asdict())  # noqa: E731
    size = f"{len(question.doses_mg)} doses x {sizes.draws} draws x {question.patients} patients"
    _, *first = timed(ask, 1)
    made, *later = timed(ask)
    typical = typical_values(question, source.draws)
    people = virtual_patients(1, covariates_of(question, sizes.draws), draws=typical)
    hazards = source.hazards or question.hazards
    cycle = question.regimens["20 mg"]
    follow = lambda: first_cycles(people, cycle, question.rule, hazards)  # noqa: E731
    follow()
    courses, *once = timed(follow)
    seen = {"day": [8, 15, 22], "anc_1e9_per_l": [0.9, 0.6, 0.5], "plt_1e9_per_l": [60, 45, 40]}
    weight, *each = timed(lambda: pending_weight(courses, 24, **seen), 20)
    costs(
        [
            (f"decide_from_counts, {size}, with compiling", first[0], first[1]),
            ("the same again", later[0], later[1]),
            (
                f"first cycles of {len(courses.end_d)} virtual patients, once",
                once[0],
                once[1],
            ),
            ("pending_weight of a patient with three counts", each[0], each[1]),
        ]
    )
    print(f"\n{made.sentence} Weight {weight.weight:.2f}, {weight.alike:.0f} alike.")


def forecasts() -> None:
    """Time what a new observation of one patient costs, and an interim update against a refit.

    The patient is SIMULATED: two cycles, counts every week, clone every four. The new reading is
    that of one visit more; "anew" is without the posterior of the visit before.
    """
    people = People(prior_draws(1, 4000))
    days, clone = range(0, 85, 7), range(0, 85, 28)
    regimen = platzbecker2013(20, cycles=2)
    seen = simulate_patient(people, 3, regimen, count_days=days, clone_days=clone).seen
    rows, after = [], {}
    prior, *once = timed(lambda: prior_of(people, seen, 2))
    rows.append(("patients of the population and their coordinates, once", *once))
    for day in (28, 56, 84):
        some = seen.until(day)
        before = individual_posterior(seen.until(day - 7), people, 1, prior=prior)
        for words, start in (("anew", None), ("from the visit before", before)):
            pose = partial(individual_posterior, some, people, prior=prior, before=start)
            pose(1)  # compiles
            # Another seed at each repeat: the first seed might be a lucky one.
            seeds = iter(range(2, 2 + REPEATS))
            after[day], *cost = timed(lambda: pose(next(seeds)))  # noqa: B023
            ways = f"{len(after[day].tried)} rounds or ways"
            rows.append((f"{len(some.readings)} readings by day {day}, {words}, {ways}", *cost))
    for number, choices in ((1, [NextCycle(20)]), (30, list(options()))):
        call = lambda: forecast(after[56], planned_d=56, choices=choices)  # noqa: B023, E731
        call()
        words = f"course ahead, {number} options x 200 draws x 42-70 days"
        _, *cost = timed(call)
        rows.append((words, *cost))
    few = People(prior_draws(1, 1000))
    new = [simulate_patient(few, 100 + k, platzbecker2013(20)).seen for k in range(3)]
    _, *cost = timed(lambda: update_people(few, new, seed=1, points=64))
    rows.append(("1,000 draws of a population, updated by 3 new patients of one cycle", *cost))
    table, cohort = dlt_counts(load_trial()), dlt_table([20], [3], [1])
    fit, *cost = timed(lambda: fit_dlt(table, seed=1), 2)
    rows.append(("DLT posterior by NUTS, second of two", *cost))
    _, *cost = timed(lambda: update_dlt(fit, cohort, seed=1))
    rows.append(("the same updated by a cohort", *cost))
    costs(rows)


def risks(sizes: argparse.Namespace) -> None:
    """Time population, first call and later calls, and measure the errors."""
    regimens = {f"{dose} mg": platzbecker2013(dose) for dose in DOSES}
    hazards = hazard_draws(3, sizes.draws)

    def people():
        draws = prior_draws(1, sizes.draws)
        return virtual_patients(2, drawn_covariates(4, sizes.patients), draws=draws)

    population, make, make_wall = timed(people, 1)
    _, first, first_wall = timed(lambda: dlt_risk(population, regimens, DltRule(), hazards), 1)
    risk, later, later_wall = timed(lambda: dlt_risk(population, regimens, DltRule(), hazards))
    exact = dlt_risk(population, regimens, DltRule(), hazards, solver=Fast())
    print("| what | processor [s] | wall [s] |\n|---|---|---|")
    print(f"| virtual patients from prior draws | {make:.1f} | {make_wall:.1f} |")
    print(f"| P(DLT), first call with compiling | {first:.1f} | {first_wall:.1f} |")
    print(f"| P(DLT), later calls | {later:.1f} | {later_wall:.1f} |\n")
    print(
        "| regimen | P(DLT) | 95 % of draws | Monte Carlo error of a draw | error by the solver |"
    )
    print("|---|---|---|---|---|")
    p, wrong = risk.p.sel(cause="any").isel(cycle=0), abs(exact.p - risk.p).sel(cause="any")
    for name in regimens:
        one = p.sel(regimen=name)
        low, high = np.quantile(one, [0.025, 0.975])
        error = float(risk.error.sel(cause="any", regimen=name).mean())
        solver = float(wrong.sel(regimen=name).mean())
        row = f"{float(one.mean()):.4f} | {low:.3f}-{high:.3f} | {error:.4f} | {solver:.1e}"
        print(f"| {name} | {row} |")


if __name__ == "__main__":
    main()
