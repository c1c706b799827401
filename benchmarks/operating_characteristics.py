"""How fast are operating characteristics, exact and simulated?

Prints one table of rates and ratios and writes benchmarks/results/operating_characteristics.json.
What is compared: exact enumeration; simulation with designs that decide in batches; the same BLRM
with NUTS at every interim, as sampler-based packages do; dfcrm and BOIN in R where `Rscript` and
the packages are there (skipped by name otherwise). Processor time of one process.
"""

import argparse
import json
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from myelodose.characteristics import exact, simulate
from myelodose.designs import Boin, ThreePlusThree
from myelodose.designs.base import Design
from myelodose.designs.model_based import Blrm, Crm
from myelodose.inference.fit import fit_dlt
from myelodose.inference.settings import FitSettings
from myelodose.packages import package_versions
from myelodose.priors import LENALIDOMIDE_PRIOR
from myelodose.trial import dlt_table

RESULTS = Path(__file__).parent / "results" / "operating_characteristics.json"
TRUTH = {4: (0.05, 0.12, 0.27, 0.45), 6: (0.03, 0.07, 0.13, 0.25, 0.4, 0.55)}
DOSES = {4: (10, 15, 20, 25), 6: (5, 10, 15, 20, 25, 30)}
SKELETON = {4: (0.1, 0.19, 0.3, 0.42), 6: (0.03, 0.08, 0.17, 0.3, 0.44, 0.57)}


def designs(levels: int) -> dict[str, Design]:
    """The designs that are timed."""
    doses = DOSES[levels]
    return {
        "3+3": ThreePlusThree(doses),
        "BOIN": Boin(doses, target=0.3),
        "CRM": Crm(doses, skeleton=SKELETON[levels], target=0.3),
        "BLRM": Blrm(doses, prior=LENALIDOMIDE_PRIOR),
    }


def seconds(run: Callable[[], object], repeats: int) -> float:
    """Median processor time after one call that compiles."""
    run()
    taken = []
    for _ in range(repeats):
        begin = time.process_time()
        run()
        taken.append(time.process_time() - begin)
    return median(taken)


def exact_rows(repeats: int) -> list[dict]:
    """Time of exact characteristics, by doses and cohorts."""
    rows = []
    for levels in DOSES:
        for cohorts in (6, 10):
            for name, design in designs(levels).items():
                found = exact(design, TRUTH[levels], cohorts=cohorts)
                took = seconds(partial(exact, design, TRUTH[levels], cohorts=cohorts), repeats)
                rows.append(
                    {
                        "what": "exact",
                        "design": name,
                        "doses": levels,
                        "cohorts": cohorts,
                        "states": found.attrs["states"],
                        "seconds": took,
                        "undecided": float(found.undecided),
                    }
                )
    return rows


def simulated_rows(repeats: int, trials: int) -> list[dict]:
    """Simulated trials a second."""
    rows = []
    for name, design in designs(4).items():
        took = seconds(
            lambda d=design: simulate(d, TRUTH[4], trials=trials, patients=30, seed=1), repeats
        )
        row = {"what": "simulated", "design": name, "doses": 4, "trials": trials, "seconds": took}
        rows.append(row | {"trials a second": trials / took})
    return rows


def sampler_row(interims: int = 8) -> dict:
    """A BLRM interim with NUTS, as sampler-based packages decide: seconds of one trial."""
    settings = FitSettings(
        chains=2, warmup=500, draws=1000, geometry="structured", chain_method="sequential"
    )
    table = dlt_table([10, 15, 20, 25], [3, 3, 6, 3], [0, 0, 1, 1])
    took = seconds(lambda: fit_dlt(table, seed=1, settings=settings), 3)
    return {
        "what": "sampler at every interim",
        "design": "BLRM",
        "doses": 4,
        "seconds": took * interims,
        "trials a second": 1 / (took * interims),
    }


def peer_row(package: str, script: str) -> dict:
    """A simulation by an R package, where it is installed."""
    if shutil.which("Rscript") is None:
        return {"what": "peer", "design": package, "skipped": "no Rscript"}
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"what": "peer", "design": package, "skipped": f"R without {package}"}
    rate = float(done.stdout.split()[-1])
    return {"what": "peer", "design": package, "trials a second": rate}


DFCRM = """
suppressMessages(library(dfcrm)); p <- c(.05,.12,.27,.45); s <- c(.1,.19,.3,.42)
t <- system.time(crmsim(p, s, .3, 30, 1, nsim=200, mcohort=3))[["user.self"]]; cat(200/t)
"""
BOIN_R = """
suppressMessages(library(BOIN))
t <- system.time(get.oc(.3, c(.05,.12,.27,.45), 10, 3, ntrial=2000))[["user.self"]]; cat(2000/t)
"""


def main() -> None:
    """Run all, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--trials", type=int, default=10_000)
    given = parser.parse_args()
    rows = exact_rows(given.repeats)
    rows += simulated_rows(given.repeats, given.trials)
    rows += [sampler_row(), peer_row("dfcrm", DFCRM), peer_row("BOIN", BOIN_R)]
    for row in rows:
        print(
            "  ".join(
                f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()
            )
        )
    about = {
        "processor": platform.machine(),
        "packages": package_versions(),
        "numpy": np.__version__,
    }
    RESULTS.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
