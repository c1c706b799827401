"""Draw the pictures of the README again: `make pictures`."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import myelodose as md
from myelodose import plots
from myelodose.decision import risk_by_quadrature
from myelodose.marrow import Exploration, compare, explore

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
        **_simulated(),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, figure in figures.items():
        # No date in the file, so that drawing again changes nothing.
        figure.savefig(FOLDER / f"{name}.png", metadata={"Software": None})
        print(f"drew {name}.png")


if __name__ == "__main__":
    main()
