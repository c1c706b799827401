"""What does a whole fit cost, beside Stan, at equal priors and data?

`python benchmarks/fit.py` fits the Friberg problem of `benchmarks/likelihood` (20 SIMULATED
patients, 183 values) and prints the smallest bulk ESS over all of them, random effects included,
for each 1,000 leapfrogs and each second of processor time; then the processor time of a leapfrog
beside Stan's gradient. `--geometry structured` measures what Stan's and NumPyro's own geometry
gives on our density: non-centred, a diagonal mass matrix from draws. `--patients` shows growth.

A whole fit of Stan takes a day here; it is NOT run. Its ESS per leapfrog is taken to be that of
the same algorithm, mass matrix and parametrisation on our density, and its seconds per leapfrog are
measured (pystan; `pip install -e .[peers]`). Fits are kept in `--folder` and go on after a kill.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import arviz as az
import xarray as xr

from likelihood import peers_stan
from likelihood.problem import benchmark_problem
from myelodose.inference.driver import fit
from myelodose.inference.settings import FitSettings
from myelodose.posterior import provenance
from myelodose.precision import declare_cpu_devices

RESULTS = Path(__file__).parent / "results" / "fit.json"
RTOLS = (1e-6, 1e-8)


def main() -> None:
    """Fit, then time gradients."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--patients", type=int, nargs="+", default=[20])
    ask.add_argument("--geometry", nargs="+", default=["learnt"])
    ask.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    ask.add_argument("--warmup", type=int, default=200)
    ask.add_argument("--draws", type=int, default=400)
    ask.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "myelodose-fit")
    ask.add_argument("--time-budget-s", type=float)
    asked = ask.parse_args()
    declare_cpu_devices(2)
    rows = [
        one_fit(asked, patients, geometry, seed)
        for patients in asked.patients
        for geometry in asked.geometry
        for seed in asked.seeds
    ]
    found = {"fits": rows, "leapfrog": leapfrogs(asked.patients)}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


def one_fit(asked: argparse.Namespace, patients: int, geometry: str, seed: int) -> dict:
    """One whole fit of two chains."""
    # Imported late: JAX has to know its devices first.
    from fit.model import data_of, friberg_population

    settings = FitSettings(chains=2, warmup=asked.warmup, draws=asked.draws, geometry=geometry)
    folder = asked.folder / f"{geometry}-{patients}-{seed}-{asked.warmup}-{asked.draws}"
    begun = folder.exists()
    started = time.process_time()
    tree = fit(
        friberg_population,
        data_of(benchmark_problem(patients)),
        seed=seed,
        settings=settings,
        folder=folder,
        time_budget_s=asked.time_budget_s,
        hide=("eta",),
    )
    row = {"patients": patients, "geometry": geometry, "seed": seed}
    # What another process spent on a fit that was begun there is not known.
    row |= measured(tree, float("nan") if begun else time.process_time() - started)
    print(json.dumps(row), flush=True)
    return row


def measured(tree: xr.DataTree, seconds: float) -> dict:
    """Smallest effective sample size over every parameter, and what it cost."""
    draws = tree["posterior"].to_dataset()
    ess = az.ess(draws, method="bulk")
    r_hat = az.rhat(draws)
    least = min(float(ess[name].min()) for name in ess)
    spent = provenance(tree).sampler
    return {
        "draws": 2 * draws.sizes["draw"],
        "least bulk ESS": least,
        "largest R-hat": max(float(r_hat[name].max()) for name in r_hat),
        "divergences": int(tree["sample_stats"].diverging.sum()),
        "leapfrogs": spent["leapfrogs"],
        "leapfrogs of the warm-up": spent["leapfrogs_warmup"],
        "ESS per 1000 leapfrogs": 1e3 * least / spent["leapfrogs"],
        "ESS per processor second, whole fit": least / seconds,
    }


def leapfrogs(patients: list[int], repeats: int = 7) -> list[dict]:
    """Median processor times of a leapfrog, all taking turns."""
    from fit import gradients

    calls = {f"myelodose, N = {n}": gradients.leapfrog(benchmark_problem(n)) for n in patients}
    why = peers_stan.missing()
    if why:
        print(why)
    else:
        problem = benchmark_problem(patients[0])
        calls |= {f"Stan {r:.0e}, N = {patients[0]}": gradients.stan(problem, r) for r in RTOLS}
    turns = [[call() for call in calls.values()] for _ in range(repeats)]
    times = [statistics.median(column) for column in zip(*turns, strict=True)]
    rows = [
        {"system": name, "processor time / ours": t / times[0]}
        for name, t in zip(calls, times, strict=True)
    ]
    for row in rows:
        print(json.dumps(row), flush=True)
    return rows


if __name__ == "__main__":
    main()
