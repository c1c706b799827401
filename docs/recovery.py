"""Fit the simulated cohort by the joint model, and hold the posterior against the truth.

SIMULATED data: `data/simulated`. `python docs/recovery.py --days 28` writes
docs/data/recovery.csv (the population) and docs/data/recovery-patients.csv (each patient's own
values). The fit is kept in `--folder` and goes on after a kill.
"""

import argparse
import tempfile
from pathlib import Path

import arviz as az
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from myelodose.inference.population_fit import fit_population
from myelodose.inference.settings import FitSettings
from myelodose.marrow.values import TYPICAL
from myelodose.paths import data_folder
from myelodose.population.examples import marrow_model
from myelodose.population.model import PopulationModel
from myelodose.posterior import provenance
from myelodose.precision import float64
from myelodose.records import read_records

FOLDER = Path(__file__).parent / "data"
COHORT = data_folder() / "simulated"
INTERVAL = 0.90


def main() -> None:
    """Fit, compare, write."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--days", type=float, default=28, help="use what happened up to this day")
    ask.add_argument("--patients", type=int, default=20)
    ask.add_argument("--warmup", type=int, default=160)
    ask.add_argument("--draws", type=int, default=400)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "recovery")
    ask.add_argument("--time-budget-s", type=float)
    asked = ask.parse_args()
    model = marrow_model()
    records = cohort(asked.days, asked.patients)
    tree = fit_population(
        model,
        records,
        seed=asked.seed,
        settings=FitSettings(
            chains=2,
            warmup=asked.warmup,
            draws=asked.draws,
            chunk=20,
            target_accept=0.9,
            chain_method="sequential",
        ),
        folder=asked.folder,
        time_budget_s=asked.time_budget_s,
    )
    print(provenance(tree).diagnostics, provenance(tree).sampler)
    FOLDER.mkdir(exist_ok=True)
    for name, table in {
        "recovery": population(model, tree),
        "recovery-patients": patients(model, records, tree),
    }.items():
        table.to_csv(FOLDER / f"{name}.csv", float_format="%.4g")
        print(table.to_string())


def cohort(days: float, count: int) -> xr.Dataset:
    """The records of the first patients up to a day."""
    records = read_records(COHORT / "marrow-cohort.csv", name="simulated cohort")
    first = list(dict.fromkeys(records.patient.values.tolist()))[:count]
    keep = np.isin(records.patient.values, first) & (records.time_h.values <= 24 * days)
    return records.isel(record=keep)


def true_values(count: int) -> dict[str, np.ndarray]:
    """Each patient's parameters that are estimated, by name."""
    truth = pd.read_csv(COHORT / "marrow-cohort-truth.csv", index_col="ID").iloc[:count]
    clone = truth["clones.size[1]"] + truth["clones.size[2]"]
    return {
        "set_point_anc": truth["lineages.set_point[0]"].to_numpy(),
        "set_point_plt": truth["lineages.set_point[1]"].to_numpy(),
        "clone_share": clone.to_numpy(),
        "effectiveness_clone": truth["lineages.effectiveness[0][1]"].to_numpy(),
        "tp53_share_of_clone": (truth["clones.size[2]"] / clone).to_numpy(),
        "kill_del5q_per_d_um": truth["clones.kill_len[1]"].to_numpy(),
        "kill_aza": truth["clones.kill_aza"].to_numpy(),
    }


def population(model: PopulationModel, tree: xr.DataTree) -> pd.DataFrame:
    """Typical values and standard deviations: truth, posterior, convergence."""
    draws = tree["posterior"].to_dataset()
    truth = {f"omega_{name}": TYPICAL[name].between_patient_sd for name in model.effects}
    truth |= {name: TYPICAL[name].value for name in model.effects}
    rows = {}
    for name in model.sites():
        low, high = np.quantile(draws[name], [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
        rows[name] = {
            "truth": truth.get(name, np.nan),
            "mean": float(draws[name].mean()),
            "low": low,
            "high": high,
            "R-hat": float(az.rhat(draws[name])),
            "bulk ESS": float(az.ess(draws[name], method="bulk")),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")


def patients(model: PopulationModel, records: xr.Dataset, tree: xr.DataTree) -> pd.DataFrame:
    """How well each patient's own values are found."""
    draws = tree["posterior"].to_dataset().stack(sample=("chain", "draw"))
    draws = draws.transpose("sample", ...)
    theta = {name: draws[name].values for name in model.sites()}
    data = model.prepare(records)
    with float64():
        one = jax.vmap(lambda theta, eta: model.individual_values(theta, eta, data))
        own = {k: np.asarray(v) for k, v in one(theta, draws.eta.values).items()}
    truth = true_values(len(data.patients))
    rows = {}
    for name, values in own.items():
        low, high = np.quantile(values, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2], 0)
        link = next(p.to_link for p in model.parameters if p.name == name)
        with float64():
            apart = np.corrcoef(link(jnp.asarray(values)).mean(0), link(jnp.asarray(truth[name])))[
                0, 1
            ]
        rows[name] = {
            "patients": len(low),
            "in their interval": int(((low <= truth[name]) & (truth[name] <= high)).sum()),
            "correlation with truth": apart,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")


if __name__ == "__main__":
    main()
