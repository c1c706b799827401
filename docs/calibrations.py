"""Run the calibrations of docs/calibration.md again: `python docs/calibrations.py friberg joint`.

SIMULATED: every parameter is drawn from its prior and every measurement from the model. Batches
are kept in `--folder`, so that a run that was stopped goes on where it was. Ranks go to
docs/data/calibration-<model>.csv, their figure to docs/pictures; `--draw` draws what is stored.
"""

import argparse
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.diagnostics.ranks import calibration_table
from myelodose.inference.calibration_model import calibrate_model
from myelodose.inference.settings import FitSettings
from myelodose.marrow.values import TYPICAL
from myelodose.plots.calibration import calibration_figure
from myelodose.population import (
    CellCount,
    CompartmentPk,
    FribergCounts,
    MarrowAndClones,
    Parameter,
    PopulationModel,
    Prior,
    RandomEffects,
    Residual,
)

SEED = 20261126
SIZES = {"friberg": 256, "joint": 88}
"""Data sets of each model."""

WARMUP = {"friberg": 48, "joint": 32}
DRAWS = 32
"""Of each of two chains; truths are ranked among all 64."""

TITLES = {"friberg": "Friberg population model", "joint": "Joint model of marrow and clone"}

FOLDER = Path(__file__).parent / "data"
PICTURES = Path(__file__).parent / "pictures"


def friberg() -> tuple[PopulationModel, xr.Dataset]:
    """Neutrophils of five patients for three weeks after a dose; the drug's course is known."""
    model = PopulationModel(
        "friberg",
        FribergCounts(pk=CompartmentPk()),
        (
            *(Parameter(n, Prior("Fixed", x), random=False) for n, x in _DRUG.items()),
            Parameter("circ0", _around(5.0, 0.3), "1e9/L"),
            Parameter("mtt", _around(100.0, 0.2), "h"),
            Parameter("gamma", _around(0.17, 0.2), random=False),
            Parameter("slope", _around(1.0, 0.4), "L/mg"),
        ),
        RandomEffects(omega=_around(0.2, 0.3)),
        {"neutrophils": Residual("log-normal", _around(0.15, 0.3))},
    )
    days = (0, 4, 7, 10, 13, 16, 20)
    rows = [row for i in range(1, 6) for row in _rows(i, {1: (80.0, [0])}, {"neutrophils": days})]
    return model, _table(rows)


def joint() -> tuple[PopulationModel, xr.Dataset]:
    """Counts and FISH of three patients in a cycle of azacitidine, then lenalidomide."""
    names = ("set_point_anc", "clone_share", "kill_del5q_per_d_um")
    typical = {name: TYPICAL[name].value for name in names}
    share = typical["clone_share"]
    model = PopulationModel(
        "joint",
        MarrowAndClones(estimated=names),
        (
            Parameter(names[0], _around(typical[names[0]], 0.2), "1e9/L"),
            Parameter(names[1], Prior("Beta", 20 * share, 20 * (1 - share)), link="logit"),
            Parameter(names[2], _around(typical[names[2]], 0.4)),
        ),
        RandomEffects(omega=_around(0.3, 0.3)),
        {label: Residual("log-normal", _around(0.2, 0.3)) for label in ("ANC", "PLT")}
        | {"FISH": CellCount(of="clone", false_positive=0.03, overdispersion=0.01)},
    )
    doses = {2: (135.0, range(5)), 1: (20.0, range(5, 19))}
    seen = {"ANC": (0, 7, 14, 21, 28), "PLT": (0, 7, 14, 21, 28), "FISH": (0, 28)}
    return model, _table([row for i in range(1, 4) for row in _rows(i, doses, seen)])


def _around(median: float, sd: float) -> Prior:
    """A log-normal prior."""
    return Prior("LogNormal", math.log(median), sd)


_DRUG = {"CL": 3.0, "V": 60.0, "ka": 0.8}


