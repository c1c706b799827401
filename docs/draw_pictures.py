"""Draw the pictures of the README again: `make pictures`."""

from pathlib import Path

import numpy as np

import myelodose as md
from myelodose import plots
from myelodose.decision import risk_by_quadrature

FOLDER = Path(__file__).parent / "pictures"


def main() -> None:
    """From the published trial, by exact quadrature: the same picture on every machine."""
    trial = md.load_trial("platzbecker2013")
    counts = md.dlt_counts(trial)
    decision = md.decide(counts)
    curve = risk_by_quadrature(counts, thresholds=[0.33], doses=np.linspace(8, 27.5, 80))
    figures = {
        "dose-toxicity": plots.dose_toxicity(decision, curve),
        "interval-probabilities": plots.interval_probabilities(decision),
        "swimmer": plots.swimmer(trial),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, figure in figures.items():
        # No date in the file, so that drawing again changes nothing.
        figure.savefig(FOLDER / f"{name}.png", metadata={"Software": None})
        print(f"drew {name}.png")


if __name__ == "__main__":
    main()
