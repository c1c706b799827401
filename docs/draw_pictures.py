"""Draw the pictures of the README again: `make pictures`."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import myelodose as md
from myelodose import plots
from myelodose.characteristics import exact
from myelodose.decision import risk_by_quadrature
from myelodose.designs import Boin, ThreePlusThree
from myelodose.designs.model_based import Blrm
from myelodose.marrow import Exploration, compare, explore
from myelodose.plots.designs import characteristics
from myelodose.priors import LENALIDOMIDE_PRIOR

FOLDER = Path(__file__).parent / "pictures"


def _simulated() -> dict[str, Figure]:
    """The regimen of the trial at 20 mg in virtual patients, and the same doses in other orders."""
    settings = Exploration(len_dose_mg=20, aza_dose_mg_m2=75, patients=200)
    course = explore(settings.regimen, settings.population, settings.days)
    orders = compare(settings.arrangements(), settings.population)
    return {
        "marrow-course": plots.course_figure(course),
        "marrow-orders": plots.compare_figure(orders),
    }


def _designs() -> Figure:
    """Three designs in two scenarios, by exact enumeration."""
    doses = (10, 15, 20, 25)
    truth = {"MTD 20 mg": [0.05, 0.12, 0.27, 0.45], "all too toxic": [0.4, 0.5, 0.6, 0.7]}
    compared = {
        "3+3": ThreePlusThree(doses),
        "BOIN": Boin(doses, target=0.3),
        "BLRM, overdose control": Blrm(doses, prior=LENALIDOMIDE_PRIOR),
    }
    names = ["selected", "selected_none", "patients", "truth"]
    found = [exact(design, truth, patients=24)[names] for design in compared.values()]
    whole = xr.concat(found, pd.Index(list(compared), name="design"), combine_attrs="drop")
    return characteristics(whole, target=0.3)


def main() -> None:
    """From the published trial by exact quadrature, and simulated from fixed seeds."""
    trial = md.load_trial("platzbecker2013")
    counts = md.dlt_counts(trial)
    decision = md.decide(counts)
    curve = risk_by_quadrature(counts, thresholds=[0.33], doses=np.linspace(8, 27.5, 80))
    figures = {
        "dose-toxicity": plots.dose_toxicity(decision, curve),
        "interval-probabilities": plots.interval_probabilities(decision),
        "swimmer": plots.swimmer(trial),
        "designs": _designs(),
        **_simulated(),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, figure in figures.items():
        # No date in the file, so that drawing again changes nothing.
        figure.savefig(FOLDER / f"{name}.png", metadata={"Software": None})
        print(f"drew {name}.png")


if __name__ == "__main__":
    main()
