"""What P(DLT) for a decision costs: 4 regimens, 200 draws x 250 patients, with its error.

Prints one table. Processor times after compiling, medians of repeats in this run; the population is
timed apart, because a stored posterior brings its own. With `--draws` and `--patients` other sizes.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from myelodose.regimen import platzbecker2013
from myelodose.solve.settings import Fast
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
    """Time population, first call and later calls, and measure the errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--patients", type=int, default=250)
    sizes = parser.parse_args()
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
