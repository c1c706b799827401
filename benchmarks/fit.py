"""What does a whole fit cost, beside Stan, at equal priors and data?

`python benchmarks/fit.py` fits a small part of the Friberg problem of `benchmarks/likelihood` (few
SIMULATED patients, one cycle) by the driver and by Stan, each from a draw of the prior to its
posterior, and holds the two posteriors together. Then it shows how our fits grow with patients, and
the processor time of a leapfrog beside Stan's gradient. Cost is the smallest bulk ESS over all
values, random effects included, for each 1,000 leapfrogs and each second of processor time.

Stan is pystan (`pip install -e .[peers]`); without it its rows are left out. The 20 patients and
four cycles of the problem would take Stan a day. Every fit is kept in `--folder`, and what is there
is not made again; the page `results/fit.md` is written from `results/fit.json`.
"""

import argparse
import json
import statistics
import tempfile
from functools import partial
from pathlib import Path

from fit import ours, report, stan_fit
from fit.cost import agreement
from likelihood import peers_stan
from likelihood.problem import benchmark_problem
from myelodose.inference.settings import FitSettings

RESULTS = Path(__file__).parent / "results"
RTOL = 1e-6
RTOLS = (1e-6, 1e-8)


def main() -> None:
    """Whole fits beside Stan, growth, leapfrogs; then the page."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--patients", type=int, default=4, help="in the fit beside Stan")
    ask.add_argument("--cycles", type=int, default=1)
    ask.add_argument("--stan-warmup", type=int, default=500)
    ask.add_argument("--stan-draws", type=int, default=500)
    ask.add_argument("--growth", type=int, nargs="*", default=[5, 10, 20], help="patients")
    ask.add_argument("--leapfrog", type=int, nargs="*", default=[20], help="patients, four cycles")
    ask.add_argument("--warmup", type=int, default=200)
    ask.add_argument("--draws", type=int, default=500)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "myelodose-fit")
    asked = ask.parse_args()
    found = {"cycles": asked.cycles, "rtol of Stan": RTOL}
    found["beside Stan"] = beside_stan(asked)
    found["growth"] = [our_fit(asked, n, "learnt").row | {"patients": n} for n in asked.growth]
    found["leapfrog"] = leapfrogs(asked.leapfrog) if asked.leapfrog else []
    (RESULTS / "fit.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "fit.md").write_text(report.page(found))


def our_fit(asked: argparse.Namespace, patients: int, geometry: str) -> ours.Fit:
    """Two chains of ours, one after the other, on one thread of chains."""
    settings = FitSettings(
        chains=2,
        warmup=asked.warmup,
        draws=asked.draws,
        geometry=geometry,
        chain_method="sequential",
    )
    name = f"{geometry}-{patients}-{asked.cycles}-{asked.seed}-{asked.warmup}-{asked.draws}"
    problem = partial(benchmark_problem, patients, cycles=asked.cycles)
    found = ours.whole_fit(problem, asked.folder / name, settings, seed=asked.seed)
    print(json.dumps({"patients": patients} | found.row), flush=True)
    return found


def beside_stan(asked: argparse.Namespace) -> dict:
    """Our two geometries and Stan on the same data."""
    fits = {name: our_fit(asked, asked.patients, name) for name in ("learnt", "structured")}
    rows = {f"myelodose, {name}": fit.row for name, fit in fits.items()}
    why = peers_stan.missing()
    if why:
        print(why)
        return {"patients": asked.patients, "fits": rows, "agreement": {}}
    warmup, draws = asked.stan_warmup, asked.stan_draws
    name = f"stan-{asked.patients}-{asked.cycles}-{asked.seed}-{warmup}-{draws}.npz"
    chain = stan_fit.whole_fit(
        partial(benchmark_problem, asked.patients, cycles=asked.cycles),
        asked.folder / name,
        rtol=RTOL,
        seed=asked.seed,
        warmup=warmup,
        draws=draws,
    )
    rows["Stan"] = stan_fit.row(chain)
    print(json.dumps(rows["Stan"]), flush=True)
    held = {name: agreement(fit.draws, stan_fit.drawn(chain)) for name, fit in fits.items()}
    return {"patients": asked.patients, "fits": rows, "agreement": held}


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
        {"system": name, "median [s]": t, "processor time / ours": t / times[0]}
        for name, t in zip(calls, times, strict=True)
    ]
    for row in rows:
        print(json.dumps(row), flush=True)
    return rows


if __name__ == "__main__":
    main()