def _rows(patient: int, doses: dict, seen: dict) -> list[dict]:
    """Dose records by compartment: amount, days; and observation records by label: days."""
    given = [
        {"time_h": 24.0 * day, "evid": 1, "amount": amount, "compartment": compartment}
        for compartment, (amount, days) in doses.items()
        for day in days
    ]
    asked = [
        {"time_h": 24.0 * day, "observed": label, "value": 1.0}
        | ({"trials": 200.0} if label == "FISH" else {})
        for label, days in seen.items()
        for day in days
    ]
    return [{"patient": patient} | row for row in given + asked]


def _table(rows: list[dict]) -> xr.Dataset:
    """A table as `read_records` makes it; calibration replaces its values by simulated ones."""
    usual: dict[str, Any] = {
        "patient": 0, "time_h": 0.0, "evid": 0, "amount": 0.0, "compartment": 1, "observed": "",
        "value": np.nan, "trials": np.nan, "rate": 0.0, "additional": 0, "interval_h": 0.0,
        "steady_state": 0, "censored": 0, "limit": np.nan, "occasion": 1,
    }  # fmt: skip
    whole = [usual | row for row in rows]
    whole.sort(key=lambda row: (row["patient"], row["time_h"], -row["evid"]))
    columns = {name: np.array([row[name] for row in whole]) for name in usual}
    return xr.Dataset(
        {name: ("record", column) for name, column in columns.items()}, attrs={"carry": "backward"}
    )


def main() -> None:
    """Run those that are named and write their ranks."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("models", nargs="*", default=list(SIZES), help=", ".join(SIZES))
    ask.add_argument("--simulations", type=int)
    ask.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "myelodose-sbc")
    ask.add_argument("--draw", action="store_true", help="draw stored ranks, run nothing")
    asked = ask.parse_args()
    for name in asked.models:
        if not asked.draw:
            run(name, simulations=asked.simulations or SIZES[name], folder=asked.folder)
        figure = calibration_figure(stored(name), title=TITLES[name])
        # No date in the file, so that drawing again changes nothing.
        path = PICTURES / f"calibration-{name}.png"
        figure.savefig(path, metadata={"Software": None})


def run(name: str, *, simulations: int, folder: Path) -> None:
    """Calibrate a model, write its ranks and print the verdict."""
    model, records = {"friberg": friberg, "joint": joint}[name]()
    settings = FitSettings(
        chains=2, warmup=WARMUP[name], draws=DRAWS, chunk=16, chain_method="sequential"
    )
    found = calibrate_model(
        model.as_numpyro(),
        model.prepare(records),
        seed=SEED,
        simulations=simulations,
        nuts=settings,
        kept=DRAWS,
        names=[*model.sites(), "log_likelihood"],
        batch=8,
        folder=folder / name,
        progress=lambda done, total: print(f"{done} of {total}", flush=True),
    )
    FOLDER.mkdir(exist_ok=True)
    as_table(found).to_csv(FOLDER / f"calibration-{name}.csv", index_label="simulation")
    print(calibration_table(found).to_string())
    print(f"divergences {int(found.divergences.sum())}")
    print(f"lag 1 {found.lag1.mean('simulation').round(2).values.tolist()}")


def as_table(ranks: xr.Dataset) -> pd.DataFrame:
    """Ranks, one row a simulation and one column a parameter, and the number of draws."""
    table = pd.DataFrame(ranks["rank"].values, columns=ranks.parameter.values)
    return table.assign(draws=ranks.attrs["draws"], divergences=ranks.divergences.values)


def stored(name: str) -> xr.Dataset:
    """The ranks of docs/data, as `calibration_table` and `calibration_figure` read them."""
    table = pd.read_csv(FOLDER / f"calibration-{name}.csv", index_col="simulation")
    ranks = table.drop(columns=["draws", "divergences"])
    return xr.Dataset(
        {"rank": (("simulation", "parameter"), ranks.to_numpy())},
        {"parameter": list(ranks)},
        {"draws": int(table.draws.iloc[0])},
    )


if __name__ == "__main__":
    main()
